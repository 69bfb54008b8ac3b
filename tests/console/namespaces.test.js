// Signing in, and the namespaces of an account.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, namespaces, newPage, place, row, sharedCubby, signedIn, signIn, Store, toast, useBrowser } from './support/console.js';

const server = sharedCubby();
useBrowser();

const titles = async () => (await namespaces(server)).map(({ title }) => title);

test('a token opens the console; it stays in the tab and in no address', async () => {
  const page = await newPage();
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(server.origin);
  assert.equal(await page.evaluate(() => document.activeElement.type), 'password');
  await signIn(page, server.token);
  await page.reload();
  await page.getByRole('heading', { name: 'Namespaces', exact: true }).waitFor();
  for (const url of [...asked, page.url()]) assert.ok(!url.includes(server.token), url);
  assert.ok(asked.every((url) => url.startsWith(`${server.origin}/`)), 'asks no other server');
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage)), '{}');

  const other = await page.context().newPage();
  await other.goto(server.origin);
  await other.getByLabel('API token').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByLabel('API token').waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test('a token that is none is refused with a reason', async () => {
  const page = await newPage({ expects: /401/ });
  await page.goto(server.origin);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Paste a token.').waitFor();
  await page.getByLabel('API token').fill('short');
  await page.keyboard.press('Enter');
  await page.getByText('A token has 40 to 80 letters').waitFor();
  await page.getByLabel('API token').fill('x'.repeat(40));
  await page.keyboard.press('Enter');
  await page.getByText('The server does not know this token').waitFor();
});

test('a namespace is created, renamed and deleted', async () => {
  const page = await signedIn(server);
  await page.keyboard.press('n');
  await page.getByLabel('Title', { exact: true }).fill('first <b>one</b>');
  await page.keyboard.press('Enter');
  await page.getByText('No keys yet').waitFor();
  assert.deepEqual(await titles(), ['first <b>one</b>']);

  await page.getByRole('link', { name: 'Namespaces', exact: true }).click();
  await page.getByRole('button', { name: 'Actions for first' }).click();
  await page.getByRole('menuitem', { name: 'Rename…' }).click();
  await page.getByLabel('Title', { exact: true }).fill('second');
  await page.getByRole('button', { name: 'Rename' }).click();
  await row(page, 'second').waitFor();

  await page.getByRole('button', { name: 'Actions for second' }).click();
  await page.getByRole('menuitem', { name: 'Delete…' }).click();
  const confirm = page.getByRole('button', { name: 'Delete for ever' });
  assert.ok(await confirm.isDisabled());
  await page.getByLabel('Type “second” to go on').fill('secon');
  await page.keyboard.press('Enter');
  assert.deepEqual(await titles(), ['second']);
  await page.getByLabel('Type “second” to go on').fill('second');
  await confirm.click();
  await page.getByText('No namespaces yet').waitFor();
  assert.deepEqual(await titles(), []);
});

test('a title that is taken is refused in the dialog', async () => {
  await Store.made(server, 'taken');
  const page = await signedIn(server, '', { expects: /400/ });
  await page.getByRole('button', { name: 'Create namespace' }).click();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('A namespace needs a title.').waitFor();
  await page.getByLabel('Title', { exact: true }).fill('taken');
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByText('a namespace with this account ID and title already exists').waitFor();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('dialog').count(), 0);
});

test('namespaces are found by title and by id', async () => {
  const { id } = await Store.made(server, 'needle');
  await Store.made(server, 'hay');
  const page = await signedIn(server);
  await row(page, 'hay').waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('NEED');
  await row(page, 'hay').waitFor({ state: 'detached' });
  assert.equal(await row(page, 'needle').count(), 1);
  await page.getByLabel('Search namespaces').fill(id.slice(0, 12));
  assert.equal(await row(page, 'needle').count(), 1);
  await page.getByLabel('Search namespaces').fill('nothing like it');
  await page.getByText('No namespace has that').waitFor();
});

test('the id and the lines for each client can be copied, and hold no token', async () => {
  const { id } = await Store.made(server, 'to connect');
  const page = await signedIn(server, '', { permissions: ['clipboard-read', 'clipboard-write'] });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Copy the id of to connect' }).click();
  await row(page, 'to connect').getByRole('button', { name: 'Copied' }).waitFor();
  assert.equal(await copied(), id);

  await page.getByRole('button', { name: 'Actions for to connect' }).click();
  await page.getByRole('menuitem', { name: 'Connect…' }).click();
  for (const client of ['wrangler', 'workerd', 'JavaScript', 'Python', 'Terraform', 'curl']) {
    await page.getByRole('button', { name: client, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: /Copy these lines|Copied/ }).click();
    await page.waitForFunction(
      async (text) => (await navigator.clipboard.readText()) === text,
      await page.locator('.snippet pre').textContent(),
    );
    for (const part of [server.baseUrl, ACCOUNT, id]) assert.ok((await copied()).includes(part), `${client}: ${part}`);
    assert.ok(!(await copied()).includes(server.token));
  }
});

test('keys and bytes are shown where the server counts, and nothing where it does not', async () => {
  const store = await Store.made(server, 'counted');
  await store.put('k', 'value');
  const response = await fetch(`${server.origin}/cubby/v1/namespaces/${store.id}/usage`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  const page = await signedIn(server);
  await row(page, 'counted').waitFor();
  await page.waitForLoadState('networkidle');
  const cells = await row(page, 'counted').getByRole('cell').allTextContents();
  if (response.status === 404) assert.equal(cells.length, 3);
  else assert.equal(cells[2], String((await response.json()).result.keys));
});

// As a server with very many shards answers.
test('figures that are not new are shown with their age', async () => {
  const store = await Store.made(server, 'counted before');
  await store.put('k', 'value');
  const page = await signedIn(server);
  await page.route('**/usage', async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    answer.result.age_seconds = 40;
    await route.fulfill({ response, json: answer });
  });
  await page.reload();
  await row(page, 'counted before').getByRole('cell', { name: '6 B, 40 s ago' }).waitFor();
  await page.getByRole('link', { name: 'counted before' }).click();
  await page.getByText('1 key, 6 B, 40 s ago').waitFor();
});

test('a namespace that is not there is said to be so', async () => {
  const page = await signedIn(server, place('0'.repeat(32)), { expects: /404/ });
  await page.getByText('There is no such namespace').waitFor();
  await page.getByRole('button', { name: 'All namespaces' }).click();
  await page.getByRole('heading', { name: 'Namespaces', exact: true }).waitFor();
});

test('the theme follows the system until it is chosen, and the choice stays', async () => {
  const page = await signedIn(server, '', { colorScheme: 'dark' });
  const scheme = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await scheme();
  await page.getByRole('button', { name: 'Theme: as the system' }).click();
  await page.getByRole('button', { name: 'Theme: light' }).waitFor();
  assert.notEqual(await scheme(), dark);
  await page.reload();
  await page.getByRole('button', { name: 'Theme: light' }).click();
  assert.equal(await scheme(), dark);
});
