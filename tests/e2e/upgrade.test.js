// The promise of every upgrade: what an older format holds, this program opens, whole. `tests/fixtures/make`
// writes the data directory of the current format; those of released formats are kept for good.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cubby, scratchDirectory } from './support/cubby.js';

const fixtures = new URL('../fixtures', import.meta.url).pathname;

function run(command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error ?? ''}${stdout}${stderr}`);
  return stdout;
}

// One value in each of the places that a value can have, and what else a key can have.
const EXPECTED = [
  { key: 'empty', value: '' },
  { key: 'small', value: 'in its head', metadata: { 'from': ['a', 1, null] }, expiration: 1999999999 },
  { key: 'middle', value: 'in a row '.repeat(5_000) },
  { key: 'large', value: 'in a file '.repeat(60_000) },
  { key: 'name/with/ü and \n', value: 'key' },
];

async function write(server) {
  const ns = await server.rest.createNamespace('of an older format');
  await server.rest.bulkPut(ns, EXPECTED);
  const removed = await server.rest.createNamespace('removed');
  assert.equal((await server.rest.call('DELETE', `/storage/kv/namespaces/${removed}`)).status, 200);
}

async function compare(server) {
  const [ns, ...others] = await server.rest.namespaces();
  assert.equal(ns.title, 'of an older format');
  assert.equal(others.length, 0);
  const keys = await server.rest.keys(ns.id);
  assert.deepEqual(keys.map((each) => each.name), EXPECTED.map((each) => each.key).sort());
  for (const { key, value, metadata, expiration } of EXPECTED) {
    const found = await server.rest.get(ns.id, key);
    assert.ok(found.value.equals(Buffer.from(value)), key);
    const listed = keys.find((each) => each.name === key);
    assert.deepEqual(listed.metadata, metadata);
    assert.equal(listed.expiration, expiration);
  }
  await server.rest.put(ns.id, 'new', 'value');
  assert.equal((await server.rest.get(ns.id, 'new')).value.toString(), 'value');
}

if (process.env.CUBBY_MAKE_FIXTURE) {
  test('the fixture of the current format', async () => {
    const server = await Cubby.started();
    await write(server);
    await server.stop();
    // Without the log of RocksDB's own, which names this machine.
    run('tar', '-C', server.dataDir, '--exclude=db/LOG*', '--owner=0', '--group=0', '--numeric-owner', '-cJf', process.env.CUBBY_MAKE_FIXTURE, '.');
  });
} else {
  const archives = readdirSync(fixtures).filter((name) => name.endsWith('.tar.xz'));
  assert.ok(archives.includes('format-1.tar.xz'));
  for (const archive of archives) {
    test(`data of ${archive} opens, is whole and can be changed`, async () => {
      const dataDir = scratchDirectory('older');
      run('tar', '-C', dataDir, '-xJf', join(fixtures, archive));
      assert.match(
        run(process.env.CUBBY_BINARY, 'check', '--data-dir', dataDir),
        /^1 namespaces, 5 keys; 0 damaged, 0 repaired, 0 orphans$/m,
      );
      const server = await Cubby.started({ dataDir });
      await compare(server);
      await server.stop();
    });
  }

  test('a newer format is refused with a sentence that says so, and nothing is touched', async () => {
    const dataDir = join(scratchDirectory('newer'), 'data');
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'FORMAT'), 'cubby data format 2\n');
    const server = new Cubby({ dataDir });
    const { code } = await server.launch().exit();
    assert.ok(code > 0);
    assert.match(server.process.stderr, /format/);
    assert.deepEqual(readdirSync(dataDir).filter((name) => name !== 'LOCK'), ['FORMAT']);
  });
}
