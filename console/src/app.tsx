// The frame of all pages: who is signed in, where we are, what is shown.
import { useCallback, useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, sentence, type Account, type Api, type Token } from './api/client.ts';
import { ActivityPage } from './pages/activity.tsx';
import { NamespacePage } from './pages/namespace.tsx';
import { NamespacesPage } from './pages/namespaces.tsx';
import { SignIn } from './pages/sign_in.tsx';
import { TokensPage } from './pages/tokens.tsx';
import { home, parseRoute, routeHash, type Route } from './route.ts';
import { forgetToken, open, SessionContext, storedToken, storeToken, type Session } from './session.tsx';
import { Button, Notice } from './ui/controls.tsx';
import { Toasts } from './ui/toast.tsx';
import { TopBar } from './ui/top_bar.tsx';

export type Go = (route: Partial<Route>, how?: 'push' | 'replace') => void;

export function App() {
  return (
    <Toasts>
      <Gate />
    </Toasts>
  );
}

type State =
  | { is: 'opening' }
  | { is: 'out'; why: string | null }
  | { is: 'failed'; why: string }
  | { is: 'in'; api: Api; accounts: Account[]; self: Token };

// Lets in whoever has a token that the server knows.
function Gate() {
  const [state, setState] = useState<State>(() => (storedToken() ? { is: 'opening' } : { is: 'out', why: null }));
  const [mayWrite, setMayWrite] = useState(true);

  const enter = useCallback(async (token: string) => {
    const opened = await open(token);
    storeToken(token);
    setMayWrite(opened.self.right !== 'read');
    setState({ is: 'in', ...opened });
  }, []);
  const leave = useCallback((why: string | null) => {
    forgetToken();
    setState({ is: 'out', why });
  }, []);
  const reopen = useCallback(() => {
    setState({ is: 'opening' });
    enter(storedToken()!).catch((error: unknown) => {
      if (error instanceof ApiError && error.trouble === 'signed-out') leave(error.message);
      else setState({ is: 'failed', why: sentence(error) });
    });
  }, [enter, leave]);
  useEffect(() => {
    if (state.is === 'opening') reopen();
  }, []);

  const session = useMemo<Session | null>(() => {
    if (state.is !== 'in') return null;
    const { api, accounts, self } = state;
    const learn = (error: unknown, from: 'read' | 'write') => {
      if (!(error instanceof ApiError) || error.trouble !== 'forbidden') return;
      api.verify().then(
        () => from === 'write' && setMayWrite(false),
        (worse: unknown) => worse instanceof ApiError && worse.trouble === 'signed-out' && leave(worse.message),
      );
    };
    return { api, accounts, self, mayWrite, learn, signOut: () => leave(null) };
  }, [state, mayWrite, leave]);

  if (session) {
    return (
      <SessionContext.Provider value={session}>
        <Inside session={session} />
      </SessionContext.Provider>
    );
  }
  if (state.is === 'out') return <SignIn why={state.why} enter={enter} />;
  if (state.is === 'failed') {
    const actions = (
      <>
        <Button look="main" icon="reload" onClick={reopen}>
          Try again
        </Button>
        <Button onClick={() => leave(null)}>Sign out</Button>
      </>
    );
    return (
      <main class="alone">
        <Notice icon="warning" title="Cubby does not answer" role="alert" actions={actions}>
          {state.why}
        </Notice>
      </main>
    );
  }
  return null;
}

function Inside({ session }: { session: Session }) {
  const [route, go] = useRoute();
  const account = session.accounts.find(({ id }) => id === route.account) ?? session.accounts[0];
  const [title, setTitle] = useState<string | null>(null);
  useEffect(() => {
    document.title = [title, 'Cubby'].filter(Boolean).join(' · ');
  }, [title]);
  if (!account) {
    return (
      <main class="alone">
        <Notice
          icon="key"
          title="This token reaches no account"
          actions={<Button onClick={() => session.signOut()}>Sign out</Button>}
        >
          Ask whoever made it for one that does.
        </Notice>
      </main>
    );
  }
  const place = route.namespace && route.account ? { account: account.id, namespace: route.namespace } : null;
  return (
    <>
      <TopBar account={account} page={route.page} title={place && title} go={go} />
      {place && account.id === route.account ? (
        <NamespacePage key={place.namespace} place={place} route={within(session.self, route)} go={go} setTitle={setTitle} />
      ) : route.page === 'tokens' ? (
        <TokensPage key={account.id} account={account} setTitle={setTitle} />
      ) : route.page === 'activity' ? (
        <ActivityPage setTitle={setTitle} />
      ) : (
        <NamespacesPage key={account.id} account={account} go={go} setTitle={setTitle} />
      )}
    </>
  );
}

// A token for some keys lists those alone, so a prefix begins with its own.
function within({ key_prefix }: Token, route: Route): Route {
  if (route.filter.prefix.startsWith(key_prefix)) return route;
  return { ...route, filter: { ...route.filter, prefix: key_prefix } };
}

// What the address says, and the way to change it.
function useRoute(): [Route, Go] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parseRoute(location.hash));
    follow(); // it may have changed before anybody listened
    addEventListener('popstate', follow);
    addEventListener('hashchange', follow);
    return () => {
      removeEventListener('popstate', follow);
      removeEventListener('hashchange', follow);
    };
  }, []);
  const go = useCallback<Go>((change, how = 'push') => {
    const next = { ...(change.account === undefined ? parseRoute(location.hash) : home), ...change };
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', routeHash(next));
    setRoute(next);
  }, []);
  return [route, go];
}
