// Many large requests at once: what they hold together stays within --request-memory-bytes, and is given back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { ACCOUNT, Cubby, TOKEN } from './support/cubby.js';

const MIB = 2 ** 20;
const BUDGET_MIB = 256;
// What every connection needs, what is on its way between two steps, and what the allocator keeps.
const BESIDES_MIB = 160;
const LIMIT_MS = 60_000;

const path = `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces`;

function peakMib(server) {
  const status = readFileSync(`/proc/${server.process.child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)[1]) / 1024;
}

async function heldMib(server) {
  const metrics = await (await fetch(`${server.origin}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
  return Number(/^cubby_request_memory_bytes (.*)$/m.exec(metrics)[1]) / MIB;
}

async function until(server, what, is) {
  for (const end = Date.now() + LIMIT_MS; !is(await heldMib(server)); )
    assert.ok(Date.now() < end, `${what} did not come within ${LIMIT_MS} ms`);
}

// A connection that has sent so much and takes nothing.
function sent(server, method, target, headers, bytes = Buffer.alloc(0)) {
  const { port } = new URL(server.origin);
  const socket = net.connect(Number(port), '127.0.0.1').pause().on('error', () => {});
  const head = `${method} ${target} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${TOKEN}\r\n${headers}\r\n`;
  return new Promise((resolve) => {
    socket.write(head);
    socket.write(bytes, () => resolve(socket));
  });
}

// What the server's memory has grown by at most, while `attack` was made until it held most of what it may.
async function growth(what, attack) {
  const memory = ['--request-memory-bytes', `${BUDGET_MIB * MIB}`];
  const server = await Cubby.started({ binding: ['--binding-listen', 'none', ...memory] });
  const ns = await server.rest.createNamespace('n');
  const pairs = Array.from({ length: 1000 }, (_, i) => ({
    key: `${i}`.padStart(500, 'k'),
    value: 'v',
    metadata: 'm'.repeat(1000),
  }));
  await server.rest.bulkPut(ns, pairs);
  const before = peakMib(server);
  const sockets = await attack(server, ns);
  await until(server, `memory held by ${what}`, (held) => held > 0.7 * BUDGET_MIB);
  assert.ok((await heldMib(server)) <= BUDGET_MIB);
  sockets.forEach((socket) => socket.destroy());
  await until(server, `memory given back by ${what}`, (held) => held < 1);
  const grown = Math.round(peakMib(server) - before);
  console.log(`${what}: resident memory grew by ${grown} MiB at most, of ${BUDGET_MIB} MiB for requests`);
  await server.stop();
  return grown;
}

test('bulk writes whose last byte does not come', async () => {
  const body = Buffer.alloc(40 * MIB, `[{"key":"k","value":"${'x'.repeat(41 * MIB)}`);
  const length = `Content-Length: ${body.length + 1}\r\n`;
  const grown = await growth('bulk writes', (server, ns) =>
    Promise.all(Array.from({ length: 20 }, () => sent(server, 'PUT', `${path}/${ns}/bulk`, length, body))),
  );
  assert.ok(grown <= BUDGET_MIB + BESIDES_MIB, `${grown} MiB`);
});

test('lists of the largest keys and metadata, whose answers nobody takes', async () => {
  const grown = await growth('lists', (server, ns) =>
    Promise.all(Array.from({ length: 400 }, () => sent(server, 'GET', `${path}/${ns}/keys?limit=1000`, ''))),
  );
  assert.ok(grown <= BUDGET_MIB + BESIDES_MIB, `${grown} MiB`);
});

test('the largest heads of strangers, whose connections stay', async () => {
  const server = await Cubby.started();
  const { port } = new URL(`http://${server.bindings[0]}`);
  // With the first byte of another.
  const head = `GET /k HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(250 * 1024)}\r\n\r\nG`;
  const ask = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(Number(port), '127.0.0.1', () => socket.write(head)).on('error', reject);
      socket.once('data', (bytes) => resolve({ socket, answer: `${bytes}` }));
    });
  const sockets = [];
  let before;
  for (let i = 0; i < 400; ++i) {
    const { socket, answer } = await ask();
    assert.match(answer, /^HTTP\/1\.1 401 /);
    sockets.push(socket);
    before ??= peakMib(server);
  }
  const grown = Math.round(peakMib(server) - before);
  console.log(`${sockets.length} connections that had a head of 250 KiB: resident memory grew by ${grown} MiB`);
  assert.ok(grown <= 40, `${grown} MiB`);
  sockets.forEach((socket) => socket.destroy());
  await server.stop();
});
