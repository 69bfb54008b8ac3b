// Bundles src/ and writes what the server embeds: OUTPUT/console_assets.cpp, beside the files themselves.
//
// Every file but the page is named by its content, so that browsers may keep it for ever; only the page is asked for
// again. Scripts and styles are gzipped here, once: browsers take Brotli over TLS only.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const output = process.argv[2];
const bytesMax = 150 * 1024; // of script and style, compressed

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: { console: 'src/main.tsx' },
    bundle: true,
    minify: true,
    format: 'iife',
    target: ['es2022', 'chrome123', 'firefox121', 'safari17.5'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'text' },
    define: { 'process.env.NODE_ENV': '"production"' },
    legalComments: 'none',
    outdir: 'out',
    write: false,
    logLevel: 'warning',
  });
  return Object.fromEntries(outputFiles.map(({ path, contents }) => [path.replace(/.*\./, ''), contents]));
}

function hashed(name, type, mediaType, content) {
  return { path: `/console/${name}-${digest(content)}.${type}`, mediaType, content, isKept: true };
}

const { js, css } = await bundle();
const script = hashed('console', 'js', 'text/javascript;charset=UTF-8', js);
const style = hashed('console', 'css', 'text/css;charset=UTF-8', css);
const icon = hashed('icon', 'svg', 'image/svg+xml', readFileSync('src/icon.svg'));
const page = {
  path: '/',
  mediaType: 'text/html;charset=UTF-8',
  content: Buffer.from(
    readFileSync('src/index.html', 'utf8')
      .replace('SCRIPT', `.${script.path}`)
      .replace('STYLE', `.${style.path}`)
      .replace('ICON', `.${icon.path}`),
  ),
  isKept: false,
};
const assets = [page, script, style, icon];
for (const asset of assets) asset.bytes = asset.isKept ? gzipSync(asset.content, { level: 9 }) : asset.content;

const total = script.bytes.length + style.bytes.length;
if (total > bytesMax) throw new Error(`script and style are ${total} bytes compressed, more than ${bytesMax}`);

const row = ({ path, mediaType, content, bytes, isKept }, i) =>
  `    {"${path}", "${mediaType}", R"("${digest(content)}")", bytes_${i}, ${isKept}},\n`;
const array = ({ bytes }, i) => `constexpr unsigned char bytes_${i}[] = {${[...bytes].join(',')}};\n`;

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
writeFileSync(join(output, 'size'), `${total}\n`);
writeFileSync(
  join(output, 'console_assets.cpp'),
  `// Written by console/build.mjs.
#include "net/static_assets.hpp"

namespace cubby {
namespace {

${assets.map(array).join('')}
constexpr StaticAsset assets[] = {
${assets.map(row).join('')}};

}  // namespace

std::span<const StaticAsset> console_assets() {
  return assets;
}

}  // namespace cubby
`,
);
console.log(`console: ${total} bytes of script and style, compressed`);
