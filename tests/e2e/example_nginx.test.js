// examples/nginx as its README starts it, on other ports: values, odd keys and bulk through a proxy with TLS.
import assert from 'node:assert/strict';
import { spawn, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { request } from 'node:https';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Cubby, scratchDirectory } from './support/cubby.js';
import { blocksOf, ROOT } from './support/pages.js';
import { Wrangler } from './support/wrangler.js';

const directory = join(scratchDirectory('nginx'), 'nginx');
let server;
let port;
let nginx;
let ended; // when nginx has

const freePort = () =>
  new Promise((resolve) => {
    const listener = createServer().listen(0, '127.0.0.1', () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });

// Resolves when somebody listens there; nginx does not say so by itself.
const listening = (port, child) =>
  new Promise((resolve, reject) => {
    ended = new Promise((gone) => child.once('exit', gone));
    ended.then((code) => reject(new Error(`nginx ended with ${code}`)));
    const attempt = () => {
      const socket = connect(port, '127.0.0.1');
      socket.once('connect', () => resolve(socket.destroy()));
      socket.once('error', () => setImmediate(attempt));
    };
    attempt();
  });

before(async () => {
  server = await Cubby.started();
  cpSync(join(ROOT, 'examples/nginx'), directory, { recursive: true });
  port = await freePort();
  const settings = readFileSync(join(directory, 'nginx.conf'), 'utf8')
    .replace('127.0.0.1:8443', `127.0.0.1:${port}`)
    .replace('127.0.0.1:8484', new URL(server.origin).host);
  writeFileSync(join(directory, 'nginx.conf'), settings);
  for (const folder of ['body', 'proxy', 'unused']) mkdirSync(join(directory, folder));
  const [block] = blocksOf('examples/nginx/README.md').filter(({ language }) => language === 'sh');
  const [certificate, serve] = block.text.split('\n');
  execFileSync('bash', ['-c', certificate], { cwd: directory, stdio: 'ignore' });
  nginx = spawn('bash', ['-c', `exec ${serve}`], {
    cwd: directory,
    env: { PATH: `${process.env.PATH}:${join(ROOT, 'build/nginx/usr/sbin')}` },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await listening(port, nginx);
});

after(async () => {
  nginx?.kill('SIGTERM');
  await ended;
  await server.stop();
});

function call(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = {
      ca: readFileSync(join(directory, 'cert.pem')),
      headers: { authorization: `Bearer ${server.token}`, ...(body && { 'content-length': body.length }) },
      host: 'localhost',
      method,
      path: `/client/v4/accounts/${server.account}/storage/kv/namespaces${path}`,
      port,
    };
    const sent = request(options, (response) => {
      const pieces = [];
      response.on('data', (piece) => pieces.push(piece));
      response.on('end', () => resolve({ status: response.statusCode, body: Buffer.concat(pieces) }));
    });
    sent.on('error', reject).end(body);
  });
}

describe('examples/nginx', () => {
  let id;
  before(async () => {
    id = JSON.parse((await call('POST', '', Buffer.from('{"title":"behind nginx"}'))).body).result.id;
  });

  test('a value of 25 MiB goes up and comes down whole', async () => {
    const value = randomBytes(25 * 1024 * 1024);
    assert.equal((await call('PUT', `/${id}/values/large`, value)).status, 200);
    const got = await call('GET', `/${id}/values/large`);
    assert.ok(got.body.equals(value));
  });

  test('keys arrive as they were sent', async () => {
    for (const key of ['a%2Fb', 'a/b', 'a//b', '%2E%2E%2Fup', 'a+b', '%C3%A9', '%25', '%3F', 'x'.repeat(512)]) {
      const value = Buffer.from(`value of ${key}`);
      assert.equal((await call('PUT', `/${id}/values/${key}`, value)).status, 200, key);
      const direct = await server.rest.call('GET', `/storage/kv/namespaces/${id}/values/${key}`);
      assert.equal(direct.text, value.toString(), key);
    }
  });

  test('wrangler, which trusts the certificate', async () => {
    const wrangler = new Wrangler(
      { token: server.token, account: server.account, baseUrl: `https://localhost:${port}/client/v4` },
      { NODE_EXTRA_CA_CERTS: join(directory, 'cert.pem') },
    );
    await wrangler.succeeds('kv', 'key', 'put', 'greeting', 'hello', '--namespace-id', id, '--remote');
    const got = await wrangler.succeeds('kv', 'key', 'get', 'greeting', '--text', '--namespace-id', id, '--remote');
    assert.equal(got.text.trim(), 'hello');
  });
});
