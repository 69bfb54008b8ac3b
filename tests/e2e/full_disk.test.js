// A disk that fills up: a tmpfs of its own for the server, which only root, or a user who may make namespaces,
// can mount; without it these tests fail. CUBBY_FULL_DISK_CYCLES=N fills it N times, CUBBY_TORTURE_SECONDS=N for N
// seconds.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cubby, TOKEN, scratchDirectory } from './support/cubby.js';

const CYCLES = Number(process.env.CUBBY_FULL_DISK_CYCLES ?? 3);
const SECONDS = Number(process.env.CUBBY_TORTURE_SECONDS ?? 0);
const LIMIT_MS = 60_000;
const FULL = "insufficient storage: the server's disk is full; reads and deletes go on";

const NAMESPACES = '/storage/kv/namespaces';
const sizes = [600_000, 100_000, 40_000, 900]; // a file, two rows, and a part of its head

const bytesOf = (key, size) => Buffer.alloc(size, `${key} `);

async function bindingPut(server, ns, key, body) {
  const url = `http://${server.bindings[0]}/${key}`;
  const headers = { authorization: `Bearer ${TOKEN}`, 'cubby-namespace': ns };
  const response = await fetch(url, { method: 'PUT', body, headers });
  await response.arrayBuffer();
  return response;
}

async function readiness(server) {
  const response = await fetch(`${server.origin}/readyz`);
  return { status: response.status, text: await response.text() };
}

async function sample(server, name) {
  const metrics = await (
    await fetch(`${server.origin}/metrics`, { headers: { authorization: `Bearer ${TOKEN}` } })
  ).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(metrics)?.[1]);
}

// Asks until `is` what is wanted.
async function until(what, is) {
  const end = Date.now() + LIMIT_MS;
  while (!(await is())) assert.ok(Date.now() < end, `${what} did not come within ${LIMIT_MS} ms`);
}

// Puts in all three ways until all three are refused and the server says why. (A first refusal makes it compact, which
// may give a little space back.) Answers what was acknowledged.
async function fill(server, ns, cycle) {
  const acknowledged = new Map();
  for (let i = 0; ; ++i) {
    const size = sizes[i % sizes.length];
    const [single, ofBinding, bulk] = ['rest', 'binding', 'bulk'].map((way) => `${cycle}-${i}-${way}`);
    const answers = [
      await server.rest.call('PUT', `${NAMESPACES}/${ns}/values/${single}`, { body: bytesOf(single, size) }),
      await server.rest.call('PUT', `${NAMESPACES}/${ns}/bulk`, {
        body: JSON.stringify([{ key: bulk, value: bytesOf(bulk, 700_000).toString() }]),
        headers: { 'content-type': 'application/json' },
      }),
    ];
    const answer = await bindingPut(server, ns, ofBinding, bytesOf(ofBinding, 700_000));
    if (answers[0].status === 200) acknowledged.set(single, size);
    if (answers[1].status === 200) acknowledged.set(bulk, 700_000);
    if (answer.status === 200) acknowledged.set(ofBinding, 700_000);
    for (const each of answers.filter(({ status }) => status !== 200)) {
      assert.equal(each.status, 507, `${each.text}\n${server.process.output}`);
      assert.deepEqual(each.json.errors, [{ code: 10001, message: FULL }]);
      assert.equal(each.headers.get('x-should-retry'), 'false');
    }
    if (answer.status !== 200) assert.deepEqual([answer.status, answer.statusText], [507, FULL]);
    const ready = await readiness(server);
    if (ready.status === 200) continue;
    assert.deepEqual(ready, { status: 503, text: `${FULL}\n` });
    const isFull = (await sample(server, 'cubby_storage_full')) === 1;
    if (isFull && [...answers, answer].every(({ status }) => status === 507)) return acknowledged;
  }
}

async function assertReads(server, ns, acknowledged) {
  assert.equal((await server.rest.keys(ns)).length, acknowledged.size);
  for (const [key, size] of acknowledged) {
    assert.ok((await server.rest.get(ns, key))?.value.equals(bytesOf(key, size)), key);
  }
}

test('a full disk refuses puts and takes deletes, and goes on by itself when space returns', { timeout: 3_600_000 }, async () => {
  const dataDir = scratchDirectory('disk');
  const server = await Cubby.started({
    dataDir,
    args: [
      ...['--data-dir', dataDir, '--listen', '127.0.0.1:0', '--binding-listen', '127.0.0.1:0'],
      ...['--account-id', '0123456789abcdef0123456789abcdef', '--disk-reserve', '8MiB'],
    ],
    limits: { disk: { path: dataDir, MiB: 64 } },
  });
  const { rest } = server;
  assert.deepEqual(await readiness(server), { status: 200, text: 'ready\n' });
  assert.equal(await sample(server, 'cubby_storage_reserve_bytes'), 8 * 1024 * 1024);
  let ns = await rest.createNamespace('the first');
  let filled = 0;
  const begin = Date.now();
  const goesOn = (cycle) => (SECONDS ? Date.now() - begin < SECONDS * 1000 : cycle < CYCLES);
  let cycle = 0;
  for (; goesOn(cycle); ++cycle) {
    const acknowledged = await fill(server, ns, cycle);
    await assertReads(server, ns, acknowledged);
    filled += acknowledged.size;
    if (cycle % 3 === 2) {
      assert.equal((await rest.call('DELETE', `${NAMESPACES}/${ns}`)).status, 200);
    } else {
      const keys = JSON.stringify([...acknowledged.keys()]);
      const removed = await rest.call('POST', `${NAMESPACES}/${ns}/bulk/delete`, {
        body: keys,
        headers: { 'content-type': 'application/json' },
      });
      assert.equal(removed.status, 200, removed.text);
    }
    await until('readiness', async () => (await readiness(server)).status === 200);
    if (cycle % 3 === 2) ns = await rest.createNamespace(`after cycle ${cycle}`);
    assert.equal((await rest.keys(ns)).length, 0);
  }
  // Each cycle has room for about as much as the first.
  assert.ok(filled > cycle * 40, `${filled} values in ${cycle} cycles`);
  console.log(`${cycle} cycles, ${filled} values acknowledged`);
  assert.equal(await sample(server, 'cubby_storage_failed'), 0);
  await server.stop();
});
