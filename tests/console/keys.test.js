// Finding, choosing and deleting keys.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { panel, place, row, sharedCubby, signedIn, Store, toast, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const names = (page) => page.locator('.grid .canvas .name').allTextContents();
const list = (page) => page.getByRole('grid');
const hasText = (page, text) => page.getByText(text).first().waitFor();

// Waits until the list shows exactly these names.
async function shows(page, expected) {
  const wanted = JSON.stringify(expected);
  await page
    .waitForFunction(
      (text) => JSON.stringify([...document.querySelectorAll('.grid .canvas .name')].map((e) => e.textContent)) === text,
      wanted,
    )
    .catch(async () => assert.deepEqual(await names(page), expected));
}

test('a list shows name, size, expiry and metadata', async () => {
  const store = await Store.made(server, 'columns');
  await store.put('plain', 'x'.repeat(2048));
  await store.put('rich', 'v', { expiration_ttl: 7200, metadata: { owner: 'ops' } });
  const page = await signedIn(server, place(store.id));
  await page.locator('.row', { hasText: 'plain' }).getByText('2.0 KiB').waitFor();
  const cells = await page.locator('.row', { hasText: 'rich' }).getByRole('gridcell').allTextContents();
  assert.equal(cells[1], 'rich');
  assert.equal(cells[2], '1 B');
  assert.match(cells[3], /^(2 h|1 h 59 min)$/);
  assert.equal(cells[4], '{"owner":"ops"}');
});

const odd = [
  ['nul and controls \0\x01\t\n\r\x1b\x7f', 'nul and controls NULU+0001TABLFCRESCDEL'],
  ['right to left \u202egnp.exe', 'right to left RLOgnp.exe'],
  ['שלום/עולם', 'שלום/עולם'],
  ['<script>document.title="owned"</script>', '<script>document.title="owned"</script>'],
  ['"><img src=x onerror=alert(1)>', '"><img src=x onerror=alert(1)>'],
  [' two  spaces ', 'SPtwo  spacesSP'],
  ['k'.repeat(512), 'k'.repeat(512)],
  ['é'.repeat(256), 'é'.repeat(256)],
  ['a/../b', 'a/../b'],
  ['...', '...'],
  ['%2F%00+?#&=', '%2F%00+?#&='],
  ['😀\u{10ffff}', '😀U+10FFFF'],
  ['__proto__', '__proto__'],
];

test('keys of every odd kind are listed, opened by a link, edited and deleted', async () => {
  const store = await Store.made(server, 'odd');
  await store.bulk(odd.map(([key]) => ({ key, value: 'the value' })));
  const page = await signedIn(server, place(store.id));
  await hasText(page, `${odd.length} keys`);
  assert.deepEqual((await names(page)).toSorted(), odd.map(([, drawn]) => drawn).toSorted());
  for (const [key, drawn] of odd) {
    await page.locator('.row .name').nth((await names(page)).indexOf(drawn)).click();
    await panel(page).locator('.content').getByText('the value').waitFor();
    assert.equal(await panel(page).getByRole('heading', { level: 1 }).textContent(), drawn);
    assert.equal(new URLSearchParams(page.url().split('?')[1]).get('key'), key);
  }
  assert.equal(await page.title(), 'odd · Cubby');

  for (const [key, drawn] of [odd[0], odd[1], odd[3], odd[6]]) {
    await page.goto(`${server.origin}/${place(store.id, { key })}`);
    await panel(page).getByRole('button', { name: 'Edit' }).click();
    await panel(page).getByLabel('Value', { exact: true }).fill('changed');
    await page.keyboard.press('Control+s');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await hasText(page, 'Saved.');
    assert.equal((await store.get(key)).text, 'changed', drawn);
    await panel(page).getByRole('button', { name: 'Delete' }).click();
    await toast(page).getByText('Deleted the key.').first().waitFor();
    assert.equal(await store.get(key), null, drawn);
    await page.reload();
  }
});

test('the prefix is the server’s work, and Enter does not wait', async () => {
  const store = await Store.made(server, 'prefix');
  await store.bulk(['a:1', 'a:2', 'b:1'].map((key) => ({ key, value: 'v' })));
  const page = await signedIn(server, place(store.id));
  await shows(page, ['a:1', 'a:2', 'b:1']);
  await page.keyboard.press('/');
  await page.keyboard.type('b:');
  await page.keyboard.press('Enter');
  await shows(page, ['b:1']);
  await page.getByLabel('Prefix').fill('zzz');
  await hasText(page, 'There are no keys that start with “zzz”.');
  await page.getByRole('button', { name: 'Show all keys' }).click();
  await shows(page, ['a:1', 'a:2', 'b:1']);
});

test('filters look into name, metadata and expiry, and stand in the link', async () => {
  const store = await Store.made(server, 'filters');
  await store.put('alpha', 'v', { metadata: { team: 'Blue' } });
  await store.put('beta', 'v', { expiration_ttl: 600 });
  await store.put('alphabet', 'v', { expiration_ttl: 100_000, metadata: 'blue' });
  const page = await signedIn(server, place(store.id));
  await page.getByLabel('Name contains').fill('ALPHA');
  await shows(page, ['alpha', 'alphabet']);
  await page.getByLabel('Metadata contains').fill('blue');
  await page.getByLabel('Expiry').selectOption('never');
  await shows(page, ['alpha']);
  await page.reload();
  await shows(page, ['alpha']);
  await page.getByLabel('Name contains').fill('');
  await page.getByLabel('Metadata contains').fill('');
  await page.getByLabel('Expiry').selectOption('hour');
  await shows(page, ['beta']);
  await hasText(page, '1 match in 3 looked at');
});

test('folders are entered and left, and the way back is the browser’s', async () => {
  const store = await Store.made(server, 'folders');
  await store.bulk(['a/1', 'a/b/2', 'a/b/3', 'c', 'd:e'].map((key) => ({ key, value: 'v' })));
  const page = await signedIn(server, place(store.id));
  await page.getByRole('button', { name: 'Folders by /' }).click();
  await shows(page, ['a/', 'c', 'd:e']);
  await page.locator('.row', { hasText: 'a/' }).getByText('3 keys').waitFor();
  await page.locator('.row .name', { hasText: 'a/' }).click();
  await shows(page, ['1', 'b/']);
  await page.locator('.row .name', { hasText: 'b/' }).click();
  await shows(page, ['2', '3']);
  await page.goBack();
  await shows(page, ['1', 'b/']);
  await list(page).focus();
  await page.keyboard.press('Backspace');
  await shows(page, ['a/', 'c', 'd:e']);
  await page.getByRole('button', { name: 'Folders by :' }).click();
  await shows(page, ['a/1', 'a/b/2', 'a/b/3', 'c', 'd:']);
});

test('200,000 keys: the first are there at once, any are found, the end is reached', async () => {
  const store = await Store.made(server, 'large');
  const key = (i) => `key:${String(i).padStart(6, '0')}:${i % 10}`;
  await store.bulk(Array.from({ length: 200_000 }, (_, i) => ({ key: key(i), value: 'v' })));
  const page = await signedIn(server, place(store.id));
  await page.locator('.row', { hasText: key(0) }).waitFor();
  await hasText(page, 'more below');
  assert.ok((await page.locator('.grid .row').count()) < 80, 'draws what is seen and little more');

  await page.getByLabel('Name contains').fill('19999');
  await page.locator('.row', { hasText: key(199_999) }).waitFor();
  await hasText(page, '12 matches in 200,000 looked at');
  await page.getByLabel('Name contains').fill('');
  await page.getByRole('button', { name: 'Folders by :' }).click();
  await page.locator('.row', { hasText: 'key:' }).getByText('200,000 keys').waitFor();
  await page.getByRole('button', { name: 'List', exact: true }).click();

  await list(page).focus();
  const end = page.locator('.row', { hasText: key(199_999) });
  const height = () => page.locator('.grid .canvas').evaluate((canvas) => canvas.clientHeight);
  for (let presses = 0; presses < 400 && !(await end.count()); ++presses) {
    const before = await height();
    await page.keyboard.press('End');
    // Each press goes to the end of what is loaded, and asks for more.
    await page.waitForFunction(
      (old) => document.querySelector('.grid').ariaRowCount !== '-1' || document.querySelector('.grid .canvas').clientHeight > old,
      before,
    );
  }
  await end.waitFor();
  await hasText(page, '200,000 keys');

  await page.getByLabel('Prefix').fill('key:19');
  await page.locator('.row', { hasText: key(190_000) }).waitFor();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Delete what is found…' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Type 10,000 to go on').fill('10000');
  await dialog.getByRole('button', { name: 'Delete 10,000 keys' }).click();
  await dialog.getByText('Deleted 10,000 keys.').waitFor();
  assert.equal((await store.keys('key:19')).length, 0);
  assert.equal((await store.keys('key:18999')).length, 10);
});

test('the list is used by keyboard alone', async () => {
  const store = await Store.made(server, 'keyboard');
  await store.bulk(Array.from({ length: 50 }, (_, i) => ({ key: `k${String(i).padStart(2, '0')}`, value: `value ${i}` })));
  const page = await signedIn(server, place(store.id));
  await page.locator('.row', { hasText: 'k00' }).waitFor();
  await list(page).focus();
  await page.keyboard.press('j');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await panel(page).getByText('value 2').waitFor();
  await page.keyboard.press('Escape');
  await panel(page).waitFor({ state: 'detached' });
  await list(page).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await hasText(page, '3 selected');
  await page.keyboard.press('Control+a');
  await hasText(page, '50 selected');
  await page.keyboard.press('Control+a');
  await page.keyboard.press('End');
  await page.locator('.row.active', { hasText: 'k49' }).waitFor();
  await page.keyboard.press('?');
  await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('n');
  await page.getByRole('heading', { name: 'New key' }).waitFor();
});

test('a selection is deleted, and put back with value, metadata and expiry', async () => {
  const store = await Store.made(server, 'undo');
  await store.put('a', new Uint8Array([0, 255, 128]), { metadata: { big: 1 }, expiration_ttl: 5000 });
  await store.put('b', 'text');
  await store.put('c', 'stays');
  const before = await store.get('a');
  const page = await signedIn(server, place(store.id));
  await page.getByLabel('Select a', { exact: true }).check();
  await page.getByLabel('Select b', { exact: true }).check();
  await list(page).focus();
  await page.keyboard.press('Delete');
  await page.getByRole('button', { name: 'Delete 2 keys' }).click();
  await shows(page, ['c']);
  assert.deepEqual(await store.keys(), ['c']);
  await store.put('b', 'somebody else’s');
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await toast(page).getByText('1 key not put back: it was written again since.').waitFor();
  const after = await store.get('a');
  assert.deepEqual(after.bytes, before.bytes);
  assert.equal(after.expiration, before.expiration);
  assert.deepEqual(await store.metadata('a'), { big: 1 });
  assert.equal((await store.get('b')).text, 'somebody else’s');
});

test('more than can be put back is deleted only after its number is typed', async () => {
  const store = await Store.made(server, 'many');
  await store.bulk(Array.from({ length: 150 }, (_, i) => ({ key: `k${i}`, value: 'v' })));
  const page = await signedIn(server, place(store.id));
  await page.getByLabel('Select everything that is loaded').check();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  const confirm = page.getByRole('button', { name: 'Delete 150 keys' });
  assert.ok(await confirm.isDisabled());
  await page.getByLabel('Type 150 to go on').fill('150');
  await confirm.click();
  await hasText(page, 'No keys yet');
  assert.deepEqual(await store.keys(), []);
});
