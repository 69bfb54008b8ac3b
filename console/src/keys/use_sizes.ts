import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { Api, Place } from '../api/client.ts';

// How many bytes the values of the keys on the screen have. A list does not say it, so that each key is asked for,
// once, when the scrolling has come to rest on it. Undefined while unknown.
export function useSizes(api: Api, place: Place, visible: string[]) {
  const sizes = useRef(new Map<string, number>());
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  useEffect(() => {
    const control = new AbortController();
    const unknown = visible.filter((key) => !sizes.current.has(key));
    const ask = async () => {
      for (let key = unknown.shift(); key !== undefined; key = unknown.shift()) {
        const head = await api.head(place, key, control.signal);
        if (head) sizes.current.set(key, head.bytes);
      }
    };
    const timer = setTimeout(async () => {
      // A size that is missing is no reason to say anything: what else fails will.
      await Promise.allSettled(Array.from({ length: parallelAsks }, ask));
      if (!control.signal.aborted) redraw(0);
    }, restMs);
    return () => {
      clearTimeout(timer);
      control.abort();
    };
  }, [visible.join('\n')]);
  return {
    of: (key: string) => sizes.current.get(key),
    forget: (key: string) => sizes.current.delete(key),
    clear: () => sizes.current.clear(),
  };
}

const parallelAsks = 4; // a browser opens six connections to a server
const restMs = 120;
