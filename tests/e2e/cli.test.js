// `cubby kv`: what wrangler's users type, and what scripts read.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { describe, test } from 'node:test';
import { Cli } from './support/cli.js';
import { sharedCubby } from './support/cubby.js';
import { assertExpiresAfter, nowSeconds } from './support/http.js';
import { Wrangler } from './support/wrangler.js';

const server = sharedCubby();
const cli = new Cli(server);
const rest = server.rest;
const on = (namespace) => ['--namespace-id', namespace];

describe('cubby kv namespace', () => {
  test('create prints the id alone, or the object as JSON', async () => {
    const id = (await cli.succeeds('kv', 'namespace', 'create', 'made')).text.trim();
    const object = await cli.json('kv', 'namespace', 'create', 'made too', '--json');
    assert.equal(object.title, 'made too');
    const listed = await cli.json('kv', 'namespace', 'list');
    assert.deepEqual(
      listed.filter(({ title }) => title.startsWith('made')).map((each) => each.id),
      [id, object.id],
    );
  });

  test('an existing title is told with code and advice', async () => {
    await rest.createNamespace('taken');
    await cli.fails(1, /code 10014, HTTP 400\)\n {2}titles are unique/, 'kv', 'namespace', 'create', 'taken');
  });

  test('rename and delete, by title and by id', async () => {
    const id = await rest.createNamespace('first');
    await cli.succeeds('kv', 'namespace', 'rename', 'first', '--new-name', 'second');
    const renamed = await cli.json('kv', 'namespace', 'rename', ...on(id), '--new-name', 'third', '--json');
    assert.deepEqual([renamed.id, renamed.title], [id, 'third']);
    await cli.fails(2, /--skip-confirmation says yes/, 'kv', 'namespace', 'delete', 'third');
    await cli.succeeds('kv', 'namespace', 'delete', 'third', '-y');
    await cli.fails(3, /no namespace with the title "third"/, 'kv', 'namespace', 'delete', 'third', '-y');
    await cli.fails(3, /code 10013/, 'kv', 'namespace', 'delete', ...on(id), '-y');
  });
});

describe('cubby kv key', () => {
  test('a value comes from the argument, a file or standard input, and goes out byte for byte', async () => {
    const ns = await rest.createNamespace('values');
    const bytes = Buffer.concat([Buffer.from([0, 255, 13, 10]), randomBytes(300_000)]);
    await cli.succeeds('kv', 'key', 'put', 'a', 'Grüße', ...on(ns), '--remote');
    await cli.succeeds('kv', 'key', 'put', 'b', '--path', cli.file('blob', bytes), ...on(ns));
    await cli.succeedsWith(bytes, 'kv', 'key', 'put', 'c', ...on(ns));
    await cli.succeeds('kv', 'key', 'put', 'empty', '', ...on(ns));
    assert.equal((await cli.succeeds('kv', 'key', 'get', 'a', ...on(ns))).text, 'Grüße');
    assert.equal((await cli.succeeds('kv', 'key', 'get', 'a', '--text', ...on(ns))).text, 'Grüße\n');
    for (const key of ['b', 'c'])
      assert.ok((await cli.succeeds('kv', 'key', 'get', key, ...on(ns))).stdout.equals(bytes), key);
    assert.equal((await rest.get(ns, 'empty')).value.length, 0);
  });

  test('the largest value passes, and needs less memory than it has bytes', async () => {
    const ns = await rest.createNamespace('large');
    const bytes = randomBytes(25 * 1024 * 1024);
    const limited = ['-c', 'ulimit -v 150000; exec "$0" "$@"', process.env.CUBBY_BINARY];
    const { succeed } = await import('./support/command.js');
    const call = (args, input) => succeed('bash', [...limited, ...args], { cwd: cli.directory, env: cli.env, input });
    const file = cli.file('large', bytes);
    await call(['kv', 'key', 'put', 'k', '--path', file, '--metadata', '{"a":1}', ...on(ns)]);
    await call(['kv', 'key', 'put', 'piped', ...on(ns)], bytes);
    for (const key of ['k', 'piped']) assert.ok((await call(['kv', 'key', 'get', key, ...on(ns)])).stdout.equals(bytes));
    assert.deepEqual(await rest.metadata(ns, 'k'), { a: 1 });
  });

  test('metadata, ttl and expiration arrive, and --json shows them', async () => {
    const ns = await rest.createNamespace('beside');
    const sent = nowSeconds();
    await cli.succeeds('kv', 'key', 'put', 'k', 'v', '--ttl', '600', '--metadata', '{"a":[1e400]}', ...on(ns));
    const { expiration } = await rest.get(ns, 'k');
    assertExpiresAfter(expiration, 600, sent);
    const { text } = await cli.succeeds('kv', 'key', 'get', 'k', '--json', ...on(ns));
    assert.equal(text, `{"key":"k","value":"v","expiration":${expiration},"metadata":{"a":[1e400]}}\n`);
    await rest.put(ns, 'binary', Buffer.from([255]));
    assert.deepEqual(await cli.json('kv', 'key', 'get', 'binary', '--json', ...on(ns)), {
      key: 'binary',
      value: '/w==',
      base64: true,
    });
    await cli.fails(1, /code 10034/, 'kv', 'key', 'put', 'k', 'v', '--ttl', '30', ...on(ns));
    await cli.fails(2, /--metadata/, 'kv', 'key', 'put', 'k', 'v', '--metadata', '{', ...on(ns));
    await cli.fails(2, /not both/, 'kv', 'key', 'put', 'k', 'v', '--path', 'x', ...on(ns));
    await cli.fails(2, /no-such-file/, 'kv', 'key', 'put', 'k', '--path', 'no-such-file', ...on(ns));
  });

  test('a list is whole, in order, and feeds bulk delete', async () => {
    const ns = await rest.createNamespace('listed');
    const pairs = Array.from({ length: 2500 }, (_, i) => ({ key: `k${String(i).padStart(4, '0')}`, value: 'v' }));
    await rest.bulkPut(ns, pairs);
    await rest.bulkPut(ns, [{ key: 'other', value: 'v', expiration: 1999999999, metadata: { a: 1 } }]);
    const listed = await cli.json('kv', 'key', 'list', '--prefix', 'k', ...on(ns));
    assert.deepEqual(listed, pairs.map(({ key }) => ({ name: key })));
    const file = cli.file('listed.json', listed);
    await cli.fails(2, /--force says yes/, 'kv', 'bulk', 'delete', file, ...on(ns));
    await cli.succeeds('kv', 'bulk', 'delete', file, '--force', ...on(ns));
    assert.deepEqual(await cli.json('kv', 'key', 'list', ...on(ns)), [
      { name: 'other', expiration: 1999999999, metadata: { a: 1 } },
    ]);
    await cli.succeeds('kv', 'key', 'delete', 'other', ...on(ns));
    assert.deepEqual(await cli.json('kv', 'key', 'list', ...on(ns)), []);
  });

  test('odd keys are stored under exactly that name, and impossible ones refused before anything is sent', async () => {
    const ns = await rest.createNamespace('odd');
    const keys = ['a/b c:%25?#+é', 'dir//file', '...', 'a/..', '🦊', '{"json":1}'];
    for (const key of keys) await cli.succeeds('kv', 'key', 'put', key, key, ...on(ns));
    for (const key of keys) assert.equal((await cli.succeeds('kv', 'key', 'get', key, ...on(ns))).text, key);
    assert.deepEqual(new Set(await rest.keyNames(ns)), new Set(keys));
    for (const key of ['..', '.', '']) await cli.fails(2, /Illegal key name|must not be empty/, 'kv', 'key', 'delete', key, ...on(ns));
    assert.equal((await rest.keyNames(ns)).length, keys.length);
  });
});

describe('cubby kv bulk', () => {
  test('get takes what is too much for one answer in parts', async () => {
    const ns = await rest.createNamespace('much');
    const values = Object.fromEntries(['a', 'b', 'c', 'd'].map((key) => [key, key.repeat(9 * 1024 * 1024)]));
    for (const [key, value] of Object.entries(values)) await rest.put(ns, key, value);
    const file = cli.file('much.json', ['a', 'none', ...Object.keys(values).slice(1)]);
    const { text } = await cli.succeeds('kv', 'bulk', 'get', file, ...on(ns));
    assert.deepEqual(JSON.parse(text), { ...values, none: null });
  });

  test('put takes what wrangler takes, get prints what wrangler prints', async () => {
    const ns = await rest.createNamespace('bulk');
    const wrangler = new Wrangler(server);
    const pairs = [
      ...Array.from({ length: 1500 }, (_, i) => ({ key: `k${i}`, value: `v${i}` })),
      { key: 'binary', value: '/w==', base64: true, unknown: [1] },
      { key: 'ttl', value: 'v', expiration_ttl: 600, metadata: { a: 1 } },
    ];
    const { text } = await cli.succeeds('kv', 'bulk', 'put', cli.file('pairs.json', pairs), '--json', ...on(ns));
    assert.deepEqual(JSON.parse(text), { keys: 1502 });
    assert.ok((await rest.get(ns, 'binary')).value.equals(Buffer.from([255])));
    assert.deepEqual(await rest.metadata(ns, 'ttl'), { a: 1 });
    const keys = pairs.slice(0, 150).map(({ key }) => key);
    const values = await cli.json('kv', 'bulk', 'get', cli.file('keys.json', [...keys, { name: 'no' }]), ...on(ns));
    assert.deepEqual(values, { ...Object.fromEntries(pairs.slice(0, 150).map(({ key, value }) => [key, value])), no: null });
    const some = wrangler.file('some.json', ['k1', 'no']);
    const printed = (await wrangler.succeeds('kv', 'bulk', 'get', some, ...on(ns), '--remote')).text;
    const theirs = JSON.parse(printed.slice(printed.indexOf('{'), printed.lastIndexOf('}') + 1));
    assert.deepEqual(await cli.json('kv', 'bulk', 'get', cli.file('some.json', ['k1', 'no']), ...on(ns)), theirs);
  });

  test('a file with one bad pair writes nothing, wherever the pair stands', async () => {
    const ns = await rest.createNamespace('bad');
    const pairs = Array.from({ length: 1200 }, (_, i) => ({ key: `k${i}`, value: 'v' }));
    const bad = cli.file('bad.json', [...pairs, { key: 'n', value: 7 }]);
    await cli.fails(2, /pair 1200: expected a string/, 'kv', 'bulk', 'put', bad, ...on(ns));
    await cli.fails(2, /expected a JSON array/, 'kv', 'bulk', 'put', cli.file('object.json', {}), ...on(ns));
    assert.deepEqual(await rest.keyNames(ns), []);
    await cli.succeedsWith(JSON.stringify(pairs), 'kv', 'bulk', 'put', '-', ...on(ns));
    assert.equal((await rest.keyNames(ns)).length, 1200);
  });
});

describe('where cubby finds server, account and token', () => {
  const put = ['kv', 'key', 'put', 'k', 'v'];

  test('exit codes tell usage, what is not there, and refused credentials apart', async () => {
    const ns = await rest.createNamespace('codes');
    await cli.fails(3, /get: 'key not found' \(code 10009, HTTP 404\)\n {2}\S/, 'kv', 'key', 'get', 'no', ...on(ns));
    await cli.fails(3, /code 10013/, 'kv', 'key', 'get', 'no', ...on('0'.repeat(32)));
    await cli.fails(2, /32 hexadecimal digits/, 'kv', 'key', 'get', 'no', ...on('x'));
    await cli.fails(2, /--namespace-id/, 'kv', 'key', 'get', 'no');
    await cli.fails(2, /no-such-flag/, 'kv', 'key', 'get', 'no', ...on(ns), '--no-such-flag');
    await new Cli(server, { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) }).fails(4, /check the token/, ...put, ...on(ns));
    await new Cli(server, { CLOUDFLARE_API_TOKEN: undefined }).fails(4, /there is no token/, ...put, ...on(ns));
    const gone = { CLOUDFLARE_API_BASE_URL: 'http://127.0.0.1:1/client/v4' };
    await new Cli(server, gone).fails(1, /is the server running\?/, ...put, ...on(ns), '--retries', '0');
    const page = { CLOUDFLARE_API_BASE_URL: `${server.origin}/console` };
    await new Cli(server, page).fails(3, /base URL/, 'kv', 'key', 'list', ...on(ns));
  });

  test('without an account the only one is found', async () => {
    const ns = await rest.createNamespace('only account');
    await new Cli(server, { CLOUDFLARE_ACCOUNT_ID: undefined }).succeeds(...put, ...on(ns));
  });

  test('flags, a profile, and the default profile', async () => {
    const ns = await rest.createNamespace('profiles');
    const home = new Cli(null);
    mkdirSync(`${home.directory}/.config/cubby`, { recursive: true });
    const at = `base-url = "${server.baseUrl}/"\naccount-id = "${server.account}"\n`;
    const file = home.file('.config/cubby/profiles.toml', `[default]\n${at}token-file = "${home.file('t', server.token)}"\n[mine]\n${at}token = "${server.token}"\n`);
    // The file of the default profile is named as the process sees it, from its working directory.
    await home.succeeds(...put, ...on(ns));
    chmodSync(home.path(file), 0o644);
    await home.fails(2, /chmod 600/, ...put, ...on(ns), '--profile', 'mine');
    chmodSync(home.path(file), 0o600);
    await home.succeeds(...put, ...on(ns), '--profile', 'mine');
    await home.fails(2, /there is no profile yours/, ...put, ...on(ns), '--profile', 'yours');
    const bare = new Cli(null);
    bare.file('token', `${server.token}\n`);
    await bare.succeeds(...put, ...on(ns), '--base-url', server.baseUrl, '--token-file', 'token');
    // A profile's token never goes where the environment points, nor the other way round.
    const mixed = new Cli(server, { HOME: home.directory, CLOUDFLARE_API_TOKEN: undefined });
    await mixed.fails(4, /there is no token/, ...put, ...on(ns));
  });
});

describe('a server that asks for patience', () => {
  // Answers each request by the next of these functions.
  async function withAnswers(answers, body) {
    const seen = [];
    const http = createServer(async (request, response) => {
      const pieces = [];
      for await (const piece of request) pieces.push(piece);
      seen.push({ method: request.method, url: request.url, at: performance.now(), body: Buffer.concat(pieces).toString() });
      answers[Math.min(seen.length, answers.length) - 1](response);
    });
    await new Promise((resolve) => http.listen(0, '127.0.0.1', resolve));
    try {
      const fake = { baseUrl: `http://127.0.0.1:${http.address().port}`, token: 't', account: 'a' };
      await body(new Cli(fake), seen);
    } finally {
      http.closeAllConnections();
      http.close();
    }
  }
  const answer = (status, headers = {}, code = 971) => (response) =>
    response.writeHead(status, headers).end(JSON.stringify({ result: null, success: status < 300, errors: status < 300 ? [] : [{ code, message: 'm' }], messages: [] }));
  const ns = '0'.repeat(32);

  test('429 is waited out for as long as the server says', async () => {
    await withAnswers([answer(429, { 'retry-after': '1' }), answer(200)], async (client, seen) => {
      await client.succeeds('kv', 'key', 'put', 'k', '--path', client.file('f', 'value'), ...on(ns));
      assert.deepEqual(seen.map(({ body }) => body), ['value', 'value']);
      assert.ok(seen[1].at - seen[0].at >= 990, `${seen[1].at - seen[0].at}`);
    });
  });

  test('what is repeatable is repeated, and what is not is not', async () => {
    await withAnswers([answer(502), answer(200)], async (client, seen) => {
      await client.succeeds('kv', 'key', 'delete', 'k', ...on(ns));
      assert.equal(seen.length, 2);
    });
    await withAnswers([answer(502)], async (client, seen) => {
      await client.fails(1, /HTTP 502/, 'kv', 'namespace', 'create', 'n');
      assert.equal(seen.length, 1);
    });
    await withAnswers([answer(429, { 'retry-after': '0' }), answer(429)], async (client, seen) => {
      await client.fails(1, /m \(code 971, HTTP 429\)\n {2}.*--rate/, 'kv', 'namespace', 'create', 'n', '--retries', '1');
      assert.equal(seen.length, 2);
    });
    await withAnswers([answer(500, { 'x-should-retry': 'false' })], async (client, seen) => {
      await client.fails(1, /HTTP 500/, 'kv', 'key', 'delete', 'k', ...on(ns));
      assert.equal(seen.length, 1);
    });
  });

  test('standard input that is used up is not sent again', async () => {
    await withAnswers([answer(502), answer(200)], async (client, seen) => {
      const { code } = await client.run('kv', 'key', 'put', 'k', ...on(ns));
      assert.equal(code, 1);
      assert.equal(seen.length, 1);
    });
  });

  test('an answer that ends too early is a failure', async () => {
    const cut = (response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('half', () => response.destroy());
    };
    await withAnswers([cut], async (client, seen) => {
      const { text } = await client.fails(1, /http:/, 'kv', 'key', 'get', 'k', ...on(ns));
      assert.equal(text, 'half');
      assert.equal(seen.length, 1);
    });
  });
});

test('what cubby writes wrangler reads', async () => {
  const ns = await rest.createNamespace('both');
  const wrangler = new Wrangler(server);
  await cli.succeeds('kv', 'key', 'put', 'ours', 'value', '--metadata', '{"a":1}', ...on(ns));
  await wrangler.succeeds('kv', 'key', 'put', 'theirs', 'value', '--metadata', '{"b":2}', ...on(ns), '--remote');
  assert.equal((await wrangler.succeeds('kv', 'key', 'get', 'ours', ...on(ns), '--remote')).text, 'value');
  assert.equal((await cli.succeeds('kv', 'key', 'get', 'theirs', ...on(ns))).text, 'value');
  assert.deepEqual(
    await cli.json('kv', 'key', 'list', ...on(ns)),
    await wrangler.json('kv', 'key', 'list', ...on(ns), '--remote'),
  );
  const listed = cli.file('both.json', readFileSync(wrangler.directory + '/' + wrangler.file('l', await wrangler.json('kv', 'key', 'list', ...on(ns), '--remote'))));
  await cli.succeeds('kv', 'bulk', 'delete', listed, '-f', ...on(ns));
  assert.deepEqual(await rest.keyNames(ns), []);
});
