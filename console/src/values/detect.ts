// What the bytes of a value are, from the bytes alone: Workers KV keeps no content type.
import { jsonError } from '../text/json_text.ts';
import { textOf } from '../text/utf8.ts';

export type View = 'text' | 'json' | 'image' | 'hex';

export interface Nature {
  view: View; // the best one
  text: string | null; // if it is UTF-8
  imageType: string | null;
}

export function natureOf(bytes: Uint8Array): Nature {
  const text = textOf(bytes);
  const imageType = imageTypeOf(bytes, text);
  if (imageType) return { view: 'image', text, imageType };
  if (text === null || isBinaryText(text)) return { view: 'hex', text, imageType };
  return { view: looksLikeJson(text) ? 'json' : 'text', text, imageType };
}

function looksLikeJson(text: string): boolean {
  return /^\s*[[{]/.test(text) && jsonError(text) === null;
}

// UTF-8 by accident: a text has no NUL and hardly any control characters.
function isBinaryText(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  const controls = text.slice(0, 4096).match(/[\x00-\x08\x0e-\x1a\x1c-\x1f]/g)?.length ?? 0;
  return controls > 0 && (text.includes('\0') || controls > text.length / 20);
}

const signatures: [string, string][] = [
  ['image/png', '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', '\xff\xd8\xff'],
  ['image/gif', 'GIF8'],
  ['image/bmp', 'BM'],
  ['image/x-icon', '\0\0\x01\0'],
];

function imageTypeOf(bytes: Uint8Array, text: string | null): string | null {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  if (start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP') return 'image/webp';
  if (start.slice(4, 12) === 'ftypavif') return 'image/avif';
  // As an image, an SVG runs no script and loads nothing.
  if (text && /^\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->).)*-->\s*)*(<!doctype svg[^>]*>\s*)?<svg[\s>]/is.test(text.slice(0, 2048)))
    return 'image/svg+xml';
  for (const [type, signature] of signatures) {
    const isAmbiguous = signature.length < 3 && text !== null;
    if (start.startsWith(signature) && !isAmbiguous) return type;
  }
  return null;
}
