// Tokens: making and revoking them, and what the holder of a narrow one sees. Activity.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, namespaces, newPage, panel, place, sharedCubby, signedIn, signIn, Store, toast, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const dialog = (page) => page.getByRole('dialog');
const tokenRow = (page, name) => page.locator('tr', { hasText: name });

async function signedInWith(token, hash = '', options) {
  const page = await newPage(options);
  await page.goto(`${server.origin}/${hash}`);
  await signIn(page, token);
  return page;
}

test('a token is made, shown once, works, and is revoked', async () => {
  const store = await Store.made(server, 'for the app');
  await store.put('k', 'v');
  const page = await signedIn(server, '', { permissions: ['clipboard-read', 'clipboard-write'] });
  await page.getByRole('link', { name: 'Tokens', exact: true }).click();
  await page.getByRole('button', { name: 'Make a token' }).first().click();
  await dialog(page).getByRole('button', { name: 'Make it' }).click();
  await dialog(page).getByText('A token needs a name.').waitFor();
  await dialog(page).getByLabel('Name', { exact: true }).fill('app <b>');
  await dialog(page).getByLabel('for the app').check();
  await dialog(page).getByLabel('Key prefix').fill('k');
  await dialog(page).getByLabel('Ends').selectOption('30');
  await dialog(page).getByLabel('From').fill('127.0.0.0/8, ::1');
  await dialog(page).getByRole('button', { name: 'Make it' }).click();
  const text = await dialog(page).locator('.secret code').textContent();
  assert.match(text, /^[\w-]{40}$/);
  await dialog(page).getByRole('button', { name: 'Copy the token' }).click();
  await dialog(page).getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), text);
  await dialog(page).getByRole('button', { name: 'Done' }).click();
  const cells = await tokenRow(page, 'app <b>').getByRole('cell').allTextContents();
  assert.deepEqual(cells.slice(1, 3), ['Read', 'for the app, keys k…, from 127.0.0.0/8, ::1/128']);
  assert.match(cells[3], /^In (29 d|30 d)/);
  assert.ok(!(await page.content()).includes(text));

  const read = () => fetch(`${server.baseUrl}/accounts/${ACCOUNT}/storage/kv/namespaces/${store.id}/values/k`, { headers: { authorization: `Bearer ${text}` } });
  assert.equal((await read()).status, 200);
  await page.getByRole('button', { name: 'Revoke app <b>' }).click();
  await dialog(page).getByRole('button', { name: 'Revoke', exact: true }).click();
  await toast(page).getByText('Revoked app <b>.').waitFor();
  await tokenRow(page, 'app <b>').getByText('Revoked').waitFor();
  assert.equal((await read()).status, 403);
});

test('what makes no token is said in the dialog', async () => {
  const page = await signedIn(server, `#/${ACCOUNT}/tokens`, { expects: /400/ });
  await page.keyboard.press('n');
  await dialog(page).getByLabel('Name', { exact: true }).fill('wrong');
  await dialog(page).getByLabel('From').fill('10.0.0.1/8');
  await dialog(page).getByRole('button', { name: 'Make it' }).click();
  await dialog(page).getByText('sources has something that is none').waitFor();
});

test('a token that may only read sees everything and is offered nothing that writes', async () => {
  const store = await Store.made(server, 'read only');
  await store.put('k', 'v');
  const page = await signedInWith(await Store.token(server, { name: 'reader', right: 'read' }), place(store.id, { key: 'k' }));
  await panel(page).locator('.content').getByText('v').waitFor();
  await page.getByText('Read only', { exact: true }).waitFor();
  for (const name of ['New key', 'Upload']) {
    for (const button of await page.getByRole('button', { name, exact: true }).all()) assert.ok(await button.isDisabled());
  }
  assert.ok(await panel(page).getByRole('button', { name: 'Edit' }).isDisabled());
  assert.ok(await panel(page).getByRole('button', { name: 'Delete' }).isDisabled());
  assert.equal(await page.getByRole('link', { name: 'Tokens', exact: true }).count(), 0);
  await page.getByRole('link', { name: 'Namespaces', exact: true }).click();
  assert.ok(await page.getByRole('button', { name: 'Create namespace' }).first().isDisabled());
});

test('a token for one namespace and one prefix sees these alone, and works in them', async () => {
  const store = await Store.made(server, 'narrow');
  await Store.made(server, 'not for it');
  for (const key of ['in/a', 'in/b', 'out']) await store.put(key, `value of ${key}`);
  const token = await Store.token(server, { name: 'narrow', right: 'write', namespaces: [store.id], key_prefix: 'in/' });
  const page = await signedInWith(token);
  await page.getByRole('link', { name: 'narrow', exact: true }).waitFor();
  assert.equal(await page.getByRole('link', { name: 'not for it' }).count(), 0);
  assert.ok(await page.getByRole('button', { name: 'Create namespace' }).first().isDisabled());
  await page.getByRole('link', { name: 'narrow', exact: true }).click();
  await page.locator('.row .name', { hasText: 'in/b' }).waitFor();
  assert.deepEqual(await page.locator('.row .name').allTextContents(), ['in/a', 'in/b']);
  await page.locator('.row .name', { hasText: 'in/a' }).click();
  await panel(page).locator('.content').getByText('value of in/a').waitFor();
  await page.keyboard.press('e');
  await panel(page).getByRole('textbox', { name: 'Value', exact: true }).fill('changed');
  await page.getByRole('button', { name: 'Review and save' }).click();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await panel(page).locator('.content').getByText('changed').waitFor();
  assert.equal((await store.get('in/a')).text, 'changed');
  assert.ok((await namespaces(server)).length >= 2);
});

test('activity draws what was done, and says it under the pointer', async () => {
  const store = await Store.made(server, 'busy');
  const page = await signedIn(server, `#/${ACCOUNT}/activity`);
  await page.getByRole('heading', { name: 'Activity' }).waitFor();
  const calls = page.getByRole('region', { name: 'Calls' });
  // Until a step with a write in it has ended and been fetched.
  const wrote = async () => {
    await store.put('k', 'v');
    const answer = await fetch(`${server.origin}/cubby/v1/activity`, { headers: { authorization: `Bearer ${server.token}` } });
    const { steps } = (await answer.json()).result;
    return steps.length > 1 && steps.at(-1).operations.write > 0;
  };
  while (!(await wrote()));
  await page.waitForFunction(() => /Writes [\d.,]*[1-9]/.test(document.querySelector('.chart svg').getAttribute('aria-label')));
  for (const name of ['Time to answer', 'Read from memory', 'Stored']) await page.getByRole('region', { name }).waitFor();
  assert.equal(await calls.locator('header .quiet').textContent(), '');
  await calls.locator('svg').hover();
  await calls.locator('header .quiet', { hasText: /^\d\d:\d\d:\d\d$/ }).waitFor();
  const token = await Store.token(server, { name: 'chief of one', right: 'admin' });
  const other = await signedInWith(token);
  await other.getByRole('link', { name: 'Tokens', exact: true }).waitFor();
  assert.equal(await other.getByRole('link', { name: 'Activity', exact: true }).count(), 0);
});
