// The rows of a key list, fetched page by page as far as somebody wants to see them.
import type { KeyItem, KeyPage } from '../api/client.ts';
import { isAbort } from '../api/client.ts';
import { compareKeys } from '../text/utf8.ts';

export type Row = { kind: 'key'; item: KeyItem } | { kind: 'folder'; name: string; keys: number };

export const rowName = (row: Row) => (row.kind === 'key' ? row.item.name : row.name);

export interface FeedQuery {
  load: (cursor: string, signal: AbortSignal) => Promise<KeyPage>;
  matches: ((item: KeyItem) => boolean) | null;
  prefix: string;
  separator: string; // folders end with it; '' shows no folders
}

// Browsers cannot draw a list much higher than this many rows.
export const rowsMax = 900_000;

export class KeyFeed {
  readonly rows: Row[] = [];
  scanned = 0; // keys looked at
  isComplete = false;
  isLoading = false;
  isPaused = false; // by a person, in the middle of a search
  error: unknown = null;

  private readonly query: FeedQuery;
  private readonly changed: () => void;
  private cursor = '';
  private wanted = 0;
  private readonly control = new AbortController();

  // `changed` is called after every page.
  constructor(query: FeedQuery, changed: () => void) {
    this.query = query;
    this.changed = changed;
  }

  get isFull(): boolean {
    return this.rows.length >= rowsMax;
  }

  // Loads until there are `rows` rows or no more keys.
  want(rows: number): void {
    this.wanted = Math.max(this.wanted, Math.min(rows, rowsMax));
    if (!this.isLoading && !this.error && !this.isPaused) void this.load();
  }

  pause(): void {
    this.isPaused = true;
    this.changed();
  }

  resume(): void {
    this.isPaused = false;
    this.error = null;
    this.want(this.rows.length + 1);
    this.changed();
  }

  // The end of it: nothing is loaded and nobody is told any more.
  close(): void {
    this.control.abort();
  }

  private async load(): Promise<void> {
    this.isLoading = true;
    try {
      while (!this.isComplete && !this.isPaused && this.rows.length < this.wanted) {
        const page = await this.query.load(this.cursor, this.control.signal);
        this.take(page.keys);
        this.cursor = page.cursor;
        this.isComplete = page.cursor === '';
        this.changed();
      }
    } catch (error) {
      if (!isAbort(error)) this.error = error;
    }
    this.isLoading = false;
    if (!this.control.signal.aborted) this.changed();
  }

  private take(keys: KeyItem[]): void {
    this.scanned += keys.length;
    for (const item of keys) {
      if (this.query.matches && !this.query.matches(item)) continue;
      const folder = this.folderOf(item.name);
      const last = this.rows[this.rows.length - 1];
      if (folder === null) this.rows.push({ kind: 'key', item });
      else if (last?.kind === 'folder' && last.name === folder) ++last.keys;
      else this.rows.push({ kind: 'folder', name: folder, keys: 1 });
    }
  }

  private folderOf(name: string): string | null {
    const { separator, prefix } = this.query;
    if (!separator) return null;
    const end = name.indexOf(separator, prefix.length);
    return end < 0 ? null : name.slice(0, end + separator.length);
  }

  remove(names: Set<string>): void {
    const kept = this.rows.filter((row) => row.kind === 'folder' || !names.has(row.item.name));
    this.rows.length = 0;
    for (const row of kept) this.rows.push(row);
    this.changed();
  }

  // Puts a key that was written here where it belongs, if that part of the list is loaded and it is to be seen.
  upsert(item: KeyItem, isNew: boolean): void {
    const isSeen = item.name.startsWith(this.query.prefix) && (!this.query.matches || this.query.matches(item));
    const at = this.rows.findIndex((row) => row.kind === 'key' && row.item.name === item.name);
    if (at >= 0) {
      if (isSeen) this.rows[at] = { kind: 'key', item };
      else this.rows.splice(at, 1);
    } else if (isSeen) {
      this.insert(item, isNew);
    }
    this.changed();
  }

  private insert(item: KeyItem, isNew: boolean): void {
    const folder = this.folderOf(item.name);
    if (folder !== null && !isNew) return; // counted already
    const name = folder ?? item.name;
    const at = this.rows.findIndex((row) => compareKeys(rowName(row), name) >= 0);
    if (at < 0 && !this.isComplete) return;
    const row = at < 0 ? undefined : this.rows[at];
    if (row?.kind === 'folder' && row.name === folder) ++row.keys;
    else {
      const added: Row = folder === null ? { kind: 'key', item } : { kind: 'folder', name: folder, keys: 1 };
      this.rows.splice(at < 0 ? this.rows.length : at, 0, added);
    }
  }
}
