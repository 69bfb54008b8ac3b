// Short messages at the edge of the page, perhaps with one thing to do about them.
import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useState } from 'preact/hooks';
import { Button, IconButton } from './controls.tsx';

export interface Toast {
  text: string;
  isFailure?: boolean;
  action?: { label: string; act: () => void };
}

const shownMs = 6_000;

type Tell = (toast: Toast) => void;
const TellContext = createContext<Tell>(() => {});

// Says something to the person. What can be acted on, and what went wrong, stays until it is closed.
export const useTell = () => useContext(TellContext);

export function Toasts({ children }: { children: ComponentChildren }) {
  const [toasts, setToasts] = useState<(Toast & { id: number })[]>([]);
  const drop = useCallback((id: number) => setToasts((all) => all.filter((each) => each.id !== id)), []);
  const tell = useCallback<Tell>(
    (toast) => {
      const id = Math.random();
      setToasts((all) => [...all.slice(-2), { ...toast, id }]);
      if (!toast.action && !toast.isFailure) setTimeout(() => drop(id), shownMs);
    },
    [drop],
  );
  return (
    <TellContext.Provider value={tell}>
      {children}
      <div class="toasts" role="status" aria-live="polite">
        {toasts.map(({ id, text, action, isFailure }) => (
          <div key={id} class={`toast ${isFailure ? 'failed' : ''}`}>
            <span>{text}</span>
            {action && (
              <Button
                look="quiet"
                onClick={() => {
                  drop(id);
                  action.act();
                }}
              >
                {action.label}
              </Button>
            )}
            <IconButton icon="close" label="Dismiss" onClick={() => drop(id)} />
          </div>
        ))}
      </div>
    </TellContext.Provider>
  );
}
