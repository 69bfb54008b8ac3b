// Starts real workerds whose KV namespaces are a Cubby.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratchDirectory } from './cubby.js';

const START_MS = 20_000;
const modules = fileURLToPath(new URL('../node_modules', import.meta.url));
const worker = fileURLToPath(new URL('../worker', import.meta.url));
const platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-64';

// Their HTTP clients differ; see docs/using/workers.md.
export const workerds = {
  '1.20261117.1': join(modules, '@cloudflare', `workerd-${platform}`, 'bin/workerd'),
  '1.20260822.1': join(modules, `workerd-older-${platform.replace('-64', '-x64')}`, 'bin/workerd'),
};

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

// A workerd that serves one socket; `origin` is where.
export class WorkerdProcess {
  static async started(binary, [command, ...args], cwd) {
    const self = new this();
    assert.ok(existsSync(binary), binary);
    self.child = spawn(binary, [command, '--control-fd=3', ...args], {
      cwd,
      env: {},
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    running.add(self.child);
    self.output = '';
    for (const end of [self.child.stdout, self.child.stderr]) {
      end.setEncoding('utf8').on('data', (text) => (self.output += text));
    }
    self.exited = once(self.child, 'close').then(() => running.delete(self.child));
    self.origin = `http://127.0.0.1:${await self.#port()}`;
    return self;
  }

  async #port() {
    const listening = new Promise((resolve) => {
      let told = '';
      this.child.stdio[3].setEncoding('utf8').on('data', (text) => {
        const port = /"port":\s*(\d+)/.exec((told += text));
        if (port) resolve(port[1]);
      });
    });
    const limit = new Promise((resolve) => setTimeout(resolve, START_MS).unref());
    const port = await Promise.race([listening, this.exited, limit]);
    assert.equal(typeof port, 'string', `workerd did not start\n${this.output}`);
    return port;
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}

// One on worker/worker.js.
export class Workerd extends WorkerdProcess {
  // `kv` is where the namespace is: an address, the headers that workerd injects, and for TLS whom it trusts. `api`, the same for env.API, and
  // `store` the path of the namespace there.
  static async started({ version = '1.20261117.1', kv, api, store = '' }) {
    const directory = scratchDirectory('workerd');
    for (const name of ['worker.js', 'cases.js']) copyFileSync(join(worker, name), join(directory, name));
    writeFileSync(join(directory, 'config.capnp'), config({ kv, api, store }));
    return super.started(workerds[version], ['serve', 'config.capnp'], directory);
  }

  // What the case of worker/cases.js answers; its error is this test's.
  async run(name, parameters = {}) {
    return runCase(this.origin, name, parameters);
  }
}

export async function runCase(origin, name, parameters = {}) {
  const response = await fetch(`${origin}/?${new URLSearchParams({ case: name, ...parameters })}`);
  const { result, error } = await response.json();
  if (error) assert.fail(error);
  return result;
}

// `trusted` is the PEM text of whom it trusts, and makes the service one over TLS.
const external = (name, { address, headers = {}, trusted }) => {
  const injected = Object.entries(headers).map(([header, value]) => `(name = "${header}", value = "${value}")`);
  const http = `(injectRequestHeaders = [${injected}])`;
  const tls = `(trustedCertificates = [${JSON.stringify(trusted)}])`;
  const protocol = trusted ? `https = (options = ${http}, tlsOptions = ${tls}, certificateHost = "localhost")` : `http = ${http}`;
  return `(name = "${name}", external = (address = "${address}", ${protocol}))`;
};

const config = ({ kv, api, store }) => `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    ${external('kv', kv)},
    ${api ? `${external('api', api)},` : ''}
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);

const worker :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    (name = "cases.js", esModule = embed "cases.js"),
  ],
  compatibilityDate = "2026-06-01",
  compatibilityFlags = ["nodejs_compat"],
  bindings = [
    (name = "KV", kvNamespace = "kv"),
    ${api ? `(name = "API", service = "api"), (name = "API_STORE", text = "${store}"),` : ''}
  ],
);
`;
