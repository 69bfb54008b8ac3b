// How the console looks and behaves as a page: what it is sent with, how fast it is there, what assistive technology
// finds, and the pictures of docs/using/console.md (written anew with SCREENSHOTS=1).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { after, before, test } from 'node:test';
import { ACCOUNT, Cubby, newPage, panel, place, signedIn, signIn, Store, useBrowser } from './support/console.js';

const server = new Cubby();
useBrowser();

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
let store;

before(async () => {
  await server.start();
  store = await Store.made(server, 'sessions');
  await Store.token(server, { name: 'web', right: 'read', namespaces: [store.id], key_prefix: 'user:' });
  await Store.token(server, { name: 'nightly import', right: 'write', sources: ['10.0.0.0/8'], expiration: 1900000000 });
  for (const title of ['feature-flags', 'site-assets', 'translations']) await Store.made(server, title);
  const user = (i) => ({ id: i, name: `User ${i}`, plan: i % 4 ? 'free' : 'pro', seen: 1764000000 + i });
  const kinds = ['profile', 'settings', 'session'];
  await store.bulk([
    ...Array.from({ length: 3000 }, (_, i) => ({
      key: `user:${String(i).padStart(5, '0')}:${kinds[i % 3]}`,
      value: JSON.stringify(user(i)),
      ...(i % 3 === 2 && { expiration_ttl: 600 + i * 601 }),
      ...(i % 5 === 0 && { metadata: { source: 'import', batch: i % 7 } }),
    })),
    { key: 'config:site', value: '{"theme":"dark","build":12345678901234567890,"hosts":["a.example","b.example"],"beta":null}', metadata: { owner: 'ops', reviewed: true } },
    { key: '<script>alert(1)</script>', value: '<b>text</b>' },
    { key: 'line\nbreak\0', value: 'text' },
    { key: 'invoice\u202efdp.exe', value: 'text' },
    { key: 'שלום', value: 'שלום לכולם' },
  ]);
});

after(() => server.stop());

// A page that has come to rest.
async function rests(page) {
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

// What axe finds, by element, of the rules that a look can break.
async function barriers(page, name, rules) {
  await rests(page);
  await page.evaluate(axe); // Chromium lets a debugger past the policy of the page
  const { violations } = await page.evaluate((options) => globalThis.axe.run(document, options), {
    resultTypes: ['violations'],
    ...rules,
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${name}: ${id}: ${target}: ${failureSummary}`));
}

async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  await page.waitForLoadState('networkidle');
  await rests(page);
  await page.screenshot({ path: fileURLToPath(new URL(`../../docs/using/console/${name}.png`, import.meta.url)) });
}

const views = [
  ['sign_in', async (page) => page.getByLabel('API token').waitFor(), { isOut: true }],
  ['namespaces', async (page) => page.locator('tr', { hasText: 'sessions' }).waitFor()],
  ['keys', async (page) => page.locator('.row', { hasText: 'user:00000' }).waitFor(), { hash: () => place(store.id) }],
  ['folders', async (page) => page.getByText('3,000 keys').waitFor(), { hash: () => place(store.id, { folders: ':' }) }],
  [
    'value',
    async (page) => panel(page).getByText('12345678901234567890').waitFor(),
    { hash: () => place(store.id, { key: 'config:site' }) },
  ],
  ['editor', async (page) => page.keyboard.press('e'), { hash: () => place(store.id, { key: 'config:site' }), first: 'value' }],
  [
    'review',
    async (page) => {
      const value = panel(page).getByLabel('Value', { exact: true });
      await panel(page).getByRole('button', { name: 'Format' }).click();
      await value.fill((await value.inputValue()).replace('"dark"', '"light"'));
      await panel(page).getByLabel('Metadata').fill('{"owner": "ops", "reviewed": false}');
      await page.keyboard.press('Control+s');
      await page.getByRole('dialog').waitFor();
    },
    { first: 'editor' },
  ],
  [
    'upload',
    async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Upload…' }).click();
      const pairs = [
        { key: 'user:10000:profile', value: '{}' },
        { key: '', value: 'v' },
        { key: 'user:10001:session', value: 'v', expiration_ttl: 30 },
        { key: 'user:10002:profile', value: '{}', metadata: 'x'.repeat(1100) },
      ];
      const buffer = Buffer.from(JSON.stringify(pairs));
      await page.locator('dialog input[type=file]').setInputFiles({ name: 'users.json', mimeType: 'application/json', buffer });
      await page.getByText('3 would fail').waitFor();
    },
    { hash: () => place(store.id) },
  ],
  [
    'delete_by_filter',
    async (page) => {
      await page.getByRole('button', { name: 'More', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Delete what is found…' }).click();
      await page.getByLabel('Type 1,000 to go on').waitFor();
    },
    { hash: () => place(store.id, { contains: ':session' }) },
  ],
  [
    'connect',
    async (page) => {
      await page.getByRole('button', { name: 'Actions for sessions' }).click();
      await page.getByRole('menuitem', { name: 'Connect…' }).click();
      await page.getByRole('dialog').waitFor();
    },
  ],
  ['tokens', async (page) => page.getByText('nightly import').waitFor(), { hash: () => `#/${ACCOUNT}/tokens` }],
  [
    'new_token',
    async (page) => {
      await page.getByRole('button', { name: 'Make a token' }).click();
      await page.getByLabel('Key prefix').waitFor();
    },
    { first: 'tokens' },
  ],
  [
    'activity',
    async (page) => page.getByRole('region', { name: 'Calls' }).waitFor(), // ten seconds after the start
    { hash: () => `#/${ACCOUNT}/activity` },
  ],
  ['empty', async (page) => page.getByText('Nothing found').waitFor(), { hash: () => place(store.id, { prefix: 'nothing' }) }],
];
const looks = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }, { runOnly: ['color-contrast'] }],
  ['narrow', { viewport: { width: 390, height: 780 } }, { rules: { 'color-contrast': { enabled: false } } }],
];
const pictures = ['namespaces', 'tokens', 'activity', 'keys', 'folders-dark', 'value', 'review', 'upload', 'delete_by_filter-dark', 'keys-narrow'];

async function show(page, name) {
  const [, act, { first } = {}] = views.find(([each]) => each === name);
  if (first) await show(page, first);
  await act(page);
}

for (const [look, options, rules] of looks) {
  test(`assistive technology meets no barrier, ${look}`, { timeout: 240_000 }, async () => {
    const page = await newPage(options);
    await page.goto(server.origin);
    const found = await barriers(page, 'sign_in', rules);
    await signIn(page, server.token);
    for (const [name, , { isOut, hash, first } = {}] of views) {
      if (isOut) continue;
      const start = hash ?? views.find(([each]) => each === first)?.[2]?.hash;
      await page.evaluate(() => (onbeforeunload = null));
      await page.goto('about:blank');
      await page.goto(`${server.origin}/${start?.() ?? ''}`);
      await show(page, name);
      found.push(...(await barriers(page, name, rules)));
      const isWider = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      assert.ok(!isWider, `${name} scrolls sideways`);
      const file = look === 'light' ? name : `${name}-${look}`;
      if (pictures.includes(file)) await picture(page, file);
      if (process.env.LOOKS) await page.screenshot({ path: `${process.env.LOOKS}/${name}-${look}.png` });
    }
    assert.deepEqual(found, []);
  });
}

test('the pictures of the documents are there and small', () => {
  for (const name of pictures) {
    const bytes = readFileSync(new URL(`../../docs/using/console/${name}.png`, import.meta.url)).length;
    assert.ok(bytes < 150 * 1024, `${name} has ${bytes} bytes`);
  }
});

test('the page comes with a strict policy, and its parts may be kept', async () => {
  const page = await fetch(`${server.origin}/`);
  const html = await page.text();
  assert.equal(page.headers.get('cache-control'), 'no-cache');
  assert.match(page.headers.get('content-security-policy'), /^default-src 'none'; script-src 'self'; style-src 'self';/);
  assert.doesNotMatch(page.headers.get('content-security-policy'), /unsafe|https?:|\*/);
  assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer');
  const again = await fetch(`${server.origin}/`, { headers: { 'if-none-match': page.headers.get('etag') } });
  assert.equal(again.status, 304);

  const paths = [...html.matchAll(/(?:href|src)="\.(\/console\/[^"]+)"/g)].map(([, path]) => path);
  assert.equal(paths.length, 3);
  for (const path of paths) {
    const part = await fetch(`${server.origin}${path}`);
    assert.equal(part.status, 200);
    assert.equal(part.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    assert.equal(part.headers.get('content-encoding'), 'gzip');
  }
  for (const path of ['/console/', '/console', '/index.html', '//', '/console/console.js']) {
    assert.equal((await fetch(`${server.origin}${path}`)).status, 404, path);
  }
  assert.equal((await fetch(`${server.origin}/`, { method: 'POST' })).status, 404);
});

test('script and style are small, compressed', async () => {
  const page = await newPage();
  const parts = [];
  page.on('response', async (response) => {
    const { pathname } = new URL(response.url());
    if (/\.(js|css)$/.test(pathname)) parts.push(response.request().sizes());
  });
  await page.goto(server.origin, { waitUntil: 'networkidle' });
  const bytes = (await Promise.all(parts)).reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  console.log(`script and style: ${bytes} bytes compressed`);
  assert.equal(parts.length, 2);
  assert.ok(bytes > 1000 && bytes < 150 * 1024, `${bytes} bytes`);
});

test('the first view is there within a second, and nothing jumps', async () => {
  const page = await signedIn(server, place(store.id, { key: 'config:site' }));
  await page.addInitScript(() => {
    globalThis.jumps = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.jumps += entry.value;
    }).observe({ type: 'layout-shift', buffered: true });
    const seen = setInterval(() => {
      if (!document.querySelector('.grid .canvas .name') || !document.querySelector('.panel .content')) return;
      globalThis.firstView = performance.now();
      clearInterval(seen);
    }, 10);
  });
  const times = [];
  for (let i = 0; i < 5; ++i) {
    await page.reload();
    await page.waitForFunction(() => globalThis.firstView);
    await page.waitForLoadState('networkidle');
    times.push(await page.evaluate(() => globalThis.firstView));
    assert.ok((await page.evaluate(() => globalThis.jumps)) < 0.01, `jumps: ${await page.evaluate(() => globalThis.jumps)}`);
  }
  const median = times.toSorted((a, b) => a - b)[2];
  console.log(`first view: ${Math.round(median)} ms`);
  // The goal is a second on a machine that does nothing else; this one runs other tests beside.
  assert.ok(median < 2000, `${median} ms`);
});

test('the page holds no text of the API as markup', async () => {
  const page = await signedIn(server, place(store.id, { key: '<script>alert(1)</script>' }));
  await panel(page).locator('.content').getByText('<b>text</b>').waitFor();
  const source = await (await fetch(`${server.origin}${await page.evaluate(() => new URL(document.scripts[0].src).pathname)}`)).text();
  assert.ok(!source.includes('eval('));
  assert.equal(await page.evaluate(() => document.querySelectorAll('#app script, .panel b').length), 0);
});
