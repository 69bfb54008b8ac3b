// The keys of a namespace, and one of them beside the list.
import { useCallback, useEffect, useMemo, useReducer, useRef, useState } from 'preact/hooks';
import { ApiError, sentence, type KeyItem, type Place } from '../api/client.ts';
import type { Go } from '../app.tsx';
import { DeleteByFilterDialog, DeleteSelectionDialog } from '../keys/delete_dialogs.tsx';
import { ExportDialog } from '../keys/export_dialog.tsx';
import { FilterBar } from '../keys/filter_bar.tsx';
import { filterText, isSieve, noFilter, sieve, type KeyFilter } from '../keys/filter.ts';
import { KeyFeed, rowsMax } from '../keys/key_feed.ts';
import { KeyGrid } from '../keys/key_grid.tsx';
import { keep, putBack, type Kept } from '../keys/undo.ts';
import { UploadDialog } from '../keys/upload_dialog.tsx';
import { parseRoute, type Route } from '../route.ts';
import { mayManage, useCall, useSession } from '../session.tsx';
import { ageText, bytesText, count, counted, nowSeconds } from '../text/format.ts';
import { limits } from '../text/limits.ts';
import { Button, CopyButton, Failure, IconButton, Notice } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Menu } from '../ui/menu.tsx';
import { useTell } from '../ui/toast.tsx';
import { useKeys } from '../ui/use_keys.ts';
import { useLoad } from '../ui/use_load.ts';
import { ValueEditor } from '../values/value_editor.tsx';
import { ValuePanel } from '../values/value_panel.tsx';
import { ConnectDialog } from './connect.tsx';
import { DeleteNamespaceDialog, TitleDialog } from './namespace_dialogs.tsx';

interface Props {
  place: Place;
  route: Route;
  go: Go;
  setTitle: (title: string | null) => void;
}

type Open = 'upload' | 'export' | 'delete' | 'delete-by-filter' | 'connect' | 'rename' | 'remove';

export function NamespacePage({ place, route, go, setTitle }: Props) {
  const { api, mayWrite, self } = useSession();
  const read = useCall('read');
  const write = useCall('write');
  const tell = useTell();
  const { data: namespace, error, reload, set } = useLoad((signal) => api.namespace(place, signal), []);
  // Whoever has some of the keys is not told how many there are.
  const usage = useLoad((signal) => (self.key_prefix ? Promise.resolve(null) : api.usage(place.namespace, signal)), []);
  const { feed, restart } = useFeed(place, route);
  const [selected, setSelected] = useState(new Set<string>());
  const [open, setOpen] = useState<Open | null>(null);
  const [isNew, setNew] = useState(false);
  const [stale, setStale] = useState<string | null>(null);
  const { setDirty, guard, question } = useGuard();
  const searchBox = useRef<HTMLInputElement>(null);
  const now = useNow();
  const { filter, separator } = route;

  useEffect(() => setTitle(namespace?.title ?? ''), [namespace]);
  useEffect(() => setSelected(new Set()), [feed]);
  useEffect(() => setNew(false), [route.key]);

  const openKey = (key: string | null) => guard(() => go({ key }));
  const close = () => setOpen(null);
  // On top of what the address says now: two boxes may have been typed in before the page was drawn again.
  const filtered = (change: Partial<KeyFilter>) =>
    go({ filter: { ...parseRoute(location.hash).filter, ...change } }, 'replace');
  const enter = (prefix: string) => go({ filter: { ...filter, prefix } });
  const goUp = () => separator && filter.prefix && enter(parentOf(filter.prefix, separator));
  const startNew = () => mayWrite && guard(() => {
    go({ key: null });
    setNew(true);
  });

  useKeys({ '/': () => searchBox.current?.focus(), n: startNew, Escape: () => (isNew ? guard(() => setNew(false)) : setSelected(new Set())) });

  const gone = (keys: string[]) => {
    const names = new Set(keys);
    feed.remove(names);
    setSelected((before) => new Set([...before].filter((key) => !names.has(key))));
    if (route.key !== null && names.has(route.key)) go({ key: null }, 'replace');
    usage.reload();
  };
  const saved = (item: KeyItem, isNewKey: boolean) => {
    feed.upsert(item, isNewKey);
    setStale(item.name);
    setTimeout(() => setStale(null));
    usage.reload();
  };
  const offerUndo = (keys: string[], kept: Kept[] | null) => {
    gone(keys);
    const text = `Deleted ${keys.length === 1 ? 'the key' : counted(keys.length, 'key')}.`;
    tell(kept?.length ? { text, action: { label: 'Undo', act: () => void undo(kept) } } : { text });
  };
  const undo = async (kept: Kept[]) => {
    try {
      const { keys, left } = await write(() => putBack(api, place, kept));
      for (const { key, metadata, expiration } of keys) {
        const item: KeyItem = { name: key };
        if (expiration !== null) item.expiration = expiration;
        if (metadata) item.metadata = JSON.parse(metadata);
        saved(item, true);
      }
      const reasons = [...new Set(left.map(({ reason }) => reason))].join(', ');
      tell({
        text: left.length ? `${counted(left.length, 'key')} not put back: ${reasons}.` : `${counted(keys.length, 'key')} put back.`,
        isFailure: left.length > 0,
      });
    } catch (failure) {
      const again = { label: 'Try again', act: () => void undo(kept) };
      tell({ text: `Not put back. ${sentence(failure)}`, isFailure: true, action: again });
    }
  };
  const deleteSelection = async () => {
    close();
    const keys = [...selected];
    try {
      const kept = await read(() => keep(api, place, keys));
      for (let i = 0; i < keys.length; i += limits.bulkItemsMax) {
        await write(() => api.bulkRemove(place, keys.slice(i, i + limits.bulkItemsMax)));
      }
      offerUndo(keys, kept);
    } catch (failure) {
      tell({ text: sentence(failure), isFailure: true });
    }
  };
  const collect = async (report: (found: number) => void, signal: AbortSignal) => {
    if (selected.size > 0) return [...selected];
    const matches = sieve(filter, nowSeconds());
    const keys: string[] = [];
    let cursor = '';
    do {
      const page = await api.keys(place, filter.prefix, cursor, signal);
      for (const item of page.keys) if (matches(item)) keys.push(item.name);
      cursor = page.cursor;
      report(keys.length);
    } while (cursor);
    return keys;
  };

  if (error instanceof ApiError && error.trouble === 'gone') {
    return (
      <main class="page">
        <Notice
          icon="search"
          title="There is no such namespace"
          actions={<Button onClick={() => go({ account: place.account })}>All namespaces</Button>}
        >
          It was deleted, or the link is of another server.
        </Notice>
      </main>
    );
  }

  const isFiltered = isSieve(filter) || filter.prefix !== '';
  const hasPanel = route.key !== null || isNew;
  const isEmpty = feed.isComplete && feed.rows.length === 0;
  return (
    <main class={`browser ${hasPanel ? 'with-panel' : ''}`}>
      <div class="keys">
        <div class="page-head">
          <h1>
            <bdi>{namespace?.title ?? ' '}</bdi>
          </h1>
          <CopyButton text={place.namespace} label="Copy the id" />
          {usage.data && (
            <span class="quiet usage">
              {counted(usage.data.keys, 'key')}, {bytesText(usage.data.bytes)}
              {ageText(usage.data.age_seconds)}
            </span>
          )}
          <span class="space" />
          <Button icon="code" class="connect" onClick={() => setOpen('connect')} disabled={!namespace}>
            Connect
          </Button>
          <Button icon="upload" class="upload" disabled={!mayWrite} onClick={() => setOpen('upload')}>
            Upload
          </Button>
          <Button look="main" icon="add" disabled={!mayWrite} onClick={startNew}>
            New key
          </Button>
          <Menu
            label="More"
            items={[
              { label: isFiltered ? 'Export what is found…' : 'Export all…', icon: 'download', act: () => { setSelected(new Set()); setOpen('export'); } },
              { label: 'Upload…', icon: 'upload', isDisabled: !mayWrite, act: () => setOpen('upload') },
              { label: 'Connect…', icon: 'code', act: () => setOpen('connect') },
              { label: 'Rename namespace…', icon: 'edit', isDisabled: !(mayWrite && mayManage(self)), act: () => setOpen('rename') },
              {
                label: isFiltered ? 'Delete what is found…' : 'Delete all keys…',
                icon: 'delete',
                isDangerous: true,
                isDisabled: !mayWrite,
                act: () => setOpen('delete-by-filter'),
              },
              { label: 'Delete namespace…', icon: 'delete', isDangerous: true, isDisabled: !(mayWrite && mayManage(self)), act: () => setOpen('remove') },
            ]}
          />
        </div>
        {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
        <FilterBar
          filter={filter}
          separator={separator}
          searchBox={searchBox}
          onFilter={filtered}
          onSeparator={(next) => go({ separator: next }, 'replace')}
        />
        <div class="list-bar">
          {selected.size > 0 ? (
            <>
              <strong>{count(selected.size)} selected</strong>
              <Button icon="download" onClick={() => setOpen('export')}>
                Export
              </Button>
              <Button icon="delete" disabled={!mayWrite} onClick={() => setOpen('delete')}>
                Delete
              </Button>
              <Button look="quiet" onClick={() => setSelected(new Set())}>
                Clear
              </Button>
            </>
          ) : (
            <FeedStatus feed={feed} isFiltered={isSieve(filter)} prefix={filter.prefix} separator={separator} onEnter={enter} />
          )}
          <span class="space" />
          <IconButton icon="reload" label="Reload the list" onClick={restart} />
        </div>
        {feed.error !== null && <Failure onRetry={() => feed.resume()}>{sentence(feed.error)}</Failure>}
        {isEmpty ? (
          <EmptyList isFiltered={isFiltered} filter={filter} mayWrite={mayWrite} onNew={startNew} onUpload={() => setOpen('upload')} onClear={() => filtered(noFilter)} />
        ) : (
          <KeyGrid
            feed={feed}
            place={place}
            now={now}
            nameFrom={separator ? folderStart(filter.prefix, separator) : 0}
            opened={route.key}
            selected={selected}
            stale={stale}
            onOpen={openKey}
            onEnter={enter}
            onUp={goUp}
            onSelect={setSelected}
            onDelete={() => selected.size > 0 && mayWrite && setOpen('delete')}
          />
        )}
      </div>
      {route.key !== null && (
        <ValuePanel
          key={route.key}
          place={place}
          keyName={route.key}
          now={now}
          onClose={() => openKey(null)}
          onDirty={setDirty}
          onSaved={saved}
          onDeleted={(kept) => offerUndo([route.key!], kept)}
        />
      )}
      {isNew && route.key === null && (
        <section class="panel" aria-label="New key">
          <header>
            <h1>New key</h1>
            <IconButton icon="close" label="Close" onClick={() => guard(() => setNew(false))} />
          </header>
          <ValueEditor
            place={place}
            keyName={null}
            initialName={filter.prefix}
            stored={null}
            now={now}
            onDirty={setDirty}
            onCancel={() => guard(() => setNew(false))}
            onSaved={(item, isNewKey) => {
              saved(item, isNewKey);
              go({ key: item.name });
            }}
          />
        </section>
      )}
      {open === 'upload' && (
        <UploadDialog
          place={place}
          onClose={close}
          onWritten={() => {
            restart();
            usage.reload();
          }}
        />
      )}
      {open === 'export' && (
        <ExportDialog place={place} title={namespace?.title ?? ''} collect={collect} onClose={close} />
      )}
      {open === 'delete' && (
        <DeleteSelectionDialog keys={[...selected]} onClose={close} onConfirm={() => void deleteSelection()} />
      )}
      {open === 'delete-by-filter' && (
        <DeleteByFilterDialog place={place} filter={filter} onClose={close} onDeleted={gone} />
      )}
      {open === 'connect' && namespace && (
        <ConnectDialog account={place.account} namespace={namespace} onClose={close} />
      )}
      {open === 'rename' && namespace && (
        <TitleDialog
          account={place.account}
          namespace={namespace}
          onClose={close}
          onDone={(renamed) => {
            set(renamed);
            close();
          }}
        />
      )}
      {open === 'remove' && namespace && (
        <DeleteNamespaceDialog
          account={place.account}
          namespace={namespace}
          usage={usage.data}
          onClose={close}
          onDone={() => go({ account: place.account })}
        />
      )}
      {question}
    </main>
  );
}

// The rows that the route asks for.
function useFeed(place: Place, { filter, separator }: Route) {
  const { api } = useSession();
  const call = useCall('read');
  const [round, setRound] = useState(0);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const { prefix, contains, metadata, expiry } = filter;
  const feed = useMemo(
    () =>
      new KeyFeed(
        {
          load: (cursor, signal) => call(() => api.keys(place, prefix, cursor, signal)),
          matches: isSieve(filter) ? sieve(filter, nowSeconds()) : null,
          prefix,
          separator,
        },
        () => redraw(0),
      ),
    [prefix, contains, metadata, expiry, separator, round],
  );
  useEffect(() => {
    feed.want(1000);
    return () => feed.close();
  }, [feed]);
  const restart = useCallback(() => setRound((before) => before + 1), []);
  return { feed, restart };
}

// Keeps what was typed from being lost by a click: asks first.
function useGuard() {
  const [isDirty, setDirty] = useState(false);
  const [pending, setPending] = useState<(() => void) | null>(null);
  useEffect(() => {
    if (!isDirty) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [isDirty]);
  const guard = (act: () => void) => (isDirty ? setPending(() => act) : act());
  const question = pending && (
    <Dialog
      title="Discard your changes?"
      onClose={() => setPending(null)}
      onSubmit={() => {
        setDirty(false);
        setPending(null);
        pending();
      }}
      actions={
        <>
          <Button onClick={() => setPending(null)}>Keep editing</Button>
          <Button type="submit" look="danger">
            Discard
          </Button>
        </>
      }
    >
      <p>What you have typed is not saved.</p>
    </Dialog>
  );
  return { setDirty, guard, question };
}

// The time, for countdowns.
function useNow(): number {
  const [now, setNow] = useState(nowSeconds);
  useEffect(() => {
    const timer = setInterval(() => setNow(nowSeconds()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}

interface StatusProps {
  feed: KeyFeed;
  isFiltered: boolean;
  prefix: string;
  separator: string;
  onEnter: (prefix: string) => void;
}

function FeedStatus({ feed, isFiltered, prefix, separator, onEnter }: StatusProps) {
  const isSearching = (isFiltered || separator !== '') && !feed.isComplete && (feed.isLoading || feed.isPaused);
  const text = isFiltered
    ? `${counted(feed.rows.length, 'match', 'matches')} in ${count(feed.scanned)} looked at`
    : feed.isComplete
      ? counted(feed.scanned, 'key')
      : `${counted(feed.scanned, 'key')} loaded, more below`;
  return (
    <>
      {separator !== '' && <Crumbs prefix={prefix} separator={separator} onEnter={onEnter} />}
      <span class="quiet" aria-live="polite">
        {feed.scanned > 0 || feed.isComplete ? text : ''}
        {feed.isFull && `. The list ends at ${count(rowsMax)} rows; narrow it by a prefix`}
      </span>
      {isSearching &&
        (feed.isPaused ? (
          <Button onClick={() => feed.resume()}>Go on</Button>
        ) : (
          <Button onClick={() => feed.pause()}>Stop</Button>
        ))}
    </>
  );
}

function Crumbs({ prefix, separator, onEnter }: { prefix: string; separator: string; onEnter: (prefix: string) => void }) {
  const folders = prefix.slice(0, folderStart(prefix, separator)).split(separator).slice(0, -1);
  return (
    <nav class="crumbs" aria-label="Folders">
      <button type="button" onClick={() => onEnter('')}>
        All
      </button>
      {folders.map((name, i) => (
        <button key={i} type="button" onClick={() => onEnter(folders.slice(0, i + 1).join(separator) + separator)}>
          <bdi>{name}</bdi>
          {separator}
        </button>
      ))}
    </nav>
  );
}

// Where in a prefix the part after its last folder begins.
function folderStart(prefix: string, separator: string): number {
  const at = prefix.lastIndexOf(separator);
  return at < 0 ? 0 : at + separator.length;
}

function parentOf(prefix: string, separator: string): string {
  const inside = prefix.endsWith(separator) ? prefix.slice(0, -separator.length) : prefix;
  return inside.slice(0, folderStart(inside, separator));
}

interface EmptyProps {
  isFiltered: boolean;
  filter: KeyFilter;
  mayWrite: boolean;
  onNew: () => void;
  onUpload: () => void;
  onClear: () => void;
}

function EmptyList({ isFiltered, filter, mayWrite, onNew, onUpload, onClear }: EmptyProps) {
  if (isFiltered) {
    return (
      <Notice icon="search" title="Nothing found" actions={<Button onClick={onClear}>Show all keys</Button>}>
        There are no {filterText(filter)}.
      </Notice>
    );
  }
  const actions = mayWrite && (
    <>
      <Button look="main" icon="add" onClick={onNew}>
        New key
      </Button>
      <Button icon="upload" onClick={onUpload}>
        Upload
      </Button>
    </>
  );
  return (
    <Notice icon="key" title="No keys yet" actions={actions}>
      Write one here, upload a file, or use a client: <em>Connect</em> has the lines to copy.
    </Notice>
  );
}
