// What the program says about itself: help and documents agree, shells complete it, manual pages have it all.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratchDirectory } from './support/cubby.js';

function cubby(...args) {
  const { status, stdout, stderr } = spawnSync(process.env.CUBBY_BINARY, args, { encoding: 'utf8' });
  assert.equal(status, 0, `cubby ${args.join(' ')}\n${stderr}`);
  return stdout;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = (name) => readFileSync(join(root, 'docs', name), 'utf8');
const flagsIn = (text) => new Set(text.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []);

// Every command with its help, by its words: ['kv', 'key', 'put'].
function commands(words = []) {
  const help = cubby(...words, '--help');
  const [, list] = /\nSubcommands:\n([\s\S]*)/.exec(help) ?? [];
  const names = list ? [...list.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name) : [];
  return [{ words, help, isLeaf: names.length === 0 }, ...names.flatMap((name) => commands([...words, name]))];
}
const all = commands();
// The flags that a command's own lines of help begin with.
const flagsOf = ({ help }) =>
  new Set(
    [...help.matchAll(/^ {2}(-\S+)/gm)].flatMap(([, names]) => names.split(',')).filter((name) => name.startsWith('--')),
  );

const pages = {
  serve: ['operating/serve.md', 'operating/scale-out.md', 'operating/security.md'],
  check: ['operating/serve.md'],
  backup: ['operating/backup.md', 'using/command_line.md'],
  restore: ['operating/backup.md'],
  rados: ['operating/scale-out.md', 'operating/serve.md'],
};
const pagesOf = ({ words }) => pages[words[0]] ?? ['using/command_line.md'];

test('every option of every help stands in the documents', () => {
  assert.ok(all.length > 20, all.map(({ words }) => words.join(' ')).join('\n'));
  const missing = [];
  for (const command of all) {
    const documented = flagsIn(pagesOf(command).map(page).join('\n'));
    for (const flag of flagsOf(command))
      if (flag !== '--help' && flag !== '--version' && !documented.has(flag))
        missing.push(`cubby ${command.words.join(' ')} ${flag}`);
  }
  assert.deepEqual(missing, []);
});

test('every option that the documents have is one', () => {
  const known = (filter) => new Set(all.filter(filter).flatMap((command) => [...flagsOf(command)]));
  const isServers = ({ words }) => words[0] in pages;
  const unknown = (name, flags, others) =>
    [...flagsIn(page(name))].filter((flag) => !flags.has(flag) && !others.includes(flag));
  // `--binding` is wrangler's, and named for not being there.
  assert.deepEqual(unknown('using/command_line.md', known((each) => !isServers(each)), ['--binding']), []);
  assert.deepEqual(unknown('operating/serve.md', known(isServers), []), []);
});

test('version', () => {
  const { name, version } = JSON.parse(cubby('version', '--json'));
  assert.equal(name, 'cubby');
  assert.equal(cubby('version'), `cubby ${version}\n`);
  assert.equal(cubby('--version'), `cubby ${version}\n`);
});

let bashScript;

// What bash offers for the last of these words.
function bashOffers(...words) {
  const script = `source /dev/stdin <<<"$SCRIPT"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _cubby; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stdout, stderr } = spawnSync('bash', ['--norc', '-c', script, 'bash', 'cubby', ...words], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, SCRIPT: (bashScript ??= cubby('completion', 'bash')) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.trim().split('\n').filter(Boolean);
}

test('bash completes commands, options and choices', () => {
  assert.deepEqual(bashOffers('kv', ''), ['namespace', 'key', 'bulk']);
  assert.deepEqual(bashOffers('exp'), ['export']);
  assert.deepEqual(bashOffers('kv', 'key', 'put', '--m'), ['--metadata']);
  assert.deepEqual(bashOffers('kv', 'key', '--namespace-id', 'x', 'put', '--tt'), ['--ttl']);
  assert.deepEqual(bashOffers('export', '--format', ''), ['jsonl', 'wrangler']);
  assert.deepEqual(bashOffers('completion', 'z'), ['zsh']);
  assert.deepEqual(bashOffers('import', ''), []); // left to bash: files
  assert.ok(!bashOffers('').includes('install-files'));
  // Every option of every command.
  for (const { words, ...command } of all.filter(({ isLeaf }) => isLeaf))
    assert.deepEqual(new Set(bashOffers(...words, '--')), flagsOf(command), words.join(' '));
});

test('zsh and fish take their scripts, and fish completes by it', () => {
  const run = (command, args, input) => spawnSync(command, args, { encoding: 'utf8', input, env: { PATH: process.env.PATH, HOME: scratchDirectory('home') } });
  const zsh = run('zsh', ['-n'], cubby('completion', 'zsh'));
  assert.deepEqual([zsh.status, zsh.stderr], [0, '']);
  const script = join(scratchDirectory('fish'), 'script.fish');
  const asked = ['kv key put --m', 'kv ', 'export --format '].map((text) => `complete -C 'cubby ${text}'`);
  writeFileSync(script, [cubby('completion', 'fish'), ...asked, ''].join('\n'));
  const fish = run('fish', ['--no-config', script]);
  assert.deepEqual([fish.status, fish.stderr], [0, '']);
  const offered = fish.stdout.split('\n').map((line) => line.split('\t')[0]).filter(Boolean);
  assert.deepEqual(new Set(offered), new Set(['--metadata', 'namespace', 'key', 'bulk', 'jsonl', 'wrangler']));
});

test('manual pages have every option, and man has nothing to say against them', () => {
  const folder = scratchDirectory('files');
  cubby('install-files', folder);
  const names = readdirSync(join(folder, 'man'));
  assert.ok(names.includes('cubby.1') && names.includes('cubby-kv.1') && names.includes('cubby-serve.1'), names.join());
  for (const name of names) {
    const { status, stdout, stderr } = spawnSync('man', ['--warnings', '-l', join(folder, 'man', name)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LANG: 'C.UTF-8', MANWIDTH: '100', MAN_KEEP_FORMATTING: '' },
    });
    assert.deepEqual([status, stderr], [0, ''], name);
    const shown = flagsIn(stdout.replace(/.\x08/g, '').replaceAll('‐', '-').replaceAll('−', '-'));
    const command = /^cubby-(.*)\.1$/.exec(name)?.[1];
    const own = all.filter(({ words }) => (command ? words[0] === command : words.length === 0));
    assert.ok(own.length > 0, name);
    for (const flag of own.flatMap((each) => [...flagsOf(each)])) assert.ok(shown.has(flag), `${name} lacks ${flag}`);
  }
});
