// `cubby export`, `import` and `copy`: nothing is lost, whatever is stored and whenever they are killed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { Cli } from './support/cli.js';
import { Cubby, sharedCubby } from './support/cubby.js';
import { withProxy } from './support/proxy.js';
import { Wrangler } from './support/wrangler.js';

const source = sharedCubby();
const cli = new Cli(source);
const rest = source.rest;
const on = (namespace) => ['--namespace-id', namespace];

// What is hard to carry.
const odd = [
  { key: 'text', value: 'Grüße "\\\n\u0000 世界' },
  { key: 'empty', value: '' },
  { key: 'replacement \ufffd', value: 'text with \ufffd in it' },
  { key: 'binary', value: Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('base64'), base64: true },
  { key: 'bom', value: '\ufeffmark' },
  { key: 'until', value: 'v', expiration: 1999999999, metadata: { a: [1, { b: null }], c: 'é' } },
  { key: 'a/b c:%25?#+é', value: '{"json":[1]}', metadata: 'text' },
  { key: '🦊', value: '🦊'.repeat(1000) },
];
// Many small ones, of which some have something beside them.
const many = (count) =>
  Array.from({ length: count }, (_, i) => ({
    key: `k${String(i).padStart(6, '0')}`,
    value: `value ${i} ${'x'.repeat(i % 50)}`,
    ...(i % 3 === 0 && { metadata: { i } }),
    ...(i % 5 === 0 && { expiration: 1999999999 }),
  }));

async function filled(title, pairs, target = rest) {
  const id = await target.createNamespace(title);
  for (let at = 0; at < pairs.length; at += 5000) await target.bulkPut(id, pairs.slice(at, at + 5000));
  return id;
}

async function assertSame(left, right, on = rest, other = rest) {
  const keys = await on.keys(left);
  assert.deepEqual(await other.keys(right), keys);
  for (const { name } of keys.length > 100 ? keys.filter((_, i) => i % 97 === 0) : keys) {
    const [a, b] = [await on.get(left, name), await other.get(right, name)];
    assert.ok(a.value.equals(b.value), name);
  }
}

describe('export and import', () => {
  test('everything comes back as it was, in both formats', async () => {
    const ns = await filled('odd', odd);
    await rest.call('PUT', `/storage/kv/namespaces/${ns}/values/exact?expiration=1999999998`, {
      body: new URLSearchParams(),
    });
    for (const format of ['jsonl', 'wrangler']) {
      const file = `odd.${format}`;
      await cli.succeeds('export', file, ...on(ns), '--format', format);
      const back = await rest.createNamespace(`odd back from ${format}`);
      await cli.succeeds('import', file, ...on(back));
      await assertSame(ns, back);
      assert.ok(!existsSync(cli.path(`${file}.journal`)));
      await cli.fails(2, /--resume/, 'export', file, ...on(ns), '--format', format);
    }
  });

  test('a pipe is imported as it comes, without a journal', async () => {
    const ns = await rest.createNamespace('piped');
    const pipe = cli.path('pipe');
    execFileSync('mkfifo', [pipe]);
    const [{ text }] = await Promise.all([
      cli.succeeds('import', pipe, ...on(ns)),
      writeFile(pipe, JSON.stringify(many(3000))),
    ]);
    assert.equal(text, '');
    assert.equal((await rest.keyNames(ns)).length, 3000);
    assert.ok(!existsSync(`${pipe}.journal`));
    await cli.fails(2, /--journal needs a file/, 'import', pipe, ...on(ns), '--journal', 'j');
    const two = ['{"cubby_export":1,"prefix":""}', ...['a', 'b'].flatMap((title) => [`{"namespace":"${ns}","title":"${title}"}`, '{"key":"k","value":"v"}'])];
    await Promise.all([cli.fails(2, /has several namespaces/, 'import', pipe, ...on(ns), '--partial'), writeFile(pipe, two.join('\n'))]);
  });

  test('a pair that is written while it is read is of one write, wholly', async () => {
    const pairs = (what) => [
      { key: 'binary', value: Buffer.from([0xff, what]).toString('base64'), base64: true, metadata: { what } },
      { key: 'expires', value: 'text', ...(what === 1 && { expiration: 1999999999 }) },
    ];
    for (const path of [/\/bulk\/get$/, /\/values\/binary$/]) {
      const ns = await filled(`written meanwhile ${path}`, pairs(1));
      let isWritten = false;
      const write = async ({ url }) => {
        if (isWritten || !path.test(url)) return;
        isWritten = true;
        await rest.bulkPut(ns, pairs(2));
      };
      await withProxy(source, write, async (proxy) => {
        const { text } = await new Cli(proxy).succeeds('export', ...on(ns));
        const [binary, expires] = text.split('\n').filter((line) => line.startsWith('{"key"')).map((line) => JSON.parse(line));
        assert.deepEqual(binary, pairs(2)[0]);
        assert.equal(expires.expiration, path.test('/bulk/get') ? undefined : 1999999999);
      });
    }
  });

  test('the lines are as documented: checksums are over what stands before them', async () => {
    const ns = await filled('lines', many(150));
    await cli.succeeds('export', 'lines.jsonl', ...on(ns));
    const text = readFileSync(cli.path('lines.jsonl'), 'utf8');
    const lines = text.trimEnd().split('\n');
    assert.deepEqual(JSON.parse(lines[0]), { cubby_export: 1, prefix: '' });
    assert.deepEqual(JSON.parse(lines[1]), { namespace: ns, title: 'lines' });
    const { createHash } = await import('node:crypto');
    const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
    const { sha256: sum, ...chunk } = JSON.parse(lines[102]);
    assert.deepEqual(chunk, { chunk: 100, after: 'k000099', cursor: '' });
    assert.equal(sum, sha256(lines.slice(2, 102).map((line) => `${line}\n`).join('')));
    assert.deepEqual(JSON.parse(lines.at(-2)), { end_namespace: true });
    const before = text.slice(0, text.lastIndexOf('{"end"'));
    assert.deepEqual(JSON.parse(lines.at(-1)), { end: 150, sha256: sha256(before) });
  });

  test('--prefix takes what begins so, standard output and input serve as files, --dry-run changes nothing', async () => {
    const ns = await filled('prefix', [...many(20), { key: 'other', value: 'v' }]);
    const { stderr } = await cli.succeeds('export', ...on(ns), '--dry-run', '--prefix', 'k00000');
    assert.match(stderr, /would export 10 keys/);
    const { stdout } = await cli.succeeds('export', ...on(ns), '--prefix', 'k00001');
    const back = await rest.createNamespace('prefix back');
    await cli.succeedsWith(stdout, 'import', '-', ...on(back));
    assert.equal((await rest.keyNames(back)).length, 10);
    const told = await cli.succeeds('import', cli.file('some.jsonl', stdout), ...on(back), '--dry-run');
    assert.match(told.stderr, /would import 10 keys, \d+ bytes of values; 0 have expired/);
  });

  test('an account goes to another server by titles', async () => {
    const [one, two] = await Promise.all([Cubby.started(), Cubby.started()]);
    const ids = [await filled('first', many(1200), one.rest), await filled('second', odd, one.rest)];
    await filled('empty', [], one.rest);
    const existing = await two.rest.createNamespace('second');
    const [from, to] = [new Cli(one), new Cli(two)];
    await from.succeeds('export', 'all.jsonl', '--all');
    await to.fails(2, /has several namespaces/, 'import', from.path('all.jsonl'), ...on(existing));
    await to.succeeds('import', from.path('all.jsonl'), '--all');
    const ours = Object.fromEntries((await two.rest.namespaces()).map(({ id, title }) => [title, id]));
    assert.equal(ours.second, existing);
    assert.deepEqual(await two.rest.keyNames(ours.empty), []);
    await assertSame(ids[0], ours.first, one.rest, two.rest);
    await assertSame(ids[1], ours.second, one.rest, two.rest);
    await one.stop();
    await two.stop();
  });

  test('wrangler reads what cubby exports, and cubby imports what wrangler reads', async () => {
    // wrangler takes no metadata but objects.
    const ns = await filled('for wrangler', odd.filter(({ metadata }) => typeof metadata !== 'string'));
    const wrangler = new Wrangler(source);
    await cli.succeeds('export', 'w.json', ...on(ns), '--format', 'wrangler');
    const theirs = await rest.createNamespace('by wrangler');
    const file = wrangler.file('w.json', readFileSync(cli.path('w.json')));
    await wrangler.succeeds('kv', 'bulk', 'put', file, ...on(theirs), '--remote');
    await assertSame(ns, theirs);
    const ours = await rest.createNamespace('by cubby');
    await cli.succeeds('import', cli.file('pretty.json', JSON.stringify(odd, null, 2)), ...on(ours));
    await assertSame(await filled('the same', odd), ours);
  });

  test('what is damaged or cut off is refused before anything is written', async () => {
    const ns = await filled('whole', many(500));
    await cli.succeeds('export', 'whole.jsonl', ...on(ns));
    const whole = readFileSync(cli.path('whole.jsonl'), 'utf8');
    const back = await rest.createNamespace('nothing of it');
    const damaged = cli.file('damaged.jsonl', whole.replace('value 321', 'value 322'));
    await cli.fails(2, /checksum is wrong/, 'import', damaged, ...on(back));
    const cut = cli.file('cut.jsonl', whole.slice(0, whole.length / 2));
    await cli.fails(2, /not complete|cut off/, 'import', cut, ...on(back));
    await cli.fails(2, /pair 1: key "\.\."/, 'import', cli.file('bad.json', [{ key: 'a', value: '' }, { key: '..', value: '' }]), ...on(back));
    await cli.fails(2, /neither JSON/, 'import', cli.file('text', 'hello'), ...on(back));
    assert.deepEqual(await rest.keyNames(back), []);
    await cli.succeeds('import', cut, ...on(back), '--partial');
    const some = (await rest.keyNames(back)).length;
    assert.ok(some > 100 && some < 500, `${some}`);
  });

  test('what has expired is told, and what the server refuses is named; all else arrives', async () => {
    const small = await Cubby.started({ env: { CUBBY_VALUE_BYTES_MAX: '1000' } });
    const ns = await small.rest.createNamespace('small');
    const client = new Cli(small);
    const file = client.file('some.json', [
      ...many(50),
      { key: 'past', value: 'v', expiration: 1 },
      { key: 'large', value: 'x'.repeat(2000) },
    ]);
    const { stderr } = await client.fails(1, /refused: "large": .*10024/, 'import', file, ...on(ns));
    assert.match(stderr, /imported 50 keys/);
    assert.match(stderr, /1 keys have expired or are about to: left out/);
    assert.equal((await small.rest.keyNames(ns)).length, 50);
    await small.stop();
  });
});

// Resolves at the n-th request of that kind.
function moment(n, isMeant) {
  let resolve;
  let count = 0;
  const promise = new Promise((done) => (resolve = done));
  const seen = (request) => {
    if (isMeant(request) && ++count === n) resolve();
  };
  return { promise, seen };
}
const isBulkGet = ({ url }) => url.endsWith('/bulk/get');
const isBulkPut = ({ method, url }) => method === 'PUT' && url.endsWith('/bulk');

describe('killed in the middle', () => {
  for (const format of ['jsonl', 'wrangler']) {
    test(`an export to ${format} goes on, and has everything once`, async () => {
      const pairs = many(6000);
      const ns = await filled(`killed export ${format}`, pairs);
      const file = `killed.${format}`;
      const { promise, seen } = moment(30, isBulkGet);
      await withProxy(source, seen, async (proxy) => {
        const client = new Cli(proxy);
        await client.killedAt(promise, 'export', file, ...on(ns), '--format', format);
        const before = readFileSync(client.path(file)).length;
        // A torn line, as a crash may leave it.
        writeFileSync(client.path(file), '{"key":"k99', { flag: 'a' });
        await client.fails(2, /is there already/, 'export', file, ...on(ns), '--format', format);
        const { stderr } = await client.succeeds('export', file, ...on(ns), '--format', format, '--resume');
        const known = Number(/going on behind (\d+) keys/.exec(stderr)[1]);
        assert.ok(known > 1000 && known < 6000, `${known} keys, ${before} bytes`);
        await client.fails(2, /is complete/, 'export', file, ...on(ns), '--format', format, '--resume');
        await cli.succeeds('export', `unharmed.${format}`, ...on(ns), '--format', format);
        assert.ok(pairsOf(client.path(file)).equals(pairsOf(cli.path(`unharmed.${format}`))));
        const other = await rest.createNamespace(`another ${format}`);
        if (format === 'jsonl') {
          writeFileSync(client.path('part'), readFileSync(client.path(file)).subarray(0, 100_000));
          await client.fails(2, /export of something else/, 'export', 'part', ...on(other), '--resume');
        }
      });
    });
  }

  test('an import goes on behind what it has written', async () => {
    const pairs = many(20_000);
    const file = cli.file('import.json', pairs);
    utimesSync(cli.path(file), 1e9, 1e9);
    const ns = await rest.createNamespace('killed import');
    const { promise, seen } = moment(12, isBulkPut);
    await withProxy(source, seen, async (proxy) => {
      const client = new Cli(proxy, { HOME: cli.directory });
      await client.killedAt(promise, 'import', cli.path(file), ...on(ns));
      const written = (await rest.keyNames(ns)).length;
      assert.ok(written >= 7000 && written < 20_000, `${written}`);
      await client.fails(2, /no journal of this job/, 'import', cli.path(file), ...on(await rest.createNamespace('not this')));
      // Places in a file mean nothing in another one of its name.
      utimesSync(cli.path(file), 1e9, 1e9 + 1);
      await client.fails(2, /the file has changed/, 'import', cli.path(file), ...on(ns));
      utimesSync(cli.path(file), 1e9, 1e9);
      const { stderr } = await client.succeeds('import', cli.path(file), ...on(ns));
      const known = Number(/going on behind (\d+) pairs/.exec(stderr)[1]);
      assert.ok(known >= 1000, stderr);
      assert.ok(!existsSync(cli.path(`${file}.journal`)));
    });
    const expected = await filled('whole import', pairs);
    await assertSame(expected, ns);
  });

  test('a copy goes on, verifies, and every difference is reported', async () => {
    const target = await Cubby.started();
    const from = await filled('copied', [...many(8000), ...odd]);
    const to = await target.rest.createNamespace('copy');
    const { promise, seen } = moment(4, isBulkPut);
    await withProxy(target, seen, async (proxy) => {
      const client = new Cli(null, {
        CUBBY_FROM_API_BASE_URL: source.baseUrl,
        CUBBY_FROM_API_TOKEN: source.token,
        CUBBY_TO_API_BASE_URL: proxy.baseUrl,
        CUBBY_TO_API_TOKEN: target.token,
      });
      const copy = ['copy', '--from-namespace-id', from, '--to-namespace-id', to];
      await client.killedAt(promise, ...copy, '--parallel', '2');
      assert.ok((await target.rest.keyNames(to)).length < 8000);
      // A server may forget a cursor in the meantime.
      const journal = client.path(`cubby-copy-${from.slice(0, 8)}-${to.slice(0, 8)}.journal`);
      writeFileSync(journal, readFileSync(journal, 'utf8').replaceAll(/"cursor":"[^"]*"/g, '"cursor":"forgotten"'));
      const { stderr } = await client.succeeds(...copy, '--verify');
      assert.match(stderr, /going on behind \d+ keys/);
      assert.match(stderr, /^0 keys differ$/m);
      await assertSame(from, to, rest, target.rest);

      await target.rest.call('DELETE', `/storage/kv/namespaces/${to}/values/k000001`);
      await target.rest.put(to, 'k000002', 'other');
      await target.rest.put(to, 'a first', 'extra');
      await target.rest.put(to, 'zzz last', 'extra');
      const old = await rest.get(from, 'k000015');
      await target.rest.bulkPut(to, [
        { key: 'k000015', value: old.value.toString(), metadata: { i: 16 }, expiration: 1999999990 },
        { key: 'binary', value: '/w==', base64: true },
      ]);
      const { text } = await client.fails(1, /^6 keys differ$|^7 keys differ$/m, ...copy, '--verify-only');
      const found = text.trim().split('\n').map((line) => JSON.parse(line));
      assert.deepEqual(found.map(({ key, difference }) => `${key}: ${difference}`), [
        'a first: extra',
        'binary: value',
        'k000001: missing',
        'k000002: value',
        'k000015: metadata',
        'k000015: expiration',
        'zzz last: extra',
      ]);
    });
    await target.stop();
  });
});

// As Cloudflare may answer.
const refusal = (status, code, headers = {}) => ({
  status,
  headers,
  body: JSON.stringify({ result: null, success: false, errors: [{ code, message: 'no' }], messages: [] }),
});

describe('what only Cloudflare answers', () => {
  test('credentials that are none are no fault of the pairs', async () => {
    const ns = await rest.createNamespace('no fault');
    for (const code of [6003, 9106, 10000]) {
      await withProxy(source, () => refusal(400, code), async (proxy, count) => {
        const client = new Cli(proxy);
        await client.fails(4, /no \(code \d+, HTTP 400\)/, 'import', client.file('a.json', many(10)), ...on(ns));
        assert.equal(count(), 1);
      });
    }
  });

  test('a bulk delete that did not reach all stores fails', async () => {
    const ns = await rest.createNamespace('not all');
    const some = () => ({
      status: 200,
      body: '{"result":{"successful_key_count":1,"unsuccessful_keys":[ "b"]},"success":true,"errors":[],"messages":[]}',
    });
    await withProxy(source, some, async (proxy) => {
      const client = new Cli(proxy);
      await client.fails(1, /not do it for all keys/, 'kv', 'bulk', 'delete', client.file('keys.json', ['a', 'b']), ...on(ns), '--force');
    });
  });
});

describe('copy', () => {
  test('waits when the server asks for it, and copies an account by titles', async () => {
    const target = await Cubby.started();
    const one = await Cubby.started();
    const ids = { a: await filled('a', many(1500), one.rest), b: await filled('b', odd, one.rest) };
    let refused = 0;
    const limit = (request) => {
      if (isBulkPut(request) && refused < 3) return refusal(429, 971, { 'retry-after': `${refused++ ? 1 : 0}` });
    };
    await withProxy(target, limit, async (proxy) => {
      const client = new Cli(one, { CUBBY_TO_API_BASE_URL: proxy.baseUrl, CUBBY_TO_API_TOKEN: target.token });
      const { stderr } = await client.succeeds('copy', '--all', '--dry-run');
      assert.match(stderr, /would copy 1508 keys of 2 namespaces/);
      assert.deepEqual(await target.rest.namespaces(), []);
      await client.succeeds('copy', '--all', '--verify');
      assert.equal(refused, 3);
    });
    for (const { id, title } of await target.rest.namespaces()) await assertSame(ids[title], id, one.rest, target.rest);
    await one.stop();
    await target.stop();
  });

  test('stays within a rate', async () => {
    const target = await Cubby.started();
    const from = await filled('at a rate', many(1000));
    const to = await target.rest.createNamespace('at a rate');
    const times = [];
    await withProxy(source, () => void times.push(performance.now()), async (proxy) => {
      const client = new Cli(proxy, { CUBBY_TO_API_BASE_URL: target.baseUrl, CUBBY_TO_API_TOKEN: target.token });
      await client.succeeds('copy', '--from-namespace-id', from, '--to-namespace-id', to, '--from-rate', '10/s');
    });
    assert.ok(times.length >= 11, `${times.length} calls`);
    times.forEach((time, i) => i >= 10 && assert.ok(time - times[i - 10] > 900, `${times}`));
    assert.equal((await target.rest.keyNames(to)).length, 1000);
    await target.stop();
  });
});

// The pairs of an export, one a line, without what says how it came about.
function pairsOf(path) {
  const lines = readFileSync(path, 'utf8').split('\n').map((line) => line.replace(/},$/, '}'));
  return Buffer.from(lines.filter((line) => line.startsWith('{"key"')).join('\n'));
}
