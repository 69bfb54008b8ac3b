// The tokens of the accounts that an administrator has.
import { useEffect, useState } from 'preact/hooks';
import { sentence, type Account, type Token } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { count, dateText, durationText, nowSeconds } from '../text/format.ts';
import { Button, Failure, Notice } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useTell } from '../ui/toast.tsx';
import { useKeys } from '../ui/use_keys.ts';
import { useLoad } from '../ui/use_load.ts';
import { NewTokenDialog } from './new_token.tsx';

interface Props {
  account: Account;
  setTitle: (title: string | null) => void;
}

export function TokensPage({ account, setTitle }: Props) {
  const { api, self } = useSession();
  const { data, error, reload } = useLoad(
    async (signal) => {
      const [tokens, namespaces] = await Promise.all([api.tokens(signal), api.namespaces(account.id, signal)]);
      return { tokens, titles: new Map(namespaces.map(({ id, title }) => [id, title])) };
    },
    [account.id],
  );
  const [isMaking, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);
  useEffect(() => setTitle('Tokens'), []);
  useKeys({ n: () => setMaking(true) });
  // Those of other accounts belong to other pages; those of all accounts to every page.
  const shown = data?.tokens.filter(({ account_id }) => account_id === null || account_id === account.id) ?? [];
  const make = (
    <Button look="main" icon="add" onClick={() => setMaking(true)}>
      Make a token
    </Button>
  );

  return (
    <main class="page">
      <div class="page-head">
        <h1>Tokens</h1>
        {data && <span class="quiet">{count(shown.length)}</span>}
        <span class="space" />
        {make}
      </div>
      {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
      {data === null && error === null && <div class="table waiting" aria-busy="true" aria-label="Loading" role="status" />}
      {data && shown.length === 0 && (
        <Notice icon="key" title="No tokens yet" actions={make}>
          Give each program a token of its own, with as few rights as it needs.
        </Notice>
      )}
      {data && shown.length > 0 && (
        <table class="table tokens">
          <thead>
            <tr>
              <th>Name</th>
              <th>May</th>
              <th>Reaches</th>
              <th>Ends</th>
              <th>
                <span class="unseen">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((token) => (
              <tr key={token.id} class={token.status === 'active' ? '' : 'ended'}>
                <td class="title" title={token.created ? `Made ${dateText(token.created)}` : undefined}>
                  <bdi>{token.name}</bdi>
                  {token.id === self.id && <span class="tag">You</span>}
                </td>
                <td>{rightTexts[token.right]}</td>
                <td class="reach">
                  <Reach token={token} titles={data.titles} />
                </td>
                <td>{endText(token)}</td>
                <td class="acts">
                  {token.status !== 'revoked' && (
                    <Button onClick={() => setRevoking(token)} aria-label={`Revoke ${token.name}`}>
                      Revoke…
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {isMaking && (
        <NewTokenDialog
          account={account}
          titles={data?.titles ?? new Map()}
          onClose={() => setMaking(false)}
          onDone={reload}
        />
      )}
      {revoking && (
        <RevokeDialog
          token={revoking}
          onClose={() => setRevoking(null)}
          onDone={() => {
            setRevoking(null);
            reload();
          }}
        />
      )}
    </main>
  );
}

export const rightTexts: Record<Token['right'], string> = {
  read: 'Read',
  write: 'Read and write',
  admin: 'Administer',
};

function endText(token: Token): string {
  if (token.status === 'revoked') return 'Revoked';
  if (token.expiration === null) return 'Never';
  return token.status === 'expired' ? 'Expired' : `In ${durationText(token.expiration - nowSeconds())}`;
}

function Reach({ token, titles }: { token: Token; titles: Map<string, string> }) {
  const where = token.namespaces.map((id) => titles.get(id) ?? id);
  return (
    <>
      {token.account_id === null ? 'All accounts' : where.length === 0 ? 'All namespaces' : <bdi>{where.join(', ')}</bdi>}
      {token.key_prefix && (
        <>
          , keys <code>{token.key_prefix}…</code>
        </>
      )}
      {token.sources.length > 0 && <span class="quiet">, from {token.sources.join(', ')}</span>}
    </>
  );
}

function RevokeDialog({ token, onClose, onDone }: { token: Token; onClose: () => void; onDone: () => void }) {
  const { api, self } = useSession();
  const call = useCall('write');
  const tell = useTell();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    try {
      await call(() => api.revokeToken(token.id));
      tell({ text: `Revoked ${token.name}.` });
      onDone();
    } catch (failure) {
      setError(sentence(failure));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="danger" busy={isBusy}>
        Revoke
      </Button>
    </>
  );
  return (
    <Dialog title="Revoke a token" onClose={onClose} onSubmit={submit} actions={actions}>
      <p>
        Programs that use <strong>{token.name}</strong> are refused from this moment on. There is no undo.
        {token.id === self.id && ' It is the one that you are signed in with.'}
      </p>
      {error && <Failure>{error}</Failure>}
    </Dialog>
  );
}
