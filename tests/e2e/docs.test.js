// Every command of the documents is run: here, or by the test that its block names.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Cubby } from './support/cubby.js';
import { blocksOf, Reader, ROOT } from './support/pages.js';

const folders = ['docs', 'docs/using', 'docs/operating', 'docs/internals', 'examples/worker', 'examples/nginx'];
const pages = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  ...folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
];

// A whole script of JavaScript imports what it needs; the rest are fragments.
const runs = ({ language, by, text }) => (language === 'sh' || (language === 'js' && text.startsWith('import '))) && !by;

// Addresses that nobody else has: a server had them just now.
async function freeAddresses() {
  const server = await Cubby.started();
  const addresses = { api: server.origin.replace('http://', ''), binding: server.bindings[0] };
  await server.stop();
  return addresses;
}

describe('the commands of', () => {
  for (const page of pages) {
    const blocks = blocksOf(page).filter(runs);
    if (blocks.length === 0) continue;
    // Wrangler takes its time, and some pages call it a dozen times.
    test(page, { timeout: 300_000 }, async () => {
      const reader = new Reader(await freeAddresses());
      try {
        const { code, output } = await reader.read(blocks);
        assert.equal(code, 0, output);
      } finally {
        reader.close();
      }
    });
  }
});

test('a block that another test runs names one that there is', () => {
  for (const page of pages) {
    for (const { by, line } of blocksOf(page)) {
      if (by) assert.ok(existsSync(join(ROOT, by)), `${page}:${line}: no ${by}`);
    }
  }
});

test('every link between the documents leads somewhere', () => {
  for (const page of pages) {
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [path, fragment] = target.split('#');
      const file = path ? join(ROOT, dirname(page), path) : join(ROOT, page);
      assert.ok(existsSync(file), `${page} links to ${target}`);
      if (!fragment) continue;
      const anchors = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(anchors.includes(fragment), `${page} links to ${target}, which is no heading of ${anchors.join(', ')}`);
    }
  }
});
