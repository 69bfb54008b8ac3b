// What a server tells about itself: metrics, activity, request ids, the log.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ACCOUNT, Cubby, TOKEN, scratchDirectory } from './support/cubby.js';

const authorized = { headers: { authorization: `Bearer ${TOKEN}` } };

async function metricsOf(server, options = authorized) {
  const response = await fetch(`${server.origin}/metrics`, options);
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  return await response.text();
}

// The value of a sample, by the text before it.
function sample(metrics, name) {
  const line = metrics.split('\n').find((each) => each.startsWith(`${name} `));
  assert.ok(line, `no ${name} in\n${metrics}`);
  return Number(line.slice(name.length + 1));
}

test('/metrics counts requests, lookups, keys and bytes, and promtool finds nothing to complain about', async () => {
  const server = await Cubby.started();
  const ns = await server.rest.createNamespace('quote " and \\ slash');
  await server.rest.put(ns, 'key', 'value');
  await server.rest.get(ns, 'key');
  await server.rest.get(ns, 'key');
  await server.rest.call('GET', `/storage/kv/namespaces/${ns}/values/absent`);
  const metrics = await metricsOf(server);
  const requests = (operation, status) =>
    sample(metrics, `cubby_requests_total{dialect="rest",operation="${operation}",status="${status}"}`);
  assert.equal(requests('put', 200), 1);
  assert.equal(requests('get', 200), 2);
  assert.equal(requests('get', 404), 1);
  assert.equal(requests('namespaces', 200), 1);
  assert.equal(
    sample(metrics, 'cubby_request_duration_seconds_count{dialect="rest",operation="get"}'),
    3,
  );
  const labels = `namespace="${ns}",title="quote \\" and \\\\ slash"`;
  assert.equal(sample(metrics, `cubby_namespace_keys{${labels}}`), 1);
  assert.equal(sample(metrics, `cubby_namespace_bytes{${labels}}`), 8);
  assert.ok(sample(metrics, 'cubby_lookups_total{from="memory"}') >= 3);
  assert.ok(sample(metrics, 'cubby_commits_total') >= 2);
  assert.ok(sample(metrics, 'cubby_commit_duration_seconds_count') >= 2);
  assert.ok(sample(metrics, 'cubby_connections') >= 1);
  assert.ok(sample(metrics, 'cubby_request_memory_bytes') >= 0);
  assert.ok(sample(metrics, 'cubby_received_bytes_total') > 100);
  assert.ok(sample(metrics, 'cubby_sent_bytes_total') > 100);
  assert.ok(sample(metrics, 'cubby_storage_free_bytes') > 0);
  assert.equal(sample(metrics, 'cubby_storage_failed'), 0);
  // RocksDB's own: each write was synced, and nothing is in tables yet.
  assert.ok(sample(metrics, 'cubby_rocksdb_wal_synced_total') >= 2);
  assert.ok(sample(metrics, 'cubby_rocksdb_wal_bytes_total') > 0);
  assert.equal(sample(metrics, 'cubby_rocksdb_flush_write_bytes_total'), 0);
  assert.equal(sample(metrics, 'cubby_rocksdb_bytes_at_level6'), 0);

  // `./dev test` brings it.
  const promtool = new URL('../../build/promtool/usr/bin/promtool', import.meta.url).pathname;
  const checked = spawnSync(promtool, ['check', 'metrics'], { input: metrics, encoding: 'utf8' });
  assert.equal(checked.status, 0, `${checked.error ?? ''}${checked.stdout}${checked.stderr}`);
  await server.stop();
});

test('figures of RocksDB follow what it does', async () => {
  const server = await Cubby.started();
  const ns = await server.rest.createNamespace('n');
  await server.rest.put(ns, 'key', 'v'.repeat(10_000));
  await server.stop(); // which puts everything into tables
  await server.start();
  assert.equal((await server.rest.get(ns, 'key')).value.length, 10_000);
  const metrics = await metricsOf(server);
  assert.ok(sample(metrics, 'cubby_rocksdb_bytes_at_level0') > 0);
  assert.ok(sample(metrics, 'cubby_rocksdb_block_cache_data_miss_total') > 0);
  assert.equal(sample(metrics, 'cubby_rocksdb_stall_micros_total'), 0);
  await server.stop();
});

test('every figure that the page and the dashboard name is one', async () => {
  const auditLog = ['--audit-log', join(scratchDirectory('figures'), 'audit.jsonl')]; // it has a figure of its own
  const server = await Cubby.started({ binding: ['--binding-listen', '127.0.0.1:0', ...auditLog] });
  const ns = await server.rest.createNamespace('n');
  await server.rest.put(ns, 'key', 'value');
  const metrics = await metricsOf(server);
  await server.stop();
  const known = new Set([...metrics.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
  ));
  for (const page of ['monitoring.md', 'cubby.grafana.json']) {
    const text = readFileSync(new URL(`../../docs/operating/${page}`, import.meta.url), 'utf8');
    const named = [...text.matchAll(/\b(?:cubby|process)_[a-z_]+[a-z]\d?\b(?!\.md)/g)].map(([name]) => name);
    assert.ok(named.length > 20);
    assert.deepEqual(named.filter((name) => !known.has(name)), [], page);
  }
});

test('/metrics and /cubby/v1/activity ask who is there', async () => {
  const server = await Cubby.started();
  for (const path of ['/metrics', '/cubby/v1/activity', '/client/v4/cubby/v1/activity']) {
    assert.ok((await fetch(server.origin + path)).status >= 400);
    const refused = await fetch(server.origin + path, { method: 'PUT', ...authorized });
    assert.equal(refused.status, 405);
    assert.equal(refused.headers.get('allow'), 'GET, HEAD');
    assert.equal((await fetch(server.origin + path, authorized)).status, 200);
  }
  await server.stop();
  const open = await Cubby.started({ env: { CUBBY_METRICS_AUTH: 'none' } });
  assert.match(await metricsOf(open, {}), /cubby_build_info/);
  assert.ok((await fetch(`${open.origin}/cubby/v1/activity`)).status >= 400);
  await open.stop();
});

test('an administrator of one account sees nothing of the whole server', async () => {
  const server = await Cubby.started({ env: { CUBBY_BACKUP_DIR: scratchDirectory('backups') } });
  const made = await fetch(`${server.origin}/cubby/v1/tokens`, {
    ...authorized,
    method: 'POST',
    body: JSON.stringify({ account_id: ACCOUNT, name: 'one account', right: 'admin' }),
  });
  const { token } = (await made.json()).result;
  assert.equal((await server.rest.call('GET', '/storage/kv/namespaces', { token })).status, 200);
  for (const [method, path] of [
    ['GET', '/metrics'],
    ['GET', '/cubby/v1/activity'],
    ['GET', '/cubby/v1/backups'],
    ['POST', '/cubby/v1/backups'],
    ['POST', '/cubby/v1/accounts'],
  ]) {
    const body = path.endsWith('accounts') ? '{"name":"another"}' : undefined;
    const answer = (bearer) => fetch(server.origin + path, { method, body, headers: { authorization: `Bearer ${bearer}` } });
    assert.equal((await answer(token)).status, 403, `${method} ${path}`);
    assert.equal((await answer(TOKEN)).status, 200, `${method} ${path}`);
  }
  await server.stop();
});

test('/cubby/v1/activity has steps', async () => {
  const server = await Cubby.started();
  const response = await fetch(`${server.origin}/cubby/v1/activity`, authorized);
  const { result, success } = await response.json();
  assert.equal(success, true);
  assert.equal(result.step_seconds, 10);
  assert.ok(Array.isArray(result.steps));
  await server.stop();
});

test('a request has an id, the client’s own if that is harmless', async () => {
  const server = await Cubby.started();
  const idOf = async (given) => {
    const headers = given ? { 'x-request-id': given } : {};
    return (await fetch(`${server.origin}/healthz`, { headers })).headers.get('x-request-id');
  };
  const first = await idOf();
  assert.match(first, /^[0-9a-f]+-\d+$/);
  assert.notEqual(await idOf(), first);
  assert.equal(await idOf('from-me.1_A'), 'from-me.1_A');
  assert.notEqual(await idOf('a"b'), 'a"b');
  assert.match(await idOf('x'.repeat(65)), /^[0-9a-f]+-\d+$/);
  await server.stop();
});

test('the log as JSON names requests and traces', async () => {
  const server = await Cubby.started({
    env: { CUBBY_LOG_FORMAT: 'json', CUBBY_LOG_LEVEL: 'debug', CUBBY_SLOW_REQUEST_MS: '0' },
  });
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  await fetch(`${server.origin}/healthz`, {
    headers: { 'x-request-id': 'mine', traceparent: `00-${trace}-00f067aa0ba902b7-01` },
  });
  await fetch(`${server.origin}/client/v4/accounts`, { headers: { 'x-request-id': 'refused', authorization: 'Bearer wrong' } });
  await fetch(`${server.origin}/healthz`, { method: 'X'.repeat(100), headers: { 'x-request-id': 'long' } });
  await server.stop();
  const lines = server.process.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const mine = lines.find((line) => line.request_id === 'mine');
  assert.ok(mine, server.process.stderr);
  assert.equal(mine.message, 'slow request');
  assert.equal(mine.level, 'warning');
  assert.equal(mine.trace_id, trace);
  assert.equal(mine.status, 200);
  assert.equal(mine.cause, 'server');
  const refused = lines.find((line) => line.request_id === 'refused');
  assert.deepEqual([refused?.message, refused?.level, refused?.status], ['request', 'debug', 403], 'it is late on purpose');
  assert.equal(lines.find((line) => line.request_id === 'long')?.method, 'X'.repeat(16));
  assert.ok(lines.some((line) => line.message === 'stopped'));
});

test('settings of the log that mean nothing are refused', async () => {
  for (const [name, value] of [
    ['CUBBY_LOG_FORMAT', 'xml'],
    ['CUBBY_LOG_LEVEL', 'loud'],
    ['CUBBY_METRICS_AUTH', 'maybe'],
    ['CUBBY_SLOW_REQUEST_MS', '999999999999'],
  ]) {
    const server = new Cubby({ env: { [name]: value } });
    const { code } = await server.launch().exit();
    assert.ok(code > 0, name);
    assert.match(server.process.stderr, /must be/);
  }
});
