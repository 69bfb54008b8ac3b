// wrangler 4.164.0 against Cubby: what its users type, and what they then see.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { Cubby, sharedCubby } from './support/cubby.js';
import { assertExpiresAfter, nowSeconds } from './support/http.js';
import { Wrangler } from './support/wrangler.js';

const server = sharedCubby();
const wrangler = new Wrangler(server);
const rest = server.rest;

// `kv key` and `kv bulk` work on local files unless told otherwise.
const on = (namespace) => ['--namespace-id', namespace, '--remote'];

const titles = async () => (await rest.namespaces()).map(({ title }) => title);

// Each call of wrangler costs a second or two of processor time, so two at a time is what pays.
const twoAtATime = { concurrency: 2 };

describe('wrangler kv namespace', twoAtATime, () => {
  test('create prints the id that the server stored, and the title is free of additions', async () => {
    const { text } = await wrangler.succeeds('kv', 'namespace', 'create', 'created');
    const [id] = /[0-9a-f]{32}/.exec(text) ?? assert.fail(text);
    assert.deepEqual(
      (await rest.namespaces()).find(({ title }) => title === 'created'),
      { id, title: 'created', supports_url_encoding: true },
    );
  });

  test('create with an existing title shows the hint that wrangler has for that case', async () => {
    await rest.createNamespace('taken');
    const { output } = await wrangler.fails('kv', 'namespace', 'create', 'taken');
    assert.match(output, /A KV namespace with the title "taken" already exists/);
  });

  test('list ends, and shows what exists', async () => {
    const id = await rest.createNamespace('listed');
    const listed = await wrangler.json('kv', 'namespace', 'list');
    assert.deepEqual(
      listed.find((namespace) => namespace.title === 'listed'),
      { id, title: 'listed', supports_url_encoding: true },
    );
  });

  test('rename by name keeps the id', async () => {
    const id = await rest.createNamespace('old name');
    const { output } = await wrangler.succeeds(
      'kv',
      'namespace',
      'rename',
      'old name',
      '--new-name',
      'new name',
    );
    assert.match(output, /Successfully renamed namespace to "new name"/);
    assert.equal((await rest.namespaces()).find(({ title }) => title === 'new name')?.id, id);
  });

  test('rename by id prints the new title', async () => {
    const id = await rest.createNamespace('old title');
    const { output } = await wrangler.succeeds(
      'kv',
      'namespace',
      'rename',
      '--namespace-id',
      id,
      '--new-name',
      'new title',
    );
    assert.match(output, /Successfully renamed namespace to "new title"/);
    assert.ok(!(await titles()).includes('old title'));
  });

  test('delete by name', async () => {
    await rest.createNamespace('to delete');
    await wrangler.succeeds('kv', 'namespace', 'delete', 'to delete', '--skip-confirmation');
    assert.ok(!(await titles()).includes('to delete'));
  });

  test('delete by id removes the namespace with its keys', async () => {
    const id = await rest.createNamespace('to delete by id');
    await rest.put(id, 'k', 'v');
    await wrangler.succeeds('kv', 'namespace', 'delete', '--namespace-id', id, '--skip-confirmation');
    assert.ok(!(await titles()).includes('to delete by id'));
    assert.equal(await rest.get(id, 'k'), undefined);
  });

  test('delete finds a name beyond the first page of a hundred', async () => {
    const crowded = await Cubby.started();
    try {
      // Sorted by title, the wanted one comes last.
      for (let i = 100; i < 205; ++i) await crowded.rest.createNamespace(`n${i}`);
      await new Wrangler(crowded).succeeds('kv', 'namespace', 'delete', 'n204', '--skip-confirmation');
      assert.equal((await crowded.rest.namespaces()).length, 104);
    } finally {
      await crowded.stop();
    }
  });
});

describe('wrangler kv key', twoAtATime, () => {
  test('put, get and delete a text', async () => {
    const namespace = await rest.createNamespace('text');
    await wrangler.succeeds('kv', 'key', 'put', 'greeting', 'Grüße, 世界', ...on(namespace));
    assert.equal(
      (await wrangler.succeeds('kv', 'key', 'get', 'greeting', '--text', ...on(namespace))).text.trimEnd(),
      'Grüße, 世界',
    );
    await wrangler.succeeds('kv', 'key', 'delete', 'greeting', ...on(namespace));
    const { output } = await wrangler.fails('kv', 'key', 'get', 'greeting', ...on(namespace));
    assert.match(output, /404: Not Found/);
  });

  test('a binary file comes back byte for byte', async () => {
    const namespace = await rest.createNamespace('binary');
    // Every byte value, line ends that a text mode would touch, and more than one network packet.
    const bytes = Buffer.concat([
      Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      Buffer.from('\r\n\r\n--'),
      randomBytes(300_000),
    ]);
    await wrangler.succeeds(
      'kv',
      'key',
      'put',
      'blob',
      '--path',
      wrangler.file('blob.bin', bytes),
      ...on(namespace),
    );
    const { stdout } = await wrangler.succeeds('kv', 'key', 'get', 'blob', ...on(namespace));
    assert.ok(stdout.equals(bytes), `${stdout.length} bytes came back of ${bytes.length}, or they differ`);
  });

  test('a binary file with metadata and a TTL goes in as one multipart request', async () => {
    const namespace = await rest.createNamespace('binary with metadata');
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0x62, 0x0d, 0x0a]); // ends like the delimiter begins
    const sent = nowSeconds();
    const file = wrangler.file('small.bin', bytes);
    await wrangler.succeeds(
      'kv',
      'key',
      'put',
      'k',
      '--path',
      file,
      '--metadata',
      '{"x":1,"deep":{"list":[1,"2",null]}}',
      '--ttl',
      '3600',
      ...on(namespace),
    );
    const { value, expiration } = await rest.get(namespace, 'k');
    assert.ok(value.equals(bytes), value.toString('hex'));
    assertExpiresAfter(expiration, 3600, sent);
    assert.deepEqual(await rest.metadata(namespace, 'k'), { x: 1, deep: { list: [1, '2', null] } });
  });

  test('an empty file is a value', async () => {
    const namespace = await rest.createNamespace('empty file');
    await wrangler.succeeds(
      'kv',
      'key',
      'put',
      'empty',
      '--path',
      wrangler.file('empty.bin', ''),
      ...on(namespace),
    );
    assert.equal((await wrangler.succeeds('kv', 'key', 'get', 'empty', ...on(namespace))).stdout.length, 0);
  });

  test('--ttl wins over --expiration', async () => {
    const namespace = await rest.createNamespace('ttl and expiration');
    const sent = nowSeconds();
    await wrangler.succeeds(
      'kv',
      'key',
      'put',
      'k',
      'v',
      '--ttl',
      '120',
      '--expiration',
      '1999999999',
      ...on(namespace),
    );
    assertExpiresAfter((await rest.get(namespace, 'k')).expiration, 120, sent);
  });

  test('--ttl 30 is refused and leaves the old value alone', async () => {
    const namespace = await rest.createNamespace('short ttl');
    await rest.put(namespace, 'k', 'old');
    const { output } = await wrangler.fails('kv', 'key', 'put', 'k', 'new', '--ttl', '30', ...on(namespace));
    assert.match(output, /code: 10034/);
    assert.equal((await rest.get(namespace, 'k')).value.toString(), 'old');
  });

  test('list shows expiration and metadata, and --prefix takes only what begins with it', async () => {
    const namespace = await rest.createNamespace('listing');
    await rest.bulkPut(namespace, [
      { key: 'user:2', value: '2', expiration: 1999999999, metadata: { role: 'admin' } },
      { key: 'user:1', value: '1' },
      { key: 'other', value: '3' },
    ]);
    assert.deepEqual(await wrangler.json('kv', 'key', 'list', '--prefix', 'user:', ...on(namespace)), [
      { name: 'user:1' },
      { name: 'user:2', expiration: 1999999999, metadata: { role: 'admin' } },
    ]);
  });

  test('a prefix of odd characters survives the query string', async () => {
    const namespace = await rest.createNamespace('odd prefix');
    const prefix = 'a+b c%25&é/';
    await rest.put(namespace, `${prefix}1`, 'v');
    await rest.put(namespace, 'a b', 'v');
    assert.deepEqual(await wrangler.json('kv', 'key', 'list', '--prefix', prefix, ...on(namespace)), [
      { name: `${prefix}1` },
    ]);
  });

  for (const key of [
    'dir/sub//file',
    '%25?#+ é',
    ' spaces around ',
    'a/..',
    '...',
    'emoji 🦊',
    "!'()*~",
    '{"json":1}',
  ]) {
    test(`key ${JSON.stringify(key)} is stored under exactly that name`, async () => {
      const namespace = await rest.createNamespace(`odd key ${key}`);
      await wrangler.succeeds('kv', 'key', 'put', key, 'odd', ...on(namespace));
      assert.deepEqual(await rest.keyNames(namespace), [key]);
      assert.equal((await wrangler.succeeds('kv', 'key', 'get', key, ...on(namespace))).text, 'odd');
    });
  }

  // wrangler resolves dots in the URL before it sends: `delete ..` arrives as DELETE {namespace}/.
  // A server that forgives the slash would delete the whole namespace.
  for (const [command, key, ...value] of [
    ['delete', '..'],
    ['delete', '.'],
    ['delete', ''],
    ['put', '..', 'v'],
    ['put', '.', 'v'],
    ['put', '', 'v'],
    ['get', '..'],
    ['get', '.'],
  ]) {
    test(`${command} ${JSON.stringify(key)} is refused and harms nothing`, async () => {
      const title = `dots ${command} ${key}`;
      const namespace = await rest.createNamespace(title);
      await rest.put(namespace, 'precious', 'data');
      const { text } = await wrangler.fails('kv', 'key', command, key, ...value, ...on(namespace));
      assert.doesNotMatch(text, /precious|data/);
      assert.deepEqual(await rest.keyNames(namespace), ['precious']);
      assert.equal((await rest.get(namespace, 'precious')).value.toString(), 'data');
      assert.ok((await titles()).includes(title));
    });
  }
});

describe('wrangler kv bulk', twoAtATime, () => {
  test('2,500 keys go in, are listed in order, and go out again', async () => {
    const namespace = await rest.createNamespace('bulk');
    const names = Array.from({ length: 2500 }, (_, i) => `key:${String(i).padStart(4, '0')}`);
    // Not in list order, and in batches of 1,000: the order of the list is the server's own work.
    const pairs = names.map((key) => ({ key, value: `value of ${key}` })).reverse();
    await wrangler.succeeds('kv', 'bulk', 'put', wrangler.file('2500.json', pairs), ...on(namespace));
    assert.deepEqual(
      (await wrangler.json('kv', 'key', 'list', ...on(namespace))).map(({ name }) => name),
      names,
    );

    await wrangler.succeeds(
      'kv',
      'bulk',
      'delete',
      wrangler.file('2499.json', names.slice(0, -1)),
      '--force',
      ...on(namespace),
    );
    assert.deepEqual(await rest.keyNames(namespace), names.slice(-1));
  });

  test('put takes base64, metadata, expiration and expiration_ttl per pair', async () => {
    const namespace = await rest.createNamespace('bulk attributes');
    const bytes = Buffer.from([0, 255, 254, 13, 10, 128]);
    const sent = nowSeconds();
    const file = wrangler.file('attributes.json', [
      { key: 'binary', value: bytes.toString('base64'), base64: true },
      { key: 'described', value: 'v', metadata: { a: [1, { b: null }] } },
      { key: 'until', value: 'v', expiration: 1999999999 },
      { key: 'for', value: 'v', expiration_ttl: 600 },
      { key: 'a/b%2Fc', value: 'taken literally, no decoding' },
      { key: 'empty', value: '' },
    ]);
    await wrangler.succeeds('kv', 'bulk', 'put', file, ...on(namespace));
    assert.ok((await rest.get(namespace, 'binary')).value.equals(bytes));
    const { expiration } = await rest.get(namespace, 'for');
    assertExpiresAfter(expiration, 600, sent);
    assert.deepEqual(await rest.keys(namespace), [
      { name: 'a/b%2Fc' },
      { name: 'binary' },
      { name: 'described', metadata: { a: [1, { b: null }] } },
      { name: 'empty' },
      { name: 'for', expiration },
      { name: 'until', expiration: 1999999999 },
    ]);
  });

  test('put with one bad pair writes nothing', async () => {
    const namespace = await rest.createNamespace('bulk with a bad pair');
    const file = wrangler.file('bad.json', [
      { key: 'good', value: 'v' },
      { key: '..', value: 'v' },
    ]);
    await wrangler.fails('kv', 'bulk', 'put', file, ...on(namespace));
    assert.deepEqual(await rest.keyNames(namespace), []);
  });

  test('get answers what exists and null for what does not', async () => {
    const namespace = await rest.createNamespace('bulk get');
    await rest.bulkPut(namespace, [
      { key: 'a', value: '1' },
      { key: 'b/c', value: '{"x":2}' },
    ]);
    const { text } = await wrangler.succeeds(
      'kv',
      'bulk',
      'get',
      wrangler.file('get.json', ['a', 'b/c', 'missing']),
      ...on(namespace),
    );
    const values = JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1));
    assert.deepEqual(values, { a: '1', 'b/c': '{"x":2}', missing: null });
  });

  test('get of more than 100 keys is refused, not cut off', async () => {
    const namespace = await rest.createNamespace('bulk get of many');
    const keys = Array.from({ length: 101 }, (_, i) => `k${i}`);
    const { output } = await wrangler.fails(
      'kv',
      'bulk',
      'get',
      wrangler.file('get101.json', keys),
      ...on(namespace),
    );
    assert.match(output, /maximum of 100 keys/);
  });
});

describe('wrangler finds the server, the account and the namespace', twoAtATime, () => {
  for (const [what, base] of [
    ['with a slash at its end', () => `${server.baseUrl}/`],
    ['without /client/v4', () => server.origin],
  ]) {
    test(`a base URL ${what} serves wrangler's own requests and those of its SDK`, async () => {
      const namespace = await rest.createNamespace(`base ${what}`);
      await rest.put(namespace, 'k', 'v');
      const other = new Wrangler(server, { CLOUDFLARE_API_BASE_URL: base() });
      assert.equal((await other.succeeds('kv', 'key', 'get', 'k', ...on(namespace))).text, 'v');
      assert.ok((await other.json('kv', 'namespace', 'list')).some(({ id }) => id === namespace));
    });
  }

  test('whoami names the account', async () => {
    const { text } = await wrangler.succeeds('whoami');
    assert.match(text, new RegExp(server.account));
  });

  test('without an account id the only account is found and used', async () => {
    const namespace = await rest.createNamespace('no account id');
    const other = new Wrangler(server, { CLOUDFLARE_ACCOUNT_ID: undefined });
    await other.succeeds('kv', 'key', 'put', 'k', 'v', ...on(namespace));
    assert.equal((await rest.get(namespace, 'k')).value.toString(), 'v');
  });

  test('a wrong token fails with an authentication error and reveals nothing', async () => {
    const namespace = await rest.createNamespace('hidden title');
    await rest.put(namespace, 'k', 'hidden value');
    const stranger = new Wrangler(server, { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) });
    const { output } = await stranger.fails('kv', 'namespace', 'list');
    assert.match(output, /Authentication error|Invalid access token/);
    const { output: got } = await stranger.fails('kv', 'key', 'get', 'k', ...on(namespace));
    assert.match(got, /403: Forbidden/);
    assert.doesNotMatch(output + got, /hidden/);
  });

  test('a namespace of another account is not found', async () => {
    const other = new Wrangler(server, { CLOUDFLARE_ACCOUNT_ID: 'f'.repeat(32) });
    await other.fails('kv', 'namespace', 'list');
  });

  test('--binding takes the namespace from the config file', async () => {
    const namespace = await rest.createNamespace('bound');
    const project = new Wrangler(server);
    project.file('wrangler.json', {
      name: 'worker',
      compatibility_date: '2026-01-01',
      kv_namespaces: [{ binding: 'KV', id: namespace }],
    });
    await project.succeeds('kv', 'key', 'put', 'k', 'v', '--binding', 'KV', '--remote');
    assert.equal((await rest.get(namespace, 'k')).value.toString(), 'v');
  });

  test('--binding without an id fails with an answer of the API, since no Worker is deployed here', async () => {
    const project = new Wrangler(server);
    project.file('wrangler.json', {
      name: 'worker',
      compatibility_date: '2026-01-01',
      kv_namespaces: [{ binding: 'KV' }],
    });
    const { output } = await project.fails('kv', 'key', 'put', 'k', 'v', '--binding', 'KV', '--remote');
    // wrangler asks for the settings of the deployed Worker; both ways of having none are fine.
    assert.match(
      output,
      /workers\/scripts\/worker\/settings\) failed|No KV namespace ID found for binding "KV"/,
    );
    assert.doesNotMatch(output, /malformed|TypeError/);
  });
});
