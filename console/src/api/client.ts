// Cubby's HTTP API as the console uses it: one token, one server, the one that the page came from.
import { membersOf } from '../text/json_text.ts';

export interface Account {
  id: string;
  name: string;
}

export interface Namespace {
  id: string;
  title: string;
  jurisdiction?: string;
}

export interface KeyItem {
  name: string;
  expiration?: number; // seconds since the epoch
  metadata?: unknown;
}

export interface KeyPage {
  keys: KeyItem[];
  cursor: string; // empty at the end
}

export interface Usage {
  keys: number;
  bytes: number;
  age_seconds: number; // of keys and bytes; 0: counted now
  per_second: { reads: number; writes: number; deletes: number; lists: number };
}

export interface Token {
  id: string;
  name: string;
  status: 'active' | 'expired' | 'revoked';
  right: 'read' | 'write' | 'admin';
  account_id: string | null; // null: every account
  namespaces: string[]; // empty: all
  key_prefix: string;
  sources: string[]; // empty: everywhere
  created: number;
  expiration: number | null;
}

export type NewToken = Omit<Token, 'id' | 'status' | 'created'>;

// Ten seconds of what the server did. Rates are per second, null: there was nothing to measure.
export interface ActivityStep {
  time: number; // its end, in seconds
  operations: { read: number; write: number; delete: number; list: number; other: number };
  latency: { read: Latency | null; write: Latency | null };
  hit_rate: number | null;
  storage_bytes: number;
}

interface Latency {
  p50_ms: number;
  p99_ms: number;
}

// What is known of a value without reading it.
export interface ValueHead {
  bytes: number;
  etag: string;
  expiration: number | null;
}

export interface BulkValue {
  value: string; // U+FFFD where the bytes are no UTF-8
  metadata: string; // JSON as stored; '' if there is none
  expiration: number | null;
}

export type Trouble = 'unreachable' | 'slow' | 'signed-out' | 'forbidden' | 'gone' | 'refused' | 'broken';

// A call that did not succeed, in words for a person.
export class ApiError extends Error {
  readonly trouble: Trouble;
  readonly code: number | null; // of the API's error table

  constructor(trouble: Trouble, message: string, code: number | null = null) {
    super(message);
    this.trouble = trouble;
    this.code = code;
  }
}

// Cubby answers in milliseconds; who waits this long should hear about it. Until the head of the answer has arrived.
const patienceMs = 30_000;
const uploadPatienceMs = 10 * 60_000;

interface Ask {
  query?: Record<string, string | number | undefined>;
  body?: BodyInit;
  contentType?: string;
  signal?: AbortSignal;
  patience?: number;
}

const codes = { keyNotFound: 10009, namespaceNotFound: 10013, permission: 10000 };

export class Api {
  private readonly token: string;
  private readonly base = new URL('.', document.baseURI);

  constructor(token: string) {
    this.token = token;
  }

  async accounts(signal?: AbortSignal): Promise<Account[]> {
    return this.result('GET', 'client/v4/accounts', { signal });
  }

  async verify(signal?: AbortSignal): Promise<void> {
    await this.result('GET', 'client/v4/user/tokens/verify', { signal });
  }

  // What the token in use may do.
  async self(): Promise<Token> {
    return this.result('GET', 'cubby/v1/tokens/self', {});
  }

  async tokens(signal?: AbortSignal): Promise<Token[]> {
    return this.result('GET', 'cubby/v1/tokens', { signal });
  }

  // With its text, which is told this once.
  async createToken(wanted: NewToken): Promise<Token & { token: string }> {
    return this.result('POST', 'cubby/v1/tokens', json(wanted));
  }

  async revokeToken(id: string): Promise<void> {
    await this.result('DELETE', `cubby/v1/tokens/${id}`, {});
  }

  // The last hour, the oldest first.
  async activity(signal?: AbortSignal): Promise<ActivityStep[]> {
    return (await this.result<{ steps: ActivityStep[] }>('GET', 'cubby/v1/activity', { signal })).steps;
  }

  // All namespaces of an account, by title.
  async namespaces(account: string, signal?: AbortSignal): Promise<Namespace[]> {
    const all: Namespace[] = [];
    for (let page = 1; ; ++page) {
      const query = { page, per_page: 1000, order: 'title' };
      const some = await this.result<Namespace[]>('GET', namespacesOf(account), { query, signal });
      all.push(...some);
      if (some.length < 1000) return all;
    }
  }

  async namespace(place: Place, signal?: AbortSignal): Promise<Namespace> {
    return this.result('GET', pathOf(place), { signal });
  }

  async createNamespace(account: string, title: string): Promise<Namespace> {
    return this.result('POST', namespacesOf(account), json({ title }));
  }

  async renameNamespace(place: Place, title: string): Promise<Namespace> {
    return this.result('PUT', pathOf(place), json({ title }));
  }

  async deleteNamespace(place: Place): Promise<void> {
    await this.result('DELETE', pathOf(place), {});
  }

  // Null where the server does not count.
  async usage(id: string, signal?: AbortSignal): Promise<Usage | null> {
    try {
      return await this.result<Usage>('GET', `cubby/v1/namespaces/${id}/usage`, { signal });
    } catch (error) {
      if (error instanceof ApiError && error.trouble === 'gone') return null;
      throw error;
    }
  }

  async keys(place: Place, prefix: string, cursor: string, signal?: AbortSignal): Promise<KeyPage> {
    const query = { prefix: prefix || undefined, cursor: cursor || undefined };
    const answer = await this.envelope('GET', `${pathOf(place)}/keys`, { query, signal });
    return { keys: answer.result as KeyItem[], cursor: answer.result_info?.cursor ?? '' };
  }

  // Null if the key is not there.
  async head(place: Place, key: string, signal?: AbortSignal): Promise<ValueHead | null> {
    const response = await this.ask('HEAD', valuePath(place, key), { signal });
    if (response.status === 404) return null;
    if (!response.ok) throw await failure(response);
    return headOf(response);
  }

  // The value as a stream. Errors: `gone` if the key is not there.
  async value(place: Place, key: string, signal?: AbortSignal): Promise<{ head: ValueHead; response: Response }> {
    const response = await this.ask('GET', valuePath(place, key), { signal });
    if (!response.ok) throw await failure(response);
    return { head: headOf(response), response };
  }

  // The metadata as the JSON text that is stored, or '' if there is none. A parsed copy would not do: JavaScript
  // would round large numbers, and an editor would write them back.
  async metadata(place: Place, key: string, signal?: AbortSignal): Promise<string> {
    const response = await this.ask('GET', `${pathOf(place)}/metadata/${encodeURIComponent(key)}`, { signal });
    if (!response.ok) throw await failure(response);
    const metadata = membersOf(await response.text()).get('result') ?? 'null';
    return metadata === 'null' ? '' : metadata;
  }

  async put(place: Place, key: string, value: Blob, metadata: string, expiration: number | null): Promise<void> {
    const form = new FormData();
    if (metadata) form.append('metadata', metadata);
    form.append('value', value, 'value');
    const query = { expiration: expiration ?? undefined };
    await this.result('PUT', valuePath(place, key), { query, body: form, patience: uploadPatienceMs });
  }

  async remove(place: Place, key: string): Promise<void> {
    await this.result('DELETE', valuePath(place, key), {});
  }

  async bulkPut(place: Place, pairs: string, signal?: AbortSignal): Promise<void> {
    const ask = { body: pairs, contentType: 'application/json', signal, patience: uploadPatienceMs };
    await this.result('PUT', `${pathOf(place)}/bulk`, ask);
  }

  async bulkRemove(place: Place, keys: string[], signal?: AbortSignal): Promise<void> {
    await this.result('POST', `${pathOf(place)}/bulk/delete`, { ...json(keys), signal, patience: uploadPatienceMs });
  }

  // At most 100 keys; what is not there is null.
  async bulkGet(place: Place, keys: string[], signal?: AbortSignal): Promise<Map<string, BulkValue | null>> {
    const ask = { ...json({ keys, withMetadata: true }), signal };
    const response = await this.ask('POST', `${pathOf(place)}/bulk/get`, ask);
    if (!response.ok) throw await failure(response);
    const result = membersOf(await response.text()).get('result')!;
    const values = new Map<string, BulkValue | null>();
    for (const [key, item] of membersOf(membersOf(result).get('values')!)) {
      values.set(key, item === 'null' ? null : bulkValue(membersOf(item)));
    }
    return values;
  }

  private async result<T>(method: string, path: string, ask: Ask): Promise<T> {
    return (await this.envelope(method, path, ask)).result as T;
  }

  private async envelope(method: string, path: string, ask: Ask): Promise<Envelope> {
    const response = await this.ask(method, path, ask);
    if (!response.ok) throw await failure(response);
    try {
      return (await response.json()) as Envelope;
    } catch (error) {
      throw ask.signal?.aborted ? error : new ApiError('unreachable', 'The connection ended in mid-answer.');
    }
  }

  private async ask(method: string, path: string, ask: Ask): Promise<Response> {
    const url = new URL(path, this.base);
    for (const [name, value] of Object.entries(ask.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const headers: Record<string, string> = { authorization: `Bearer ${this.token}` };
    if (ask.contentType) headers['content-type'] = ask.contentType;
    const control = new AbortController();
    const abort = () => control.abort(ask.signal?.reason);
    if (ask.signal?.aborted) abort();
    ask.signal?.addEventListener('abort', abort, { once: true });
    const patience = ask.patience ?? patienceMs;
    let isLate = false;
    const timer = setTimeout(() => control.abort((isLate = true)), patience);
    try {
      return await fetch(url, {
        method,
        headers,
        body: ask.body,
        signal: control.signal,
        cache: 'no-store',
        credentials: 'omit',
        redirect: 'error',
      });
    } catch (error) {
      if (ask.signal?.aborted) throw error;
      if (isLate) throw new ApiError('slow', `The server has not answered within ${patience / 1000} seconds.`);
      throw new ApiError('unreachable', 'The server cannot be reached.');
    } finally {
      clearTimeout(timer);
    }
  }
}

// A namespace of an account.
export interface Place {
  account: string;
  namespace: string;
}

interface Envelope {
  result: unknown;
  errors: { code: number; message: string }[];
  result_info?: { cursor?: string };
}

const namespacesOf = (account: string) => `client/v4/accounts/${account}/storage/kv/namespaces`;
const pathOf = (place: Place) => `${namespacesOf(place.account)}/${place.namespace}`;
const valuePath = (place: Place, key: string) => `${pathOf(place)}/values/${encodeURIComponent(key)}`;

const json = (body: unknown): Ask => ({ body: JSON.stringify(body), contentType: 'application/json' });

function headOf(response: Response): ValueHead {
  const expiration = response.headers.get('expiration');
  return {
    bytes: Number(response.headers.get('content-length') ?? 0),
    etag: response.headers.get('etag') ?? '',
    expiration: expiration === null ? null : Number(expiration),
  };
}

function bulkValue(members: Map<string, string>): BulkValue {
  const metadata = members.get('metadata') ?? 'null';
  const expiration = members.get('expiration');
  return {
    value: JSON.parse(members.get('value')!) as string,
    metadata: metadata === 'null' ? '' : metadata,
    expiration: expiration === undefined ? null : Number(expiration),
  };
}

async function failure(response: Response): Promise<ApiError> {
  let error: { code: number; message: string } | undefined;
  try {
    error = ((await response.json()) as Envelope).errors[0];
  } catch {
    // Not Cubby's words: a proxy in between, or the connection broke off.
  }
  const code = error?.code ?? null;
  const said = error?.message ?? `The server answered with status ${response.status}.`;
  switch (response.status) {
    case 401:
      return new ApiError('signed-out', 'The token is unknown, expired or revoked.', code);
    case 403:
      return new ApiError('forbidden', 'The token does not allow this.', code);
    case 404:
      if (code === codes.keyNotFound) return new ApiError('gone', 'The key is not there (any more).', code);
      if (code === codes.namespaceNotFound)
        return new ApiError('gone', 'The namespace is not there (any more).', code);
      return new ApiError('gone', said, code);
    default:
      return new ApiError(response.status >= 500 ? 'broken' : 'refused', said, code);
  }
}

export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}
