// What a Worker does with its namespace, and what it must then see. Runs inside workerd, whichever version, and inside
// miniflare and `wrangler dev`. env.KV is a namespace; env.API, where there is one, the REST API of the same server,
// with `env.API_STORE` the path of the same namespace.
import assert from 'node:assert/strict';

const MiB = 1024 * 1024;
const VALUE_MAX = 25 * MiB;

const nowSeconds = () => Math.floor(Date.now() / 1000);
const bytes = (...numbers) => new Uint8Array(numbers);
const text = (value) => new TextEncoder().encode(value);

// A stream of unknown length, so it is sent in chunks; `fail` is thrown in the place of its end.
function stream(chunks, fail) {
  const rest = [...chunks];
  return new ReadableStream({
    pull(controller) {
      if (rest.length) controller.enqueue(rest.shift());
      else if (fail) controller.error(fail);
      else controller.close();
    },
  });
}

function fixedLength(chunks, length = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)) {
  const { readable, writable } = new FixedLengthStream(length);
  const writer = writable.getWriter();
  (async () => {
    for (const chunk of chunks) await writer.write(chunk);
    await writer.close();
  })().catch(() => {});
  return readable;
}

// `size` bytes in pieces of 64 KiB, whose content tells their place.
function* pieces(size) {
  for (let at = 0; at < size; at += 65536) {
    const piece = new Uint8Array(Math.max(4, Math.min(65536, size - at)));
    new DataView(piece.buffer).setUint32(0, at);
    yield piece.subarray(0, size - at);
  }
}

async function checkPieces(readable, size) {
  let at = 0;
  const seen = new Uint8Array(4);
  for await (const chunk of readable) {
    for (let i = (65536 - (at % 65536)) % 65536; i < chunk.length; i += 65536) {
      seen.set(chunk.subarray(i, i + 4));
      if (i + 4 <= chunk.length) assert.equal(new DataView(seen.buffer).getUint32(0), at + i);
    }
    at += chunk.length;
  }
  assert.equal(at, size);
}

const failsWith = (promise, message) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.message, message);
    return true;
  });

const rest = async (env, path, init) => {
  const response = await env.API.fetch(`http://cubby${env.API_STORE}${path}`, init);
  assert.equal(response.status, 200, await response.clone().text());
  return response;
};

const oddKeys = [
  'a/b',
  'a/../b',
  '../x',
  '//',
  '/',
  '...',
  '.hidden',
  'bulk/get',
  'ns',
  'ns/x/y',
  '%',
  '%2F',
  '%41',
  'a b',
  'a+b',
  '+',
  '[]^|',
  "!$&'()*,;=:@-_.~",
  '?#',
  '"\\<>{}`',
  '\0',
  '\r\n',
  '\x7f',
  '\ufeff',
  '\u2028',
  'é',
  'e\u0301',
  '🤓',
  'x'.repeat(512),
  '€'.repeat(170) + 'ab',
];

export const cases = {
  // ---- Values

  async 'values of every type come back'({ KV }) {
    const view = new Uint8Array(text('..inner..').buffer, 2, 5);
    const source = stream([text('from '), text('another key')]);
    await KV.put('values/source', source);
    for (const [value, expected] of [
      ['plain é🤓', 'plain é🤓'],
      ['', ''],
      [text('buffer').buffer, 'buffer'],
      [view, 'inner'],
      [new DataView(text('view').buffer), 'view'],
      [new ArrayBuffer(0), ''],
      [1.5, '1.5'],
      [true, 'true'],
      [null, 'null'],
      [undefined, 'undefined'],
      [10n, '10'],
      [stream([text('in '), text('chunks')]), 'in chunks'],
      [stream([]), ''],
      [fixedLength([text('fixed '), text('length')]), 'fixed length'],
      [new Blob(['a ', 'blob']).stream(), 'a blob'],
      [new Response('a response').body, 'a response'],
      [await KV.get('values/source', 'stream'), 'from another key'],
    ]) {
      await KV.put('values/k', value);
      assert.equal(await KV.get('values/k'), expected);
    }
    const identity = new IdentityTransformStream();
    const writer = identity.writable.getWriter();
    const written = writer.write(text('identity')).then(() => writer.close());
    await KV.put('values/k', identity.readable);
    await written;
    assert.equal(await KV.get('values/k'), 'identity');
    for (const value of [{}, [], new Date(), new Blob(['x']), new Response('x')]) {
      await assert.rejects(KV.put('values/k', value), TypeError);
    }
  },

  async 'values are read as every type'({ KV }) {
    await KV.put('types/json', '{"a":[1,"é",null]}');
    assert.deepEqual(await KV.get('types/json', 'json'), { a: [1, 'é', null] });
    assert.deepEqual(await KV.get('types/json', { type: 'json', cacheTtl: 30 }), { a: [1, 'é', null] });
    const buffer = await KV.get('types/json', 'arrayBuffer');
    assert.equal(new TextDecoder().decode(buffer), '{"a":[1,"é",null]}');
    assert.equal(await new Response(await KV.get('types/json', 'stream')).text(), '{"a":[1,"é",null]}');
    await KV.put('types/bytes', bytes(0xef, 0xbb, 0xbf, 0, 0xff, 0x7f));
    assert.equal(await KV.get('types/bytes'), '\ufeff\0\ufffd\x7f');
    assert.deepEqual(new Uint8Array(await KV.get('types/bytes', 'arrayBuffer')), bytes(0xef, 0xbb, 0xbf, 0, 0xff, 0x7f));
    await assert.rejects(KV.get('types/bytes', 'json'), SyntaxError);
    await KV.put('types/empty', '');
    assert.equal((await KV.get('types/empty', 'arrayBuffer')).byteLength, 0);
    await assert.rejects(KV.get('types/empty', 'json'), SyntaxError);
    await assert.rejects(KV.get('types/json', 'banana'), TypeError);
    for (const type of ['text', 'json', 'arrayBuffer', 'stream']) {
      assert.equal(await KV.get('types/absent', type), null);
    }
  },

  async 'a put replaces the entry and a delete removes it'({ KV }) {
    await KV.put('entry', 'first', { metadata: { a: 1 }, expirationTtl: 600 });
    await KV.put('entry', 'second');
    assert.deepEqual(await KV.getWithMetadata('entry'), { value: 'second', metadata: null, cacheStatus: null });
    assert.deepEqual((await KV.list({ prefix: 'entry' })).keys, [{ name: 'entry' }]);
    await KV.delete('entry');
    assert.deepEqual(await KV.getWithMetadata('entry'), { value: null, metadata: null, cacheStatus: null });
    await KV.delete('entry');
  },

  // ---- Keys

  async 'odd keys are keys like any other'({ KV }) {
    const named = oddKeys.map((key) => (key.length > 160 ? key : `odd:${key}`)); // the longest have no room
    await Promise.all(oddKeys.map((key, i) => KV.put(named[i], key)));
    for (const [i, key] of named.entries()) assert.equal(await KV.get(key), oddKeys[i], JSON.stringify(key));
    const listed = await KV.list({ prefix: 'odd:' });
    const utf8 = (a, b) => {
      const [left, right] = [text(a), text(b)];
      const at = left.findIndex((byte, i) => byte !== right[i]);
      return at < 0 ? left.length - right.length : left[at] - (right[at] ?? -1);
    };
    const expected = named.filter((key) => key.startsWith('odd:'));
    assert.deepEqual(listed.keys.map(({ name }) => name), expected.toSorted(utf8));
    const found = await KV.get(named);
    for (const [i, key] of named.entries()) assert.equal(found.get(key), oddKeys[i], JSON.stringify(key));
    for (const key of expected) {
      assert.equal((await KV.list({ prefix: key })).keys[0].name, key);
      await KV.delete(key);
      assert.equal(await KV.get(key), null);
    }
    assert.deepEqual((await KV.list({ prefix: 'odd:' })).keys, []);
  },

  async 'keys that are none are refused'({ KV }) {
    const long = 'k'.repeat(513);
    const message = (op) => `KV ${op} failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.`;
    await failsWith(KV.get(long), message('GET'));
    await failsWith(KV.put(long, ''), message('PUT'));
    await failsWith(KV.delete(long), message('DELETE'));
    await failsWith(KV.get([long]), message('GET_BULK'));
    await failsWith(KV.list({ prefix: long }), message('GET'));
    await assert.rejects(KV.get(''), TypeError);
    await assert.rejects(KV.put('.', ''), TypeError);
    await assert.rejects(KV.delete('..'), TypeError);
    await failsWith(KV.get(['']), 'KV GET_BULK failed: 400 Key names must not be empty');
    await failsWith(
      KV.get(['.']),
      'KV GET_BULK failed: 400 Illegal key name ".". Please use a different name.',
    );
    await failsWith(KV.get('\ud800x'), 'KV GET failed: 400 Could not URL-decode key name');
    await failsWith(KV.put('\ud800x', ''), 'KV PUT failed: 400 Could not URL-decode key name');
    assert.deepEqual(await KV.get(['\ud800x']), new Map([['\ufffd\ufffd\ufffdx', null]]));
    assert.deepEqual((await KV.list({ prefix: '\ud800x' })).keys, []);
  },

  // ---- Metadata

  async 'metadata of every type comes back, in each of its three forms'({ KV }) {
    const all = [
      { a: 1, nested: { u: 'é🤓\u2028' } },
      [1, null, 'x'],
      'a string',
      '',
      '"quoted"',
      0,
      -1.5e300,
      false,
      true,
      'del \x7f, control \x01\r\n, BOM \ufeff',
      'x'.repeat(1022),
    ];
    for (const metadata of all) {
      await KV.put('metadata/k', 'v', { metadata });
      const { value, metadata: single } = await KV.getWithMetadata('metadata/k');
      assert.equal(value, 'v');
      assert.deepEqual(single, metadata);
      assert.deepEqual((await KV.list({ prefix: 'metadata/k' })).keys, [{ name: 'metadata/k', metadata }]);
      const bulk = await KV.getWithMetadata(['metadata/k']);
      assert.deepEqual(bulk.get('metadata/k'), { value: 'v', metadata });
    }
    await KV.put('metadata/k', 'v', { metadata: '\ud800' });
    assert.equal((await KV.getWithMetadata('metadata/k')).metadata, '\ud800');
    for (const metadata of [null, undefined]) {
      await KV.put('metadata/k', 'v', { metadata });
      assert.equal((await KV.getWithMetadata('metadata/k')).metadata, null);
      assert.deepEqual((await KV.list({ prefix: 'metadata/k' })).keys, [{ name: 'metadata/k' }]);
    }
  },

  async 'metadata that is none is refused'({ KV }) {
    await failsWith(
      KV.put('refused', '', { metadata: 'x'.repeat(1023) }),
      'KV PUT failed: 413 Metadata length of 1025 exceeds limit of 1024.',
    );
    await failsWith(
      KV.put('refused', 'v'.repeat(100_000), { metadata: 'x'.repeat(20_000) }),
      'KV PUT failed: 413 Metadata length of 20002 exceeds limit of 1024.',
    );
    for (const size of [40_000, 200_000]) {
      await failsWith(
        KV.put('refused', 'v'.repeat(100_000), { metadata: 'x'.repeat(size) }),
        `KV PUT failed: 413 Metadata length of ${size + 2} exceeds limit of 1024.`,
      );
    }
    await failsWith(KV.put('refused', '', { metadata: () => {} }), 'KV PUT failed: 400 Invalid metadata JSON');
    assert.equal(await KV.get('refused'), null);
  },

  // ---- Expiry

  async 'expiry in both forms, of which the TTL wins'({ KV }) {
    const at = nowSeconds() + 3600;
    await KV.put('expiry/at', 'v', { expiration: at });
    await KV.put('expiry/ttl', 'v', { expirationTtl: 60 });
    await KV.put('expiry/both', 'v', { expiration: at, expirationTtl: 600 });
    const [first, both, ttl] = (await KV.list({ prefix: 'expiry/' })).keys;
    assert.equal(first.expiration, at);
    assert.ok(Math.abs(both.expiration - nowSeconds() - 600) <= 5, both.expiration);
    assert.ok(Math.abs(ttl.expiration - nowSeconds() - 60) <= 5, ttl.expiration);
  },

  async 'expiries that are none are refused'({ KV }) {
    const put = (options) => KV.put('refused', 'v'.repeat(100_000), options);
    await failsWith(
      put({ expirationTtl: 0 }),
      'KV PUT failed: 400 Invalid expiration_ttl of 0. Please specify integer greater than 0.',
    );
    await failsWith(
      put({ expirationTtl: -1 }),
      'KV PUT failed: 400 Invalid expiration_ttl of -1. Please specify integer greater than 0.',
    );
    await failsWith(
      put({ expirationTtl: 59.9 }),
      'KV PUT failed: 400 Invalid expiration_ttl of 59. Expiration TTL must be at least 60.',
    );
    await failsWith(
      put({ expiration: 0 }),
      'KV PUT failed: 400 Invalid expiration of 0. Please specify integer greater than the current number of seconds since the UNIX epoch.',
    );
    const soon = nowSeconds() + 30;
    await failsWith(
      put({ expiration: soon }),
      `KV PUT failed: 400 Invalid expiration of ${soon}. Expiration times must be at least 60 seconds in the future.`,
    );
    await assert.rejects(put({ expirationTtl: 2 ** 31 }), TypeError); // workerd's own limit
    assert.equal(await KV.get('refused'), null);
  },

  async 'cacheTtl is checked'({ KV }) {
    assert.equal(await KV.get('absent', { cacheTtl: 30 }), null);
    await failsWith(
      KV.get('absent', { cacheTtl: 29 }),
      'KV GET failed: 400 Invalid cache_ttl of 29. Cache TTL must be at least 30.',
    );
    await failsWith(
      KV.get(['absent'], { cacheTtl: 29 }),
      'KV GET_BULK failed: 400 Invalid cache_ttl of 29. Cache TTL must be at least 30.',
    );
  },

  // ---- Lists

  async 'lists come in pages'({ KV }) {
    await Promise.all(['a', 'b b', 'b+b', 'c', 'd'].map((name) => KV.put(`list/${name}`, name)));
    const first = await KV.list({ prefix: 'list/', limit: 2 });
    assert.deepEqual(first.keys, [{ name: 'list/a' }, { name: 'list/b b' }]);
    assert.equal(first.list_complete, false);
    assert.equal(first.cacheStatus, null);
    await KV.put('list/a2', 'before');
    await KV.put('list/c2', 'after');
    const second = await KV.list({ prefix: 'list/', cursor: first.cursor, limit: 2.9 });
    assert.deepEqual(second.keys, [{ name: 'list/b+b' }, { name: 'list/c' }]);
    const last = await KV.list({ prefix: 'list/', cursor: second.cursor });
    assert.deepEqual(last.keys, [{ name: 'list/c2' }, { name: 'list/d' }]);
    assert.equal(last.list_complete, true);
    assert.ok(!('cursor' in last));
    assert.deepEqual((await KV.list({ prefix: 'list/b ' })).keys, [{ name: 'list/b b' }]);
    assert.deepEqual((await KV.list({ prefix: 'list/b+' })).keys, [{ name: 'list/b+b' }]);
    assert.equal((await KV.list({ prefix: 'list/', limit: 0, cursor: '' })).keys.length, 7);
    assert.ok((await KV.list()).keys.length >= 7);
    await failsWith(
      KV.list({ limit: 1001 }),
      'KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000.',
    );
    await failsWith(KV.list({ cursor: 'nonsense' }), 'KV GET failed: 400 Invalid cursor');
  },

  // ---- Bulk gets

  async 'a bulk get answers a map in the order asked for'({ KV }) {
    await KV.put('bulk/1', '{"n":1}', { metadata: { m: 1 } });
    await KV.put('bulk/2', '"two"');
    const keys = ['bulk/2', 'absent', 'bulk/1', 'bulk/2', '__proto__', 'constructor'];
    const map = (...values) => new Map([...new Set(keys)].map((key, i) => [key, values[i] ?? null]));
    const same = (actual, expected) => assert.deepEqual([...actual], [...expected]);
    same(await KV.get(keys), map('"two"', null, '{"n":1}'));
    same(await KV.get(keys, 'text'), map('"two"', null, '{"n":1}'));
    same(await KV.get(keys, { type: 'json', cacheTtl: 60 }), map('two', null, { n: 1 }));
    same(
      await KV.getWithMetadata(keys, 'json'),
      map({ value: 'two', metadata: null }, null, { value: { n: 1 }, metadata: { m: 1 } }),
    );
    await KV.put('bulk/3', bytes(0x61, 0xff, 0));
    same(await KV.get(['bulk/3']), new Map([['bulk/3', 'a\ufffd\0']]));
    const hundred = Array.from({ length: 100 }, (_, i) => `bulk/${i}`);
    assert.equal((await KV.get(hundred)).size, 100);
  },

  async 'bulk gets that are none are refused'({ KV }) {
    const refused = (promise, why) => failsWith(promise, `KV GET_BULK failed: 400 ${why}`);
    await refused(KV.get([]), 'You must request a minimum of 1 key');
    await refused(KV.get(Array(101).fill('k')), 'You can request a maximum of 100 keys');
    await refused(KV.get(['k'], 'stream'), '"stream" is not a valid type. Use "json" or "text"');
    await refused(KV.get(['k'], 'é\n'), '"???" is not a valid type. Use "json" or "text"');
    await KV.put('bulk/text', 'text');
    await refused(KV.get(['bulk/text'], 'json'), 'At least one of the requested keys corresponds to a non-json value');
  },

  async 'workerd itself drops keys that look like array indexes from the map of a bulk get'({ KV }) {
    await KV.put('42', 'v');
    await KV.put('007', 'v');
    assert.deepEqual([...(await KV.get(['42', '007', 'absent']))], [['007', 'v'], ['absent', null]]);
    assert.equal(await KV.get('42'), 'v');
  },

  async 'a bulk get of 25 MiB, and of one byte more'({ KV }) {
    await KV.put('sum/1', 'x'.repeat(VALUE_MAX - 1));
    await KV.put('sum/2', '\x01');
    const found = await KV.get(['sum/1', 'sum/2']);
    assert.equal(found.get('sum/1').length, VALUE_MAX - 1);
    assert.equal(found.get('sum/2'), '\x01');
    await KV.put('sum/2', 'xx');
    await failsWith(
      KV.get(['sum/1', 'sum/2']),
      'KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB',
    );
    await KV.delete('sum/1');
  },

  // ---- The largest values

  async 'a value of 25 MiB of each kind'({ KV }) {
    const whole = new Uint8Array(VALUE_MAX);
    let at = 0;
    for (const piece of pieces(VALUE_MAX)) {
      whole.set(piece, at);
      at += piece.length;
    }
    for (const value of [whole, stream(pieces(VALUE_MAX)), fixedLength([...pieces(VALUE_MAX)])]) {
      await KV.put('large', value);
      await checkPieces(await KV.get('large', 'stream'), VALUE_MAX);
    }
    await KV.put('large copy', await KV.get('large', 'stream'));
    assert.equal((await KV.get('large copy', 'arrayBuffer')).byteLength, VALUE_MAX);
    await KV.put('large', 'x'.repeat(VALUE_MAX));
    assert.equal((await KV.get('large')).length, VALUE_MAX);
    await KV.delete('large copy');
  },

  async 'one byte more than 25 MiB of each kind'({ KV }) {
    const message = `KV PUT failed: 413 Value length of ${VALUE_MAX + 1} exceeds limit of ${VALUE_MAX}.`;
    const over = VALUE_MAX + 1;
    await failsWith(KV.put('over', 'x'.repeat(over)), message);
    await failsWith(KV.put('over', new ArrayBuffer(over)), message);
    await failsWith(KV.put('over', stream(pieces(over))), message);
    await failsWith(KV.put('over', fixedLength([...pieces(over)])), message);
    assert.equal(await KV.get('over'), null);
  },

  // ---- Many at once, and a read after a write

  async '200 calls at once'({ KV }) {
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    await Promise.all(numbers.map((i) => KV.put(`parallel/${i}`, `${i}`, { metadata: i })));
    const read = await Promise.all(numbers.map((i) => KV.getWithMetadata(`parallel/${i}`)));
    assert.deepEqual(read.map(({ value, metadata }) => [value, metadata]), numbers.map((i) => [`${i}`, i]));
    assert.equal((await KV.list({ prefix: 'parallel/' })).keys.length, 200);
    await Promise.all(numbers.map((i) => KV.delete(`parallel/${i}`)));
    assert.equal((await KV.list({ prefix: 'parallel/' })).keys.length, 0);
  },

  async 'reads see a write as soon as it is acknowledged'({ KV }) {
    const write = async (i) => {
      for (let turn = 0; turn < 10; ++turn) {
        const key = `seen/${i}`;
        await KV.put(key, `${turn}`, { metadata: turn });
        const [single, bulk, list] = await Promise.all([
          KV.get(key),
          KV.get([key]),
          KV.list({ prefix: key }),
        ]);
        assert.equal(single, `${turn}`);
        assert.equal(bulk.get(key), `${turn}`);
        assert.equal(list.keys.find(({ name }) => name === key).metadata, turn);
        await KV.delete(key);
        assert.equal(await KV.get(key), null);
      }
    };
    await Promise.all(Array.from({ length: 8 }, (_, i) => write(i)));
  },

  // ---- Streams that fail or are not read

  async 'a stream that is not read to its end harms nobody'({ KV }) {
    await KV.put('unread', stream(pieces(4 * MiB)));
    for (let i = 0; i < 10; ++i) {
      const cancelled = await KV.get('unread', 'stream');
      await cancelled.cancel();
      const left = (await KV.get('unread', 'stream')).getReader();
      await left.read();
      await left.cancel();
      await assert.rejects(KV.get('unread', 'banana'), TypeError);
      assert.equal(await KV.get('absent'), null);
    }
    await checkPieces(await KV.get('unread', 'stream'), 4 * MiB);
    await KV.delete('unread');
  },

  // Answers how many of the streams that failed were stored all the same.
  async 'failed streams'({ KV }, { tries = '25' }) {
    const boom = new Error('boom');
    const kinds = {
      'after 3,000 bytes': () => stream([new Uint8Array(3000)], boom),
      'at once': () => stream([], boom),
      'with a chunk of a wrong type': () => stream([text('x'), 42]),
      'of fixed length, cut short': () => {
        const { readable, writable } = new FixedLengthStream(5000);
        const writer = writable.getWriter();
        writer.write(new Uint8Array(1000)).then(() => writer.abort(boom)).catch(() => {});
        return readable;
      },
    };
    const stored = {};
    for (const [kind, make] of Object.entries(kinds)) {
      stored[kind] = 0;
      for (let i = 0; i < Number(tries); ++i) {
        await KV.put('failed', 'before');
        let outcome = 'it was resolved';
        await KV.put('failed', make()).catch((error) => (outcome = String(error)));
        assert.match(outcome, /^(Error|TypeError)/, kind);
        // The server may still be about to store it: workerd does not wait for the answer.
        await KV.put('failed/fence', stream([text('x')]));
        if ((await KV.get('failed')) !== 'before') ++stored[kind];
      }
    }
    return stored;
  },

  // ---- Both dialects on the same data

  async 'what the binding writes the REST API reads'(env) {
    await env.KV.put('dialect/a b+c/é', bytes(0, 1, 255), { metadata: { m: 'é' }, expirationTtl: 600 });
    const path = `/${encodeURIComponent('dialect/a b+c/é')}`;
    const value = await rest(env, `/values${path}`);
    assert.deepEqual(new Uint8Array(await value.arrayBuffer()), bytes(0, 1, 255));
    assert.ok(Math.abs(Number(value.headers.get('expiration')) - nowSeconds() - 600) <= 5);
    assert.deepEqual((await (await rest(env, `/metadata${path}`)).json()).result, { m: 'é' });
    await env.KV.delete('dialect/a b+c/é');
    assert.deepEqual((await (await rest(env, '/keys?prefix=dialect/')).json()).result, []);
  },

  async 'what the REST API writes the binding reads'(env) {
    const expiration = nowSeconds() + 3600;
    const form = new FormData();
    form.set('value', 'from REST');
    form.set('metadata', '{"m": ["é", 1e400]}');
    await rest(env, `/values/dialect%2Frest?expiration=${expiration}`, { method: 'PUT', body: form });
    await rest(env, '/bulk', {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ key: 'dialect/bulk', value: 'v', metadata: 'a string', expiration }]),
    });
    const { value, metadata } = await env.KV.getWithMetadata('dialect/rest');
    assert.equal(value, 'from REST');
    assert.deepEqual(metadata, { m: ['é', Infinity] });
    assert.deepEqual((await env.KV.list({ prefix: 'dialect/' })).keys, [
      { name: 'dialect/bulk', expiration, metadata: 'a string' },
      { name: 'dialect/rest', expiration, metadata: { m: ['é', Infinity] } },
    ]);
    await rest(env, '/values/dialect%2Frest', { method: 'DELETE' });
    assert.equal(await env.KV.get('dialect/rest'), null);
    await rest(env, '/bulk/delete', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '["dialect/bulk"]',
    });
    assert.deepEqual((await env.KV.list({ prefix: 'dialect/' })).keys, []);
  },

  // ---- For the tests outside, which bring about what no Worker can

  // Calls until it is told to stop; answers how many there were, and what went wrong.
  async load({ KV }, { seconds }) {
    const end = Date.now() + Number(seconds) * 1000;
    const errors = [];
    let calls = 0;
    const client = async (i) => {
      for (let n = 0; Date.now() < end; ++n) {
        const key = `load/${i}/${n % 10}`;
        try {
          await KV.put(key, `${n}`);
          const value = await KV.get(key);
          if (value !== `${n}`) errors.push(`${key} is ${value}, not ${n}`);
          calls += 2;
        } catch (error) {
          errors.push(String(error));
          if (errors.length > 20) return;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, (_, i) => client(i)));
    return { calls, errors };
  },

  async try({ KV }, { call, key = 'k', value = 'v', ttl }) {
    const calls = {
      get: () => KV.get(key),
      put: () => KV.put(key, value, ttl ? { expirationTtl: Number(ttl) } : {}),
      list: () => KV.list(),
      names: async () => (await KV.list()).keys,
    };
    try {
      return { value: (await calls[call]()) ?? null };
    } catch (error) {
      return { message: error.message };
    }
  },
};
