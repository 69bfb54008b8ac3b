// Who may do what, and who is told of it: failed attempts, the audit log, accounts and tokens by the command line, and
// secrets, which are nowhere to be seen.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, readdirSync, statSync, watch, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { refuse, succeed } from './support/command.js';
import { ACCOUNT, Cubby, TOKEN, scratchDirectory, sharedCubby } from './support/cubby.js';

const directory = scratchDirectory('audit');
const auditFile = join(directory, 'audit.jsonl');
const server = sharedCubby({
  binding: [
    ...['--binding-listen', '127.0.0.1:0', '--audit-log', auditFile, '--log-level', 'debug'],
    ...['--auto-create-namespaces', '--metrics-auth', 'none'],
  ],
});
const wrongToken = 'wrong-token_0123456789-ABCDEFGHIJKLMNOPQ';
const value = 'the-value-that-nobody-writes-down';

// cubby COMMAND… with the server's address and the token in the environment.
const cubby = (way, args, { token = TOKEN, ...more } = {}) =>
  way(process.env.CUBBY_BINARY, args, {
    env: { HOME: directory, CLOUDFLARE_API_BASE_URL: server.baseUrl, CLOUDFLARE_API_TOKEN: token },
    ...more,
  });

const status = (path, token, { origin = server.origin, ...options } = {}) =>
  new Promise((resolve, reject) => {
    const headers = token ? { authorization: `Bearer ${token}` } : {};
    const request = http.request(`${origin}${path}`, { headers, agent: false, ...options }, (response) =>
      response.resume().on('end', () => resolve(response.statusCode)),
    );
    request.on('error', reject).end(options.body);
  });

const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

// What `find` finds, once that is something, in a file that a thread of the server writes.
function found(find, file) {
  return new Promise((resolve, reject) => {
    const end = (settle, result) => {
      clearTimeout(limit);
      watcher.close();
      settle(result);
    };
    const look = () => {
      const result = find();
      if (result) end(resolve, result);
    };
    const watcher = watch(dirname(file), look);
    const limit = setTimeout(() => end(reject, new Error(`not found in ${file}:\n${textOf(file)}`)), 20_000);
    look(); // it may be there by now
  });
}

const appeared = (file) => found(() => existsSync(file), file);

// The lines of the file, once there is one that `wanted` takes.
const audited = (wanted, file = auditFile) =>
  found(() => {
    const lines = textOf(file).split('\n').slice(0, -1).map(JSON.parse);
    return lines.some(wanted) && lines;
  }, file);

test('bad credentials are answered ever later, good ones at once', async () => {
  const order = [];
  const bad = Array.from({ length: 13 }, async () => {
    assert.equal(await status('/client/v4/accounts', wrongToken), 403);
    order.push('bad');
  });
  await Promise.race(bad);
  assert.equal(await status('/client/v4/accounts', TOKEN), 200);
  order.push('good');
  assert.equal(await status('/client/v4/accounts'), 403, 'no credentials are no bad ones');
  order.push('none');
  await Promise.all(bad);
  assert.equal(order.at(-1), 'bad', order.join());
  assert.match(server.process.stderr, /\[warning\] credentials refused: no such token; from 127\.0\.0\.1, 1 in a row/);
  assert.match(server.process.stderr, /from 127\.0\.0\.1, 10 in a row/);
  assert.doesNotMatch(server.process.stderr, /, [2-9] in a row/);
});

// A token with these limits: { id, token }.
async function makeToken(options) {
  const headers = { authorization: `Bearer ${TOKEN}` };
  const body = JSON.stringify({ account_id: ACCOUNT, ...options });
  const answer = await fetch(`${server.origin}/cubby/v1/tokens`, { method: 'POST', headers, body });
  assert.equal(answer.status, 200, await answer.clone().text());
  return (await answer.json()).result;
}

describe('the audit log', () => {
  test('has a line for each change, in both dialects, and none for reads', async () => {
    const id = await server.rest.createNamespace('audited');
    await server.rest.put(id, 'a key', value);
    await server.rest.get(id, 'a key');
    await server.rest.keys(id);
    await server.rest.bulkPut(id, [{ key: 'b', value }]);
    const other = 'ffffffffffffffffffffffffffffffff';
    assert.equal((await server.rest.call('DELETE', `/storage/kv/namespaces/${other}/values/k`)).status, 404);
    const origin = `http://${server.bindings[0]}`;
    const put = { origin, method: 'PUT', body: value };
    assert.equal(await status(`/ns/audited/c%2Fd?urlencoded=true`, TOKEN, put), 200);
    assert.equal(await status(`/ns/audited/c%2Fd?urlencoded=true`, TOKEN, { origin }), 200);
    assert.equal(await status(`/ns/audited/c%2Fd?urlencoded=true`, TOKEN, { origin, method: 'DELETE' }), 200);
    const { token } = await makeToken({ name: 'reader', right: 'read' });
    assert.equal((await server.rest.call('PUT', `/storage/kv/namespaces/${id}/values/k`, { body: value, token })).status, 403);
    assert.equal(await status(`/ns/audited/k?urlencoded=true`, token, put), 403);
    assert.equal(await status(`/ns/on%20the%20way/k?urlencoded=true`, TOKEN, { origin }), 404);
    await server.rest.call('DELETE', `/storage/kv/namespaces/${id}`);

    const made = (await server.rest.namespaces()).find(({ title }) => title === 'on the way').id;
    const lines = await audited(({ operation }) => operation === 'remove namespace');
    const seen = lines.map(({ dialect, operation, namespace_id, key, status }) => ({ dialect, operation, namespace_id, key, status }));
    const of = (dialect, operation, key, status = 200, namespace_id = id) => ({ dialect, operation, namespace_id, key, status });
    assert.deepEqual(seen, [
      of('rest', 'create namespace'),
      of('rest', 'put', 'a key'),
      of('rest', 'bulk put keys'),
      of('rest', 'remove key', 'k', 404, other),
      of('binding', 'put', 'c/d'),
      of('binding', 'remove key', 'c/d'),
      { dialect: 'rest', operation: 'create token', namespace_id: undefined, key: undefined, status: 200 },
      of('rest', 'put', 'k', 403),
      of('binding', 'put', 'k', 403),
      of('binding', 'create namespace', undefined, 200, made),
      of('rest', 'remove namespace'),
    ]);
    for (const line of lines.filter(({ token, operation }) => token !== 'reader' && operation !== 'create token')) {
      assert.match(line.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      assert.match(line.token_id, /^[0-9a-f]{32}$/);
      assert.equal(line.token, 'CUBBY_ADMIN_TOKEN');
      assert.equal(line.address, '127.0.0.1');
      assert.equal(line.account_id, ACCOUNT);
      assert.ok(line.request_id);
    }
    assert.equal(statSync(auditFile).mode & 0o777, 0o600);
  });

  test('goes on in a new file after SIGHUP', async () => {
    const moved = join(directory, 'audit.1');
    renameSync(auditFile, moved);
    server.process.child.kill('SIGHUP');
    const id = await server.rest.createNamespace('after the move');
    await appeared(auditFile);
    await server.rest.put(id, 'k', value);
    await audited(({ operation, key }) => operation === 'put' && key === 'k');
  });

  test('has reads where they are asked for, and a start says what is wrong with it', async () => {
    const file = join(directory, 'reads.jsonl');
    const reading = await Cubby.started({ binding: ['--binding-listen', 'none', '--audit-log', file, '--audit-reads'] });
    await reading.rest.namespaces();
    await audited(({ operation }) => operation === 'list namespaces', file);
    await reading.stop();
    for (const [flags, complaint] of [
      [['--audit-reads'], /--audit-reads: needs --audit-log/],
      [['--audit-log', '/nowhere/audit.jsonl'], /cannot open the audit log \/nowhere\/audit\.jsonl: No such file/],
    ]) {
      const wrong = new Cubby({ binding: ['--binding-listen', 'none', ...flags] });
      assert.notEqual((await wrong.launch().exit()).code, 0);
      assert.match(wrong.process.stderr, complaint);
    }
  });

  test('has the making of backups', async () => {
    const file = join(directory, 'backups.jsonl');
    const binding = ['--binding-listen', 'none', '--audit-log', file, '--metrics-auth', 'none'];
    const backed = await Cubby.started({ binding, env: { CUBBY_BACKUP_DIR: join(directory, 'backups') } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    const made = await (await fetch(`${backed.origin}/cubby/v1/backups`, { method: 'POST', headers })).json();
    await fetch(`${backed.origin}/cubby/v1/backups`, { headers });
    const lines = await audited(({ operation }) => operation === 'make backup', file);
    assert.deepEqual(lines.map(({ operation, subject, status }) => ({ operation, subject, status })), [
      { operation: 'make backup', subject: `${made.result.id}`, status: 200 },
    ]);
    assert.match(await (await fetch(`${backed.origin}/metrics`)).text(), /^cubby_audit_lines_lost_total 0$/m);
    await backed.stop();
  });
});

test('accounts and tokens are made, listed and revoked by the command line', async () => {
  const account = (await cubby(succeed, ['account', 'create', 'Team B'])).text.trim();
  assert.match(account, /^[0-9a-f]{32}$/);
  assert.match((await cubby(succeed, ['account', 'list'])).text, new RegExp(`^${account}  "Team B"$`, 'm'));

  const chief = await cubby(succeed, ['token', 'create', 'b admin', '--right', 'admin', '--account-id', account]);
  const token = chief.text.trim();
  assert.match(token, /^[\w-]{40}$/);
  assert.match(chief.stderr, /^created token "b admin" \([0-9a-f]{32}\); its text is told only now$/m);
  assert.equal((await cubby(succeed, ['account', 'list'], { token })).text, `${account}  "Team B"\n`);
  const refused = await cubby(refuse, ['account', 'create', 'mine'], { token });
  assert.equal(refused.code, 4, refused.output);

  const narrow = [
    ...['token', 'create', 'narrow', '--right', 'write', '--key-prefix', 'ci/', '--source', '127.0.0.0/8,::1'],
    ...['--expiration', '4000000000', '--json'],
  ];
  const made = JSON.parse((await cubby(succeed, narrow, { token })).text);
  assert.equal(made.account_id, account);
  assert.deepEqual(made.sources, ['127.0.0.0/8', '::1/128']);
  assert.equal(made.expiration, 4000000000);
  const line = `^${made.id}  active  write  ${account}  "narrow"$`;
  assert.match((await cubby(succeed, ['token', 'list'], { token })).text, new RegExp(line, 'm'));
  await cubby(succeed, ['token', 'revoke', made.id], { token });
  assert.match((await cubby(succeed, ['token', 'list'], { token })).text, new RegExp(line.replace('active', 'revoked'), 'm'));
  assert.equal((await cubby(refuse, ['token', 'list'], { token: made.token })).code, 4);
  assert.equal((await cubby(refuse, ['token', 'revoke', 'x'])).code, 2);
  assert.equal((await cubby(refuse, ['token', 'create', 'for ever', '--expiration', ''])).code, 2);
  assert.equal((await cubby(refuse, ['token', 'revoke', 'f'.repeat(32)])).code, 3);

  const lines = await audited(({ operation }) => operation === 'revoke token');
  assert.equal(lines.find(({ operation }) => operation === 'create account').subject, account);
  assert.equal(lines.find(({ operation }) => operation === 'revoke token').subject, made.id);
});

// The answer to a PUT whose last byte is sent after `meanwhile`, which begins when the server has the head.
function slowPut(origin, path, token, body, meanwhile) {
  const told = 'HTTP/1.1 100 Continue\r\n\r\n';
  const head = `PUT ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${token}\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`;
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const socket = net.connect(Number(port), hostname, () => socket.write(head)).on('error', reject);
    const goOn = () => meanwhile().then(() => socket.write(body), reject);
    // The binding never says 100; what it answers next it answers after it has read this head.
    if (origin !== server.origin) socket.once('ready', () => status(path, TOKEN, { origin }).then(goOn, reject));
    let answer = '';
    socket.on('data', (bytes) => {
      answer += bytes;
      if (answer === told) return goOn();
      if (!answer.replace(told, '').includes('\r\n\r\n')) return;
      socket.end();
      resolve(answer.replace(told, ''));
    });
  });
}

test('a value whose token is revoked before all of it has come is not stored', async () => {
  const ns = await server.rest.createNamespace('slow');
  const rest = `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${ns}`;
  const pairs = JSON.stringify([{ key: 'bulk', value }]);
  for (const [origin, path, body, refused = 403] of [
    [server.origin, `${rest}/values/single`, value],
    [server.origin, `${rest}/bulk`, pairs],
    [`http://${server.bindings[0]}`, `/ns/${ns}/binding?urlencoded=true`, value, 401],
  ]) {
    const { id, token } = await makeToken({ name: 'slow', right: 'write' });
    const revoke = () => cubby(succeed, ['token', 'revoke', id]);
    assert.match(await slowPut(origin, path, token, body, revoke), new RegExp(`^HTTP/1\\.1 ${refused} `), path);
  }
  assert.deepEqual(await server.rest.keys(ns), []);
});

test('a page of another site is refused by the API and not by the binding', async () => {
  const foreign = (path, token, address) =>
    status(path, token, { origin: address, headers: { authorization: `Bearer ${token}`, origin: 'http://elsewhere.example' } });
  assert.equal(await status('/client/v4/accounts', TOKEN), 200);
  assert.equal(await foreign('/client/v4/accounts', TOKEN, server.origin), 403);
  assert.notEqual(await foreign('/key?urlencoded=true', TOKEN, `http://${server.bindings[0]}`), 403);
  // A name that somebody has pointed at this machine.
  const rebound = `evil.example:${new URL(server.origin).port}`;
  const headers = { authorization: `Bearer ${TOKEN}`, host: rebound };
  assert.equal(await status('/client/v4/accounts', TOKEN, { headers }), 200);
  assert.equal(await status('/client/v4/accounts', TOKEN, { headers: { ...headers, origin: `http://${rebound}` } }), 403);
});

test('a page of a site that --allowed-origin names is served', async () => {
  const origin = 'https://kv.example.com';
  const open = await Cubby.started({ binding: ['--binding-listen', 'none', '--allowed-origin', origin] });
  const headers = { authorization: `Bearer ${TOKEN}`, origin };
  const answer = await fetch(`${open.origin}/client/v4/accounts`, { headers });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get('access-control-allow-origin'), origin);
  assert.equal((await fetch(`${open.origin}/client/v4/accounts`, { headers: { ...headers, origin: `${origin}.evil` } })).status, 403);
  await open.stop();
});

test('limits of clients are what the flags say', async () => {
  const flags = ['--threads', '1', '--max-connections', '1', '--header-timeout', '1s', '--body-timeout', '1s'];
  const narrow = await Cubby.started({ binding: ['--binding-listen', '127.0.0.1:0', ...flags] });
  // Sends the text, and resolves with all that comes until the server ends.
  const talk = (text, seen = () => {}, origin = narrow.origin) =>
    new Promise((resolve, reject) => {
      const { hostname, port } = new URL(origin);
      const socket = net.connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (bytes) => seen((answer += bytes)));
      socket.on('close', () => resolve(answer)).on('error', reject);
    });
  try {
    // The first has the only place, for a body that never comes.
    let first;
    const head = `POST /client/v4/accounts/${ACCOUNT}/storage/kv/namespaces HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${TOKEN}\r\n`;
    await new Promise((resolve) => (first = talk(`${head}Content-Length: 9\r\nExpect: 100-continue\r\n\r\n`, resolve)));
    const second = await talk('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n');
    assert.match(second, /^HTTP\/1\.1 503 [^]*retry-after: 2/i);
    assert.match(await first, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 408 /);
    // Its place may be free a moment later.
    let slow;
    do slow = await talk('GET / HTTP/1.1\r\n');
    while (slow.startsWith('HTTP/1.1 503 '));
    assert.match(slow, /^HTTP\/1\.1 408 /);
    // The binding's listener counts for itself, and has the same deadlines.
    const binding = `http://${narrow.bindings[0]}`;
    const one = talk('GET / HTTP/1.1\r\n', undefined, binding);
    assert.match(await talk('GET /k HTTP/1.1\r\nHost: h\r\n\r\n', undefined, binding), /^HTTP\/1\.1 503 /);
    assert.match(await one, /^HTTP\/1\.1 408 /);
  } finally {
    await narrow.stop();
  }
});

test('who takes nothing, and who asks for nothing, is let go when the flags say', async () => {
  const impatient = await Cubby.started({ binding: ['--binding-listen', 'none', '--write-timeout', '1s', '--idle-timeout', '10s'] });
  const ns = await impatient.rest.createNamespace('large');
  const size = 20 * 1024 * 1024;
  await impatient.rest.put(ns, 'k', Buffer.alloc(size));
  const { hostname, port } = new URL(impatient.origin);
  const connected = (text) => {
    const socket = net.connect(Number(port), hostname, () => socket.write(text));
    return socket.on('error', () => {}); // a reset is an end too
  };
  const idle = connected('GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n').resume();
  const idleEnds = once(idle, 'close');
  const path = `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${ns}/values/k`;
  const lazy = connected(`GET ${path} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await once(lazy, 'readable');
  await idleEnds; // long after the second that the other had
  let taken = 0;
  lazy.on('data', (bytes) => (taken += bytes.length));
  await once(lazy, 'close');
  assert.ok(taken > 0 && taken < size, `${taken}`);
  await impatient.stop();
});

test('the text of a token is nowhere on the disk', async () => {
  const { text: token } = await cubby(succeed, ['token', 'create', 'hashed', '--right', 'read', '--account-id', ACCOUNT]);
  assert.match(token.trim(), /^[\w-]{40}$/);
  for (const entry of readdirSync(server.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath ?? entry.path, entry.name);
    assert.ok(!readFileSync(path).includes(token.trim()), path);
  }
});

// The last test of the file: everything that was printed or written until here.
test('no secret and no value is in what the server prints, writes or shows', async () => {
  assert.equal(await status('/client/v4/accounts', `${TOKEN} ${TOKEN}`), 400);
  assert.equal(await status(`/client/v4/accounts/${TOKEN}/x`, TOKEN), 404);
  const { child, stdout, stderr } = server.process;
  const metrics = await (await fetch(`${server.origin}/metrics`)).text();
  const audit = readdirSync(directory).map((name) => statSync(join(directory, name)).isFile() && readFileSync(join(directory, name), 'utf8'));
  const commandLine = readFileSync(`/proc/${child.pid}/cmdline`, 'utf8');
  for (const text of [stdout, stderr, metrics, commandLine, ...audit]) {
    for (const secret of [TOKEN, wrongToken, value]) {
      assert.ok(!`${text}`.includes(secret), `${secret} is in\n${text}`);
    }
  }
  const state = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  assert.match(state, /^NoNewPrivs:\s+1$/m);
  // Of CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH and CAP_NET_BIND_SERVICE those that it was started with.
  const ours = BigInt(`0x${/^CapPrm:\s+(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]}`);
  const kept = (ours & (0b110n | (1n << 10n))).toString(16);
  for (const set of ['CapPrm', 'CapEff']) assert.match(state, new RegExp(`^${set}:\\s+0*${kept}$`, 'm'));
  assert.match(readFileSync(`/proc/${child.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  for (const entry of readdirSync(server.dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    assert.equal(statSync(path).mode & 0o077, 0, path);
  }
});

test('the first token is in a file for its owner, and a token on the command line is no flag', async () => {
  const first = await Cubby.started({ token: null, binding: ['--binding-listen', 'none'] });
  const token = readFileSync(join(first.dataDir, 'admin-token'), 'utf8').trim();
  assert.equal(statSync(join(first.dataDir, 'admin-token')).mode & 0o777, 0o600);
  assert.ok(!(first.process.stdout + first.process.stderr).includes(token));
  const file = join(directory, 'token');
  writeFileSync(file, token, { mode: 0o600 });
  const args = ['token', 'list', '--base-url', first.baseUrl, '--token-file', file];
  assert.match((await succeed(process.env.CUBBY_BINARY, args, { env: { HOME: directory } })).text, /active  admin  all accounts  "admin"/);
  await first.stop();
});
