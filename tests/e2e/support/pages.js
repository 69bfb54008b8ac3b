// The documents as a reader follows them: each page's commands, run one after another in one shell.
//
// The shell sees a machine on which Cubby is installed: `cubby`, `wrangler`, `systemctl` and `sudo` are on its PATH, a
// server runs on its usual addresses over its usual directories. Where these really are the page does not notice: ports
// and directories are other ones, put into its text.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.js';
import { ACCOUNT, scratchDirectory } from './cubby.js';
import { CLI, wranglerEnvironment } from './wrangler.js';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

// The fenced blocks of a page: { language, by, text, line }. by: the test that runs the block instead of this one.
export function blocksOf(page) {
  const blocks = [];
  let block;
  readFileSync(join(ROOT, page), 'utf8')
    .split('\n')
    .forEach((line, index) => {
      const fence = /^\s*```(\S*)\s*(?:by=(\S+))?/.exec(line);
      if (fence && !block) block = { language: fence[1], by: fence[2], lines: [], line: index + 1 };
      else if (fence) {
        const { lines, ...rest } = block;
        blocks.push({ ...rest, text: lines.join('\n') });
        block = undefined;
      } else block?.lines.push(line);
    });
  return blocks;
}

const shim = (path, text) => {
  writeFileSync(path, `#!/bin/bash\nset -eu\n${text}`);
  chmodSync(path, 0o755);
};

// Starts and stops the one server of a page; `cubby serve …` of the page takes the place of the one that runs.
const control = `
start() {
  : >"$STATE/out"
  CUBBY_LISTEN=$API CUBBY_BINDING_LISTEN=$BINDING setsid "$CUBBY_BINARY" serve "$@" >"$STATE/out" 2>>"$STATE/err" &
  echo $! >"$STATE/pid"
  # Until it has said where it listens: a pipe would end with this shell.
  until grep -q '^api ' "$STATE/out"; do
    kill -0 "$(cat "$STATE/pid")" 2>/dev/null || { cat "$STATE/err" >&2; return 1; }
    read -rt 0.02 <> <(:) || :
  done
}
stop() {
  [ -f "$STATE/pid" ] || return 0
  local pid
  pid=$(cat "$STATE/pid")
  kill "$pid" 2>/dev/null || :
  tail --pid="$pid" -f /dev/null
  rm "$STATE/pid"
}
`;

export class Reader {
  constructor(addresses) {
    const root = scratchDirectory('reader');
    this.places = {
      '/var/lib/cubby': join(root, 'data'),
      '/mnt/backups': join(root, 'backups'),
      '/etc/cubby': join(root, 'settings'),
      '/run/cubby': join(root, 'run'),
      '127.0.0.1:8484': addresses.api,
      '127.0.0.1:8485': addresses.binding,
    };
    for (const name of ['backups', 'settings', 'run', 'state', 'bin', 'work']) mkdirSync(join(root, name));
    const bin = join(root, 'bin');
    this.work = join(root, 'work');
    symlinkSync(join(ROOT, 'tests/e2e/node_modules'), join(root, 'node_modules'));
    shim(
      join(bin, 'cubby'),
      `${control}if [ "\${1-}" = serve ]; then shift; stop; start "$@"; else exec "$CUBBY_BINARY" "$@"; fi\n`,
    );
    shim(
      join(bin, 'systemctl'),
      `${control}case $1 in start) start --data-dir "$DATA" --account-id ${ACCOUNT} ;; stop) stop ;; *) exit 2 ;; esac\n`,
    );
    shim(join(bin, 'sudo'), 'exec "$@"\n');
    shim(join(bin, 'wrangler'), `exec "${process.execPath}" "${CLI}" "$@"\n`);
    shim(join(this.work, 'dev'), '[ "$1" = wrangler ] || exit 2\nexec "$@"\n');
    this.env = {
      ...wranglerEnvironment(root),
      PATH: `${bin}:${process.env.PATH}`,
      CUBBY_BINARY: process.env.CUBBY_BINARY,
      STATE: join(root, 'state'),
      DATA: this.places['/var/lib/cubby'],
      API: addresses.api,
      BINDING: addresses.binding,
      CLOUDFLARE_API_BASE_URL: `http://${addresses.api}/client/v4`,
      CLOUDFLARE_ACCOUNT_ID: ACCOUNT,
    };
    execFileSync('systemctl', ['start', 'cubby'], { env: this.env, stdio: ['ignore', 'ignore', 'inherit'] });
    this.env.CLOUDFLARE_API_TOKEN = readFileSync(join(this.env.DATA, 'admin-token'), 'utf8').trim();
  }

  // Runs the blocks to the first that fails; answers { code, output }.
  read(blocks) {
    const script = blocks.map(({ language, text, line }) => {
      const words = Object.entries(this.places).reduce((out, [usual, here]) => out.replaceAll(usual, here), text);
      if (language === 'sh') return `echo "== line ${line}"\n${words}\n`;
      writeFileSync(join(this.work, `line-${line}.mjs`), words);
      return `echo "== line ${line}"\n"${process.execPath}" line-${line}.mjs\n`;
    });
    return run('bash', ['--norc', '-euo', 'pipefail', '-c', script.join('')], {
      cwd: this.work,
      env: this.env,
      limitMs: 280_000,
    });
  }

  close() {
    execFileSync('systemctl', ['stop', 'cubby'], { env: this.env });
  }
}
