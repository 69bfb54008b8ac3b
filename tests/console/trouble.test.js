// A server that is slow, gone or failing; a token that may not write or is revoked.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cubby, panel, place, sharedCubby, signedIn, Store, toast, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const networkFailures = /ERR_CONNECTION|ERR_EMPTY_RESPONSE|ERR_FAILED|status of (403|401|500)/;
const retry = (page) => page.getByRole('button', { name: 'Try again' });

test('a server that is gone is said to be so, and the page goes on when it is back', async () => {
  const own = await Cubby.started();
  const store = await Store.made(own, 'gone');
  await store.bulk(['a', 'b'].map((key) => ({ key, value: key })));
  const page = await signedIn(own, place(store.id), { expects: networkFailures });
  await page.locator('.row .name', { hasText: 'a' }).waitFor();
  await own.crash();
  await page.locator('.row .name', { hasText: 'a' }).click();
  await panel(page).getByText('The server cannot be reached.').waitFor();
  await page.getByRole('button', { name: 'Reload the list' }).click();
  await page.locator('.keys').getByText('The server cannot be reached.').waitFor();

  // The same port again, as an operator would.
  own.args = ['--data-dir', own.dataDir, '--listen', new URL(own.origin).host];
  await own.start();
  await panel(page).getByRole('button', { name: 'Try again' }).click();
  await panel(page).locator('.content').getByText('a').waitFor();
  await page.locator('.keys').getByRole('button', { name: 'Try again' }).click();
  await page.locator('.row .name', { hasText: 'b' }).waitFor();
  await own.stop();
});

test('a server that is slow is waited for, with a sign of it', async () => {
  const own = await Cubby.started();
  const store = await Store.made(own, 'slow');
  await store.put('k', 'the value');
  const page = await signedIn(own, place(store.id));
  await page.locator('.row .name', { hasText: 'k' }).waitFor();
  own.process.child.kill('SIGSTOP');
  await page.locator('.row .name', { hasText: 'k' }).click();
  await panel(page).getByRole('status', { name: 'Loading' }).waitFor();
  assert.equal(await panel(page).locator('.content').count(), 0);
  own.process.child.kill('SIGCONT');
  await panel(page).getByText('the value').waitFor();
  await page.close(); // it asks by itself, for sizes say, and would complain of a server that is gone
  await own.stop();
});

test('a server that does not answer in time is given up with a reason', async () => {
  const own = await Cubby.started();
  const store = await Store.made(own, 'stuck');
  const page = await signedIn(own, place(store.id));
  await page.getByText('No keys yet').waitFor();
  await page.clock.install();
  own.process.child.kill('SIGSTOP');
  await page.getByRole('button', { name: 'Reload the list' }).click();
  await page.clock.runFor(31_000);
  await page.locator('.keys').getByText('The server has not answered within 30 seconds.').waitFor();
  own.process.child.kill('SIGCONT');
  await retry(page).click();
  await page.getByText('No keys yet').waitFor();
  await page.close();
  await own.stop();
});

test('a save that fails keeps what was typed', async () => {
  const store = await Store.made(server, 'failing save');
  await store.put('k', 'before');
  const page = await signedIn(server, place(store.id, { key: 'k' }), { expects: networkFailures });
  await panel(page).getByRole('button', { name: 'Edit' }).click();
  await panel(page).getByLabel('Value', { exact: true }).fill('after');
  await page.getByRole('button', { name: 'Review and save' }).click();
  const dialog = page.getByRole('dialog');
  // A disk that fails cannot be had here, so the one answer is made up; everything else is the server's.
  const failure = { result: null, success: false, errors: [{ code: 10001, message: 'storage failed; see the server’s log' }], messages: [] };
  await page.route('**/values/k*', (route) =>
    route.request().method() === 'PUT' ? route.fulfill({ status: 500, json: failure }) : route.continue(),
  );
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.getByText('storage failed').waitFor();
  await page.unroute('**/values/k*');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await panel(page).locator('.content').getByText('after').waitFor();
  assert.equal((await store.get('k')).text, 'after');
});

test('a search that fails in the middle goes on from there', async () => {
  const store = await Store.made(server, 'failing list');
  await store.bulk(Array.from({ length: 5000 }, (_, i) => ({ key: `k${String(i).padStart(4, '0')}`, value: 'v' })));
  let pages = 0;
  const page = await signedIn(server, '', { expects: networkFailures });
  await page.route('**/keys?*', (route) => (++pages === 3 ? route.abort('connectionreset') : route.continue()));
  await page.goto(`${server.origin}/${place(store.id, { contains: 'k4999' })}`);
  await page.locator('.keys').getByText('The server cannot be reached.').waitFor();
  await retry(page).click();
  await page.locator('.row .name', { hasText: 'k4999' }).waitFor();
  await page.getByText('1 match in 5,000 looked at').waitFor();
});

// Cubby has no way yet to make a token that may only read, so the refusals of writes are made up as it words them.
test('a token that may only read sees everything and is offered nothing that writes', async () => {
  const store = await Store.made(server, 'read only');
  await store.put('k', 'v');
  const page = await signedIn(server, place(store.id, { key: 'k' }), { expects: networkFailures });
  const refusal = { result: null, success: false, errors: [{ code: 10000, message: 'Authentication error' }], messages: [] };
  await page.route('**/storage/kv/**', (route) =>
    ['GET', 'HEAD'].includes(route.request().method()) ? route.continue() : route.fulfill({ status: 403, json: refusal }),
  );
  await panel(page).getByRole('button', { name: 'Delete' }).click();
  await toast(page).getByText('The token does not allow this.').waitFor();
  await page.getByText('Read only', { exact: true }).waitFor();
  for (const name of ['New key', 'Upload']) {
    for (const button of await page.getByRole('button', { name, exact: true }).all()) assert.ok(await button.isDisabled());
  }
  assert.ok(await panel(page).getByRole('button', { name: 'Edit' }).isDisabled());
  assert.ok(await panel(page).getByRole('button', { name: 'Delete' }).isDisabled());
  assert.equal((await store.get('k')).text, 'v');
});

test('a token that is no longer valid ends the session with a reason', async () => {
  const own = await Cubby.started();
  const store = await Store.made(own, 'revoked');
  const page = await signedIn(own, place(store.id), { expects: networkFailures });
  await page.getByText('No keys yet').waitFor();
  await own.stop();
  own.token = 'another-token_0123456789-ABCDEFGHIJKLMNOPQ';
  own.args = ['--data-dir', own.dataDir, '--listen', new URL(own.origin).host];
  await own.start();
  await page.getByRole('button', { name: 'Reload the list' }).click();
  await page.getByText('The token is unknown, expired or revoked.').waitFor();
  await page.getByLabel('API token').waitFor();
  await own.stop();
});
