// What a delete takes away, kept in the page so that it can be put back.
import { ApiError, type Api, type Place } from '../api/client.ts';
import { checkExpiration } from '../text/checks.ts';
import { nowSeconds } from '../text/format.ts';

export const undoKeysMax = 100;
const undoBytesMax = 32 * 1024 * 1024;

export interface Kept {
  key: string;
  value: Blob;
  metadata: string;
  expiration: number | null;
}

// Everything of these keys, or null if that is too much to keep.
export async function keep(api: Api, place: Place, keys: string[]): Promise<Kept[] | null> {
  if (keys.length > undoKeysMax) return null;
  const kept: Kept[] = [];
  let bytes = 0;
  for (const key of keys) {
    const head = await api.head(place, key);
    if (!head) continue;
    bytes += head.bytes;
    if (bytes > undoBytesMax) return null;
    const one = await keepOne(api, place, key);
    if (one) kept.push(one);
  }
  return kept;
}

async function keepOne(api: Api, place: Place, key: string): Promise<Kept | null> {
  try {
    const { head, response } = await api.value(place, key);
    const value = await response.blob();
    return { key, value, metadata: await api.metadata(place, key), expiration: head.expiration };
  } catch (error) {
    if (error instanceof ApiError && error.trouble === 'gone') return null;
    throw error;
  }
}

export interface PutBack {
  keys: Kept[];
  left: { key: string; reason: string }[];
}

// Writes what was kept, except over what somebody wrote since.
export async function putBack(api: Api, place: Place, kept: Kept[]): Promise<PutBack> {
  const result: PutBack = { keys: [], left: [] };
  for (const each of kept) {
    const refusal = each.expiration === null ? null : checkExpiration(each.expiration, nowSeconds());
    if (refusal) {
      result.left.push({ key: each.key, reason: 'it would have expired within the minute' });
    } else if (await api.head(place, each.key)) {
      result.left.push({ key: each.key, reason: 'it was written again since' });
    } else {
      await api.put(place, each.key, each.value, each.metadata, each.expiration);
      result.keys.push(each);
    }
  }
  return result;
}
