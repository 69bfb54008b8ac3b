import { useCallback, useEffect, useState } from 'preact/hooks';
import { isAbort } from '../api/client.ts';
import { useCall } from '../session.tsx';

export interface Load<T> {
  data: T | null; // kept while it is loaded again
  error: unknown;
  reload: () => void;
  set: (data: T) => void;
}

// Something from the server, again whenever `inputs` change; what was under way for older inputs is dropped.
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: unknown[]): Load<T> {
  const [data, setData] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  const call = useCall('read');
  useEffect(() => {
    const control = new AbortController();
    setError(null);
    call(() => load(control.signal)).then(
      (loaded) => !control.signal.aborted && setData(loaded),
      (failure: unknown) => !control.signal.aborted && !isAbort(failure) && setError(failure),
    );
    return () => control.abort();
  }, [...inputs, round]);
  const reload = useCallback(() => setRound((before) => before + 1), []);
  return { data, error, reload, set: setData };
}
