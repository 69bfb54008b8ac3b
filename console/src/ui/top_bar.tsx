import { useState } from 'preact/hooks';
import type { Account } from '../api/client.ts';
import type { Go } from '../app.tsx';
import { home, routeHash, type Page } from '../route.ts';
import { useSession } from '../session.tsx';
import { IconButton } from './controls.tsx';
import { Mark } from './icons.tsx';
import { ShortcutsDialog } from './shortcuts.tsx';
import { currentTheme, setTheme, type Theme } from './theme.ts';
import { useKeys } from './use_keys.ts';

const nextTheme: Record<Theme, Theme> = { system: 'light', light: 'dark', dark: 'system' };
const themeIcon = { system: 'system', light: 'sun', dark: 'moon' } as const;
const themeLabel = { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };

interface Props {
  account: Account;
  page: Page;
  title: string | null; // of the namespace that is open
  go: Go;
}

export function TopBar({ account, page, title, go }: Props) {
  const { accounts, mayWrite, self, signOut } = useSession();
  const [theme, showTheme] = useState(currentTheme);
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeys({ '?': () => setHelpOpen(true) });
  const switchTheme = () => {
    setTheme(nextTheme[theme]);
    showTheme(nextTheme[theme]);
  };
  const namespaces = routeHash({ ...home, account: account.id });
  return (
    <header class="top-bar">
      <a class="brand" href={namespaces} aria-label="Cubby, all namespaces">
        <Mark />
        <span>Cubby</span>
      </a>
      <nav aria-label="Where you are">
        <a href={namespaces} aria-current={title === null && page === 'namespaces' ? 'page' : undefined}>
          Namespaces
        </a>
        {title !== null && (
          <span class="here" aria-current="page">
            <bdi>{title}</bdi>
          </span>
        )}
        {title === null && self.right === 'admin' && (
          <>
            <PageLink account={account} name="tokens" page={page} label="Tokens" />
            {self.account_id === null && <PageLink account={account} name="activity" page={page} label="Activity" />}
          </>
        )}
      </nav>
      <span class="space" />
      {!mayWrite && <span class="tag">Read only</span>}
      {accounts.length > 1 && (
        <select
          aria-label="Account"
          value={account.id}
          onChange={(event) => go({ account: event.currentTarget.value })}
        >
          {accounts.map(({ id, name }) => (
            <option key={id} value={id}>
              {name || id}
            </option>
          ))}
        </select>
      )}
      <IconButton icon="help" label="Keyboard shortcuts" onClick={() => setHelpOpen(true)} />
      <IconButton icon={themeIcon[theme]} label={themeLabel[theme]} onClick={switchTheme} />
      <IconButton icon="signOut" label="Sign out" onClick={() => signOut()} />
      {isHelpOpen && <ShortcutsDialog onClose={() => setHelpOpen(false)} />}
    </header>
  );
}

function PageLink({ account, name, page, label }: { account: Account; name: Page; page: Page; label: string }) {
  return (
    <a href={routeHash({ ...home, account: account.id, page: name })} aria-current={page === name ? 'page' : undefined}>
      {label}
    </a>
  );
}
