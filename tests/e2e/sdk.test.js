// The official TypeScript SDK, version 7.3.0, against Cubby: all of client.kv.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import Cloudflare from 'cloudflare';
import { sharedCubby } from './support/cubby.js';
import { assertExpiresAfter, nowSeconds } from './support/http.js';
import { collect, failsWith, sdkClient } from './support/sdk.js';

const VALUE_BYTES_MAX = 25 * 1024 * 1024;

const server = sharedCubby();
const account_id = server.account;
const kv = () => sdkClient(Cloudflare, server).kv.namespaces;

const newNamespace = async (title) => (await kv().create({ account_id, title })).id;
const put = (namespace_id, key, params) => kv().values.update(key, { account_id, namespace_id, ...params });
const get = async (namespace_id, key) =>
  Buffer.from(await (await kv().values.get(key, { account_id, namespace_id })).arrayBuffer());
const metadata = (namespace_id, key) => kv().metadata.get(key, { account_id, namespace_id });

describe('namespaces', () => {
  test('create, get, update and delete', async () => {
    const created = await kv().create({ account_id, title: 'life of a namespace' });
    assert.match(created.id, /^[0-9a-f]{32}$/);
    assert.deepEqual(created, { id: created.id, title: 'life of a namespace', supports_url_encoding: true });
    assert.deepEqual(await kv().get(created.id, { account_id }), created);
    assert.deepEqual(await kv().update(created.id, { account_id, title: 'renamed' }), {
      ...created,
      title: 'renamed',
    });
    assert.equal(await kv().delete(created.id, { account_id }), null);
    await failsWith(Cloudflare.NotFoundError, 10013, kv().get(created.id, { account_id }));
  });

  test('list pages through all of them and ends', async () => {
    const titles = Array.from({ length: 25 }, (_, i) => `paged ${String(i).padStart(2, '0')}`);
    for (const title of titles) await kv().create({ account_id, title });
    const listed = await collect(kv().list({ account_id, per_page: 10, order: 'title', direction: 'desc' }));
    assert.deepEqual(
      listed.map(({ title }) => title).filter((title) => title.startsWith('paged')),
      titles.reverse(),
    );
  });

  test('the id of nothing is not found, and what is no id is malformed', async () => {
    await failsWith(Cloudflare.NotFoundError, 10013, kv().get('0'.repeat(32), { account_id }));
    await failsWith(Cloudflare.NotFoundError, 10013, kv().update('0'.repeat(32), { account_id, title: 'x' }));
    await failsWith(Cloudflare.NotFoundError, 10013, kv().delete('0'.repeat(32), { account_id }));
    await failsWith(Cloudflare.BadRequestError, 10011, kv().get('not-an-id', { account_id }));
  });

  test('a title is unique, and must not be empty', async () => {
    await newNamespace('unique');
    const other = await newNamespace('other');
    await failsWith(Cloudflare.BadRequestError, 10014, kv().create({ account_id, title: 'unique' }));
    await failsWith(Cloudflare.BadRequestError, 10014, kv().update(other, { account_id, title: 'unique' }));
    await failsWith(Cloudflare.BadRequestError, 10019, kv().create({ account_id, title: '' }));
    await failsWith(Cloudflare.BadRequestError, 10019, kv().update(other, { account_id, title: '' }));
    assert.equal((await kv().get(other, { account_id })).title, 'other');
  });
});

describe('values', () => {
  test('a string comes back, and a second put replaces it', async () => {
    const ns = await newNamespace('strings');
    assert.equal(await put(ns, 'k', { value: 'Grüße\r\n--\r\n' }), null);
    assert.equal((await get(ns, 'k')).toString(), 'Grüße\r\n--\r\n');
    await put(ns, 'k', { value: 'second' });
    assert.equal((await get(ns, 'k')).toString(), 'second');
  });

  test('a file of 1 MiB comes back byte for byte', async () => {
    const ns = await newNamespace('files');
    const bytes = randomBytes(1024 * 1024);
    await put(ns, 'file', { value: new File([bytes], 'data.bin') });
    assert.ok((await get(ns, 'file')).equals(bytes));
    await put(ns, 'blob', {
      value: new File([new Blob([bytes])], 'blob', { type: 'text/plain' }),
      metadata: '{"kind":"blob"}',
    });
    assert.ok((await get(ns, 'blob')).equals(bytes));
    assert.deepEqual(await metadata(ns, 'blob'), { kind: 'blob' });
  });

  test('an empty value is a value', async () => {
    const ns = await newNamespace('empty values');
    await put(ns, 'k', { value: '' });
    assert.equal((await get(ns, 'k')).length, 0);
  });

  test('delete answers null, for a missing key too', async () => {
    const ns = await newNamespace('deletes');
    await put(ns, 'k', { value: 'v' });
    assert.equal(await kv().values.delete('k', { account_id, namespace_id: ns }), null);
    assert.equal(await kv().values.delete('k', { account_id, namespace_id: ns }), null);
    await failsWith(Cloudflare.NotFoundError, 10009, get(ns, 'k'));
  });

  test('keys of every kind are kept as given', async () => {
    const ns = await newNamespace('odd keys');
    const keys = [
      'a/b c:%25?#+é',
      "!$&'()*+,;=:@-._~",
      'x'.repeat(512),
      '\u0001\u001f\u007f',
      '🦊/\\"',
      '...',
      'a/../b',
      '%2e%2e',
      'a//b',
    ];
    for (const key of keys) await put(ns, key, { value: key });
    for (const key of keys) assert.equal((await get(ns, key)).toString(), key);
    const inByteOrder = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    assert.deepEqual(await server.rest.keyNames(ns), inByteOrder);
  });

  test('the keys "." and ".." are refused by the SDK itself', async () => {
    const ns = await newNamespace('dots');
    for (const key of ['.', '..'])
      await assert.rejects(async () => put(ns, key, { value: 'v' }), Cloudflare.CloudflareError);
    assert.deepEqual(await server.rest.keyNames(ns), []);
  });

  test('a key of 513 bytes is refused', async () => {
    const ns = await newNamespace('long keys');
    await assert.rejects(put(ns, 'é'.repeat(256) + 'x', { value: 'v' }), Cloudflare.APIError);
    assert.deepEqual(await server.rest.keyNames(ns), []);
  });

  test('a value of 25 MiB is accepted', async () => {
    const ns = await newNamespace('largest value');
    const bytes = Buffer.alloc(VALUE_BYTES_MAX, 'cubby');
    await put(ns, 'k', { value: new File([bytes], 'largest') });
    assert.ok((await get(ns, 'k')).equals(bytes));
  });

  test('a value of 25 MiB and one byte is refused with 413 and not stored', async () => {
    const ns = await newNamespace('too large value');
    const error = await put(ns, 'k', {
      value: new File([Buffer.alloc(VALUE_BYTES_MAX + 1)], 'too large'),
    }).then(
      () => assert.fail('accepted'),
      (error) => error,
    );
    assert.equal(error.status, 413, String(error));
    await failsWith(Cloudflare.NotFoundError, 10009, get(ns, 'k'));
  });

  test('put and get in an unknown namespace say so', async () => {
    await failsWith(Cloudflare.NotFoundError, 10013, put('0'.repeat(32), 'k', { value: 'v' }));
    await failsWith(Cloudflare.NotFoundError, 10013, get('0'.repeat(32), 'k'));
    await failsWith(
      Cloudflare.NotFoundError,
      10013,
      kv().values.delete('k', { account_id, namespace_id: '0'.repeat(32) }),
    );
  });
});

describe('expiry', () => {
  test('expiration and expiration_ttl arrive as a time in the header and in the list', async () => {
    const ns = await newNamespace('expiry');
    const sent = nowSeconds();
    await put(ns, 'at', { value: 'v', expiration: 1999999999 });
    await put(ns, 'in', { value: 'v', expiration_ttl: 60 });
    await put(ns, 'both', { value: 'v', expiration: 1999999999, expiration_ttl: 120 });
    const expirations = Object.fromEntries(
      (await collect(kv().keys.list(ns, { account_id }))).map((key) => [key.name, key.expiration]),
    );
    assert.equal(expirations.at, 1999999999);
    assertExpiresAfter(expirations.in, 60, sent);
    assertExpiresAfter(expirations.both, 120, sent);
    const response = await kv().values.get('at', { account_id, namespace_id: ns });
    assert.equal(response.headers.get('expiration'), '1999999999');
  });

  test('a put without expiry and metadata takes both away', async () => {
    const ns = await newNamespace('overwrite');
    await put(ns, 'k', { value: 'v', expiration_ttl: 60, metadata: '{"a":1}' });
    await put(ns, 'k', { value: 'v' });
    assert.deepEqual(await collect(kv().keys.list(ns, { account_id })), [{ name: 'k' }]);
  });

  test('what would expire within a minute is refused and not stored', async () => {
    const ns = await newNamespace('too soon');
    await failsWith(Cloudflare.BadRequestError, 10034, put(ns, 'k', { value: 'v', expiration_ttl: 59 }));
    await assert.rejects(
      put(ns, 'k', { value: 'v', expiration: nowSeconds() + 10 }),
      Cloudflare.BadRequestError,
    );
    await assert.rejects(put(ns, 'k', { value: 'v', expiration: 5 }), Cloudflare.BadRequestError);
    assert.deepEqual(await server.rest.keyNames(ns), []);
  });
});

describe('metadata', () => {
  test('a string is the JSON text of the metadata', async () => {
    const ns = await newNamespace('metadata as text');
    await put(ns, 'k', { value: 'v', metadata: '{"a":1,"list":[true,null],"é":"ü"}' });
    assert.deepEqual(await metadata(ns, 'k'), { a: 1, list: [true, null], é: 'ü' });
  });

  // This SDK sends an object as parts `metadata[a]`, `metadata[b][c][]`, which say nothing about types.
  test('an object is put together again, with text at its leaves', async () => {
    const ns = await newNamespace('metadata as object');
    await put(ns, 'k', { value: 'v', metadata: { a: 1, b: { c: [1, 2], d: 'x' }, flag: true } });
    assert.deepEqual(await metadata(ns, 'k'), { a: '1', b: { c: ['1', '2'], d: 'x' }, flag: 'true' });
    assert.equal((await get(ns, 'k')).toString(), 'v');
  });

  test('is null for a key without, and not found for a missing key', async () => {
    const ns = await newNamespace('no metadata');
    await put(ns, 'k', { value: 'v' });
    assert.equal(await metadata(ns, 'k'), null);
    await failsWith(Cloudflare.NotFoundError, 10009, metadata(ns, 'missing'));
    await failsWith(Cloudflare.NotFoundError, 10013, metadata('0'.repeat(32), 'k'));
  });

  test('that is no JSON, or over 1024 bytes, is refused and nothing is stored', async () => {
    const ns = await newNamespace('bad metadata');
    const sized = (bytes) => JSON.stringify('x'.repeat(bytes - 2));
    await assert.rejects(put(ns, 'k', { value: 'v', metadata: '{broken' }), Cloudflare.BadRequestError);
    await assert.rejects(put(ns, 'k', { value: 'v', metadata: sized(1025) }), Cloudflare.APIError);
    assert.deepEqual(await server.rest.keyNames(ns), []);
    await put(ns, 'k', { value: 'v', metadata: sized(1024) });
    assert.equal((await metadata(ns, 'k')).length, 1022);
  });
});

describe('keys and bulk', () => {
  const numbered = (count) => Array.from({ length: count }, (_, i) => `k${String(i).padStart(4, '0')}`);

  test('keys.list pages by itself over 2,345 keys', async () => {
    const ns = await newNamespace('many keys');
    const names = numbered(2345);
    const written = await kv().bulkUpdate(ns, {
      account_id,
      body: names.map((key) => ({ key, value: key })),
    });
    assert.deepEqual(written, { successful_key_count: 2345, unsuccessful_keys: [] });
    assert.deepEqual(
      (await collect(kv().keys.list(ns, { account_id }))).map(({ name }) => name),
      names,
    );
    assert.deepEqual(
      (await collect(kv().keys.list(ns, { account_id, limit: 100, prefix: 'k1' }))).map(({ name }) => name),
      names.slice(1000, 2000),
    );
  });

  // 7.3 offers the same three calls on namespaces and on namespaces.keys.
  for (const [where, calls] of [
    ['namespaces', () => kv()],
    ['namespaces.keys', () => kv().keys],
  ]) {
    test(`${where}.bulkUpdate, bulkGet and bulkDelete`, async () => {
      const ns = await newNamespace(`bulk on ${where}`);
      const written = await calls().bulkUpdate(ns, {
        account_id,
        body: [
          { key: 'text', value: 'hello', metadata: { m: 1 }, expiration: 1999999999 },
          { key: 'json', value: '{"x":[1]}' },
          { key: 'binary', value: 'AP/+', base64: true },
        ],
      });
      assert.deepEqual(written, { successful_key_count: 3, unsuccessful_keys: [] });
      assert.deepEqual(await get(ns, 'binary'), Buffer.from([0, 255, 254]));

      const read = (params) => calls().bulkGet(ns, { account_id, ...params });
      assert.deepEqual(await read({ keys: ['text', 'json', 'none'] }), {
        values: { text: 'hello', json: '{"x":[1]}', none: null },
      });
      assert.deepEqual(await read({ keys: ['json'], type: 'json' }), { values: { json: { x: [1] } } });
      const { values } = await read({ keys: ['text', 'json', 'none'], withMetadata: true });
      assert.deepEqual(values.text, { value: 'hello', metadata: { m: 1 }, expiration: 1999999999 });
      assert.equal(values.json.value, '{"x":[1]}');
      assert.equal(values.json.metadata ?? null, null);
      assert.equal(values.none, null);

      assert.deepEqual(
        await calls().bulkDelete(ns, { account_id, body: ['text', 'json', 'never existed'] }),
        {
          successful_key_count: 3,
          unsuccessful_keys: [],
        },
      );
      assert.deepEqual(await server.rest.keyNames(ns), ['binary']);
    });
  }

  test('bulkGet takes 1 to 100 keys', async () => {
    const ns = await newNamespace('bulk get limits');
    await failsWith(Cloudflare.BadRequestError, 10029, kv().bulkGet(ns, { account_id, keys: [] }));
    await assert.rejects(kv().bulkGet(ns, { account_id, keys: numbered(101) }), Cloudflare.BadRequestError);
    const { values } = await kv().bulkGet(ns, { account_id, keys: numbered(100) });
    assert.equal(Object.keys(values).length, 100);
  });

  test('bulkUpdate is all or nothing', async () => {
    const ns = await newNamespace('bulk all or nothing');
    for (const bad of [
      { key: '', value: 'v' },
      { key: 'x'.repeat(513), value: 'v' },
      { key: 'soon', value: 'v', expiration_ttl: 10 },
    ]) {
      await assert.rejects(
        kv().bulkUpdate(ns, { account_id, body: [{ key: 'good', value: 'v' }, bad] }),
        Cloudflare.APIError,
      );
    }
    assert.deepEqual(await server.rest.keyNames(ns), []);
    assert.deepEqual(await kv().bulkUpdate(ns, { account_id, body: [] }), {
      successful_key_count: 0,
      unsuccessful_keys: [],
    });
  });
});

describe('credentials', () => {
  test('a wrong token is denied, without a retry that could hide it', async () => {
    const stranger = sdkClient(Cloudflare, server, { apiToken: 'x'.repeat(40) });
    const error = await stranger.kv.namespaces.create({ account_id, title: 'intrusion' }).then(
      () => assert.fail('accepted'),
      (error) => error,
    );
    assert.equal(error.status, 403, String(error));
    assert.ok([10000, 9109].includes(error.errors[0].code), String(error));
    assert.ok(!(await server.rest.namespaces()).some(({ title }) => title === 'intrusion'));
  });

  test('a base URL with a slash at its end works', async () => {
    const client = sdkClient(Cloudflare, server, { baseURL: `${server.baseUrl}/` });
    assert.ok(Array.isArray(await collect(client.kv.namespaces.list({ account_id }))));
  });
});
