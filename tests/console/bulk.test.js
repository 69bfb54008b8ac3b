// Many pairs at once: files in and out, and deleting by filter.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { place, sharedCubby, signedIn, Store, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const dialog = (page) => page.getByRole('dialog');
const more = async (page, item) => {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('menuitem', { name: item }).click();
};
const choose = (page, content) =>
  dialog(page)
    .locator('input[type=file]')
    .setInputFiles({ name: 'pairs.json', mimeType: 'application/json', buffer: Buffer.from(content) });

async function downloaded(page, act) {
  const saved = page.waitForEvent('download');
  await act();
  return JSON.parse(await readFile(await (await saved).path(), 'utf8'));
}

test('an upload says what would fail and why, and writes the rest', async () => {
  const store = await Store.made(server, 'upload');
  const page = await signedIn(server, place(store.id));
  await page.getByRole('button', { name: 'Upload' }).first().click();
  await choose(page, '{"no": "array"}');
  await dialog(page).getByText('The file must be a JSON array of pairs').waitFor();
  await choose(
    page,
    JSON.stringify([
      { key: 'good', value: 'v', metadata: { a: 1 } },
      { key: 'k'.repeat(513), value: 'v' },
      { key: 'short', value: 'v', expiration_ttl: 5 },
      { key: 'bytes', value: 'AP8=', base64: true },
    ]),
  );
  await dialog(page).getByText('2 would fail').waitFor();
  await dialog(page).getByText('The key has 513 bytes, 512 are allowed.').waitFor();
  await dialog(page).getByText('The time to live must be at least 60 seconds.').waitFor();
  await dialog(page).getByRole('button', { name: 'Upload 2 good pairs' }).click();
  await dialog(page).getByText('2 pairs written.').waitFor();
  await dialog(page).getByRole('button', { name: 'Close' }).last().click();
  await page.locator('.row .name', { hasText: 'good' }).waitFor();
  assert.deepEqual(await store.keys(), ['bytes', 'good']);
  assert.deepEqual([...(await store.get('bytes')).bytes], [0, 255]);
  assert.deepEqual(await store.metadata('good'), { a: 1 });
});

test('25,000 pairs go up in requests that the server takes', async () => {
  const store = await Store.made(server, 'large upload');
  const page = await signedIn(server, place(store.id));
  await page.getByRole('button', { name: 'Upload' }).first().click();
  await choose(page, JSON.stringify(Array.from({ length: 25_000 }, (_, i) => ({ key: `k${i}`, value: `${i}` }))));
  await dialog(page).getByRole('button', { name: 'Upload 25,000 pairs' }).click();
  await dialog(page).getByText('25,000 pairs written.').waitFor();
  assert.equal((await store.keys()).length, 25_000);
});

test('an export comes back by an upload as it was', async () => {
  const from = await Store.made(server, 'export');
  const bytes = new Uint8Array([0, 159, 146, 150]);
  await from.put('bytes', bytes, { expiration_ttl: 9000 });
  await from.put('replacement \ufffd', 'a real \ufffd', { metadata: ['ü'] });
  await from.put('odd \0\u202e<script>', '{"n":12345678901234567890}');
  await from.bulk(Array.from({ length: 250 }, (_, i) => ({ key: `k${i}`, value: 'v' })));
  const page = await signedIn(server, place(from.id));
  const pairs = await downloaded(page, () => more(page, 'Export all…'));
  await dialog(page).getByText('253 of 253 keys').waitFor();
  assert.equal(pairs.length, 253);
  assert.deepEqual(pairs.find(({ key }) => key === 'bytes'), {
    key: 'bytes',
    value: Buffer.from(bytes).toString('base64'),
    base64: true,
    expiration: (await from.get('bytes')).expiration,
  });

  const to = await Store.made(server, 'import');
  await page.goto(`${server.origin}/${place(to.id)}`);
  await page.getByRole('button', { name: 'Upload' }).first().click();
  await choose(page, JSON.stringify(pairs));
  await dialog(page).getByRole('button', { name: 'Upload 253 pairs' }).click();
  await dialog(page).getByText('253 pairs written.').waitFor();
  assert.deepEqual(await to.keys(), await from.keys());
  assert.deepEqual((await to.get('bytes')).bytes, Buffer.from(bytes));
  assert.equal((await to.get('replacement \ufffd')).text, 'a real \ufffd');
  assert.deepEqual(await to.metadata('replacement \ufffd'), ['ü']);
});

test('values too large for one request are exported one by one', async () => {
  const store = await Store.made(server, 'export large');
  for (const key of ['a', 'b']) await store.put(key, key.repeat(14 * 1024 * 1024));
  const page = await signedIn(server, place(store.id), { expects: /413/ });
  const pairs = await downloaded(page, () => more(page, 'Export all…'));
  assert.deepEqual(pairs.map(({ key, value }) => [key, value.length]), [['a', 14 * 1024 * 1024], ['b', 14 * 1024 * 1024]]);
});

test('a selection is exported, nothing else', async () => {
  const store = await Store.made(server, 'export selection');
  await store.bulk(['a', 'b', 'c'].map((key) => ({ key, value: key })));
  const page = await signedIn(server, place(store.id));
  await page.getByLabel('Select b', { exact: true }).check();
  const pairs = await downloaded(page, () => page.getByRole('button', { name: 'Export' }).click());
  assert.deepEqual(pairs, [{ key: 'b', value: 'b' }]);
});

test('deleting by filter counts first and deletes what it counted', async () => {
  const store = await Store.made(server, 'delete by filter');
  await store.bulk([
    ...Array.from({ length: 30 }, (_, i) => ({ key: `a${i}`, value: 'v', metadata: { odd: i % 2 === 1 } })),
    { key: 'b', value: 'v', metadata: { odd: true } },
  ]);
  const page = await signedIn(server, place(store.id, { prefix: 'a', metadata: 'true' }));
  await page.getByText('15 matches').waitFor();
  await more(page, 'Delete what is found…');
  await dialog(page).getByText('keys that start with “a” and have “true” in their metadata').waitFor();
  await store.put('a-late', 'v', { metadata: { odd: true } });
  await dialog(page).getByRole('button', { name: 'Delete 15 keys' }).click();
  await dialog(page).getByText('Deleted 15 keys.').waitFor();
  const left = await store.keys();
  assert.equal(left.length, 17);
  assert.ok(left.includes('a-late') && left.includes('b') && left.includes('a0') && !left.includes('a1'));
});
