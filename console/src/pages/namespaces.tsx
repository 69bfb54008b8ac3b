// All namespaces of an account.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { isAbort, sentence, type Account, type Namespace, type Usage } from '../api/client.ts';
import type { Go } from '../app.tsx';
import { home, routeHash } from '../route.ts';
import { mayManage, useSession } from '../session.tsx';
import { ageText, bytesText, count, counted } from '../text/format.ts';
import { Button, CopyButton, Failure, Notice } from '../ui/controls.tsx';
import { Icon } from '../ui/icons.tsx';
import { Menu } from '../ui/menu.tsx';
import { useKeys } from '../ui/use_keys.ts';
import { useLoad } from '../ui/use_load.ts';
import { ConnectDialog } from './connect.tsx';
import { DeleteNamespaceDialog, TitleDialog } from './namespace_dialogs.tsx';

type Open = { dialog: 'create' } | { dialog: 'rename' | 'delete' | 'connect'; namespace: Namespace };

interface Props {
  account: Account;
  go: Go;
  setTitle: (title: string | null) => void;
}

export function NamespacesPage({ account, go, setTitle }: Props) {
  const { api, self } = useSession();
  const mayWrite = useSession().mayWrite && mayManage(self);
  const { data, error, reload } = useLoad((signal) => api.namespaces(account.id, signal), [account.id]);
  const [search, setSearch] = useState('');
  const [open, setOpen] = useState<Open | null>(null);
  const searchBox = useRef<HTMLInputElement>(null);
  useEffect(() => setTitle(null), []);
  useKeys({
    '/': () => searchBox.current?.focus(),
    n: () => mayWrite && setOpen({ dialog: 'create' }),
  });
  const shown = useMemo(() => {
    const wanted = search.toLowerCase();
    return (data ?? []).filter(({ id, title }) => title.toLowerCase().includes(wanted) || id.startsWith(wanted));
  }, [data, search]);
  const usage = useUsage(shown);
  const close = () => setOpen(null);
  const done = () => {
    close();
    reload();
  };
  const create = (
    <Button look="main" icon="add" disabled={!mayWrite} onClick={() => setOpen({ dialog: 'create' })}>
      Create namespace
    </Button>
  );

  return (
    <main class="page">
      <div class="page-head">
        <h1>Namespaces</h1>
        {data && <span class="quiet">{count(data.length)}</span>}
        <span class="space" />
        <label class="search">
          <Icon name="search" />
          <input
            ref={searchBox}
            type="search"
            placeholder="Title or id"
            aria-label="Search namespaces"
            value={search}
            onInput={(event) => setSearch(event.currentTarget.value)}
          />
        </label>
        {create}
      </div>
      {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
      {data === null && error === null && <div class="table waiting" aria-busy="true" aria-label="Loading" role="status" />}
      {data?.length === 0 && (
        <Notice icon="list" title="No namespaces yet" actions={create}>
          A namespace is a set of keys with their values. Create one here, or with{' '}
          <code>wrangler kv namespace create</code>.
        </Notice>
      )}
      {data && data.length > 0 && shown.length === 0 && (
        <Notice icon="search" title="No namespace has that in its title or id" />
      )}
      {shown.length > 0 && (
        <table class="table">
          <thead>
            <tr>
              <th>Title</th>
              <th>Id</th>
              {usage && <th class="number">Keys</th>}
              {usage && <th class="number">Size</th>}
              {usage && <th class="number">Calls</th>}
              <th>
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((each) => (
              <tr key={each.id}>
                <td class="title">
                  <a href={routeHash({ ...home, account: account.id, namespace: each.id })}>
                    <bdi>{each.title}</bdi>
                  </a>
                  {each.jurisdiction && <span class="tag">{each.jurisdiction}</span>}
                </td>
                <td class="id">
                  <code>{each.id}</code>
                  <CopyButton text={each.id} label={`Copy the id of ${each.title}`} />
                </td>
                {usage && <td class="number">{usageText(usage.get(each.id), ({ keys }) => count(keys))}</td>}
                {usage && <td class="number">{usageText(usage.get(each.id), sizeText)}</td>}
                {usage && <td class="number">{usageText(usage.get(each.id), callsText)}</td>}
                <td class="acts">
                  <Menu
                    label={`Actions for ${each.title}`}
                    items={[
                      { label: 'Open', icon: 'list', act: () => go({ account: account.id, namespace: each.id }) },
                      { label: 'Connect…', icon: 'code', act: () => setOpen({ dialog: 'connect', namespace: each }) },
                      {
                        label: 'Rename…',
                        icon: 'edit',
                        isDisabled: !mayWrite,
                        act: () => setOpen({ dialog: 'rename', namespace: each }),
                      },
                      {
                        label: 'Delete…',
                        icon: 'delete',
                        isDangerous: true,
                        isDisabled: !mayWrite,
                        act: () => setOpen({ dialog: 'delete', namespace: each }),
                      },
                    ]}
                  />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {search && shown.length > 0 && data && shown.length < data.length && (
        <p class="quiet">
          {count(shown.length)} of {counted(data.length, 'namespace')}
        </p>
      )}
      {open?.dialog === 'create' && (
        <TitleDialog
          account={account.id}
          onClose={close}
          onDone={({ id }) => go({ account: account.id, namespace: id })}
        />
      )}
      {open?.dialog === 'rename' && (
        <TitleDialog account={account.id} namespace={open.namespace} onClose={close} onDone={done} />
      )}
      {open?.dialog === 'delete' && (
        <DeleteNamespaceDialog
          account={account.id}
          namespace={open.namespace}
          usage={usage?.get(open.namespace.id) ?? null}
          onClose={close}
          onDone={done}
        />
      )}
      {open?.dialog === 'connect' && (
        <ConnectDialog account={account.id} namespace={open.namespace} onClose={close} />
      )}
    </main>
  );
}

function usageText(usage: Usage | undefined, text: (usage: Usage) => string) {
  return usage ? text(usage) : <span class="quiet">–</span>;
}

function sizeText({ bytes, age_seconds }: Usage): string {
  return bytesText(bytes) + ageText(age_seconds);
}

// How many calls a second, of all kinds, in the last minute.
function callsText({ per_second: { reads, writes, deletes, lists } }: Usage): string {
  const all = reads + writes + deletes + lists;
  return all === 0 ? '–' : `${all < 9.95 ? all.toFixed(1) : count(Math.round(all))}/s`;
}

const usageShownMax = 100; // one call each

// Keys and bytes of the namespaces on the page; null while nothing is known and where the server does not count.
function useUsage(namespaces: Namespace[]): Map<string, Usage> | null {
  const { api, self } = useSession();
  const [usage, setUsage] = useState<Map<string, Usage> | null>(null);
  // Whoever has some of the keys is not told how many there are.
  const ids = self.key_prefix ? [] : namespaces.slice(0, usageShownMax).map(({ id }) => id);
  useEffect(() => {
    const control = new AbortController();
    const load = async () => {
      for (const id of ids) {
        const one = await api.usage(id, control.signal);
        if (one === null) return; // a server that does not count, or a namespace that has just gone
        setUsage((before) => new Map(before).set(id, one));
      }
    };
    load().catch((error: unknown) => {
      if (!isAbort(error)) console.warn(sentence(error)); // the list is whole without it
    });
    return () => control.abort();
  }, [ids.join()]);
  return usage;
}
