// Who is signed in. The token is kept in this tab's session storage: it survives a reload, not the tab, and goes to
// the server in a header alone, so no other site can make the browser send it.
import { createContext } from 'preact';
import { useCallback, useContext } from 'preact/hooks';
import { Api, type Account, type Token } from './api/client.ts';

const storageKey = 'cubby.token';

export interface Session {
  api: Api;
  accounts: Account[];
  self: Token; // the one that is signed in with
  mayWrite: boolean; // until the server has said otherwise
  // Learns from a failure: a token that was revoked ends the session, one that may only read hides what writes.
  learn: (error: unknown, from: 'read' | 'write') => void;
  signOut: (why?: string) => void;
}

export const storedToken = () => sessionStorage.getItem(storageKey);
export const storeToken = (token: string) => sessionStorage.setItem(storageKey, token);
export const forgetToken = () => sessionStorage.removeItem(storageKey);

// What the token may see. Errors: those of the API; `signed-out` for a token that the server does not know.
export async function open(token: string): Promise<{ api: Api; accounts: Account[]; self: Token }> {
  const api = new Api(token);
  await api.verify();
  const [accounts, self] = await Promise.all([api.accounts(), api.self()]);
  return { api, accounts, self };
}

// Whether the token may do what is done to namespaces as such.
export const mayManage = ({ right, namespaces, key_prefix }: Token) =>
  right !== 'read' && namespaces.length === 0 && !key_prefix;

export const SessionContext = createContext<Session>(null!);
export const useSession = () => useContext(SessionContext);

// Runs a call and lets the session learn from its failure, which the caller still gets to see.
export function useCall(from: 'read' | 'write'): <T>(call: () => Promise<T>) => Promise<T> {
  const { learn } = useSession();
  return useCallback(
    async (call) => {
      try {
        return await call();
      } catch (error) {
        learn(error, from);
        throw error;
      }
    },
    [learn, from],
  );
}
