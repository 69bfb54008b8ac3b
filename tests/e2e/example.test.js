// examples/worker as its README says, on other ports.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'node:test';
import { Cubby, scratchDirectory } from './support/cubby.js';
import { WorkerdProcess, workerds } from './support/workerd.js';

const example = fileURLToPath(new URL('../../examples/worker', import.meta.url));
const socket = join(scratchDirectory('socket'), 'kv.sock');

const ways = {
  'config.capnp': ['--binding-listen', '127.0.0.1:0'],
  'config-unix.capnp': ['--binding-auth', 'none', '--binding-listen', `unix:${socket}`],
};

describe('examples/worker', () => {
  for (const [configuration, flags] of Object.entries(ways)) {
    test(configuration, async () => {
      const server = await Cubby.started({ binding: ['--auto-create-namespaces', ...flags] });
      const directory = scratchDirectory('example');
      cpSync(example, directory, { recursive: true });
      writeFileSync(join(directory, 'authorization'), `Bearer ${server.token}`);
      const workerd = await WorkerdProcess.started(workerds['1.20261117.1'], [
        ...['serve', '--socket-addr=http=127.0.0.1:0', `--external-addr=kv-notes=${server.bindings[0]}`],
        join(directory, configuration),
      ]);
      const call = async (method, path, body) => {
        const response = await fetch(`${workerd.origin}${path}`, { method, body });
        return { status: response.status, tag: response.headers.get('x-tag'), text: await response.text() };
      };
      try {
        assert.equal((await call('PUT', '/greeting?ttl=3600&tag=first', 'hello, world')).text, 'stored\n');
        assert.deepEqual(await call('GET', '/greeting'), { status: 200, tag: 'first', text: 'hello, world' });
        const page = JSON.parse((await call('GET', '/?prefix=g')).text);
        assert.equal(page.keys[0].name, 'greeting');
        assert.deepEqual(page.keys[0].metadata, { tag: 'first' });
        assert.deepEqual(JSON.parse((await call('POST', '/', '["greeting", "another"]')).text), {
          greeting: 'hello, world',
          another: null,
        });
        assert.equal((await call('PUT', '/greeting?ttl=1', 'x')).status, 400);
        assert.equal((await call('DELETE', '/greeting')).text, 'deleted\n');
        assert.equal((await call('GET', '/greeting')).status, 404);
      } finally {
        await workerd.stop();
        await server.stop();
      }
    });
  }

  test('the configurations name what the README starts', () => {
    const text = (name) => readFileSync(join(example, name), 'utf8');
    assert.match(text('config.capnp'), /address = "127\.0\.0\.1:8485"/);
    const [, path] = /address = "unix:(.*?)"/.exec(text('config-unix.capnp'));
    assert.ok(text('README.md').includes(`--binding-listen unix:${path}`));
  });
});
