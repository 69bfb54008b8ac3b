// Starts and stops real Cubby servers, each on a port of its own over a fresh data directory.
//
// Nothing here sleeps: a server is ready when it prints its `api` line, and gone when its process
// has exited. Whatever happens, no server outlives the process that started it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, afterEach, before } from 'node:test';
import { Rest } from './http.js';

export const ACCOUNT = '0123456789abcdef0123456789abcdef';
export const TOKEN = 'cubby-e2e_0123456789-ABCDEFGHIJKLMNOPQRS';

const START_MS = 20_000;
const STOP_MS = 20_000;

const running = new Set();
const failed = [];
let scratch; // the one directory of this test file that holds all others
let directories = 0;

// A fresh, empty directory. All of a file's are removed when its tests passed, and kept otherwise.
export function scratchDirectory(purpose) {
  scratch ??= mkdtempSync(join(tmpdir(), `cubby-e2e-${basename(process.argv[1], '.test.js')}-`));
  const path = join(scratch, `${purpose}-${++directories}`);
  mkdirSync(path);
  return path;
}

afterEach((t) => {
  if (t.passed === false) failed.push(t.name);
});
after(() => {
  if (failed.length) console.error(`kept for inspection: ${scratch}`);
});

// The very last thing, after all hooks: whatever still runs is killed, and tests that passed tidy up.
process.on('exit', (code) => {
  for (const child of running) child.kill('SIGKILL');
  if (scratch && code === 0 && failed.length === 0) rmSync(scratch, { recursive: true, force: true });
});
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
  process.on(signal, () => process.exit(1)); // Node would skip the exit handler above
}

// Runs the binary with exactly this environment, so that a developer's own settings cannot leak in.
// The child's output is kept in `stdout` and `stderr`; `exited` resolves to { code, signal }.
// fileKiB: no file may grow beyond that. disk: { path, MiB }: a disk of that size is there, which only this
// process sees and which ends with it. listening: a socket that becomes descriptor 3, as systemd hands it over.
export class Process {
  constructor(args, env = {}, { fileKiB, disk, listening } = {}) {
    const before = [
      ...(fileKiB ? [`trap '' XFSZ; ulimit -f ${fileKiB};`] : []),
      ...(disk ? [`mount -t tmpfs -o size=${disk.MiB}m cubby-disk '${disk.path}' &&`] : []),
      ...(listening ? ['LISTEN_PID=$$'] : []),
    ].join(' ');
    const unshare = disk ? ['unshare', '--mount', ...(process.getuid() ? ['--map-root-user'] : [])] : [];
    const [shell, ...more] = [...unshare, 'bash'];
    this.child = spawn(shell, [...more, '-c', `${before} exec "$0" "$@"`, process.env.CUBBY_BINARY, ...args], {
      env: { PATH: process.env.PATH, HOME: scratchHome(), ...(listening && { LISTEN_FDS: '1' }), ...env },
      stdio: ['ignore', 'pipe', 'pipe', ...(listening ? [listening] : [])],
    });
    running.add(this.child);
    this.stdout = '';
    this.stderr = '';
    this.child.stdout.setEncoding('utf8').on('data', (text) => (this.stdout += text));
    this.child.stderr.setEncoding('utf8').on('data', (text) => (this.stderr += text));
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      running.delete(this.child);
      return { code, signal };
    });
  }

  get output() {
    return `$ ${this.child.spawnargs.join(' ')}\n--- stdout\n${this.stdout}--- stderr\n${this.stderr}---`;
  }

  // The exit of a process that is expected to end by itself or by a signal already sent.
  async exit(limitMs = STOP_MS) {
    const ended = await within(limitMs, this.exited);
    assert.ok(ended, `the server did not exit within ${limitMs} ms\n${this.output}`);
    return ended;
  }
}

// A server that answers requests. Stopped or crashed, it can be started again on the same data.
// token null: no CUBBY_ADMIN_TOKEN, so the first start makes a token. account null: no --account-id.
// binding: what the worker binding listens on, and its further flags. args replaces the usual flags altogether.
// limits are those of Process; its `listening` is handed over as the binding's.
export class Cubby {
  constructor({
    dataDir = scratchDirectory('data'),
    token = TOKEN,
    account = ACCOUNT,
    listen = '127.0.0.1:0',
    binding = ['--binding-listen', '127.0.0.1:0'],
    args,
    env,
    limits,
  } = {}) {
    Object.assign(this, { dataDir, token, account, listen, binding, args, env, limits });
    this.rest = new Rest(this);
  }

  static async started(options) {
    const server = new Cubby(options);
    await server.start();
    return server;
  }

  // Begins a start without waiting for its outcome.
  launch() {
    const flags = this.args ?? [
      ...['--data-dir', this.dataDir, '--listen', this.listen, ...this.binding],
      ...(this.account ? ['--account-id', this.account] : []),
    ];
    const env = { ...(this.token && { CUBBY_ADMIN_TOKEN: this.token }), ...this.env };
    this.process = new Process(['serve', ...flags], env, this.limits);
    return this.process;
  }

  async start() {
    const { child, exited } = this.launch();
    const line = /^api (https?:\/\/\S+)$/m;
    const printed = new Promise((resolve) => {
      child.stdout.on('data', () => line.test(this.process.stdout) && resolve('printed'));
    });
    const state = await within(START_MS, Promise.race([printed, exited]));
    if (state !== 'printed') {
      child.kill('SIGKILL');
      assert.fail(
        `the server did not start: ${JSON.stringify(state ?? 'no api line')}\n${this.process.output}`,
      );
    }
    this.origin = line.exec(this.process.stdout)[1];
    this.baseUrl = `${this.origin}/client/v4`;
    // As workerd takes them: HOST:PORT or unix:PATH.
    const bindings = [...this.process.stdout.matchAll(/^binding (?:https?:\/\/)?(\S+)$/gm)];
    this.bindings = bindings.map(([, address]) => address);
  }

  terminate() {
    this.process.child.kill('SIGTERM');
  }

  // SIGTERM, and proof of an orderly end.
  async stop() {
    this.terminate();
    await this.stopped();
  }

  async stopped() {
    const ended = await this.process.exit();
    assert.deepEqual(
      ended,
      { code: 0, signal: null },
      `SIGTERM did not end the server cleanly\n${this.process.output}`,
    );
  }

  // The end that no program can prepare for.
  async crash() {
    this.process.child.kill('SIGKILL');
    await this.process.exit();
  }
}

// One server for all tests of a file, running from the first test on.
export function sharedCubby(options) {
  const server = new Cubby(options);
  before(() => server.start());
  after(async () => {
    try {
      if (server.origin) await server.stop();
    } finally {
      if (failed.length) console.error(server.process.output);
    }
  });
  return server;
}

// `promise`, or undefined when it takes longer. Only a bound against hanging, never a delay.
async function within(limitMs, promise) {
  let timer;
  const limit = new Promise((resolve) => (timer = setTimeout(resolve, limitMs)));
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

let home;
function scratchHome() {
  return (home ??= scratchDirectory('home'));
}
