// Making a token: what it may do, then its text, which is told once.
import { useState } from 'preact/hooks';
import { sentence, type Account, type NewToken, type Token } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { nowSeconds } from '../text/format.ts';
import { Button, Choice, CopyButton, Failure, Field } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';

interface Props {
  account: Account;
  titles: Map<string, string>;
  onClose: () => void;
  onDone: () => void;
}

type Days = '' | '1' | '30' | '90' | '365';

export function NewTokenDialog({ account, titles, onClose, onDone }: Props) {
  const { api } = useSession();
  const call = useCall('write');
  const [name, setName] = useState('');
  const [right, setRight] = useState<Token['right']>('read');
  const [namespaces, setNamespaces] = useState<string[]>([]);
  const [prefix, setPrefix] = useState('');
  const [sources, setSources] = useState('');
  const [days, setDays] = useState<Days>('90');
  const [error, setError] = useState<string | null>(null);
  const [nameError, setNameError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const isScoped = right !== 'admin';

  const submit = async () => {
    setNameError(name ? null : 'A token needs a name.');
    if (!name || isBusy) return;
    const wanted: NewToken = {
      name,
      right,
      account_id: account.id,
      namespaces: isScoped ? namespaces : [],
      key_prefix: isScoped ? prefix : '',
      sources: sources.split(/[\s,]+/).filter(Boolean),
      expiration: days ? nowSeconds() + Number(days) * 86_400 : null,
    };
    setBusy(true);
    setError(null);
    try {
      const { token } = await call(() => api.createToken(wanted));
      setMade(token);
      onDone();
    } catch (failure) {
      setError(sentence(failure));
    }
    setBusy(false);
  };
  const toggle = (id: string) =>
    setNamespaces(namespaces.includes(id) ? namespaces.filter((each) => each !== id) : [...namespaces, id]);

  if (made !== null) return <Made name={name} text={made} onClose={onClose} />;
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="main" busy={isBusy}>
        Make it
      </Button>
    </>
  );
  return (
    <Dialog title="Make a token" onClose={onClose} onSubmit={submit} actions={actions}>
      <Field label="Name" error={nameError} hint="The program or the person who will use it.">
        {(ids) => (
          <input
            {...ids}
            autofocus
            autocomplete="off"
            spellcheck={false}
            maxLength={128}
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Choice
        label="What it may do"
        value={right}
        onChange={setRight}
        options={[
          ['read', 'Read'],
          ['write', 'Read and write'],
          ['admin', 'Administer'],
        ]}
      />
      {isScoped && titles.size > 0 && (
        <fieldset class="picks">
          <legend>Namespaces</legend>
          <div tabIndex={0} role="group" aria-label="Namespaces">
            {[...titles].map(([id, title]) => (
              <label key={id}>
                <input type="checkbox" checked={namespaces.includes(id)} onChange={() => toggle(id)} />
                <bdi>{title}</bdi>
              </label>
            ))}
          </div>
          <p class="note">{namespaces.length === 0 ? 'None chosen: all of the account, later ones too.' : ' '}</p>
        </fieldset>
      )}
      {isScoped && (
        <Field label="Key prefix" hint="Only keys that begin with this; empty: all keys.">
          {(ids) => (
            <input
              {...ids}
              autocomplete="off"
              spellcheck={false}
              value={prefix}
              onInput={(event) => setPrefix(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      <Field label="From" hint="Addresses or ranges, such as 10.0.0.0/8; empty: from everywhere.">
        {(ids) => (
          <input
            {...ids}
            autocomplete="off"
            spellcheck={false}
            value={sources}
            onInput={(event) => setSources(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label="Ends">
        {(ids) => (
          <select {...ids} value={days} onChange={(event) => setDays(event.currentTarget.value as Days)}>
            <option value="1">in a day</option>
            <option value="30">in 30 days</option>
            <option value="90">in 90 days</option>
            <option value="365">in a year</option>
            <option value="">never</option>
          </select>
        )}
      </Field>
      {error && <Failure>{error}</Failure>}
    </Dialog>
  );
}

function Made({ name, text, onClose }: { name: string; text: string; onClose: () => void }) {
  const actions = (
    <Button look="main" onClick={onClose}>
      Done
    </Button>
  );
  return (
    <Dialog title="The token" onClose={onClose} onSubmit={onClose} actions={actions}>
      <p>
        This is the token of <strong>{name}</strong>. It is shown here once; the server keeps only a hash of it.
      </p>
      <div class="secret">
        <code>{text}</code>
        <CopyButton text={text} label="Copy the token" />
      </div>
    </Dialog>
  );
}
