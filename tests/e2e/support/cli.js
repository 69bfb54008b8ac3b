// `cubby` as a client, in a home of its own.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { refuse, run, succeed } from './command.js';
import { scratchDirectory } from './cubby.js';

export class Cli {
  // `server` has baseUrl, account and token, which are in the environment as for wrangler; `env` is added last, and
  // undefined takes a variable away.
  constructor(server, env = {}) {
    this.directory = scratchDirectory('cli');
    this.server = server;
    this.more = env;
  }

  // Only now: a server has its address once it has started.
  get env() {
    const { server } = this;
    const all = {
      HOME: this.directory,
      ...(server && {
        CLOUDFLARE_API_BASE_URL: server.baseUrl,
        CLOUDFLARE_API_TOKEN: server.token,
        CLOUDFLARE_ACCOUNT_ID: server.account,
      }),
      ...this.more,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  }

  #options(input) {
    return { cwd: this.directory, env: this.env, input };
  }

  succeeds(...args) {
    return succeed(process.env.CUBBY_BINARY, args, this.#options());
  }

  succeedsWith(input, ...args) {
    return succeed(process.env.CUBBY_BINARY, args, this.#options(input));
  }

  async json(...args) {
    return JSON.parse((await this.succeeds(...args)).text);
  }

  // Fails with that exit code and a message that matches.
  async fails(code, message, ...args) {
    const result = await refuse(process.env.CUBBY_BINARY, args, this.#options());
    assert.equal(result.code, code, result.output);
    assert.match(result.stderr, message, result.output);
    return result;
  }

  run(...args) {
    return run(process.env.CUBBY_BINARY, args, this.#options());
  }

  // Runs until the promise is resolved, and then ends as no program can prepare for.
  async killedAt(moment, ...args) {
    const child = spawn(process.env.CUBBY_BINARY, args, {
      cwd: this.directory,
      env: { PATH: process.env.PATH, ...this.env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    moment.then(() => child.kill('SIGKILL'));
    const [code, signal] = await once(child, 'close');
    assert.equal(signal, 'SIGKILL', `it ended by itself: ${code}`);
  }

  file(name, content) {
    writeFileSync(
      join(this.directory, name),
      Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content),
    );
    return name;
  }

  path(name) {
    return join(this.directory, name);
  }
}
