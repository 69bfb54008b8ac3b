// `./dev run` as a newcomer starts it: what it prints is enough to store and read a value; Ctrl-C ends it; a second
// start goes on with the same data.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratchDirectory } from './support/cubby.js';

const dev = fileURLToPath(new URL('../../dev', import.meta.url));
const data = join(scratchDirectory('dev-run'), 'data');

// Runs it until `use` is done with what the `export` line names, then interrupts it.
async function running(use) {
  const { CUBBY_ADMIN_TOKEN: _, ...env } = process.env;
  const child = spawn(dev, ['run', '--listen', '127.0.0.1:0', '--binding-listen', 'none'], {
    env: { ...env, CUBBY_DATA_DIR: data },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (bytes) => (errors += bytes));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const lines = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    const exported = line.match(/^ {2}export CLOUDFLARE_API_BASE_URL=(\S+) CLOUDFLARE_ACCOUNT_ID=(\S+) CLOUDFLARE_API_TOKEN=(\S+)$/);
    if (!exported) continue;
    const [, base, account, token] = exported;
    const call = async (method, path, body) => {
      const url = `${base}/accounts/${account}/storage/kv/namespaces${path}`;
      const response = await fetch(url, { method, body, headers: { authorization: `Bearer ${token}` } });
      assert.equal(response.status, 200, await response.clone().text());
      return response;
    };
    await use(call).finally(() => child.kill('SIGINT'));
  }
  assert.equal(await ended, 0, errors);
  return lines.join('\n');
}

test('./dev run prints what it takes to store a value, and keeps it over a restart', async () => {
  let id;
  const said = await running(async (call) => {
    id = (await (await call('POST', '', '{"title":"notes"}')).json()).result.id;
    await call('PUT', `/${id}/values/greeting`, 'hello');
  });
  assert.match(said, /^account [0-9a-f]{32}$/m);
  assert.match(said, /^api http:\/\/127\.0\.0\.1:\d+$/m);
  assert.match(said, /^ {2}curl -H /m);
  await running(async (call) => assert.equal(await (await call('GET', `/${id}/values/greeting`)).text(), 'hello'));
});
