// Older versions of the TypeScript SDK that programs still use, where they differ from 7.3.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import Cloudflare4 from 'cloudflare-4';
import Cloudflare5 from 'cloudflare-5';
import Cloudflare6 from 'cloudflare-6';
import { sharedCubby } from './support/cubby.js';
import { collect, failsWith, sdkClient } from './support/sdk.js';

const server = sharedCubby();
const account_id = server.account;

// A binary value whose end looks like the beginning of a multipart delimiter.
const binary = Buffer.from([0, 255, 254, 13, 10, 45, 45, 13, 10]);
const file = () => new File([binary], 'x.bin');

const versions = { '4.4.1': Cloudflare4, '5.2.0': Cloudflare5, '6.5.0': Cloudflare6 };

for (const [version, Cloudflare] of Object.entries(versions)) {
  describe(`cloudflare ${version}`, () => {
    const kv = () => sdkClient(Cloudflare, server).kv.namespaces;
    const newNamespace = async (title) =>
      (await kv().create({ account_id, title: `${version} ${title}` })).id;
    const put = (ns, key, params) => kv().values.update(ns, key, { account_id, ...params });
    const get = async (ns, key) =>
      Buffer.from(await (await kv().values.get(ns, key, { account_id })).arrayBuffer());

    test('namespaces: create, rename, list to the end, delete', async () => {
      const created = await kv().create({ account_id, title: `${version} life` });
      assert.deepEqual(await kv().update(created.id, { account_id, title: `${version} renamed` }), {
        ...created,
        title: `${version} renamed`,
      });
      const listed = await collect(kv().list({ account_id, per_page: 5 }));
      assert.ok(listed.some(({ id }) => id === created.id));
      assert.equal(await kv().delete(created.id, { account_id }), null);
      await failsWith(Cloudflare.NotFoundError, 10013, kv().get(created.id, { account_id }));
    });

    test('a file is sent as multipart and comes back byte for byte', async () => {
      const ns = await newNamespace('file');
      await put(ns, 'k', { value: file(), metadata: '{"a":1}', expiration: 1999999999 });
      assert.deepEqual(await get(ns, 'k'), binary);
      assert.deepEqual(await kv().metadata.get(ns, 'k', { account_id }), { a: 1 });
      assert.deepEqual(await collect(kv().keys.list(ns, { account_id })), [
        { name: 'k', expiration: 1999999999, metadata: { a: 1 } },
      ]);
    });

    test('keys.list pages by itself over 2,100 keys', async () => {
      const ns = await newNamespace('paging');
      const names = Array.from({ length: 2100 }, (_, i) => `k${String(i).padStart(4, '0')}`);
      await kv().bulkUpdate(ns, { account_id, body: names.map((key) => ({ key, value: 'v' })) });
      // 5.2 follows result_info.cursors.after, the others result_info.cursor.
      assert.deepEqual(
        (await collect(kv().keys.list(ns, { account_id }))).map(({ name }) => name),
        names,
      );
      await kv().bulkDelete(ns, { account_id, body: names.slice(1) });
      assert.deepEqual(await server.rest.keyNames(ns), names.slice(0, 1));
    });

    test('bulkGet reads text, JSON and metadata', async () => {
      const ns = await newNamespace('bulk get');
      await server.rest.bulkPut(ns, [{ key: 'a', value: '{"x":1}', metadata: { m: 1 } }]);
      assert.deepEqual(await kv().bulkGet(ns, { account_id, keys: ['a', 'b'] }), {
        values: { a: '{"x":1}', b: null },
      });
      const { values } = await kv().bulkGet(ns, {
        account_id,
        keys: ['a'],
        type: 'json',
        withMetadata: true,
      });
      assert.deepEqual(values.a, { value: { x: 1 }, metadata: { m: 1 } });
    });

    test('a key goes into the URL as it is: slashes stay, a caller may escape', async () => {
      const ns = await newNamespace('unescaped keys');
      await put(ns, 'a/b c', { value: file() });
      await put(ns, encodeURIComponent('d/e?f#g%'), { value: file() });
      assert.deepEqual(await server.rest.keyNames(ns), ['a/b c', 'd/e?f#g%']);
      assert.deepEqual(await get(ns, 'a/b c'), binary);
    });

    test('a missing key is a NotFoundError with code 10009', async () => {
      const ns = await newNamespace('missing key');
      await failsWith(Cloudflare.NotFoundError, 10009, get(ns, 'missing'));
    });

    // The client resolves the dots, so that these arrive as {namespace}/ and {namespace}/values/.
    test('the keys "." and ".." are refused and harm nothing', async () => {
      const ns = await newNamespace('dots');
      await server.rest.put(ns, 'precious', 'data');
      for (const key of ['.', '..']) {
        await assert.rejects(put(ns, key, { value: 'v' }), Cloudflare.APIError);
        await assert.rejects(kv().values.delete(ns, key, { account_id }), Cloudflare.APIError);
        await assert.rejects(get(ns, key), Cloudflare.APIError);
      }
      assert.deepEqual(await server.rest.keyNames(ns), ['precious']);
    });
  });
}

describe('how a value is sent', () => {
  const put = async (version, params) => {
    const kv = sdkClient(versions[version], server).kv.namespaces;
    const { id } = await kv.create({ account_id, title: `value of ${version} ${JSON.stringify(params)}` });
    assert.equal(await kv.values.update(id, 'k', { account_id, ...params }), null);
    return {
      value: (await server.rest.get(id, 'k')).value.toString(),
      metadata: await server.rest.metadata(id, 'k'),
    };
  };

  // 4.4 sends a JSON document with content type */* where it should send a form. Cloudflare stores
  // that document as the value, and so must a server that takes only multipart apart.
  test('4.4.1 sends text as a JSON document, which is stored as it is', async () => {
    const { value, metadata } = await put('4.4.1', { value: 'hello', metadata: '{"a":1}' });
    assert.deepEqual(JSON.parse(value), { value: 'hello', metadata: '{"a":1}' });
    assert.equal(metadata, null);
  });

  test('4.4.1 flattens an object beside a file into parts metadata[a]', async () => {
    const { value, metadata } = await put('4.4.1', { value: file(), metadata: { a: 1, b: ['x', 'y'] } });
    assert.equal(value, binary.toString());
    assert.deepEqual(metadata, { a: '1', b: ['x', 'y'] });
  });

  for (const version of ['5.2.0', '6.5.0']) {
    test(`${version} sends text as a form`, async () => {
      assert.deepEqual(await put(version, { value: 'hello' }), { value: 'hello', metadata: null });
      assert.deepEqual(await put(version, { value: '' }), { value: '', metadata: null });
    });

    // Between the flattening versions, these send it as a part of its own, dressed as a file.
    test(`${version} sends an object as one JSON part, types and all`, async () => {
      const metadata = { a: 1, b: { c: [1, true, null] } };
      assert.deepEqual(await put(version, { value: 'hello', metadata }), { value: 'hello', metadata });
    });
  }
});
