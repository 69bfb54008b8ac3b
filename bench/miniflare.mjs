// The Worker on miniflare, with miniflare's own KV on disk: node miniflare.mjs PORT FOLDER
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const here = new URL('.', import.meta.url);
const { Miniflare } = createRequire(new URL('../tests/e2e/package.json', import.meta.url))('miniflare-4');
const [port, folder] = process.argv.slice(2);
const miniflare = new Miniflare({
  host: '127.0.0.1',
  port: Number(port),
  modules: [{ type: 'ESModule', path: 'worker.js', contents: readFileSync(new URL('worker.js', here), 'utf8') }],
  compatibilityDate: '2026-06-01',
  kvNamespaces: ['KV'],
  kvPersist: folder,
});
process.on('SIGTERM', () => miniflare.dispose().then(() => process.exit(0)));
await miniflare.ready;
