// A file in the form of `wrangler kv bulk put`, checked before anything is sent.
import { checkExpiration, checkKey, checkMetadata, checkTtl, checkValueBytes } from '../text/checks.ts';
import { elementsOf, jsonError } from '../text/json_text.ts';
import { limits } from '../text/limits.ts';
import { utf8Length } from '../text/utf8.ts';

export interface Problem {
  position: number; // in the file, from 1
  key: string | null;
  reason: string;
}

export interface BulkFile {
  pairs: { key: string; json: string; bytes: number }[]; // what the server will take, as written in the file
  problems: Problem[];
  repeated: number; // pairs that stand in the file more than once, word for word
}

// The file, or why it is none.
export function readBulkFile(text: string, now: number): BulkFile | string {
  const error = jsonError(text);
  if (error) return `Not JSON: ${error}.`;
  if (!/^\s*\[/.test(text)) return 'The file must be a JSON array of pairs: [{"key": "…", "value": "…"}, …].';
  const file: BulkFile = { pairs: [], problems: [], repeated: 0 };
  const seen = new Map<string, string>();
  elementsOf(text).forEach((json, i) => {
    const pair = JSON.parse(json) as unknown;
    const key = keyOf(pair);
    const earlier = key === null ? undefined : seen.get(key);
    const reason = checkPair(pair, now) ?? (earlier !== undefined && earlier !== json ? differs : null);
    if (reason) file.problems.push({ position: i + 1, key, reason });
    else if (earlier !== undefined) ++file.repeated;
    else {
      seen.set(key!, json);
      file.pairs.push({ key: key!, json, bytes: utf8Length(json) });
    }
  });
  return file;
}

const differs = 'The key stands in the file before, with another value, expiry or metadata.';

function keyOf(pair: unknown): string | null {
  const key = isObject(pair) ? pair['key'] : null;
  return typeof key === 'string' ? key : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function checkPair(pair: unknown, now: number): string | null {
  if (!isObject(pair)) return 'Not an object with "key" and "value".';
  const { key, value, base64, expiration, expiration_ttl: ttl, metadata } = pair;
  if (typeof key !== 'string') return '"key" must be a string.';
  if (typeof value !== 'string') return '"value" must be a string.';
  if (base64 != null && typeof base64 !== 'boolean') return '"base64" must be true or false.';
  const bytes = base64 ? base64Length(value) : utf8Length(value);
  if (bytes === null) return 'The value is not base64.';
  return (
    checkKey(key) ??
    checkValueBytes(bytes) ??
    (ttl != null ? checkTtl(typeof ttl === 'number' ? ttl : NaN) : checkIfThere(expiration, now)) ??
    (metadata == null ? null : checkMetadata(JSON.stringify(metadata)))
  );
}

function checkIfThere(expiration: unknown, now: number): string | null {
  if (expiration == null) return null;
  return checkExpiration(typeof expiration === 'number' ? expiration : NaN, now);
}

function base64Length(text: string): number | null {
  try {
    return atob(text).length;
  } catch {
    return null;
  }
}

// Bodies for the server: each within the limits of one request, and so each all or nothing.
export function* batches(pairs: BulkFile['pairs']): Generator<{ body: string; keys: string[] }> {
  const bytesMax = limits.bulkRequestBytesMax - 2;
  let batch: BulkFile['pairs'] = [];
  let bytes = 0;
  const close = () => ({ body: `[${batch.map(({ json }) => json).join(',')}]`, keys: batch.map(({ key }) => key) });
  for (const pair of pairs) {
    if (batch.length === limits.bulkItemsMax || bytes + pair.bytes + 1 > bytesMax) {
      yield close();
      batch = [];
      bytes = 0;
    }
    batch.push(pair);
    bytes += pair.bytes + 1;
  }
  if (batch.length > 0) yield close();
}
