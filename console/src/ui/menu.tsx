// A button that opens a short list of things to do.
import { useEffect, useRef, useState } from 'preact/hooks';
import { IconButton } from './controls.tsx';
import { Icon, type IconName } from './icons.tsx';

export interface MenuItem {
  label: string;
  icon: IconName;
  act: () => void;
  isDangerous?: boolean;
  isDisabled?: boolean;
}

export function Menu({ label, items, icon = 'more' }: { label: string; items: MenuItem[]; icon?: IconName }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const buttons = () => [...box.current!.querySelectorAll<HTMLElement>('[role=menuitem]:not([disabled])')];
    buttons()[0]?.focus();
    const close = (event: Event) => {
      if (!box.current!.contains(event.target as Node)) setOpen(false);
    };
    const press = (event: KeyboardEvent) => {
      const all = buttons();
      const at = all.indexOf(document.activeElement as HTMLElement);
      if (event.key === 'Escape' || event.key === 'Tab') {
        setOpen(false);
        box.current!.querySelector<HTMLElement>('button')!.focus();
      } else if (event.key === 'ArrowDown') all[(at + 1) % all.length]?.focus();
      else if (event.key === 'ArrowUp') all[(at + all.length - 1) % all.length]?.focus();
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('keydown', press, true);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('keydown', press, true);
    };
  }, [isOpen]);
  return (
    <div class="menu" ref={box}>
      <IconButton icon={icon} label={label} aria-haspopup="menu" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} />
      {isOpen && (
        <div role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              class={item.isDangerous ? 'danger' : ''}
              disabled={item.isDisabled}
              onClick={() => {
                setOpen(false);
                item.act();
              }}
            >
              <Icon name={item.icon} />
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
