// A key as it is stored: value, metadata and expiry of one and the same write.
import { ApiError, type Api, type Place, type ValueHead } from '../api/client.ts';

export interface StoredValue {
  head: ValueHead;
  bytes: Uint8Array<ArrayBuffer>; // all of it, or its beginning
  isWhole: boolean;
  metadata: string; // JSON, or ''
}

export const shownWholeMax = 1024 * 1024;
const beginningBytes = 64 * 1024;

interface Wish {
  isWhole: boolean; // however large it is; otherwise the beginning of what is larger than shownWholeMax
  tell?: (bytes: number) => void;
  signal?: AbortSignal;
}

// Null if the key is not there.
export async function loadValue(api: Api, place: Place, key: string, wish: Wish): Promise<StoredValue | null> {
  try {
    for (;;) {
      const { head, response } = await api.value(place, key, wish.signal);
      const bytesMax = wish.isWhole || head.bytes <= shownWholeMax ? Infinity : beginningBytes;
      const bytes = await read(response, bytesMax, wish.tell);
      const metadata = await api.metadata(place, key, wish.signal);
      // Somebody may have written between the two.
      const now = await api.head(place, key, wish.signal);
      if (now?.etag === head.etag) return { head, bytes, metadata, isWhole: bytes.length === head.bytes };
    }
  } catch (error) {
    if (error instanceof ApiError && error.trouble === 'gone' && error.code === 10009) return null;
    throw error;
  }
}

async function read(response: Response, bytesMax: number, tell?: (bytes: number) => void) {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = response.body?.getReader();
  while (reader && length < bytesMax) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw error instanceof TypeError ? new ApiError('unreachable', 'The connection ended in mid-value.') : error;
    });
    if (done) break;
    pieces.push(value);
    length += value.length;
    tell?.(length);
  }
  await reader?.cancel();
  const bytes = new Uint8Array(Math.min(length, bytesMax));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece.subarray(0, bytes.length - at), at);
    at += piece.length;
    if (at >= bytes.length) break;
  }
  return bytesMax === Infinity ? bytes : bytes.subarray(0, characterEnd(bytes));
}

// Where the last whole UTF-8 character of a beginning ends.
function characterEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= 3; ++back) {
    const byte = bytes[bytes.length - back];
    if (byte === undefined || byte < 0x80) break;
    if (byte >= 0xc0) return bytes.length - back;
  }
  return bytes.length;
}
