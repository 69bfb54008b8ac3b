// The parts of the console that need no browser.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { batches, readBulkFile } from '../../console/src/keys/bulk_file.ts';
import { filterText, noFilter, sieve } from '../../console/src/keys/filter.ts';
import { KeyFeed } from '../../console/src/keys/key_feed.ts';
import { home, parseRoute, routeHash } from '../../console/src/route.ts';
import { checkKey, checkMetadata, metadataBytes } from '../../console/src/text/checks.ts';
import { ageText, bytesText, durationText } from '../../console/src/text/format.ts';
import { elementsOf, formatted, jsonError, membersOf, minified } from '../../console/src/text/json_text.ts';
import { keyLabel, unescaped } from '../../console/src/text/key_parts.ts';
import { limits } from '../../console/src/text/limits.ts';
import { compareKeys, utf8Length } from '../../console/src/text/utf8.ts';
import { natureOf } from '../../console/src/values/detect.ts';
import { difference } from '../../console/src/values/difference.ts';
import { hexLine } from '../../console/src/values/hex.ts';

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

test('what is nested very deep is shown as it is', () => {
  const deep = `${'['.repeat(25_000)}${']'.repeat(25_000)}`;
  assert.equal(formatted(deep), deep);
});

test('the types hold', () => {
  const { status, stdout } = spawnSync(
    process.execPath,
    [path('node_modules/typescript/bin/tsc'), '--project', path('../../console')],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stdout);
});

test('the limits are those of the server', () => {
  const header = readFileSync(path('../../src/core/limits.hpp'), 'utf8');
  const server = (name) => {
    const [, text] = new RegExp(` ${name} =\\s*([^;]+);`).exec(header);
    return Function('KiB', 'MiB', `return ${text.replaceAll("'", '_')}`)(1024, 1024 * 1024);
  };
  assert.deepEqual(limits, {
    keyBytesMax: server('key_bytes_max'),
    valueBytesMax: server('value_bytes_max'),
    metadataBytesMax: server('metadata_bytes_max'),
    expirationTtlMin: server('expiration_ttl_min'),
    expirationMax: server('expiration_max'),
    bulkItemsMax: server('bulk_items_max'),
    bulkGetKeysMax: server('bulk_get_keys_max'),
    bulkRequestBytesMax: server('bulk_request_bytes_max'),
    titleCharactersMax: server('title_characters_max'),
  });
});

test('formatting JSON keeps what JavaScript would change', () => {
  const json = '{"n":12345678901234567890,"e":1e400,"s":"a\\u0000 {,}\\"","o":{},"l":[],"d":1,"d":[1, {"x":null}]}';
  const pretty = formatted(json);
  assert.equal(
    pretty,
    '{\n  "n": 12345678901234567890,\n  "e": 1e400,\n  "s": "a\\u0000 {,}\\"",\n  "o": {},\n  "l": [],\n' +
      '  "d": 1,\n  "d": [\n    1,\n    {\n      "x": null\n    }\n  ]\n}',
  );
  assert.equal(minified(pretty), json.replace('1, {', '1,{'));
});

test('an array and an object come apart as they are written', () => {
  assert.deepEqual(elementsOf(' [ {"a":[1,"],"]} , "x,\\"" ,3 ] '), ['{"a":[1,"],"]}', '"x,\\""', '3']);
  assert.deepEqual(elementsOf('[ ]'), []);
  const members = membersOf('{ "a" : 12345678901234567890 , "b:\\n" : {"c":1} , "__proto__":"x" }');
  assert.deepEqual([...members], [['a', '12345678901234567890'], ['b:\n', '{"c":1}'], ['__proto__', '"x"']]);
});

test('a mistake in JSON is said with its place', () => {
  assert.equal(jsonError('{"a":1}'), null);
  assert.match(jsonError('{\n  "a": 1,\n}'), /line 3, column 1/);
});

test('keys are checked as the server does', () => {
  for (const good of ['a', '...', 'a/..', ' ', '\0', 'é'.repeat(256), 'k'.repeat(512)]) assert.equal(checkKey(good), null);
  for (const bad of ['', '.', '..', 'é'.repeat(257), 'k'.repeat(513), '\ud800']) assert.ok(checkKey(bad), bad);
});

test('metadata is counted without white space', () => {
  assert.equal(metadataBytes('{ "a" : [1, 2],\n"b":"é é" }'), '{"a":[1,2],"b":"é é"}'.length + 2);
  assert.equal(checkMetadata(JSON.stringify('x'.repeat(1022))), null);
  assert.match(checkMetadata(JSON.stringify('x'.repeat(1023))), /1,025 bytes/);
  assert.match(checkMetadata('{a}'), /Not JSON/);
});

test('what cannot be drawn in a key is named', () => {
  assert.equal(keyLabel('a\tb\0'), 'a⟨TAB⟩b⟨NUL⟩');
  assert.equal(keyLabel('x\u202egnp.exe'), 'x⟨RLO⟩gnp.exe');
  assert.equal(keyLabel('  a b '), '⟨2 SP⟩a b⟨SP⟩');
  assert.equal(keyLabel('\u2028\u00ad'), '⟨U+2028⟩⟨U+00AD⟩');
  assert.equal(keyLabel('שלום <script>'), 'שלום <script>');
  assert.equal(keyLabel('👩‍💻'), '👩‍💻');
});

test('typed escapes become characters', () => {
  assert.equal(unescaped('a\\n\\t\\0\\\\\\u001f\\u{1f600}'), 'a\n\t\0\\\u001f😀');
  assert.equal(unescaped('\\x'), null);
  assert.equal(unescaped('a\\'), null);
  assert.equal(unescaped('\\u12'), null);
});

test('keys are ordered as the server orders them', () => {
  const keys = ['a', 'aa', 'b', 'é', '\ufffd', '😀', 'A', ''];
  const byBytes = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual([...keys].sort(compareKeys), byBytes);
  for (const key of keys) assert.equal(utf8Length(key), Buffer.byteLength(key));
});

test('the nature of a value is in its bytes', () => {
  const view = (bytes) => natureOf(new Uint8Array(Buffer.from(bytes))).view;
  assert.equal(view('{"a":1}'), 'json');
  assert.equal(view('{a'), 'text');
  assert.equal(view('12'), 'text');
  assert.equal(view('BMW'), 'text');
  assert.equal(view([0xff, 0xfe, 1]), 'hex');
  assert.equal(view('a\0b'), 'hex');
  assert.equal(view([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0]), 'image');
  assert.equal(view('<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>'), 'image');
  assert.equal(view('<html><svg></svg></html>'), 'text');
  assert.equal(view(`${'<!-- x -->\n'.repeat(3)}<svg></svg>`), 'image');
  assert.equal(view('<!---->'.repeat(200)), 'text'); // at once, not after years
});

test('bytes are drawn sixteen to a line', () => {
  const bytes = new Uint8Array(Buffer.from('0123456789abcdefXY\n'));
  assert.deepEqual(hexLine(bytes, 1), { offset: '00000010', hex: '58 59 0a', ascii: 'XY·' });
  assert.equal(hexLine(bytes, 0).hex, '30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66');
});

test('a difference shows what changed and little around it', () => {
  const before = Array.from({ length: 20 }, (_, i) => `line ${i + 1}`);
  const after = before.with(9, 'new').toSpliced(0, 1);
  const lines = difference(before.join('\n'), after.join('\n')).map(({ kind, text }) => `${kind} ${text}`);
  assert.deepEqual(lines, [
    'removed line 1', 'same line 2', 'same line 3', 'same line 4', 'gap 2', 'same line 7', 'same line 8', 'same line 9',
    'removed line 10', 'added new', 'same line 11', 'same line 12', 'same line 13', 'gap 7',
  ]);
  assert.deepEqual(difference('a', 'a').map(({ kind }) => kind), ['gap']);
  const many = Array.from({ length: 3000 }, (_, i) => `${i}`).join('\n');
  assert.equal(difference(many, many.replaceAll(/$/gm, '!')).length, 6000);
});

test('sizes and times are short', () => {
  assert.equal(bytesText(1023), '1023 B');
  assert.equal(bytesText(1024), '1.0 KiB');
  assert.equal(bytesText(1023 * 1024), '1.0 MiB');
  assert.equal(bytesText(25 * 1024 * 1024), '25 MiB');
  assert.equal(durationText(59), '59 s');
  assert.equal(durationText(3600), '1 h');
  assert.equal(durationText(90_061), '1 d 1 h');
  assert.equal(durationText(0), 'expired');
  assert.equal(ageText(40), ', 40 s ago');
  assert.equal(ageText(0), '');
});

test('a link brings the same view back', () => {
  const route = {
    account: '0123456789abcdef0123456789abcdef',
    page: 'namespaces',
    namespace: 'fedcba9876543210fedcba9876543210',
    filter: { prefix: 'a/ü &=#?', contains: '<x>', metadata: '"', expiry: 'day' },
    separator: ':',
    key: '\0\n\u202e/%2F+ ',
  };
  assert.deepEqual(parseRoute(routeHash(route)), route);
  const tokens = { ...home, account: route.account, page: 'tokens' };
  assert.deepEqual(parseRoute(routeHash(tokens)), tokens);
  assert.deepEqual(parseRoute(''), home);
  assert.deepEqual(parseRoute('#/not-an-id/x?key=a'), { ...home, key: 'a' });
});

test('a filter looks at name, metadata and expiry', () => {
  const now = 1000;
  const finds = (filter, item) => sieve({ ...noFilter, ...filter }, now)(item);
  assert.ok(finds({ contains: 'AbC' }, { name: 'xabcx' }));
  assert.ok(!finds({ contains: 'b' }, { name: 'a' }));
  assert.ok(finds({ metadata: 'ops' }, { name: 'a', metadata: { owner: 'Ops' } }));
  assert.ok(!finds({ metadata: 'ops' }, { name: 'ops' }));
  assert.ok(finds({ expiry: 'never' }, { name: 'a' }));
  assert.ok(!finds({ expiry: 'set' }, { name: 'a' }));
  assert.ok(finds({ expiry: 'hour' }, { name: 'a', expiration: now + 3600 }));
  assert.ok(!finds({ expiry: 'hour' }, { name: 'a', expiration: now + 3601 }));
  assert.equal(filterText({ ...noFilter, prefix: 'a', expiry: 'set' }), 'keys that start with “a” and expire');
});

// Pages of three keys from memory.
async function fed(names, { separator = '', prefix = '', matches = null } = {}, wanted = 100) {
  const load = async (cursor) => {
    const start = Number(cursor || 0);
    const keys = names.slice(start, start + 3).map((name) => ({ name }));
    return { keys, cursor: start + 3 < names.length ? String(start + 3) : '' };
  };
  let settle;
  const idle = new Promise((resolve) => (settle = resolve));
  const feed = new KeyFeed({ load, matches, prefix, separator }, () => !feed.isLoading && settle());
  feed.want(wanted);
  await idle;
  return feed;
}
const shown = (feed) => feed.rows.map((row) => (row.kind === 'key' ? row.item.name : `${row.name} ${row.keys}`));

test('a feed loads as far as it is asked to', async () => {
  const feed = await fed(['a', 'b', 'c', 'd', 'e', 'f', 'g'], {}, 2);
  assert.deepEqual(shown(feed), ['a', 'b', 'c']);
  assert.equal(feed.isComplete, false);
});

test('a feed makes folders of what shares a beginning', async () => {
  const names = ['a', 'a!', 'a/1', 'a/2', 'a/3/4', 'a0', 'b/1', 'c/'];
  assert.deepEqual(shown(await fed(names, { separator: '/' })), ['a', 'a!', 'a/ 3', 'a0', 'b/ 1', 'c/ 1']);
  const inside = ['a/1', 'a/2', 'a/3/4', 'a/3/5'];
  assert.deepEqual(shown(await fed(inside, { separator: '/', prefix: 'a/' })), ['a/1', 'a/2', 'a/3/ 2']);
});

test('a key that was written appears where it belongs', async () => {
  const feed = await fed(['a', 'c', 'x/1'], { separator: '/' });
  feed.upsert({ name: 'b' }, true);
  feed.upsert({ name: 'x/2' }, true);
  feed.upsert({ name: 'x/2' }, false);
  feed.upsert({ name: 'z' }, true);
  feed.upsert({ name: 'c', expiration: 5 }, false);
  assert.deepEqual(shown(feed), ['a', 'b', 'c', 'x/ 2', 'z']);
  assert.equal(feed.rows[2].item.expiration, 5);
  feed.remove(new Set(['a', 'z']));
  assert.deepEqual(shown(feed), ['b', 'c', 'x/ 2']);
});

test('a bulk file is checked pair by pair', () => {
  const now = 1000;
  const bad = [
    [3, /Not an object/],
    [{ value: 'v' }, /"key" must be/],
    [{ key: 'k1', value: 1 }, /"value" must be/],
    [{ key: '', value: 'v' }, /must not be empty/],
    [{ key: 'k'.repeat(513), value: 'v' }, /513 bytes/],
    [{ key: 'k2', value: '%', base64: true }, /not base64/],
    [{ key: 'k3', value: 'v', base64: 'yes' }, /"base64" must be/],
    [{ key: 'k4', value: 'v', expiration_ttl: 59 }, /60 seconds/],
    [{ key: 'k5', value: 'v', expiration: 999 }, /in the past/],
    [{ key: 'k6', value: 'v', expiration: 'soon' }, /must be a date/],
    [{ key: 'k7', value: 'v', metadata: 'x'.repeat(1023) }, /1,025 bytes/],
    [{ key: 'good', value: 'another' }, /stands in the file before/],
  ];
  const good = [
    { key: 'good', value: 'v', metadata: { a: 1 }, expiration_ttl: 60, base64: null },
    { key: 'bytes', value: 'AAE=', base64: true },
  ];
  const file = readBulkFile(JSON.stringify([...good, good[1], ...bad.map(([pair]) => pair)]), now);
  assert.deepEqual(file.pairs.map(({ key }) => key), ['good', 'bytes']);
  assert.equal(file.repeated, 1);
  assert.equal(file.problems.length, bad.length);
  file.problems.forEach(({ position, reason }, i) => {
    assert.equal(position, i + 4);
    assert.match(reason, bad[i][1]);
  });
  assert.match(readBulkFile('{}', now), /must be a JSON array/);
  assert.match(readBulkFile('[', now), /Not JSON/);
});

test('a bulk file goes out in requests that the server takes, and as it is written', () => {
  const lines = Array.from({ length: 10_001 }, (_, i) => `{"key":"${i}","value":"v","metadata":12345678901234567890}`);
  const bodies = [...batches(readBulkFile(`[${lines.join()}]`, 0).pairs)];
  assert.deepEqual(bodies.map(({ keys }) => keys.length), [10_000, 1]);
  assert.equal(bodies[1].body, `[${lines[10_000]}]`);
  const large = { key: 'k', json: '', bytes: 30_000_000 };
  assert.deepEqual([...batches([large, large, large, large])].map(({ keys }) => keys.length), [3, 1]);
});
