// What the page shows, as the part of its address that never leaves the browser. Every view has a link.
import { noFilter, type ExpiryFilter, type KeyFilter } from './keys/filter.ts';

export type Page = 'namespaces' | 'tokens' | 'activity';

export interface Route {
  account: string | null;
  page: Page; // of the account, where no namespace is open
  namespace: string | null;
  filter: KeyFilter;
  separator: string; // folders end with it; '' for a plain list
  key: string | null; // open beside the list
}

export const home: Route = { account: null, page: 'namespaces', namespace: null, filter: noFilter, separator: '', key: null };

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [account, namespace] = path.split('/');
  const parameters = new URLSearchParams(query);
  const text = (name: string) => parameters.get(name) ?? '';
  const isId = (segment: string | undefined) => segment !== undefined && /^[0-9a-f]{32}$/.test(segment);
  const expiry = (['never', 'set', 'hour', 'day', 'week'] as ExpiryFilter[]).find((each) => each === text('expiry'));
  return {
    account: isId(account) ? account! : null,
    page: (['tokens', 'activity'] as Page[]).find((each) => each === namespace) ?? 'namespaces',
    namespace: isId(account) && isId(namespace) ? namespace! : null,
    filter: { prefix: text('prefix'), contains: text('contains'), metadata: text('metadata'), expiry: expiry ?? 'any' },
    separator: [...text('folders')].slice(0, 1).join(''),
    key: parameters.get('key'),
  };
}

export function routeHash({ account, page, namespace, filter, separator, key }: Route): string {
  const path = [account, namespace ?? (page === 'namespaces' ? null : page)].filter(Boolean).join('/');
  const parameters = new URLSearchParams();
  if (namespace) {
    if (separator) parameters.set('folders', separator);
    if (filter.prefix) parameters.set('prefix', filter.prefix);
    if (filter.contains) parameters.set('contains', filter.contains);
    if (filter.metadata) parameters.set('metadata', filter.metadata);
    if (filter.expiry !== 'any') parameters.set('expiry', filter.expiry);
    if (key !== null) parameters.set('key', key);
  }
  const query = parameters.toString();
  return `#/${path}${query ? `?${query}` : ''}`;
}
