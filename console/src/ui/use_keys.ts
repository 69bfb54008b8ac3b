import { useEffect, useRef } from 'preact/hooks';

type Actions = Record<string, (event: KeyboardEvent) => void>;

// What is drawn now, in the order in which it came.
const layers: { current: Actions }[] = [];

// Shortcuts for as long as the component is drawn: by the key's name, with `Ctrl+` before it where Control or Command
// is held. What came last is asked first. Plain keys do nothing while a person types, and none does anything behind a
// dialog or a menu.
export function useKeys(actions: Actions): void {
  const latest = useRef(actions);
  latest.current = actions;
  useEffect(() => {
    if (layers.push(latest) === 1) document.addEventListener('keydown', press);
    return () => {
      layers.splice(layers.indexOf(latest), 1);
      if (layers.length === 0) document.removeEventListener('keydown', press);
    };
  }, []);
}

function press(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || document.querySelector('dialog[open], [role=menu]')) return;
  const isCommand = event.ctrlKey || event.metaKey;
  const target = event.target as HTMLElement;
  const isTyping = target.matches('input:not([type=checkbox]), textarea, select, [contenteditable]');
  if (isTyping && event.key === 'Escape') return target.blur();
  if (isTyping && !isCommand) return;
  const name = isCommand ? `Ctrl+${event.key.toLowerCase()}` : event.key;
  const action = layers.findLast(({ current }) => current[name])?.current[name];
  if (!action) return;
  event.preventDefault();
  action(event);
}
