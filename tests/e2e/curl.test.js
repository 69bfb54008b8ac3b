// curl against Cubby, as people use it in scripts and documentation.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { succeed } from './support/command.js';
import { scratchDirectory, sharedCubby } from './support/cubby.js';

const server = sharedCubby();
const rest = server.rest;
const directory = scratchDirectory('curl');

// `path` starts after the namespaces. Answers { status, body, headers (raw text), trace }.
async function curl(path, ...args) {
  const url = `${server.baseUrl}/accounts/${server.account}/storage/kv/namespaces${path}`;
  // -q: no .curlrc of the developer; the status goes last, behind a line end that no body needs.
  const fixed = [
    '-q',
    '--silent',
    '--show-error',
    '--verbose',
    '--max-time',
    '60',
    '--write-out',
    '\n%{http_code}',
  ];
  const { stdout, stderr } = await succeed(
    'curl',
    [...fixed, '--header', `Authorization: Bearer ${server.token}`, ...args, url],
    { cwd: directory },
  );
  const end = stdout.lastIndexOf('\n');
  return {
    status: Number(stdout.subarray(end + 1)),
    body: stdout.subarray(0, end),
    trace: stderr,
    get json() {
      return JSON.parse(this.body);
    },
  };
}

async function curlOk(...call) {
  const answer = await curl(...call);
  assert.equal(answer.status, 200, `${answer.body}\n${answer.trace}`);
  return answer;
}

function file(name, bytes) {
  writeFileSync(join(directory, name), bytes);
  return name;
}

test('-T sends a file after the server said 100 Continue', async () => {
  const ns = await rest.createNamespace('-T file');
  const bytes = randomBytes(2_000_000);
  const { trace, json } = await curlOk(`/${ns}/values/k`, '-T', file('upload.bin', bytes));
  assert.match(trace, /^< HTTP\/1\.1 100 Continue/m);
  assert.deepEqual(json, { result: null, success: true, errors: [], messages: [] });
  assert.ok((await curlOk(`/${ns}/values/k`)).body.equals(bytes));
});

test('-T without a namespace to write to gets its answer too', async () => {
  const { status, json } = await curl(
    `/${'0'.repeat(32)}/values/k`,
    '-T',
    file('homeless.bin', randomBytes(2_000_000)),
  );
  assert.equal(status, 404);
  assert.equal(json.errors[0].code, 10013);
});

test('-T - sends standard input in chunks', async () => {
  const ns = await rest.createNamespace('-T -');
  const bytes = randomBytes(200_000);
  const url = `${server.baseUrl}/accounts/${server.account}/storage/kv/namespaces/${ns}/values/k`;
  const { stderr } = await succeed(
    'curl',
    ['-q', '-sSvf', '-H', `Authorization: Bearer ${server.token}`, '-T', '-', url],
    { cwd: directory, input: bytes },
  );
  assert.match(stderr, /^> Transfer-Encoding: chunked/m);
  assert.ok((await rest.get(ns, 'k')).value.equals(bytes));
});

test('--data-binary @file stores the file, though curl calls it a form', async () => {
  const ns = await rest.createNamespace('--data-binary');
  const bytes = Buffer.from('a=1&b=%20+\r\n\0\xff', 'latin1');
  const { trace } = await curlOk(
    `/${ns}/values/k`,
    '-X',
    'PUT',
    '--data-binary',
    `@${file('form.bin', bytes)}`,
  );
  assert.match(trace, /^> Content-Type: application\/x-www-form-urlencoded/m);
  assert.ok((await rest.get(ns, 'k')).value.equals(bytes));
});

test('--data-binary with no bytes at all stores an empty value', async () => {
  const ns = await rest.createNamespace('--data-binary of nothing');
  await curlOk(`/${ns}/values/k`, '-X', 'PUT', '--data-binary', `@${file('nothing.bin', '')}`);
  assert.equal((await rest.get(ns, 'k')).value.length, 0);
});

test('-F sends value and metadata with types and a file name', async () => {
  const ns = await rest.createNamespace('-F');
  const bytes = Buffer.from([0, 255, 13, 10, 13, 10, 45, 45]);
  const form = [
    '-F',
    `value=@${file('form-value.bin', bytes)}`,
    '-F',
    'metadata={"a":[1,"ü"]};type=application/json',
  ];
  await curlOk(`/${ns}/values/k?expiration=1999999999`, '-X', 'PUT', ...form);
  assert.deepEqual(await rest.get(ns, 'k'), { value: bytes, expiration: 1999999999 });
  assert.deepEqual(await rest.metadata(ns, 'k'), { a: [1, 'ü'] });
});

test('-F with the metadata before the value', async () => {
  const ns = await rest.createNamespace('-F reversed');
  await curlOk(`/${ns}/values/k`, '-X', 'PUT', '-F', 'metadata={"first":true}', '-F', 'value=plain text');
  assert.equal((await rest.get(ns, 'k')).value.toString(), 'plain text');
  assert.deepEqual(await rest.metadata(ns, 'k'), { first: true });
});

test('-F without a value part is refused and writes nothing', async () => {
  const ns = await rest.createNamespace('-F without value');
  const { status, json } = await curl(`/${ns}/values/k`, '-X', 'PUT', '-F', 'metadata={}');
  assert.equal(status, 400);
  assert.equal(json.success, false);
  assert.deepEqual(await rest.keyNames(ns), []);
});

test('-G --data-urlencode builds the query of a list', async () => {
  const ns = await rest.createNamespace('-G');
  await rest.bulkPut(
    ns,
    ['a b+c/é&1', 'a b+c/é&2', 'a b'].map((key) => ({ key, value: 'v' })),
  );
  const { json } = await curlOk(
    `/${ns}/keys`,
    '-G',
    '--data-urlencode',
    'prefix=a b+c/é&',
    '--data-urlencode',
    'limit=10',
  );
  assert.deepEqual(
    json.result.map(({ name }) => name),
    ['a b+c/é&1', 'a b+c/é&2'],
  );
  assert.equal(json.result_info.count, 2);
  assert.equal(json.result_info.cursor, '');
});

test('-I shows the headers of a value without its bytes', async () => {
  const ns = await rest.createNamespace('-I');
  await rest.put(ns, 'k', 'twelve bytes', '?expiration=1999999999');
  const { status, trace } = await curl(`/${ns}/values/k`, '-I');
  assert.equal(status, 200);
  assert.match(trace, /^< content-length: 12\r?$/im);
  assert.match(trace, /^< expiration: 1999999999\r?$/im);
  assert.equal((await curl(`/${ns}/values/none`, '-I')).status, 404);
});

test('If-None-Match with the ETag answers 304 until the value changes', async () => {
  const ns = await rest.createNamespace('etag');
  await rest.put(ns, 'k', 'one');
  const [, etag] =
    /^< etag: (\S+)\r?$/im.exec((await curlOk(`/${ns}/values/k`)).trace) ?? assert.fail('no ETag');
  const unchanged = await curl(`/${ns}/values/k`, '-H', `If-None-Match: ${etag}`);
  assert.equal(unchanged.status, 304);
  assert.equal(unchanged.body.length, 0);
  await rest.put(ns, 'k', 'one'); // the same bytes, but another write: metadata and expiry may differ
  const changed = await curlOk(`/${ns}/values/k`, '-H', `If-None-Match: ${etag}`);
  assert.equal(changed.body.toString(), 'one');
});

test('-X OPTIONS is answered 405 with the methods that exist', async () => {
  const ns = await rest.createNamespace('options');
  const { status, trace } = await curl(`/${ns}/values/k`, '-X', 'OPTIONS');
  assert.equal(status, 405);
  const [, allow] = /^< allow: (.+?)\r?$/im.exec(trace) ?? assert.fail(`no Allow header\n${trace}`);
  for (const method of ['GET', 'PUT', 'DELETE']) assert.ok(allow.split(/, */).includes(method), allow);
});

test('a dot path that curl is told to keep is no key: refused', async () => {
  const ns = await rest.createNamespace('--path-as-is');
  await rest.put(ns, 'precious', 'data');
  for (const key of ['..', '.', '%2e%2e', '%2E', '']) {
    const { status, json } = await curl(`/${ns}/values/${key}`, '-X', 'DELETE', '--path-as-is');
    assert.ok(status >= 400 && status < 500, `${key}: ${status}`);
    assert.equal(json.success, false);
  }
  const { status } = await curl(`/${ns}/`, '-X', 'DELETE');
  assert.ok(status >= 400 && status < 500, String(status));
  assert.deepEqual(await rest.keyNames(ns), ['precious']);
});

test('email and key work in place of a token', async () => {
  const ns = await rest.createNamespace('email and key');
  // A header without a value takes away the one that every call here carries.
  const { json } = await curlOk(
    '',
    '-H',
    'Authorization:',
    '-H',
    'X-Auth-Email: me@example.invalid',
    '-H',
    `X-Auth-Key: ${server.token}`,
  );
  assert.ok(json.result.some(({ id }) => id === ns));
});

test('no credentials at all is 403, with errors in the usual form', async () => {
  const url = `${server.baseUrl}/accounts/${server.account}/storage/kv/namespaces`;
  const { text } = await succeed('curl', ['-q', '-sS', '-w', '\n%{http_code} %{content_type}', url], {
    cwd: directory,
  });
  const [body, end] = text.split('\n');
  assert.match(end, /^40[013] application\/json/);
  const { result, success, errors, messages } = JSON.parse(body);
  assert.deepEqual({ result, success, messages }, { result: null, success: false, messages: [] });
  assert.ok(errors[0].code >= 1000 && errors[0].message, body);
});
