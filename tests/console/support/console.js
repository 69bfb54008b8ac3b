// A browser on the console of a real server.
//
// Whatever a page complains about (an exception, a refused style, a failed script) fails the test that it happened in,
// unless the test says that it expects complaints.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { chromium } from 'playwright-core';
import { ACCOUNT, Cubby, scratchDirectory, sharedCubby, TOKEN } from '../../e2e/support/cubby.js';

export { ACCOUNT, Cubby, sharedCubby, TOKEN };

const stepMs = 20_000; // how long anything on a page may take
const wide = { width: 1280, height: 800 };

let browser;
const contexts = new Set();
let complaints = [];

// Call once in a test file: a browser for all of its tests.
export function useBrowser() {
  before(async () => {
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--force-color-profile=srgb', '--font-render-hinting=none'],
    });
  });
  afterEach(async (t) => {
    for (const context of contexts) {
      if (t.passed === false) await show(context);
      await context.close();
    }
    contexts.clear();
    const seen = complaints;
    complaints = [];
    assert.deepEqual(seen, [], 'the page complained');
  });
  after(() => browser?.close());
}

// What was to be seen when a test failed.
async function show(context) {
  for (const page of context.pages()) {
    const path = join(scratchDirectory('failed'), 'page.png');
    await page.screenshot({ path }).catch(() => {});
    console.log(`${path} is ${page.url()}`);
  }
}

// A page that is not signed in yet. `expects` is a pattern of complaints that are no failure.
export async function newPage({ viewport = wide, colorScheme = 'light', expects, ...options } = {}) {
  const context = await browser.newContext({ viewport, colorScheme, reducedMotion: 'reduce', locale: 'en-US', ...options });
  contexts.add(context);
  context.setDefaultTimeout(stepMs);
  const page = await context.newPage();
  const note = (text) => expects?.test(text) || isExpected(text) || complaints.push(text);
  page.on('pageerror', (error) => note(String(error)));
  page.on('console', (message) => message.type() === 'error' && note(message.text()));
  return page;
}

// Chromium reports every 404; the console asks for what may not be there (a key's head, a count of keys).
const isExpected = (text) => text.includes('status of 404');

// A page signed in, at `hash` (the namespaces without one).
export async function signedIn(server, hash = '', options) {
  const page = await newPage(options);
  await page.goto(`${server.origin}/${hash}`);
  await signIn(page, server.token);
  return page;
}

export async function signIn(page, token) {
  await page.getByLabel('API token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByLabel('Where you are').waitFor();
}

export const place = (namespace, parameters = {}) =>
  `#/${ACCOUNT}/${namespace}?${new URLSearchParams(parameters)}`;

// Calls of the REST API, to prepare what a page shows and to see what it has done.
export class Store {
  constructor(server, id) {
    this.server = server;
    this.id = id;
  }

  static async made(server, title) {
    const { result } = await call(server, 'POST', '', JSON.stringify({ title }));
    return new Store(server, result.id);
  }

  async put(key, value, { metadata, ...query } = {}) {
    const form = new FormData();
    form.append('value', new Blob([value])); // of a string, a form would change the line ends
    if (metadata !== undefined) form.append('metadata', JSON.stringify(metadata));
    await call(this.server, 'PUT', `/${this.id}/values/${encodeURIComponent(key)}?${new URLSearchParams(query)}`, form);
  }

  async bulk(pairs) {
    for (let i = 0; i < pairs.length; i += 10_000) {
      await call(this.server, 'PUT', `/${this.id}/bulk`, JSON.stringify(pairs.slice(i, i + 10_000)));
    }
  }

  // The text of a token for this namespace's account.
  static async token(server, wanted) {
    const response = await fetch(`${server.origin}/cubby/v1/tokens`, {
      method: 'POST',
      headers: { authorization: `Bearer ${server.token}` },
      body: JSON.stringify({ account_id: ACCOUNT, ...wanted }),
    });
    const { result, errors } = await response.json();
    assert.ok(result, JSON.stringify(errors));
    return result.token;
  }

  async remove(key) {
    await call(this.server, 'DELETE', `/${this.id}/values/${encodeURIComponent(key)}`);
  }

  // null if it is not there.
  async get(key) {
    const response = await ask(this.server, 'GET', `/${this.id}/values/${encodeURIComponent(key)}`);
    if (response.status === 404) return null;
    const bytes = Buffer.from(await response.arrayBuffer());
    return { text: bytes.toString(), bytes, expiration: Number(response.headers.get('expiration')) || null };
  }

  async metadata(key) {
    return (await call(this.server, 'GET', `/${this.id}/metadata/${encodeURIComponent(key)}`)).result;
  }

  async keys(prefix = '') {
    const names = [];
    for (let cursor = ''; ; ) {
      const answer = await call(this.server, 'GET', `/${this.id}/keys?${new URLSearchParams({ prefix, cursor })}`);
      names.push(...answer.result.map(({ name }) => name));
      cursor = answer.result_info.cursor;
      if (!cursor) return names;
    }
  }
}

export async function namespaces(server) {
  return (await call(server, 'GET', '?per_page=1000')).result;
}

function ask(server, method, path, body) {
  return fetch(`${server.baseUrl}/accounts/${ACCOUNT}/storage/kv/namespaces${path}`, {
    method,
    body,
    headers: { authorization: `Bearer ${server.token}` },
  });
}

async function call(...request) {
  const response = await ask(...request);
  const answer = await response.json();
  assert.ok(answer.success, `${request[1]} ${request[2]}: ${JSON.stringify(answer.errors)}`);
  return answer;
}

// The row of a key in the list.
export const row = (page, text) => page.getByRole('row').filter({ hasText: text });

// The panel beside the list.
export const panel = (page) => page.locator('.panel');

export const toast = (page) => page.locator('.toasts');
