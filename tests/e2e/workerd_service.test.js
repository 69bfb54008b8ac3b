// The worker binding as something that is run: who may call, where it listens, how it stops and starts.
import assert from 'node:assert/strict';
import http from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cubby, scratchDirectory, sharedCubby } from './support/cubby.js';
import { listeningSocket } from './support/listening.js';
import { Workerd, workerds } from './support/workerd.js';

const versions = Object.keys(workerds);
const authorized = (server, name) => ({ Authorization: `Bearer ${server.token}`, 'Cubby-Namespace': name });

async function withWorkerd(options, use) {
  const workerd = await Workerd.started(options);
  try {
    return await use(workerd);
  } finally {
    await workerd.stop();
  }
}

describe('who may call, and where', () => {
  const socket = join(scratchDirectory('socket'), 'kv.sock');
  const server = sharedCubby({
    binding: ['--binding-listen', '127.0.0.1:0', '--binding-listen', `unix:${socket}`, '--binding-namespace', 'default'],
  });
  before(() => server.rest.createNamespace('default'));

  const tried = (headers, call = 'get', address = server.bindings[0]) =>
    withWorkerd({ kv: { address, headers } }, (workerd) => workerd.run('try', { call }));

  test('the binding is announced before the API, in the order of the flags', () => {
    assert.match(server.process.stdout, /^binding http:\/\/127\.0\.0\.1:\d+\nbinding unix:\/.*kv\.sock\napi http:/m);
  });

  test('a wrong namespace, a wrong token and none throw with what is wrong', async () => {
    const [unknown, wrong, none] = await Promise.all([
      tried(authorized(server, 'nowhere')),
      tried({ Authorization: `Bearer ${'x'.repeat(40)}` }, 'put'),
      tried({}, 'list'),
    ]);
    assert.deepEqual(unknown, { message: 'KV GET failed: 400 Unknown namespace: nowhere' });
    assert.deepEqual(wrong, {
      message: 'KV PUT failed: 401 Unauthorized: the token is unknown, expired or revoked',
    });
    assert.deepEqual(none, {
      message: 'KV GET failed: 401 Unauthorized: the header Authorization: Bearer TOKEN is missing',
    });
  });

  test('a unix socket and a TCP address lead to the same data', async () => {
    const headers = { Authorization: `Bearer ${server.token}` };
    assert.deepEqual(await tried(headers, 'put', `unix:${socket}`), { value: null });
    assert.deepEqual(await tried(headers, 'get'), { value: 'v' });
  });

  test('none is refused where others could reach it', async () => {
    const bold = new Cubby({ binding: ['--binding-listen', '0.0.0.0:0', '--binding-auth', 'none'] });
    const { code } = await bold.launch().exit();
    assert.notEqual(code, 0);
    assert.match(bold.process.stderr, /--binding-auth: none is for unix sockets and loopback addresses only/);
  });
});

describe('for tests of Workers', () => {
  const server = sharedCubby({
    binding: ['--binding-listen', '127.0.0.1:0', '--auto-create-namespaces', '--dev-clock', '--value-bytes-max', '10'],
  });
  let workerd;
  before(async () => {
    workerd = await Workerd.started({ kv: { address: server.bindings[0], headers: authorized(server, 'clock') } });
  });
  after(() => workerd?.stop());

  const clock = async (method, body) => {
    const response = await fetch(`${server.origin}/cubby/v1/dev/clock`, {
      method,
      headers: { Authorization: `Bearer ${server.token}` },
      body: JSON.stringify(body),
    });
    assert.equal(response.status, 200, await response.clone().text());
    return (await response.json()).result.now;
  };

  test('the clock is set and moved, and values expire by it', async () => {
    assert.equal(await clock('PUT', { now: 0 }), 0);
    await workerd.run('try', { call: 'put', ttl: 60 });
    assert.deepEqual((await workerd.run('try', { call: 'names' })).value, [{ name: 'k', expiration: 60 }]);
    assert.equal(await clock('POST', { advance: 59.5 }), 59.5);
    assert.deepEqual(await workerd.run('try', { call: 'get' }), { value: 'v' });
    assert.equal(await clock('POST', { advance: 0.5 }), 60);
    assert.deepEqual(await workerd.run('try', { call: 'get' }), { value: null });
    assert.deepEqual((await workerd.run('try', { call: 'names' })).value, []);
    assert.ok(Math.abs((await clock('PUT', { now: null })) - Date.now() / 1000) < 60);
  });

  test('a smaller limit of values is what the error names', async () => {
    const fits = await workerd.run('try', { call: 'put', value: '0123456789' });
    assert.deepEqual(fits, { value: null });
    const over = await workerd.run('try', { call: 'put', value: '0123456789x' });
    assert.deepEqual(over, { message: 'KV PUT failed: 413 Value length of 11 exceeds limit of 10.' });
  });
});

// Calls on connections that are kept, until none can be made any more; each call of a connection that the server had
// accepted must be answered.
async function callUntilRefused(address) {
  const [host, port] = address.split(':');
  const acknowledged = [];
  const errors = [];
  const client = async (name) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; ; ++n) {
      const error = await new Promise((resolve) => {
        const options = { host, port, agent, method: 'PUT', path: `/${name}?urlencoded=true` };
        const request = http.request(options, (response) => {
          response.resume().on('end', () => resolve(response.statusCode === 200 ? null : response.statusMessage));
        });
        request.on('error', resolve);
        request.end(`${n}`);
      });
      if (error) {
        errors.push(error);
        return agent.destroy();
      }
      acknowledged[name] = `${n}`;
    }
  };
  await Promise.all(Array.from({ length: 20 }, (_, i) => client(i)));
  return { acknowledged, errors };
}

describe('stopping and starting', () => {
  test('a stop under load answers every call that it has accepted, and keeps what it has acknowledged', async () => {
    const server = await Cubby.started({
      binding: ['--binding-listen', '127.0.0.1:0', '--binding-auth', 'none', '--binding-namespace', 'load'],
    });
    const id = await server.rest.createNamespace('load');
    const load = callUntilRefused(server.bindings[0]);
    await new Promise((resolve) => setTimeout(resolve, 500)); // of load
    await server.stop();
    const { acknowledged, errors } = await load;
    assert.deepEqual([...new Set(errors.map(({ code }) => code))], ['ECONNREFUSED']);
    assert.equal(acknowledged.length, 20);
    await server.start();
    for (const [name, value] of acknowledged.entries()) {
      assert.equal((await server.rest.get(id, `${name}`)).value.toString(), value);
    }
    await server.stop();
  });

  for (const version of versions) {
    test(`a restart with a socket handed over loses no call of workerd ${version}`, async () => {
      const socket = await listeningSocket();
      const server = await Cubby.started({ limits: { listening: socket.fd }, binding: ['--auto-create-namespaces'] });
      try {
        assert.deepEqual(server.bindings, [`127.0.0.1:${socket.port}`]);
        const kv = { address: server.bindings[0], headers: authorized(server, 'restart') };
        await withWorkerd({ version, kv }, async (workerd) => {
          const load = workerd.run('load', { seconds: 4 });
          for (let turn = 0; turn < 2; ++turn) {
            await new Promise((resolve) => setTimeout(resolve, 800)); // of load
            await server.stop();
            await server.start();
          }
          const { calls, errors } = await load;
          assert.deepEqual(errors, []);
          assert.ok(calls > 100, calls);
        });
        await server.stop();
      } finally {
        await socket.close();
      }
    });
  }
});
