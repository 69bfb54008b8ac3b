// Looking at values and changing them.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { panel, place, row, sharedCubby, signedIn, Store, toast, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const content = (page) => panel(page).locator('.content');
const view = (page, name) => panel(page).getByRole('button', { name, exact: true });
const dialog = (page) => page.getByRole('dialog');

async function opened(title, key, value, options) {
  const store = await Store.made(server, title);
  if (value !== undefined) await store.put(key, value, options);
  const page = await signedIn(server, place(store.id, { key }));
  return { store, page };
}

test('JSON is formatted and loses nothing', async () => {
  const { page } = await opened('json', 'k', '{"n":12345678901234567890,"s":"<b>"}', { metadata: { a: [1] } });
  await content(page).getByText('12345678901234567890').waitFor();
  assert.equal(await content(page).textContent(), '{\n  "n": 12345678901234567890,\n  "s": "<b>"\n}');
  await view(page, 'Text').click();
  assert.equal(await content(page).textContent(), '{"n":12345678901234567890,"s":"<b>"}');
  await view(page, 'Hex').click();
  await content(page).getByText('7b 22 6e 22').waitFor();
  assert.equal(await panel(page).locator('.metadata pre').textContent(), '{\n  "a": [\n    1\n  ]\n}');
});

test('an image is drawn, and an SVG runs nothing', async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><script>document.title=1</script><rect width="40" height="20" fill="teal"/></svg>';
  const { page } = await opened('image', 'k.svg', svg);
  await panel(page).getByText('image/svg+xml, 40 × 20').waitFor();
  assert.ok(await page.locator('.content img').evaluate((image) => image.complete && image.naturalWidth === 40));
  assert.equal(await page.title(), 'image · Cubby');
});

test('bytes that are no text are shown as they are', async () => {
  const { page } = await opened('bytes', 'k', new Uint8Array(100_000).map((_, i) => i * 7));
  await content(page).getByText('00000000').waitFor();
  await content(page).evaluate((element) => (element.scrollTop = element.scrollHeight));
  await content(page).getByText('00018690').waitFor();
  assert.ok((await page.locator('.hex-line').count()) < 100);
  assert.equal(await view(page, 'Text').count(), 0);
});

test('an empty value and a key that is not there are told apart', async () => {
  const { page, store } = await opened('nothing', 'k', '');
  await panel(page).getByText('The value is empty.').waitFor();
  await page.goto(`${server.origin}/${place(store.id, { key: 'none' })}`);
  await panel(page).getByText('This key is not there').waitFor();
});

test('an edit shows its difference before it is saved', async () => {
  const { page, store } = await opened('edit', 'k', 'one\ntwo\nthree', { expiration_ttl: 5000, metadata: { v: 1 } });
  await panel(page).waitFor();
  await page.keyboard.press('e'); // perhaps before the value has come
  await panel(page).getByRole('textbox', { name: 'Value', exact: true }).fill('one\n2\nthree');
  await panel(page).getByLabel('Metadata').fill('{ "v": 2 }');
  await panel(page).getByRole('button', { name: 'After a time' }).click();
  await panel(page).getByRole('spinbutton', { name: 'Expiry' }).fill('2');
  await panel(page).getByLabel('Unit of time').selectOption('h');
  await panel(page).getByText(/, in 2 h$/).waitFor();
  await page.keyboard.press('Control+s');
  assert.deepEqual(await dialog(page).locator('.difference').first().locator('.removed .line, .added .line').allTextContents(), ['two', '2']);
  assert.deepEqual(await dialog(page).locator('.difference').nth(1).locator('.removed .line, .added .line').allTextContents(), ['  "v": 1', '  "v": 2']);
  await dialog(page).getByRole('heading', { name: 'Expiry' }).waitFor();
  assert.equal((await store.get('k')).text, 'one\ntwo\nthree');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await content(page).getByText('2').waitFor();
  const saved = await store.get('k');
  assert.equal(saved.text, 'one\n2\nthree');
  assert.ok(Math.abs(saved.expiration - Date.now() / 1000 - 7200) < 60);
  assert.deepEqual(await store.metadata('k'), { v: 2 });
  await page.locator('.row', { hasText: '{"v":2}' }).waitFor();
});

test('what is not touched stays as it is: bytes, line ends, large numbers, expiry', async () => {
  const store = await Store.made(server, 'untouched');
  await store.put('bytes', new Uint8Array([1, 0, 255]), { expiration_ttl: 9999 });
  await store.put('lines', 'a\r\nb\r\n');
  const metadata = '{"n":12345678901234567890}';
  const form = new FormData();
  form.append('value', 'v');
  form.append('metadata', metadata);
  const headers = { authorization: `Bearer ${server.token}` };
  const url = (route) => `${server.baseUrl}/accounts/${server.account}/storage/kv/namespaces/${store.id}/${route}`;
  await fetch(url('values/number'), { method: 'PUT', body: form, headers });
  const expiration = (await store.get('bytes')).expiration;

  const page = await signedIn(server, place(store.id));
  const save = async (key, change) => {
    await page.locator('.row', { hasText: key }).click();
    await panel(page).getByRole('button', { name: 'Edit' }).click();
    await change();
    await page.getByRole('button', { name: 'Review and save' }).click();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    await panel(page).getByRole('button', { name: 'Edit' }).waitFor();
  };
  await save('bytes', () => panel(page).getByLabel('Metadata').fill('1'));
  const bytes = await store.get('bytes');
  assert.deepEqual([...bytes.bytes], [1, 0, 255]);
  assert.equal(bytes.expiration, expiration);
  await save('lines', async () => {
    await panel(page).getByLabel('Value', { exact: true }).press('Control+End');
    await page.keyboard.type('c');
  });
  assert.equal((await store.get('lines')).text, 'a\r\nb\r\nc');
  await save('number', () => panel(page).getByLabel('Value', { exact: true }).fill('w'));
  const answer = await (await fetch(url('metadata/number'), { headers })).text();
  assert.ok(answer.includes(metadata), answer);
});

test('somebody else’s write is noticed before it is overwritten', async () => {
  const { page, store } = await opened('conflict', 'k', 'mine was this');
  await panel(page).getByRole('button', { name: 'Edit' }).click();
  await panel(page).getByLabel('Value', { exact: true }).fill('mine is this');
  await store.put('k', 'theirs');
  await page.getByRole('button', { name: 'Review and save' }).click();
  await dialog(page).getByText('Somebody has written this key since you loaded it').waitFor();
  assert.deepEqual(await dialog(page).locator('.difference .removed .line').allTextContents(), ['theirs']);
  await store.put('k', 'theirs again');
  await dialog(page).getByRole('button', { name: 'Overwrite' }).click();
  await dialog(page).getByText('theirs again').waitFor();
  assert.equal((await store.get('k')).text, 'theirs again');
  await dialog(page).getByRole('button', { name: 'Overwrite' }).click();
  await content(page).getByText('mine is this').waitFor();
  assert.equal((await store.get('k')).text, 'mine is this');
});

test('a value that changes while it is looked at is marked', async () => {
  const { page, store } = await opened('watched', 'k', 'first');
  await content(page).getByText('first').waitFor();
  await store.put('k', 'second');
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await panel(page).getByText('Somebody has written this key since it was loaded.').waitFor();
  await panel(page).getByRole('alert').getByRole('button', { name: 'Reload' }).click();
  await content(page).getByText('second').waitFor();
  await store.remove('k');
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await panel(page).getByText('This key has been deleted or has expired.').waitFor();
});

test('a new key is checked, written and opened', async () => {
  const store = await Store.made(server, 'new');
  await store.put('b', 'v');
  const page = await signedIn(server, place(store.id));
  await page.getByRole('button', { name: 'New key' }).first().click();
  const save = page.getByRole('button', { name: 'Review and save' });
  await save.click();
  await page.getByText('A key must not be empty.').waitFor();
  const key = panel(page).getByLabel('Key', { exact: true });
  await key.fill('k'.repeat(513));
  await page.getByText('The key has 513 bytes, 512 are allowed.').waitFor();
  await panel(page).getByLabel('Read escapes').check();
  await key.fill('a\\n\\u0000');
  await panel(page).getByLabel('Metadata').fill('{');
  await page.getByText(/Not JSON/).waitFor();
  await panel(page).getByLabel('Metadata').fill(JSON.stringify('x'.repeat(1023)));
  await page.getByText('The metadata has 1,025 bytes, 1,024 are allowed.').waitFor();
  await panel(page).getByLabel('Metadata').fill('[1]');
  await page.getByText('JSON, 3 of 1024 bytes').waitFor();
  await panel(page).getByRole('button', { name: 'After a time' }).click();
  await panel(page).getByRole('spinbutton', { name: 'Expiry' }).fill('59');
  await panel(page).getByLabel('Unit of time').selectOption('s');
  await page.getByText('at least 60 seconds').waitFor();
  await panel(page).getByRole('button', { name: 'Never' }).click();
  await panel(page).getByLabel('Value', { exact: true }).fill('{"a": 1}');
  await panel(page).getByText('Valid JSON').waitFor();
  await panel(page).getByRole('button', { name: 'Minify' }).click();
  await save.click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await panel(page).getByRole('heading', { name: 'aLFNUL' }).waitFor();
  assert.equal((await store.get('a\n\0')).text, '{"a":1}');
  assert.deepEqual(await page.locator('.grid .canvas .name').allTextContents(), ['aLFNUL', 'b']);
});

test('a new key does not silently replace one that is there', async () => {
  const store = await Store.made(server, 'exists');
  await store.put('k', 'there');
  const page = await signedIn(server, place(store.id));
  await page.locator('.row', { hasText: 'k' }).last().waitFor();
  await page.keyboard.press('n');
  await panel(page).getByLabel('Key', { exact: true }).fill('k');
  await panel(page).getByLabel('Value', { exact: true }).fill('new');
  await page.keyboard.press('Control+s');
  await dialog(page).getByText('This key is there already.').waitFor();
  await dialog(page).getByRole('button', { name: 'Back' }).click();
  assert.equal((await store.get('k')).text, 'there');
});

test('a file becomes a value, byte for byte', async () => {
  const store = await Store.made(server, 'file');
  const page = await signedIn(server, place(store.id));
  await page.getByRole('button', { name: 'New key' }).first().click();
  await panel(page).getByLabel('Key', { exact: true }).fill('blob');
  await panel(page).getByRole('button', { name: 'File' }).click();
  const buffer = Buffer.from([0, 1, 2, 253, 254, 255]);
  await panel(page).getByLabel('File for the value').setInputFiles({ name: 'x.bin', mimeType: 'application/x', buffer });
  await page.getByRole('button', { name: 'Review and save' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await content(page).getByText('00 01 02 fd fe ff').waitFor();
  assert.deepEqual((await store.get('blob')).bytes, buffer);
});

test('a large value comes in part, then whole, then as a file', async () => {
  const line = 'the quick brown fox ü\n';
  const value = line.repeat(500_000); // 11 MiB
  const { page } = await opened('large', 'big/file.txt', value);
  await panel(page).getByText('The first 64 KiB of 11 MiB').waitFor();
  await panel(page).getByRole('button', { name: 'Load all of it' }).click();
  await panel(page).locator('.partial').waitFor({ state: 'detached' });
  assert.equal(await content(page).evaluate((element) => element.textContent.length), value.length);
  const saved = page.waitForEvent('download');
  await panel(page).getByRole('button', { name: 'Download' }).click();
  assert.equal((await saved).suggestedFilename(), 'file.txt');
  assert.equal(await readFile(await (await saved).path(), 'utf8'), value);
});

test('what was typed is not lost by a click', async () => {
  const { page, store } = await opened('guard', 'a', 'v');
  await store.put('b', 'w');
  await page.reload();
  await panel(page).getByRole('button', { name: 'Edit' }).click();
  await panel(page).getByLabel('Value', { exact: true }).fill('typed');
  await page.locator('.row .name', { hasText: 'b' }).click();
  await page.getByRole('button', { name: 'Keep editing' }).click();
  assert.equal(await panel(page).getByLabel('Value', { exact: true }).inputValue(), 'typed');
  await page.locator('.row .name', { hasText: 'b' }).click();
  await page.getByRole('button', { name: 'Discard' }).click();
  await content(page).getByText('w').waitFor();
});

test('a deleted key comes back by undo', async () => {
  const { page, store } = await opened('undo one', 'k', 'v', { metadata: 5 });
  await panel(page).getByRole('button', { name: 'Delete' }).click();
  await toast(page).getByText('Deleted the key.').waitFor();
  assert.equal(await store.get('k'), null);
  await toast(page).getByRole('button', { name: 'Undo' }).click();
  await toast(page).getByText('1 key put back.').waitFor();
  assert.equal((await store.get('k')).text, 'v');
  assert.equal(await store.metadata('k'), 5);
  await row(page, 'k').last().waitFor();
});
