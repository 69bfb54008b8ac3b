// Keys with their values as a file that `wrangler kv bulk put` and the console's own upload take.
import { ApiError, type Api, type Place } from '../api/client.ts';
import { limits } from '../text/limits.ts';
import { base64Of, textOf } from '../text/utf8.ts';

interface Exported {
  value: string;
  isBase64: boolean;
  metadata: string;
  expiration: number | null;
}

// Keys that are gone by the time they are asked for are left out. `tell` hears how many keys are done.
export async function exportKeys(
  api: Api,
  place: Place,
  keys: string[],
  tell: (done: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const pieces: Blob[] = [];
  let isFirst = true;
  for (let i = 0; i < keys.length; i += limits.bulkGetKeysMax) {
    const some = keys.slice(i, i + limits.bulkGetKeysMax);
    const lines: string[] = [];
    for (const [key, pair] of await read(api, place, some, signal)) {
      lines.push(`${isFirst ? '' : ',\n'}${pairJson(key, pair)}`);
      isFirst = false;
    }
    pieces.push(new Blob(lines)); // a browser may keep these on disk
    tell(i + some.length);
  }
  return new Blob(['[\n', ...pieces, '\n]\n'], { type: 'application/json' });
}

async function read(api: Api, place: Place, keys: string[], signal: AbortSignal): Promise<Map<string, Exported>> {
  const found = new Map<string, Exported>();
  try {
    for (const [key, item] of await api.bulkGet(place, keys, signal)) {
      if (item === null) continue;
      // Perhaps the text has that character, perhaps the bytes are no text.
      if (item.value.includes('\ufffd')) await readOne(api, place, key, found, signal);
      else found.set(key, { ...item, isBase64: false });
    }
  } catch (error) {
    const isTooLarge = error instanceof ApiError && error.trouble === 'refused' && keys.length > 0;
    if (!isTooLarge) throw error;
    for (const key of keys) await readOne(api, place, key, found, signal);
  }
  return found;
}

async function readOne(api: Api, place: Place, key: string, found: Map<string, Exported>, signal: AbortSignal) {
  try {
    const { head, response } = await api.value(place, key, signal);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const metadata = await api.metadata(place, key, signal);
    const text = textOf(bytes);
    const value = text ?? base64Of(bytes);
    found.set(key, { value, isBase64: text === null, metadata, expiration: head.expiration });
  } catch (error) {
    if (!(error instanceof ApiError && error.trouble === 'gone')) throw error;
  }
}

function pairJson(key: string, { value, isBase64, metadata, expiration }: Exported): string {
  const members = [`"key":${JSON.stringify(key)}`, `"value":${JSON.stringify(value)}`];
  if (isBase64) members.push('"base64":true');
  if (expiration !== null) members.push(`"expiration":${expiration}`);
  if (metadata) members.push(`"metadata":${metadata}`);
  return `{${members.join(',')}}`;
}
