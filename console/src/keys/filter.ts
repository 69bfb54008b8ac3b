// Which keys a person wants to see. The prefix is the server's work, all else is looked for here, page by page.
import type { KeyItem } from '../api/client.ts';

export type ExpiryFilter = 'any' | 'never' | 'set' | 'hour' | 'day' | 'week';

export interface KeyFilter {
  prefix: string;
  contains: string; // in the name, without regard to case
  metadata: string; // in the metadata's JSON, without regard to case
  expiry: ExpiryFilter;
}

export const noFilter: KeyFilter = { prefix: '', contains: '', metadata: '', expiry: 'any' };

export const expiryFilters: [ExpiryFilter, string][] = [
  ['any', 'Any'],
  ['never', 'Never expires'],
  ['set', 'Expires'],
  ['hour', 'Expires within an hour'],
  ['day', 'Expires within a day'],
  ['week', 'Expires within a week'],
];

const horizons: Partial<Record<ExpiryFilter, number>> = { hour: 3600, day: 86_400, week: 604_800 };

// Whether something is left to do after the prefix.
export function isSieve(filter: KeyFilter): boolean {
  return filter.contains !== '' || filter.metadata !== '' || filter.expiry !== 'any';
}

export function sieve(filter: KeyFilter, now: number): (item: KeyItem) => boolean {
  const contains = filter.contains.toLowerCase();
  const metadata = filter.metadata.toLowerCase();
  const horizon = horizons[filter.expiry];
  return (item) => {
    if (contains && !item.name.toLowerCase().includes(contains)) return false;
    if (metadata) {
      if (item.metadata === undefined) return false;
      if (!JSON.stringify(item.metadata).toLowerCase().includes(metadata)) return false;
    }
    if (filter.expiry === 'never') return item.expiration === undefined;
    if (filter.expiry === 'set') return item.expiration !== undefined;
    if (horizon !== undefined) return item.expiration !== undefined && item.expiration <= now + horizon;
    return true;
  };
}

// The filter in words: `keys that start with "a/", …`.
export function filterText(filter: KeyFilter): string {
  const parts: string[] = [];
  if (filter.prefix) parts.push(`start with “${filter.prefix}”`);
  if (filter.contains) parts.push(`contain “${filter.contains}”`);
  if (filter.metadata) parts.push(`have “${filter.metadata}” in their metadata`);
  if (filter.expiry !== 'any') {
    const words = { never: 'never expire', set: 'expire', hour: 'expire within an hour', day: 'expire within a day', week: 'expire within a week' };
    parts.push(words[filter.expiry]);
  }
  return parts.length === 0 ? 'all keys' : `keys that ${parts.join(' and ')}`;
}
