// Clients that are not installed here (Go, Python, Terraform): their requests, byte for byte as these
// clients write them, and the parts of the answers that they depend on.
//
// Header lines keep the order and the case of the client; `exchange` adds Host and Content-Length only.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sharedCubby } from './support/cubby.js';
import { RawConnection, assertExpiresAfter, exchange, nowSeconds } from './support/http.js';

const server = sharedCubby();
const rest = server.rest;
const base = () => `/client/v4/accounts/${server.account}/storage/kv/namespaces`;
const bearer = `Authorization: Bearer ${server.token}`;

// A value that ends like a delimiter begins: the parser must not take a byte too many or too few.
const binary = Buffer.from([0, 255, 254, 0x62, 0x69, 0x6e, 13, 10]);

// The key of the specification's table of encodings, and how Go (so also Terraform) escapes it.
const oddKey = 'a/b c:%25?#+é';
const oddKeyEscapedByGo = 'a%2Fb%20c:%2525%3F%23+%C3%A9';

// A form as text: [name, value] or [name, value, headers of the part], with the client's own boundary.
function form(boundary, parts) {
  const pieces = parts.map(([disposition, value, ...headers]) =>
    Buffer.concat([
      Buffer.from(
        [`--${boundary}`, `Content-Disposition: form-data; ${disposition}`, ...headers, '', ''].join('\r\n'),
      ),
      Buffer.from(value),
      Buffer.from('\r\n'),
    ]),
  );
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

// Checks status, content type and envelope; returns the whole document.
function envelope(answer, status = 200) {
  assert.equal(answer.status, status, answer.body.toString());
  // The Go SDK decodes nothing else, and shows no API error without it.
  assert.match(answer.headers['content-type'], /^application\/json/);
  const document = answer.json;
  for (const field of ['result', 'success', 'errors', 'messages'])
    assert.ok(field in document, `${field} is missing`);
  assert.equal(document.success, status === 200);
  return document;
}

function refusal(answer, status, code) {
  const { result, errors } = envelope(answer, status);
  assert.equal(result, null);
  assert.equal(errors[0].code, code, JSON.stringify(errors));
}

describe('cloudflare-python', () => {
  const headers = (version, ...more) => [
    'Accept-Encoding: gzip, deflate',
    'Connection: keep-alive',
    'Accept: application/json',
    `User-Agent: Cloudflare/Python ${version}`,
    'X-Stainless-Lang: python',
    `X-Stainless-Package-Version: ${version}`,
    'X-Stainless-OS: Linux',
    'X-Stainless-Arch: x64',
    'X-Stainless-Runtime: CPython',
    'X-Stainless-Runtime-Version: 3.11.2',
    `api-version: ${new Date().toISOString().slice(0, 10)}`,
    bearer,
    'x-stainless-retry-count: 0',
    'x-stainless-read-timeout: 60',
    ...more,
  ];
  const boundary = '8e1d1a7fc0f6f3b5b4cbb1c1d3c5e9a7';
  const multipart = `Content-Type: multipart/form-data; boundary=${boundary}`;

  test('4.4 puts a dictionary as metadata in parts named with dots, and a float as TTL', async () => {
    const ns = await rest.createNamespace('python 4.4 put');
    const sent = nowSeconds();
    const body = form(boundary, [
      ['name="value"', 'hello'],
      ['name="metadata.a"', '1'],
      ['name="metadata.b.c"', 'x'],
      ['name="metadata.list[]"', '1'],
      ['name="metadata.list[]"', '2'],
    ]);
    const answer = await exchange(
      server,
      [`PUT ${base()}/${ns}/values/k?expiration_ttl=60.0`, ...headers('4.4.0', multipart)],
      body,
    );
    assert.equal(envelope(answer).result, null);
    const { value, expiration } = await rest.get(ns, 'k');
    assert.equal(value.toString(), 'hello');
    assertExpiresAfter(expiration, 60, sent);
    assert.deepEqual(await rest.metadata(ns, 'k'), { a: '1', b: { c: 'x' }, list: ['1', '2'] });
  });

  test('4.4 puts bytes as a file part', async () => {
    const ns = await rest.createNamespace('python 4.4 bytes');
    const body = form(boundary, [
      ['name="metadata"', '{"x":1}'],
      ['name="value"; filename="upload"', binary, 'Content-Type: application/octet-stream'],
    ]);
    envelope(
      await exchange(
        server,
        [`PUT ${base()}/${ns}/values/k?expiration=1999999999.0`, ...headers('4.4.0', multipart)],
        body,
      ),
    );
    assert.deepEqual(await rest.get(ns, 'k'), { value: binary, expiration: 1999999999 });
    assert.deepEqual(await rest.metadata(ns, 'k'), { x: 1 });
  });

  test('4.3 puts a JSON document where a form belongs, and it is stored as it is', async () => {
    const ns = await rest.createNamespace('python 4.3 put');
    const body = '{"metadata":"{}","value":"X"}';
    envelope(
      await exchange(
        server,
        [`PUT ${base()}/${ns}/values/k`, ...headers('4.3.1', 'Content-Type: application/json')],
        body,
      ),
    );
    assert.equal((await rest.get(ns, 'k')).value.toString(), body);
    assert.equal(await rest.metadata(ns, 'k'), null);
  });

  test('4.3 claims JSON on a GET and a DELETE that have no body', async () => {
    const ns = await rest.createNamespace('python 4.3 get');
    await rest.put(ns, 'k', binary);
    const json = 'Content-Type: application/json';
    const read = await exchange(server, [`GET ${base()}/${ns}/values/k`, ...headers('4.3.1', json)]);
    assert.equal(read.status, 200);
    assert.deepEqual(read.body, binary);
    assert.equal(
      envelope(await exchange(server, [`DELETE ${base()}/${ns}/values/k`, ...headers('4.3.1', json)])).result,
      null,
    );
    refusal(await exchange(server, [`GET ${base()}/${ns}/values/k`, ...headers('4.3.1', json)]), 404, 10009);
    assert.equal(
      envelope(await exchange(server, [`DELETE ${base()}/${ns}`, ...headers('4.3.1', json)])).result,
      null,
    );
  });

  test('a slash in a key is not escaped, and stays part of the key', async () => {
    const ns = await rest.createNamespace('python key');
    await rest.put(ns, 'a/b c', 'v');
    const answer = await exchange(server, [`GET ${base()}/${ns}/values/a/b%20c`, ...headers('4.4.0')]);
    assert.equal(answer.body.toString(), 'v');
  });

  // values.delete("..") leaves the client like this.
  test('a DELETE of the namespace with a slash behind it deletes nothing', async () => {
    const ns = await rest.createNamespace('python dots');
    await rest.put(ns, 'precious', 'data');
    const answer = await exchange(server, [
      `DELETE ${base()}/${ns}/`,
      ...headers('4.3.1', 'Content-Type: application/json'),
    ]);
    refusal(answer, 404, 7003);
    assert.deepEqual(await rest.keyNames(ns), ['precious']);
  });

  test('keys.list follows result_info.cursor, with a plus for a space in the prefix', async () => {
    const ns = await rest.createNamespace('python list');
    const names = Array.from({ length: 25 }, (_, i) => `a b${String(i).padStart(2, '0')}`);
    await rest.bulkPut(
      ns,
      [...names, 'other'].map((key) => ({ key, value: 'v' })),
    );
    const listed = [];
    for (let cursor = ''; ;) {
      const more = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const answer = await exchange(server, [
        `GET ${base()}/${ns}/keys?limit=10&prefix=a+b${more}`,
        ...headers('4.4.0'),
      ]);
      const { result, result_info } = envelope(answer);
      assert.equal(result_info.count, result.length);
      listed.push(...result.map(({ name }) => name));
      cursor = result_info.cursor;
      if (!cursor) break;
    }
    assert.deepEqual(listed, names);
  });

  test('bulk_get and bulk_delete', async () => {
    const ns = await rest.createNamespace('python bulk');
    await rest.put(ns, 'a', '1');
    const json = headers('4.4.0', 'Content-Type: application/json');
    const got = await exchange(
      server,
      [`POST ${base()}/${ns}/bulk/get`, ...json],
      '{"keys":["a","b"],"type":"text","withMetadata":false}',
    );
    assert.deepEqual(envelope(got).result, { values: { a: '1', b: null } });
    const deleted = await exchange(server, [`POST ${base()}/${ns}/bulk/delete`, ...json], '["a","b"]');
    assert.deepEqual(envelope(deleted).result, { successful_key_count: 2, unsuccessful_keys: [] });
  });
});

// net/http: Host, User-Agent, Content-Length, then the rest sorted, names in canonical case.
describe('cloudflare-go v6', () => {
  const headers = (...more) => [
    'User-Agent: Cloudflare/Go 6.6.0',
    'Accept: application/json',
    bearer,
    ...more,
    'X-Stainless-Arch: x64',
    'X-Stainless-Lang: go',
    'X-Stainless-Os: Linux',
    'X-Stainless-Package-Version: 6.6.0',
    'X-Stainless-Retry-Count: 0',
    'X-Stainless-Runtime: go',
    'X-Stainless-Runtime-Version: go1.23.4',
    'Accept-Encoding: gzip',
  ];
  const boundary = '3b2f6f0d8c5a4e1f9b7d2c6a0e8f4b1d5c9a7e3f6b0d2c8a4e1f7b5d9c3a';

  test('puts a map as metadata in parts named with dots', async () => {
    const ns = await rest.createNamespace('go v6 put');
    const body = form(boundary, [
      ['name="metadata.a"', '1'],
      ['name="metadata.b.c"', 'x'],
      ['name="value"', 'hello'],
    ]);
    const answer = await exchange(
      server,
      [
        `PUT ${base()}/${ns}/values/k?expiration_ttl=3600`,
        ...headers(`Content-Type: multipart/form-data; boundary=${boundary}`),
      ],
      body,
    );
    assert.equal(envelope(answer).result, null);
    assert.equal((await rest.get(ns, 'k')).value.toString(), 'hello');
    assert.deepEqual(await rest.metadata(ns, 'k'), { a: '1', b: { c: 'x' } });
  });

  test('lists keys by following result_info.cursors.after', async () => {
    const ns = await rest.createNamespace('go v6 list');
    const names = Array.from({ length: 30 }, (_, i) => `k${String(i).padStart(2, '0')}`);
    await rest.bulkPut(
      ns,
      names.map((key) => ({ key, value: 'v' })),
    );
    const listed = [];
    for (let cursor = ''; ;) {
      const query = cursor ? `cursor=${encodeURIComponent(cursor)}&limit=10` : 'limit=10';
      const { result, result_info } = envelope(
        await exchange(server, [`GET ${base()}/${ns}/keys?${query}`, ...headers()]),
      );
      assert.ok(result.length > 0, 'this client stops at an empty page and would lose what follows');
      listed.push(...result.map(({ name }) => name));
      cursor = result_info.cursors.after;
      if (!cursor) break;
    }
    assert.deepEqual(listed, names);
  });

  test('lists namespaces until a page is empty', async () => {
    for (let i = 0; i < 3; ++i) await rest.createNamespace(`go v6 page ${i}`);
    const expected = (await rest.namespaces()).map(({ id }) => id);
    const listed = [];
    for (let page = 1; page <= expected.length + 2; ++page) {
      const { result } = envelope(
        await exchange(server, [`GET ${base()}?page=${page}&per_page=10`, ...headers()]),
      );
      if (result.length === 0) break;
      listed.push(...result.map(({ id }) => id));
    }
    assert.deepEqual(listed.sort(), expected.sort());
  });

  test('an API error is JSON with a code', async () => {
    refusal(await exchange(server, [`GET ${base()}/${'0'.repeat(32)}/values/k`, ...headers()]), 404, 10013);
    refusal(await exchange(server, [`GET ${base()}/nope/keys`, ...headers()]), 400, 10011);
  });
});

describe('cloudflare-go v0 (flarectl and older tools)', () => {
  const headers = (type = 'application/json') => [
    'User-Agent: cloudflare-go/0.116.0',
    bearer,
    `Content-Type: ${type}`,
    'Accept-Encoding: gzip',
  ];

  test('puts raw bytes under an escaped key', async () => {
    const ns = await rest.createNamespace('go v0 put');
    const path = `${base()}/${ns}/values/${oddKeyEscapedByGo}`;
    assert.equal(
      envelope(await exchange(server, [`PUT ${path}`, ...headers('application/octet-stream')], binary))
        .result,
      null,
    );
    assert.deepEqual(await rest.keyNames(ns), [oddKey]);
    assert.deepEqual((await exchange(server, [`GET ${path}`, ...headers()])).body, binary);
  });

  test('pages through namespaces by total_pages', async () => {
    for (let i = 0; i < 3; ++i) await rest.createNamespace(`go v0 page ${i}`);
    const expected = (await rest.namespaces()).map(({ id }) => id);
    const listed = [];
    for (let page = 1, pages = 1; page <= pages; ++page) {
      const { result, result_info } = envelope(
        await exchange(server, [`GET ${base()}?page=${page}&per_page=2`, ...headers()]),
      );
      listed.push(...result.map(({ id }) => id));
      assert.deepEqual(
        { ...result_info },
        {
          page,
          per_page: 2,
          count: result.length,
          total_count: expected.length,
          total_pages: Math.ceil(expected.length / 2),
        },
      );
      pages = result_info.total_pages;
    }
    assert.deepEqual(listed.sort(), expected.sort());
  });

  test('deletes in bulk by DELETE with a body', async () => {
    const ns = await rest.createNamespace('go v0 bulk');
    const written = await exchange(
      server,
      [`PUT ${base()}/${ns}/bulk`, ...headers()],
      '[{"key":"a","value":"1"},{"key":"b","value":"2"}]',
    );
    assert.equal(envelope(written).success, true);
    assert.equal(
      envelope(await exchange(server, [`DELETE ${base()}/${ns}/bulk`, ...headers()], '["a"]')).success,
      true,
    );
    assert.deepEqual(await rest.keyNames(ns), ['b']);
  });
});

describe('Terraform provider v5', () => {
  const headers = (...more) => [
    'User-Agent: terraform-provider-cloudflare/5.14.0 terraform-plugin-framework/1.16.1 terraform/1.9.8',
    'Accept: application/json',
    bearer,
    ...more,
    'X-Stainless-Arch: x64',
    'X-Stainless-Lang: Terraform',
    'X-Stainless-Os: Linux',
    'X-Stainless-Retry-Count: 0',
    'Accept-Encoding: gzip',
  ];
  const json = 'Content-Type: application/json';

  test('cloudflare_workers_kv_namespace: create, read, rename, delete', async () => {
    const { result: created } = envelope(
      await exchange(server, [`POST ${base()}`, ...headers(json)], '{"title":"terraform namespace"}'),
    );
    assert.deepEqual(created, { id: created.id, title: 'terraform namespace', supports_url_encoding: true });
    const path = `${base()}/${created.id}`;
    assert.deepEqual(envelope(await exchange(server, [`GET ${path}`, ...headers()])).result, created);
    const { result: renamed } = envelope(
      await exchange(server, [`PUT ${path}`, ...headers(json)], '{"title":"terraform renamed"}'),
    );
    assert.deepEqual(renamed, { ...created, title: 'terraform renamed' });
    envelope(await exchange(server, [`DELETE ${path}`, ...headers()]));
    // Exactly this status means "gone" and takes the resource out of the state.
    refusal(await exchange(server, [`GET ${path}`, ...headers()]), 404, 10013);
  });

  test('cloudflare_workers_kv: create, read value then metadata, update, delete', async () => {
    const ns = await rest.createNamespace('terraform kv');
    const value = `${base()}/${ns}/values/${oddKeyEscapedByGo}`;
    const metadata = `${base()}/${ns}/metadata/${oddKeyEscapedByGo}`;
    const boundary = 'c1a9d3f7e5b20864c1a9d3f7e5b20864c1a9d3f7e5b20864c1a9d3f7e5b2';
    const put = (parts) =>
      exchange(
        server,
        [`PUT ${value}`, ...headers(`Content-Type: multipart/form-data; boundary=${boundary}`)],
        form(boundary, parts),
      );
    const read = async () => {
      const got = await exchange(server, [`GET ${value}`, ...headers()]);
      return [
        got.status,
        got.body.toString(),
        envelope(await exchange(server, [`GET ${metadata}`, ...headers()])).result,
      ];
    };

    envelope(
      await put([
        ['name="value"', 'first'],
        ['name="metadata"', '{"owner":"ops","n":[1,2]}'],
      ]),
    );
    assert.deepEqual(await read(), [200, 'first', { owner: 'ops', n: [1, 2] }]);
    assert.deepEqual(await rest.keyNames(ns), [oddKey]);

    envelope(await put([['name="value"', 'second']]));
    assert.deepEqual(await read(), [200, 'second', null]);

    envelope(await exchange(server, [`DELETE ${value}`, ...headers()]));
    refusal(await exchange(server, [`GET ${value}`, ...headers()]), 404, 10009);
  });
});

describe('the form of wrangler, as recorded in the specification', () => {
  const boundary = '----formdata-undici-088064922598';
  const request = (ns) => {
    const body = form(boundary, [
      ['name="value"; filename="blob"', binary, 'Content-Type: application/octet-stream'],
      ['name="metadata"', '{"x":1}'],
    ]);
    const headers = [bearer, `content-type: multipart/form-data; boundary=${boundary}`];
    return { line: `PUT ${base()}/${ns}/values/k6?expiration_ttl=3600`, headers, body };
  };

  test('keeps the line end of the value and drops that of the delimiter', async () => {
    const ns = await rest.createNamespace('wrangler form');
    const { line, headers, body } = request(ns);
    assert.equal(body.length, 285, 'the recorded content-length');
    envelope(await exchange(server, [line, ...headers], body));
    assert.deepEqual((await rest.get(ns, 'k6')).value, binary);
    assert.deepEqual(await rest.metadata(ns, 'k6'), { x: 1 });
  });

  test('is understood in whatever pieces it arrives', async () => {
    const ns = await rest.createNamespace('wrangler form in pieces');
    const { line, headers, body } = request(ns);
    const { host } = new URL(server.origin);
    const head = Buffer.from(
      [`${line} HTTP/1.1`, `Host: ${host}`, ...headers, `Content-Length: ${body.length}`, '', ''].join(
        '\r\n',
      ),
    );
    const connection = await RawConnection.open(server);
    try {
      // One write a byte; the kernel may join some, but the delimiters are cut at most places.
      for (const byte of Buffer.concat([head, body])) await connection.sendNow(Buffer.of(byte));
      envelope(await connection.answer('PUT'));
    } finally {
      connection.close();
    }
    assert.deepEqual((await rest.get(ns, 'k6')).value, binary);
    assert.deepEqual(await rest.metadata(ns, 'k6'), { x: 1 });
  });
});
