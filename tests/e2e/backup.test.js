// The drill: a server is backed up while it is written to, destroyed, restored, and compared with what it had.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Cli } from './support/cli.js';
import { ACCOUNT, Cubby, TOKEN, scratchDirectory } from './support/cubby.js';

function cubby(...args) {
  const { status, stdout, stderr } = spawnSync(process.env.CUBBY_BINARY, args, { encoding: 'utf8', timeout: 60_000 });
  return { status, stdout, stderr };
}

function succeed(...args) {
  const result = cubby(...args);
  assert.equal(result.status, 0, JSON.stringify(result));
  return result.stdout;
}

const backupsOf = (server, method = 'GET', token = TOKEN) =>
  fetch(`${server.origin}/cubby/v1/backups`, { method, headers: { authorization: `Bearer ${token}` } });

async function backUp(server) {
  const response = await backupsOf(server, 'POST');
  assert.equal(response.status, 200, await response.clone().text());
  return (await response.json()).result;
}

// A value that fills a file of its own, and says which one it is.
const large = (number) => Buffer.alloc(700_000 + number, `value ${number} `);

test('a backup under load is whole, and restores what was acknowledged before it', async () => {
  const folder = join(scratchDirectory('backups'), 'all');
  const server = await Cubby.started({ env: { CUBBY_BACKUP_DIR: folder } });
  const { rest } = server;
  const kept = await rest.createNamespace('kept');
  const other = await rest.createNamespace('other');
  await rest.bulkPut(kept, [
    { key: 'small', value: 'v', metadata: { a: [1] }, expiration: 1999999999 },
    { key: 'middle', value: 'm'.repeat(100_000) },
  ]);
  await rest.put(kept, 'large', large(1));
  await rest.put(other, 'large', large(2));
  const first = await backUp(server);
  assert.equal(first.value_files, 2);

  // One after the other, so that a moment in time is a prefix of them; each overwrites and so drops a value file.
  let stopping = false;
  let acknowledged = 0;
  const writer = (async () => {
    for (let number = 1; !stopping; ++number) {
      await rest.put(kept, 'changing', large(number));
      await rest.put(kept, `load-${number}`, `${number}`);
      acknowledged = number;
    }
  })();
  while (acknowledged < 5) await rest.put(other, 'tick', 'v');
  const before = acknowledged;
  const second = await backUp(server);
  stopping = true;
  await writer;
  assert.equal(second.id, first.id + 1);
  await server.crash();
  rmSync(server.dataDir, { recursive: true });

  assert.match(succeed('backup', 'verify', '--backup-dir', folder), /^0 damaged$/m);
  succeed('restore', '--backup-dir', folder, '--data-dir', server.dataDir);
  assert.match(succeed('check', '--data-dir', server.dataDir), / 0 damaged, 0 repaired, 0 orphans$/m);
  await server.start();
  assert.ok((await rest.get(kept, 'large')).value.equals(large(1)));
  assert.ok((await rest.get(other, 'large')).value.equals(large(2)));
  assert.equal((await rest.get(kept, 'middle')).value.toString(), 'm'.repeat(100_000));
  const keys = await rest.keys(kept);
  assert.deepEqual(
    keys.find((key) => key.name === 'small'),
    { name: 'small', expiration: 1999999999, metadata: { a: [1] } },
  );
  const loaded = keys.filter((key) => key.name.startsWith('load-')).length;
  assert.ok(loaded >= before, `${loaded} of at least ${before}`);
  for (let number = 1; number <= loaded; ++number)
    assert.equal((await rest.get(kept, `load-${number}`)).value.toString(), `${number}`);
  const changing = (await rest.get(kept, 'changing')).value;
  assert.ok(changing.equals(large(loaded)) || changing.equals(large(loaded + 1)));
  await server.stop();

  // One namespace, of an older backup.
  const alone = await Cubby.started({ dataDir: restored(folder, '--id', `${first.id}`, '--namespace', kept) });
  assert.deepEqual((await alone.rest.namespaces()).map((each) => each.id), [kept]);
  assert.deepEqual(await alone.rest.keyNames(kept), ['large', 'middle', 'small']);
  await alone.stop();

  // What is not restored to its end is nothing to serve.
  const partly = scratchDirectory('partly');
  const unknown = cubby('restore', '--backup-dir', folder, '--data-dir', partly, '--namespace', 'f'.repeat(32));
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /has no namespace f{32}/);
  for (const refused of [cubby('serve', '--data-dir', partly), cubby('restore', '--backup-dir', folder, '--data-dir', partly)]) {
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /is not empty and holds no Cubby data \(found unfinished-restore\)/);
  }

  for (const keep of ['', '0', '-1', 'x']) assert.equal(cubby('backup', 'prune', '--backup-dir', folder, '--keep', keep).status, 2, keep);
  assert.match(succeed('backup', 'prune', '--backup-dir', folder, '--keep', '1'), /^1 removed$/m);
  assert.match(succeed('backup', 'list', '--backup-dir', folder), new RegExp(`^backup ${second.id}: `));
  assert.match(succeed('backup', 'verify', '--backup-dir', folder), /^0 damaged$/m);
  const gone = cubby('restore', '--backup-dir', folder, '--data-dir', scratchDirectory('gone'), '--id', `${first.id}`);
  assert.equal(gone.status, 1);
  assert.match(gone.stderr, /there is no backup/);
});

function restored(folder, ...args) {
  const dataDir = scratchDirectory('restored');
  succeed('restore', '--backup-dir', folder, '--data-dir', dataDir, ...args);
  return dataDir;
}

test('a second backup copies only what is new, and damage is found', async () => {
  const folder = scratchDirectory('backups');
  const env = { CUBBY_BACKUP_DIR: folder, CUBBY_BACKUP_KEEP: '2' };
  const server = await Cubby.started({ env });
  const ns = await server.rest.createNamespace('n');
  await server.rest.put(ns, 'large', large(1));
  await backUp(server);
  const files = () =>
    readdirSync(join(folder, 'values'), { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  assert.equal(files().length, 1);
  await backUp(server);
  assert.equal(files().length, 1);
  await server.rest.put(ns, 'large', large(2));
  await backUp(server);
  assert.equal(files().length, 2);
  const listed = await (await backupsOf(server)).json();
  assert.deepEqual(listed.result.map((each) => each.id), [2, 3]); // of which two are kept
  await server.stop();
  for (const file of files()) truncateSync(join(file.parentPath ?? file.path, file.name), 1000);
  const verified = cubby('backup', 'verify', '--backup-dir', folder);
  assert.equal(verified.status, 1);
  assert.match(verified.stdout, /^backup \d: .* is not what it was$/m);
  // The next one does not trust what is there.
  const again = await Cubby.started({ dataDir: server.dataDir, env });
  const { id } = await backUp(again);
  await again.stop();
  assert.match(succeed('backup', 'verify', '--backup-dir', folder, '--id', `${id}`), /^0 damaged$/m);
});

test('backups are for administrators, and off without a folder', async () => {
  const server = await Cubby.started();
  assert.equal((await backupsOf(server, 'POST')).status, 404);
  await server.stop();
  const folder = scratchDirectory('backups');
  const on = await Cubby.started({ env: { CUBBY_BACKUP_DIR: folder } });
  assert.ok((await backupsOf(on, 'POST', 'x'.repeat(40))).status >= 400);
  assert.equal((await backupsOf(on, 'PUT')).status, 405);
  await on.stop();
  const refused = new Cubby({ env: { CUBBY_BACKUP_EVERY: '1h' } });
  assert.ok((await refused.launch().exit()).code > 0);
});

test('a server makes backups by the clock, the first at once', async () => {
  const folder = scratchDirectory('backups');
  const server = await Cubby.started({ env: { CUBBY_BACKUP_DIR: folder, CUBBY_BACKUP_EVERY: '1s' } });
  let known = [];
  while (known.length < 2) known = (await (await backupsOf(server)).json()).result ?? [];
  await server.stop();
  assert.match(succeed('backup', 'verify', '--backup-dir', folder), /^0 damaged$/m);
});

test('the command line has a running server make a backup, and lists what it has', async () => {
  const folder = scratchDirectory('backups');
  const server = await Cubby.started({ env: { CUBBY_BACKUP_DIR: folder } });
  const cli = new Cli(server);
  const ns = await server.rest.createNamespace('n');
  await server.rest.put(ns, 'large', large(1));
  const first = (await cli.succeeds('backup', 'create')).text;
  assert.match(first, /^backup 1: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ, \d+ bytes, 1 value files\n$/);
  // At the root as well as under the prefix that clients of Workers KV use.
  const second = await cli.json('backup', 'create', '--json', '--base-url', server.origin);
  assert.deepEqual(Object.keys(second).sort(), ['bytes', 'id', 'made_at', 'value_files']);
  assert.equal(second.id, 2);

  const listed = (await cli.succeeds('backup', 'list')).text;
  assert.ok(listed.startsWith(first), listed);
  assert.equal(listed.split('\n').length, 3);
  assert.equal((await cli.succeeds('backup', 'list', '--backup-dir', folder)).text, listed);
  const objects = await cli.json('backup', 'list', '--json');
  assert.deepEqual(objects[1], second);
  assert.deepEqual(await cli.json('backup', 'list', '--json', '--backup-dir', folder), objects);
  assert.match(succeed('backup', 'verify', '--backup-dir', folder), /^0 damaged$/m);

  const reader = (await cli.succeeds('token', 'create', 'reader')).text.trim();
  await cli.fails(4, /code 10000/, 'backup', 'create', '--token-file', cli.file('reader', reader));
  await server.stop();
  await cli.fails(1, /connect/i, 'backup', 'create', '--retries', '0');
});

test('a server without a folder of backups says so to the command line', async () => {
  const server = await Cubby.started();
  const cli = new Cli(server);
  await cli.fails(1, /makes no backups\n {2}.*--backup-dir/, 'backup', 'create');
  await cli.fails(1, /makes no backups/, 'backup', 'list');
  await server.stop();
});

test('a backup is made while the manifest names logs, which memtables that fill up leave behind', async () => {
  const folder = join(scratchDirectory('backups'), 'logs');
  const server = await Cubby.started({ env: { CUBBY_BACKUP_DIR: folder } });
  const ns = await server.rest.createNamespace('many');
  const value = 'v'.repeat(1000);
  for (let backup = 0; backup < 2; ++backup) {
    for (let turn = 0; turn < 10; ++turn)
      await server.rest.bulkPut(ns, Array.from({ length: 10_000 }, (_, i) => ({ key: `${backup}-${turn}-${i}`, value })));
    await backUp(server);
  }
  await server.stop();
});

// The disk has room for a backup of the rows, or of half of the files.
for (const [what, files, rows] of [
  ['value files', 40, 10],
  ['rows', 18, 80],
]) {
  test(`a backup on the disk of the data does not fill it: ${what}`, { timeout: 120_000 }, async () => {
    const disk = scratchDirectory('disk');
    const args = ['--data-dir', join(disk, 'data'), '--listen', '127.0.0.1:0', '--binding-listen', '127.0.0.1:0'];
    const server = await Cubby.started({
      args: [...args, '--account-id', ACCOUNT, '--disk-reserve', '8MiB', '--backup-dir', join(disk, 'backups')],
      limits: { disk: { path: disk, MiB: 64 } },
    });
    const { rest } = server;
    const ns = await rest.createNamespace('large');
    for (let i = 0; i < files; ++i) await rest.put(ns, `file-${i}`, large(i));
    for (let i = 0; i < rows; ++i) await rest.put(ns, `row-${i}`, Buffer.alloc(200_000, `${i} `));
    for (let times = 0; times < 2; ++times) {
      const response = await backupsOf(server, 'POST');
      assert.equal(response.status, 507, await response.text());
      assert.deepEqual((await (await backupsOf(server)).json()).result, []);
      assert.equal(await (await fetch(`${server.origin}/readyz`)).text(), 'ready\n', 'what there was of it is gone');
    }
    for (let i = 0; i < 18; ++i) await rest.call('DELETE', `/storage/kv/namespaces/${ns}/values/file-${i}`);
    assert.equal((await backUp(server)).value_files, files - 18);
    await server.stop();
  });
}
