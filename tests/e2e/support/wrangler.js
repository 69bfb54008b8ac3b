// The wrangler CLI, cut off from the machine it runs on: a home, a config and a cache of its own,
// no telemetry, no colours, and a working directory that holds only what the test put there.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { refuse, succeed } from './command.js';
import { scratchDirectory } from './cubby.js';

// Half of what a call costs is compiling the CLI's one large file; the calls of a run share that work.
const compileCache = scratchDirectory('compile-cache');

export const CLI = fileURLToPath(new URL('../node_modules/wrangler/bin/wrangler.js', import.meta.url));

export class Wrangler {
  // `env` is added last; a value of undefined takes a variable away.
  constructor(server, env = {}) {
    this.directory = scratchDirectory('wrangler');
    this.server = server;
    this.env = env;
  }

  succeeds(...args) {
    return succeed(process.execPath, [CLI, ...args], this.#surroundings());
  }

  fails(...args) {
    return refuse(process.execPath, [CLI, ...args], this.#surroundings());
  }

  // What a command that prints JSON printed.
  async json(...args) {
    return JSON.parse((await this.succeeds(...args)).text);
  }

  // A file in the working directory; returns its name, as a user would type it.
  file(name, content) {
    writeFileSync(
      join(this.directory, name),
      Buffer.isBuffer(content) || typeof content === 'string' ? content : JSON.stringify(content),
    );
    return name;
  }

  #surroundings() {
    const env = {
      ...wranglerEnvironment(this.directory),
      CLOUDFLARE_API_BASE_URL: this.server.baseUrl,
      CLOUDFLARE_API_TOKEN: this.server.token,
      CLOUDFLARE_ACCOUNT_ID: this.server.account,
      ...this.env,
    };
    return {
      cwd: this.directory,
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
    };
  }
}

// What keeps a wrangler to itself, whatever it is told to do.
export const wranglerEnvironment = (home) => ({
  HOME: home,
  XDG_CONFIG_HOME: join(home, '.config'),
  XDG_CACHE_HOME: join(home, '.cache'),
  XDG_DATA_HOME: join(home, '.local/share'),
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true', // the banner comes with a check for updates
  NODE_COMPILE_CACHE: compileCache,
  NO_COLOR: '1',
  CI: '1',
  LANG: 'C.UTF-8',
});
