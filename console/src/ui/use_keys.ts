import { useEffect, useRef } from 'preact/hooks';

type Actions = Record<string, (event: KeyboardEvent) => void>;

// Shortcuts for as long as the component is drawn: by the key's name, with `Ctrl+` before it where Control or Command
// is held. Plain keys do nothing while a person types, and none does anything behind a dialog or a menu.
export function useKeys(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open], [role=menu]')) return;
      const isCommand = event.ctrlKey || event.metaKey;
      const target = event.target as HTMLElement;
      const isTyping = target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]');
      if (isTyping && event.key === 'Escape') return target.blur();
      if (isTyping && !isCommand) return;
      const action = latest.current[isCommand ? `Ctrl+${event.key.toLowerCase()}` : event.key];
      if (!action) return;
      event.preventDefault();
      action(event);
    };
    document.addEventListener('keydown', press);
    return () => document.removeEventListener('keydown', press);
  }, []);
}
