// The life of a server as the person who runs it sees it: starts, stops, crashes, settings, mistakes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { ACCOUNT, Cubby, Process, TOKEN, scratchDirectory } from './support/cubby.js';
import { RawConnection, exchange } from './support/http.js';

const tokenFile = (server) => join(server.dataDir, 'admin-token');

// Status of a request that needs a valid token.
async function statusWith(server, token) {
  return (await server.rest.call('GET', '/storage/kv/namespaces', { token })).status;
}

// The account that a server without --account-id chose for itself.
async function accountOf(server, token) {
  const response = await fetch(`${server.baseUrl}/accounts`, {
    headers: { authorization: `Bearer ${token}` },
  });
  assert.equal(response.status, 200, await response.clone().text());
  const { result } = await response.json();
  assert.equal(result.length, 1);
  return result[0].id;
}

// Starts that must fail: they exit by themselves, not with 0, and never say that they serve.
async function refusedStart(args, env) {
  const process = new Process(['serve', ...args], env);
  const { code } = await process.exit();
  assert.ok(code > 0, `exit code ${code}\n${process.output}`);
  assert.doesNotMatch(process.stdout, /^api /m);
  return process;
}

describe('the first start', () => {
  test('says which account it made and where the token is, but not the token itself', async () => {
    const server = await Cubby.started({ token: null, account: null });
    const token = readFileSync(tokenFile(server), 'utf8').trim();
    assert.match(token, /^[0-9A-Za-z_-]{40,80}$/); // what the Terraform provider accepts
    assert.equal(statSync(tokenFile(server)).mode & 0o777, 0o600);

    const account = await accountOf(server, token);
    assert.match(account, /^[0-9a-f]{32}$/);
    await server.stop();
    const { output } = server.process;
    assert.ok(output.includes(account), output);
    assert.ok(output.includes(tokenFile(server)), output);
    assert.ok(!output.includes(token), 'the token is in the output, which may end up in a log');
  });

  test('makes a token that works, and that goes on working after a restart', async () => {
    const server = await Cubby.started({ token: null, account: null });
    const token = readFileSync(tokenFile(server), 'utf8').trim();
    server.account = await accountOf(server, token);
    assert.equal(await statusWith(server, token), 200);
    await server.stop();
    const { account } = server;
    server.account = null; // the second start is told nothing either
    await server.start();
    assert.equal(await accountOf(server, token), account);
    await server.stop();
  });

  test('makes the account that stays the first one, whatever others are made', async () => {
    const first = 'f'.repeat(32); // accounts are kept in the order of their ids
    const server = await Cubby.started({ account: first });
    const make = (name) =>
      fetch(`${server.origin}/cubby/v1/accounts`, {
        method: 'POST',
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ name }),
      });
    assert.equal((await make('another')).status, 200);
    assert.deepEqual([(await make('Cubby')).status, (await make('another')).status], [400, 400]);
    await server.stop();
    server.account = null;
    await server.start();
    assert.equal(/^account ([0-9a-f]{32})$/m.exec(server.process.stdout)[1], first);
    await server.stop();
  });

  test('with CUBBY_ADMIN_TOKEN writes no token anywhere', async () => {
    const server = await Cubby.started();
    assert.equal(await statusWith(server, TOKEN), 200);
    await server.stop();
    assert.ok(!existsSync(tokenFile(server)));
    assert.ok(!server.process.output.includes(TOKEN));
  });
});

test('CUBBY_ADMIN_TOKEN is valid only while it is set', async () => {
  const server = await Cubby.started({ token: null });
  const fromFile = readFileSync(tokenFile(server), 'utf8').trim();
  await server.stop();

  server.token = TOKEN;
  await server.start();
  assert.equal(await statusWith(server, TOKEN), 200);
  await server.stop();

  server.token = null;
  await server.start();
  assert.equal(await statusWith(server, TOKEN), 403);
  assert.equal(await statusWith(server, fromFile), 200);
  await server.stop();
});

test('/healthz answers 200 to anybody', async () => {
  const server = await Cubby.started();
  assert.equal((await fetch(`${server.origin}/healthz`)).status, 200);
  await server.stop();
});

test('a restart keeps namespaces, values, metadata and expiry', async () => {
  const server = await Cubby.started();
  const { rest } = server;
  const ns = await rest.createNamespace('kept');
  const large = Buffer.alloc(3_000_000, 'large value ');
  await rest.put(ns, 'large', large);
  await rest.put(ns, 'empty', '');
  await rest.bulkPut(ns, [
    { key: 'small', value: 'v', metadata: { a: [1, null] }, expiration: 1999999999 },
    { key: 'deleted', value: 'v' },
  ]);
  assert.equal((await rest.call('DELETE', `/storage/kv/namespaces/${ns}/values/deleted`)).status, 200);
  const gone = await rest.createNamespace('removed');
  assert.equal((await rest.call('DELETE', `/storage/kv/namespaces/${gone}`)).status, 200);

  await server.stop();
  await server.start();
  assert.deepEqual(await rest.namespaces(), [{ id: ns, title: 'kept', supports_url_encoding: true }]);
  assert.deepEqual(await rest.keys(ns), [
    { name: 'empty' },
    { name: 'large' },
    { name: 'small', expiration: 1999999999, metadata: { a: [1, null] } },
  ]);
  assert.ok((await rest.get(ns, 'large')).value.equals(large));
  assert.deepEqual(await rest.get(ns, 'small'), { value: Buffer.from('v'), expiration: 1999999999 });
  await server.stop();
});

test('a disk that takes no more: an error with its cause in the log, reads go on, nothing acknowledged is lost', async () => {
  const server = await Cubby.started({ limits: { fileKiB: 4096 } });
  const { rest } = server;
  const ns = await rest.createNamespace('full');
  const value = Buffer.alloc(100_000, 'x');
  const acknowledged = [];
  let refused;
  for (let i = 0; i < 100 && !refused; ++i) {
    const answer = await rest.call('PUT', `/storage/kv/namespaces/${ns}/values/k${i}`, { body: value });
    if (answer.status === 200) acknowledged.push(`k${i}`);
    else refused = answer;
  }
  assert.equal(refused?.status, 500, `${acknowledged.length} writes succeeded`);
  assert.equal(refused.json.errors[0].code, 10001);
  assert.equal(refused.headers.get('x-should-retry'), 'false');
  const ready = await fetch(`${server.origin}/readyz`);
  assert.deepEqual([ready.status, await ready.text()], [503, `${refused.json.errors[0].message}\n`]);
  assert.match(server.process.stderr, /\[error\] put: storage failed.*(File too large|IO error)/);
  assert.ok((await rest.get(ns, acknowledged[0])).value.equals(value));
  await server.crash();

  server.limits = undefined;
  await server.start();
  for (const key of acknowledged) assert.ok((await rest.get(ns, key)).value.equals(value), key);
  await rest.put(ns, 'again', 'goes on');
  await server.stop();
});

describe('SIGTERM', () => {
  // Resolves once nothing listens any more: each attempt is answered by the kernel, nothing is waited for.
  async function refusesConnections(server) {
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      try {
        (await RawConnection.open(server)).close();
      } catch (error) {
        // ECONNRESET: taken by the kernel just before the listener closed.
        assert.match(error.code, /^ECONN(REFUSED|RESET)$/, String(error));
        return;
      }
    }
    assert.fail(`still accepting connections after SIGTERM\n${server.process.output}`);
  }

  test('lets an upload in flight finish, answers it, and keeps it', async () => {
    const server = await Cubby.started();
    const { rest } = server;
    const ns = await rest.createNamespace('slow upload');
    const body = Buffer.alloc(1_000_000, 'slow');
    const connection = await RawConnection.open(server);
    connection.send(
      [
        `PUT /client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${ns}/values/k HTTP/1.1`,
        `Host: ${new URL(server.origin).host}`,
        `Authorization: Bearer ${TOKEN}`,
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
        '',
        '',
      ].join('\r\n'),
    );
    // The request is in the server's hands when this comes, so it is in flight when the signal does.
    assert.equal((await connection.answer()).status, 100);
    await connection.sendNow(body.subarray(0, 400_000));
    server.terminate();
    await refusesConnections(server);

    await connection.sendNow(body.subarray(400_000));
    const answer = await connection.answer('PUT');
    assert.equal(answer.status, 200, answer.body.toString());
    assert.equal(answer.json.success, true);
    await server.stopped();
    connection.close();

    await server.start();
    assert.ok((await rest.get(ns, 'k')).value.equals(body));
    await server.stop();
  });

  test('does not wait for connections on which nothing happens', async () => {
    const server = await Cubby.started();
    const silent = await RawConnection.open(server);
    const idle = await RawConnection.open(server);
    idle.send(`GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n`);
    assert.equal((await idle.answer()).status, 200);
    await server.stop();
    silent.close();
    idle.close();
  });
});

describe('kill -9', () => {
  test('loses no acknowledged write, and no part of a bulk write', async () => {
    const server = await Cubby.started();
    const { rest } = server;
    const ns = await rest.createNamespace('crash');
    for (const [round, crashAfter] of [40, 200, 111].entries()) {
      const acknowledged = new Map(); // key -> the last acknowledged value, or undefined once deleted
      const bulks = new Map(); // bulk -> whether it was acknowledged
      let count = 0;
      let crashed;
      const path = `/storage/kv/namespaces/${ns}`;

      // True once the server has acknowledged; false when it died first, and then anything may be true.
      const acknowledges = async (method, target, body) => {
        try {
          const { status, text } = await rest.call(method, `${path}/${target}`, { body });
          assert.equal(status, 200, text);
        } catch (error) {
          if (error.code === 'ERR_ASSERTION') throw error;
          assert.ok(crashed, `a request failed although the server was not killed: ${error.cause ?? error}`);
          return false;
        }
        if (++count >= crashAfter) crashed ??= server.crash();
        return true;
      };

      const writer = async (name) => {
        for (let i = 0; !crashed; ++i) {
          const key = `${round}-${name}-${i % 7}`; // overwrites and deletions too
          if (i % 10 === 9) {
            acknowledged.delete(key); // unknown until answered
            if (!(await acknowledges('DELETE', `values/${key}`))) return;
            acknowledged.set(key, undefined);
          } else {
            acknowledged.delete(key);
            const value = `${i} `.repeat(i % 3 ? 5 : 5000);
            if (!(await acknowledges('PUT', `values/${key}`, value))) return;
            acknowledged.set(key, value);
          }
        }
      };
      const bulkWriter = async () => {
        for (let i = 0; !crashed; ++i) {
          const bulk = `${round}-bulk-${i}`;
          bulks.set(bulk, false);
          const pairs = Array.from({ length: 20 }, (_, n) => ({ key: `${bulk}-${n}`, value: 'v' }));
          if (!(await acknowledges('PUT', 'bulk', JSON.stringify(pairs)))) return;
          bulks.set(bulk, true);
        }
      };
      await Promise.all([...'abcdef'].map(writer).concat(bulkWriter()));
      await crashed;

      await server.start();
      for (const [key, value] of acknowledged) {
        assert.equal((await rest.get(ns, key))?.value.toString(), value, `round ${round}, key ${key}`);
      }
      const names = new Set(await rest.keyNames(ns));
      for (const [bulk, isAcknowledged] of bulks) {
        const present = Array.from({ length: 20 }, (_, n) => `${bulk}-${n}`).filter((key) =>
          names.has(key),
        ).length;
        assert.ok(
          present === 20 || (present === 0 && !isAcknowledged),
          `round ${round}: ${present} of 20 keys of ${bulk}`,
        );
      }
    }
    await server.stop();
  });
});

describe('a start that cannot work is refused in words', () => {
  test('on a data directory that another server holds', async () => {
    const server = await Cubby.started();
    const second = await refusedStart(['--data-dir', server.dataDir, '--listen', '127.0.0.1:0'], {
      CUBBY_ADMIN_TOKEN: TOKEN,
    });
    assert.match(second.stderr, /in use/);
    assert.ok(second.stderr.includes(server.dataDir), second.output);
    assert.equal(await statusWith(server, TOKEN), 200);
    await server.stop();
  });

  test('on an address where another server listens', async () => {
    const server = await Cubby.started();
    const { host } = new URL(server.origin);
    // Both would get connections if ports were shared between processes as they are between threads.
    const second = await refusedStart(['--data-dir', scratchDirectory('data'), '--listen', host], {
      CUBBY_ADMIN_TOKEN: TOKEN,
    });
    assert.ok(second.stderr.includes(host), second.output);
    await server.stop();
  });

  test('on a directory full of somebody else’s files', async () => {
    const directory = scratchDirectory('foreign');
    writeFileSync(join(directory, 'thesis.txt'), 'precious');
    const process = await refusedStart(['--data-dir', directory, '--listen', '127.0.0.1:0'], {
      CUBBY_ADMIN_TOKEN: TOKEN,
    });
    assert.ok(process.stderr.includes(directory), process.output);
  });

  test('with a flag that does not exist', async () => {
    const process = await refusedStart(['--data-dir', scratchDirectory('data'), '--no-such-flag']);
    assert.match(process.stderr, /no-such-flag/);
  });

  test('with an address that is none', async () => {
    const process = await refusedStart([
      '--data-dir',
      scratchDirectory('data'),
      '--listen',
      'nowhere:at-all',
    ]);
    assert.match(process.stderr, /nowhere:at-all|listen/);
  });

  test('with a token in CUBBY_ADMIN_TOKEN that is too short to be one', async () => {
    const process = await refusedStart(['--data-dir', scratchDirectory('data'), '--listen', '127.0.0.1:0'], {
      CUBBY_ADMIN_TOKEN: 'short',
    });
    assert.match(process.stderr, /CUBBY_ADMIN_TOKEN/);
    assert.ok(!/\bshort\b.*short/.test(process.stderr), 'the message repeats the secret');
  });
});

describe('settings', () => {
  const inNewDirectory = () => join(scratchDirectory('settings'), 'data');

  test('come from a TOML file named by --config', async () => {
    const dataDir = inNewDirectory();
    const config = join(scratchDirectory('config'), 'cubby.toml');
    writeFileSync(
      config,
      `data-dir = "${dataDir}"\nlisten = "127.0.0.1:0"\naccount-id = "${'a'.repeat(32)}"\n`,
    );
    const server = await Cubby.started({ args: ['--config', config] });
    assert.equal(await accountOf(server, TOKEN), 'a'.repeat(32));
    assert.ok(existsSync(dataDir));
    await server.stop();
  });

  test('come from CUBBY_DATA_DIR and CUBBY_LISTEN', async () => {
    const dataDir = inNewDirectory();
    const server = await Cubby.started({
      args: [],
      env: { CUBBY_DATA_DIR: dataDir, CUBBY_LISTEN: '127.0.0.1:0' },
    });
    assert.ok(existsSync(dataDir));
    await server.stop();
  });

  test('given as a flag win over the environment', async () => {
    const [fromFlag, fromEnvironment] = [inNewDirectory(), inNewDirectory()];
    const server = await Cubby.started({
      args: ['--data-dir', fromFlag, '--listen', '127.0.0.1:0'],
      env: { CUBBY_DATA_DIR: fromEnvironment, CUBBY_LISTEN: 'not an address' },
    });
    assert.ok(existsSync(fromFlag));
    assert.ok(!existsSync(fromEnvironment));
    await server.stop();
  });
});

describe('a client that stops in the middle', () => {
  test('leaves nothing behind of its upload, and the server unharmed', async () => {
    const server = await Cubby.started();
    const ns = await server.rest.createNamespace('cut off');
    await server.rest.put(ns, 'k', 'old');
    const connection = await RawConnection.open(server);
    await connection.sendNow(
      [
        `PUT /client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${ns}/values/k HTTP/1.1`,
        'Host: x',
        `Authorization: Bearer ${TOKEN}`,
        'Content-Length: 1000',
        '',
        'only a part',
      ].join('\r\n'),
    );
    connection.close();
    const answer = await exchange(server, [
      `GET /client/v4/accounts/${ACCOUNT}/storage/kv/namespaces/${ns}/values/k`,
      `Authorization: Bearer ${TOKEN}`,
    ]);
    assert.equal(answer.body.toString(), 'old');
    await server.stop();
    await server.start();
    assert.equal((await server.rest.get(ns, 'k')).value.toString(), 'old');
    await server.stop();
  });
});

describe('cubby check', () => {
  test('finds a stopped server\'s directory whole, and a running one\'s in use', async () => {
    const server = await Cubby.started();
    await server.rest.call('POST', '/storage/kv/namespaces', { body: '{"title":"checked"}' });
    const refused = new Process(['check', '--data-dir', server.dataDir]);
    assert.equal((await refused.exit()).code, 1, refused.output);
    assert.match(refused.output, /in use/);
    await server.stop();

    const check = new Process(['check', '--data-dir', server.dataDir]);
    assert.equal((await check.exit()).code, 0, check.output);
    assert.match(check.stdout, /^1 namespaces, 0 keys; 0 damaged/m);
  });
});

describe('relaxed durability', () => {
  test('says so in the log at the start', async () => {
    const server = await Cubby.started({ env: { CUBBY_DURABILITY: 'relaxed' } });
    await server.stop();
    assert.match(server.process.output, /durability is relaxed/);
  });
});
