// TLS with the clients that people have, tokens that may do little, and certificates that are replaced under load.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { after, before, describe, test } from 'node:test';
import { Authority } from './support/certificates.js';
import { run, succeed } from './support/command.js';
import { ACCOUNT, Cubby, TOKEN, sharedCubby } from './support/cubby.js';
import { Workerd, workerds } from './support/workerd.js';
import { Wrangler } from './support/wrangler.js';
import { cases } from './worker/cases.js';

const authority = await Authority.made();
const { cert, key } = await authority.sign('server');
const tls = ['--tls-cert', cert, '--tls-key', key];
const server = sharedCubby({ binding: ['--binding-listen', '127.0.0.1:0', ...tls] });

const curl = (url, ...args) => run('curl', ['-q', '--silent', '--show-error', ...args, url]);
const trusting = (url, ...args) => succeed('curl', ['-q', '--silent', '--show-error', '--cacert', authority.file, ...args, url]);

// A call of the API with the administrator's token; its result.
async function api(method, path, body) {
  const { text } = await trusting(
    `${server.origin}${path}`,
    ...['--request', method, '--header', `Authorization: Bearer ${TOKEN}`, '--json', JSON.stringify(body)],
  );
  const { success, result, errors } = JSON.parse(text);
  assert.ok(success, JSON.stringify(errors));
  return result;
}

// A namespace, and the text of a token for it alone.
async function namespaceWithToken(title, right) {
  const { id } = await api('POST', `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces`, { title });
  const { token } = await api('POST', '/cubby/v1/tokens', { name: title, right, namespaces: [id] });
  return { id, token };
}

describe('curl', () => {
  test('the listeners announce https, and a client that trusts the authority is served', async () => {
    assert.match(server.process.stdout, /^binding https:\/\/127\.0\.0\.1:\d+\napi https:\/\/127\.0\.0\.1:\d+$/m);
    assert.equal((await trusting(`${server.origin}/healthz`)).text, 'ok\n');
    assert.match(server.process.stderr, /TLS: certificate of CN=server, valid until \d{4}-/);
  });

  test('others are not: no trust, an old version, plain HTTP', async () => {
    assert.equal((await curl(`${server.origin}/healthz`)).code, 60);
    const old = await curl(`${server.origin}/healthz`, '--cacert', authority.file, '--tls-max', '1.1', '--ciphers', 'ALL:@SECLEVEL=0');
    assert.equal(old.code, 35, old.output);
    // Of TLS 1.2, suites with authenticated encryption only.
    const suite = (name) => curl(`${server.origin}/healthz`, '--cacert', authority.file, '--tls-max', '1.2', '--ciphers', `${name}:@SECLEVEL=0`);
    for (const good of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305']) assert.equal((await suite(good)).code, 0, good);
    for (const bad of ['ECDHE-ECDSA-AES256-SHA384', 'ECDHE-ECDSA-AES128-SHA']) assert.equal((await suite(bad)).code, 35, bad);
    const plain = await succeed('curl', ['-q', '--silent', `${server.origin.replace('https', 'http')}/healthz`]);
    assert.match(plain.text, /"code":10029,"message":".*plain HTTP where TLS is spoken: use https/);
    const binding = await succeed('curl', ['-q', '--silent', '--include', `http://${server.bindings[0]}/k`]);
    assert.match(binding.text, /^HTTP\/1\.1 400 .*plain HTTP where TLS is spoken: use https\r\n/);
  });
});

test('wrangler works with a token for one namespace, told whom to trust', async () => {
  const { id, token } = await namespaceWithToken('wrangler', 'write');
  const wrangler = new Wrangler(server, { CLOUDFLARE_API_TOKEN: token, NODE_EXTRA_CA_CERTS: authority.file });
  await wrangler.succeeds('kv', 'key', 'put', 'greeting', 'hello', '--namespace-id', id, '--remote');
  const got = await wrangler.succeeds('kv', 'key', 'get', 'greeting', '--namespace-id', id, '--remote', '--text');
  assert.equal(got.text.trim(), 'hello');
  const listed = await wrangler.json('kv', 'key', 'list', '--namespace-id', id, '--remote');
  assert.deepEqual(listed, [{ name: 'greeting' }]);
  const { id: other } = await namespaceWithToken('not for wrangler', 'read');
  const refused = await wrangler.fails('kv', 'key', 'get', 'greeting', '--namespace-id', other, '--remote');
  assert.doesNotMatch(refused.output.replaceAll(`--namespace-id ${other}`, ''), new RegExp(token));
  const distrustful = new Wrangler(server, { CLOUDFLARE_API_TOKEN: token });
  await distrustful.fails('kv', 'key', 'list', '--namespace-id', id, '--remote');
});

for (const version of Object.keys(workerds)) {
  describe(`workerd ${version}`, () => {
    let workerd;
    before(async () => {
      const { id, token } = await namespaceWithToken(`workerd ${version}`, 'write');
      const headers = { Authorization: `Bearer ${token}` };
      const trusted = authority.pem;
      workerd = await Workerd.started({
        version,
        kv: { address: server.bindings[0], headers: { ...headers, 'Cubby-Namespace': id }, trusted },
        api: { address: server.origin.replace('https://', ''), headers, trusted },
        store: `/client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${id}`,
      });
    });
    after(() => workerd?.stop());

    for (const name of Object.keys(cases).filter((each) => !['failed streams', 'load', 'try'].includes(each))) {
      test(name, async () => assert.equal(await workerd.run(name), 'passed'));
    }
  });
}

// The certificate's serial number that a request on a connection of `agent` met.
const serialSeen = (origin, agent) =>
  new Promise((resolve, reject) => {
    let serialNumber;
    const look = (socket) => (serialNumber ??= socket?.getPeerCertificate()?.serialNumber);
    const request = https.get(`${origin}/healthz`, { ca: authority.pem, agent, timeout: 20_000 }, (response) => {
      look(response.socket);
      response.resume().on('end', () => resolve(serialNumber));
    });
    // As soon as it is known: a connection may be gone, and its certificate with it, when the answer is here.
    request.on('socket', (socket) => {
      look(socket);
      socket.once('secureConnect', () => look(socket));
    });
    request.on('error', reject);
    request.on('timeout', () => request.destroy(new Error('no answer')));
  });

test('a new certificate is for new connections, and nobody notices', async () => {
  const own = await authority.sign('renewed');
  const renewed = await Cubby.started({
    binding: ['--binding-listen', 'none', '--tls-cert', own.cert, '--tls-key', own.key],
  });
  const kept = new https.Agent({ keepAlive: true, maxSockets: 1 });
  // Without resumed sessions: they do not show the certificate again.
  const fresh = new https.Agent({ keepAlive: false, maxCachedSessions: 0 });
  const first = await serialSeen(renewed.origin, kept);
  let stopped = false;
  const load = Array.from({ length: 4 }, async () => {
    for (let count = 0; ; ++count) {
      if (stopped) return count;
      await serialSeen(renewed.origin, fresh);
    }
  });
  await authority.sign('renewed');
  renewed.process.child.kill('SIGHUP');
  while ((await serialSeen(renewed.origin, fresh)) === first);
  assert.equal(await serialSeen(renewed.origin, kept), first, 'the kept connection went on');

  // A bad one changes nothing.
  const second = await serialSeen(renewed.origin, fresh);
  const complained = new Promise((resolve) => {
    renewed.process.child.stderr.on('data', (text) => text.includes('the certificate in use stays') && resolve());
  });
  writeFileSync(own.cert, 'no certificate');
  renewed.process.child.kill('SIGHUP');
  await complained;
  assert.match(renewed.process.stderr, /\[error\] the certificate in use stays: TLS: .*renewed\.pem: no certificate in PEM form/);
  assert.equal(await serialSeen(renewed.origin, fresh), second);
  stopped = true;
  for (const count of await Promise.all(load)) assert.ok(count > 0);
  kept.destroy();
  await renewed.stop();
});

test('clients show a certificate where one is asked for', async () => {
  const own = await authority.sign('client');
  const strict = await Cubby.started({ binding: ['--binding-listen', 'none', ...tls, '--tls-client-ca', authority.file] });
  const known = await trusting(`${strict.origin}/healthz`, '--cert', own.cert, '--key', own.key);
  assert.equal(known.text, 'ok\n');
  const stranger = await curl(`${strict.origin}/healthz`, '--cacert', authority.file);
  assert.notEqual(stranger.code, 0);
  await strict.stop();
});

test('another authority of clients counts after SIGHUP', async () => {
  const other = await Authority.made();
  const [ours, theirs] = [await authority.sign('ours'), await other.sign('theirs')];
  const file = authority.path('clients.pem');
  copyFileSync(authority.file, file);
  const strict = await Cubby.started({ binding: ['--binding-listen', 'none', ...tls, '--tls-client-ca', file] });
  const isServed = async (own) =>
    (await curl(`${strict.origin}/healthz`, '--cacert', authority.file, '--cert', own.cert, '--key', own.key)).code === 0;
  assert.deepEqual([await isServed(ours), await isServed(theirs)], [true, false]);
  copyFileSync(other.file, file);
  strict.process.child.kill('SIGHUP');
  while (!(await isServed(theirs)));
  assert.equal(await isServed(ours), false);
  await strict.stop();
});

describe('a start', () => {
  const refused = async (...flags) => {
    const cubby = new Cubby({ binding: ['--binding-listen', 'none', ...flags] });
    const { code } = await cubby.launch().exit();
    assert.notEqual(code, 0);
    return cubby.process.stderr;
  };

  test('with bad files is refused with what is wrong', async () => {
    const other = await authority.sign('other');
    assert.match(await refused('--tls-cert', cert), /--tls-cert: and --tls-key belong together/);
    assert.match(await refused('--tls-client-ca', authority.file), /--tls-client-ca: needs --tls-cert/);
    assert.match(await refused('--tls-cert', '/nowhere.pem', '--tls-key', key), /^cubby: TLS: \/nowhere\.pem: No such file or directory$/m);
    assert.match(await refused('--tls-cert', cert, '--tls-key', other.key), /other\.key: does not belong to the certificate in .*server\.pem$/m);
  });

  test('with a certificate whose time is over says so', async () => {
    const expired = await authority.signExpired('expired');
    const cubby = await Cubby.started({ binding: ['--binding-listen', 'none', '--tls-cert', expired.cert, '--tls-key', expired.key] });
    assert.match(cubby.process.stderr, /\[warning\] TLS: the certificate has expired$/m);
    await cubby.stop();
    assert.doesNotMatch(server.process.stderr, /has expired/);
  });

  test('where other machines may connect says that there is no TLS', async () => {
    const warning = /\[warning\] other machines may connect without TLS/;
    for (const [listen, flags, isWarned] of [
      ['0.0.0.0:0', [], true],
      ['0.0.0.0:0', tls, false],
      ['127.0.0.1:0', [], false],
    ]) {
      const cubby = await Cubby.started({ listen, binding: ['--binding-listen', 'none', ...flags] });
      await cubby.stop();
      assert.equal(warning.test(cubby.process.stderr), isWarned, cubby.process.output);
    }
  });

  test('with a key that everybody may read says so', async () => {
    const open = authority.path('open.key');
    copyFileSync(key, open);
    chmodSync(open, 0o644);
    const cubby = await Cubby.started({ binding: ['--binding-listen', 'none', '--tls-cert', cert, '--tls-key', open] });
    assert.match(cubby.process.stderr, /\[warning\] TLS: everybody on this machine may read the key .*open\.key/);
    await cubby.stop();
    assert.doesNotMatch(server.process.stderr, /everybody on this machine/);
  });
});
