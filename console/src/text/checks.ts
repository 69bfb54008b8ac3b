// Whether the server would take it, and if not, why, in words for a person.
import { jsonError, minified } from './json_text.ts';
import { limits } from './limits.ts';
import { bytesText, count } from './format.ts';
import { utf8Length } from './utf8.ts';

export type Refusal = string | null;

export function checkKey(key: string): Refusal {
  if (key === '') return 'A key must not be empty.';
  if (key === '.' || key === '..') return `A key must not be "${key}".`;
  if (!key.isWellFormed()) return 'The key has half of a character (a lone surrogate).';
  const bytes = utf8Length(key);
  if (bytes > limits.keyBytesMax) return `The key has ${bytes} bytes, ${limits.keyBytesMax} are allowed.`;
  return null;
}

export function checkMetadata(text: string): Refusal {
  if (text.trim() === '') return null;
  const error = jsonError(text);
  if (error) return `Not JSON: ${error}.`;
  const bytes = metadataBytes(text);
  if (bytes > limits.metadataBytesMax) {
    return `The metadata has ${count(bytes)} bytes, ${count(limits.metadataBytesMax)} are allowed.`;
  }
  return null;
}

// As the server counts: without insignificant white space. Of text that is no JSON, its own length.
export function metadataBytes(text: string): number {
  return utf8Length(jsonError(text) ? text.trim() : minified(text));
}

export function checkValueBytes(bytes: number): Refusal {
  if (bytes <= limits.valueBytesMax) return null;
  return `The value has ${bytesText(bytes)}, ${bytesText(limits.valueBytesMax)} are allowed.`;
}

export function checkExpiration(expiration: number, now: number): Refusal {
  if (!Number.isFinite(expiration)) return 'The expiry must be a date.';
  if (expiration <= now) return 'The expiry is in the past.';
  if (expiration < now + limits.expirationTtlMin) return 'The expiry must be at least 60 seconds ahead.';
  if (expiration > limits.expirationMax) return 'The expiry must not be after the year 9999.';
  return null;
}

export function checkTtl(ttl: number): Refusal {
  if (!Number.isFinite(ttl) || ttl <= 0) return 'The time to live must be a number of seconds above 0.';
  if (ttl < limits.expirationTtlMin) return 'The time to live must be at least 60 seconds.';
  return null;
}

export function checkTitle(title: string): Refusal {
  if (title === '') return 'A namespace needs a title.';
  const characters = [...title].length;
  if (characters > limits.titleCharactersMax) {
    return `The title has ${characters} characters, ${limits.titleCharactersMax} are allowed.`;
  }
  return null;
}
