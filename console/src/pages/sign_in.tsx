import { useState } from 'preact/hooks';
import { ApiError, sentence } from '../api/client.ts';
import { Button, Field } from '../ui/controls.tsx';
import { Mark } from '../ui/icons.tsx';

export function SignIn({ why, enter }: { why: string | null; enter: (token: string) => Promise<void> }) {
  const [token, setToken] = useState('');
  const [error, setError] = useState(why);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    const text = token.trim();
    const refusal = shapeError(text);
    setError(refusal);
    if (refusal) return;
    setBusy(true);
    try {
      await enter(text);
    } catch (failure) {
      const isUnknown = failure instanceof ApiError && failure.trouble === 'signed-out';
      setError(isUnknown ? 'The server does not know this token, or it has expired or been revoked.' : sentence(failure));
      setBusy(false);
    }
  };
  return (
    <main class="alone">
      <form class="card sign-in" onSubmit={submit}>
        <Mark />
        <h1>Sign in to Cubby</h1>
        <Field label="API token" error={error} hint="Kept in this tab until you close it or sign out.">
          {(ids) => (
            <input
              {...ids}
              class="code"
              type="password"
              autocomplete="off"
              spellcheck={false}
              autofocus
              value={token}
              onInput={(event) => setToken(event.currentTarget.value)}
            />
          )}
        </Field>
        <Button type="submit" look="main" busy={isBusy}>
          Sign in
        </Button>
        <p class="quiet">
          The first start of a server writes a token to <code>admin-token</code> in its data directory.
        </p>
      </form>
    </main>
  );
}

function shapeError(token: string): string | null {
  if (token === '') return 'Paste a token.';
  if (!/^[0-9A-Za-z_-]{40,80}$/.test(token)) return 'A token has 40 to 80 letters, digits, “-” or “_”.';
  return null;
}
