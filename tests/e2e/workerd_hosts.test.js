// The same Worker where people run it in development: miniflare 4 by its remote-proxy form, `wrangler dev` by the plugin.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, test } from 'node:test';
import { Miniflare } from 'miniflare-4';
import { scratchDirectory, sharedCubby } from './support/cubby.js';
import { succeed } from './support/command.js';
import { runCase } from './support/workerd.js';
import { wranglerEnvironment, CLI } from './support/wrangler.js';
import { cases } from './worker/cases.js';

// No token fits into the remote-proxy form.
const open = sharedCubby({
  binding: ['--binding-listen', '127.0.0.1:0', '--binding-auth', 'none', '--auto-create-namespaces'],
});
const guarded = sharedCubby({ binding: ['--binding-listen', '127.0.0.1:0', '--auto-create-namespaces'] });

const worker = fileURLToPath(new URL('worker', import.meta.url));
const parameterised = ['failed streams', 'load', 'try'];
const names = Object.keys(cases).filter(
  // Those of both dialects need a binding to the REST API, which here would show nothing new.
  (each) => !parameterised.includes(each) && !each.includes('REST'),
);

describe('miniflare 4, by the remote-proxy form', () => {
  let miniflare, origin;
  before(async () => {
    miniflare = new Miniflare({
      modules: ['worker.js', 'cases.js'].map((path) => ({
        type: 'ESModule',
        path,
        contents: readFileSync(join(worker, path), 'utf8'),
      })),
      compatibilityDate: '2026-06-01',
      compatibilityFlags: ['nodejs_compat'],
      kvNamespaces: {
        KV: { id: 'any', remoteProxyConnectionString: new URL(`http://${open.bindings[0]}/ns/miniflare`) },
      },
    });
    origin = (await miniflare.ready).origin;
  });
  after(() => miniflare?.dispose());

  for (const name of names) test(name, async () => assert.equal(await runCase(origin, name), 'passed'));

  test('the namespace is the one of the URL', async () => {
    const titles = (await open.rest.namespaces()).map(({ title }) => title);
    assert.deepEqual(titles, ['miniflare']);
  });
});

describe('wrangler dev, by the plugin', () => {
  const directory = scratchDirectory('dev');
  let wrangler, origin;
  let output = '';
  before(async () => {
    for (const name of ['worker.js', 'cases.js']) copyFileSync(join(worker, name), join(directory, name));
    const configuration = {
      name: 'cubby-e2e',
      main: 'worker.js',
      compatibility_date: '2026-06-01',
      compatibility_flags: ['nodejs_compat'],
      unsafe: {
        bindings: [
          {
            name: 'KV',
            type: 'kv_namespace',
            dev: {
              plugin: {
                package: fileURLToPath(new URL('../../clients/wrangler-plugin', import.meta.url)),
                name: 'cubby',
              },
              options: { address: guarded.bindings[0], namespace: 'wrangler dev', token: guarded.token },
            },
          },
        ],
      },
    };
    writeFileSync(join(directory, 'wrangler.json'), JSON.stringify(configuration));
    wrangler = spawn(process.execPath, [CLI, 'dev', '--ip', '127.0.0.1', '--port', '0', '--inspector-port', '0'], {
      cwd: directory,
      env: { PATH: process.env.PATH, ...wranglerEnvironment(directory) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, with the workerd that it starts
    });
    const ready = new Promise((resolve, reject) => {
      const read = (text) => {
        const found = /Ready on (http:\/\/[\w.:]+)/.exec((output += text));
        if (found) resolve(found[1]);
      };
      wrangler.stdout.setEncoding('utf8').on('data', read);
      wrangler.stderr.setEncoding('utf8').on('data', read);
      wrangler.on('close', () => reject(new Error(`wrangler dev ended\n${output}`)));
      setTimeout(() => reject(new Error(`wrangler dev did not start\n${output}`)), 60_000).unref();
    });
    origin = await ready;
  });
  const kill = () => {
    try {
      process.kill(-wrangler.pid, 'SIGKILL');
    } catch {
      // it has ended already
    }
  };
  process.on('exit', () => wrangler && kill());
  after(() => wrangler && kill());

  for (const name of names) test(name, async () => assert.equal(await runCase(origin, name), 'passed'));

  test('getPlatformProxy() gives the same namespace to a program in Node', async () => {
    const program = `
      import { getPlatformProxy } from ${JSON.stringify(import.meta.resolve('wrangler'))};
      const { env, dispose } = await getPlatformProxy({ configPath: 'wrangler.json', persist: false });
      await env.KV.put('from Node', 'v', { metadata: { m: 1 } });
      console.log(JSON.stringify(await env.KV.getWithMetadata('from Node')));
      await dispose();`;
    writeFileSync(join(directory, 'program.mjs'), program);
    const { text } = await succeed(process.execPath, ['program.mjs'], {
      cwd: directory,
      env: wranglerEnvironment(directory),
    });
    assert.match(text, /\{"value":"v","metadata":\{"m":1\}/);
    const [{ id }] = await guarded.rest.namespaces();
    assert.equal((await guarded.rest.get(id, 'from Node')).value.toString(), 'v');
  });
});
