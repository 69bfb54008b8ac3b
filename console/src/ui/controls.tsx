// The small parts that every view is made of.
import type { ButtonHTMLAttributes, ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { Icon, type IconName } from './icons.tsx';

type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'icon'> & {
  icon?: IconName;
  look?: 'plain' | 'main' | 'danger' | 'quiet';
  busy?: boolean;
};

export function Button({ icon, look = 'plain', busy = false, children, disabled, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} class={`button ${look} ${rest.class ?? ''}`} disabled={disabled || busy} aria-busy={busy}>
      {busy ? <span class="spinner" /> : icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

// `label` is what it does, for those who do not see the icon; it is the tooltip as well.
export function IconButton({ icon, label, ...rest }: ButtonProps & { icon: IconName; label: string }) {
  return <Button {...rest} look={rest.look ?? 'quiet'} icon={icon} aria-label={label} title={label} class={`square ${rest.class ?? ''}`} />;
}

export function CopyButton({ text, label }: { text: string; label: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await writeClipboard(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return <IconButton icon={isCopied ? 'check' : 'copy'} label={isCopied ? 'Copied' : label} onClick={copy} />;
}

// Browsers give the clipboard to pages of this machine and over TLS; elsewhere the old way has to do.
async function writeClipboard(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  (document.querySelector('dialog[open]') ?? document.body).append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
}

export function Field({
  label,
  hint,
  error,
  children,
}: {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  children: (ids: { id: string; 'aria-describedby': string; 'aria-invalid': boolean }) => ComponentChildren;
}) {
  const id = useId();
  return (
    <div class={`field ${error ? 'bad' : ''}`}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': `${id}-note`, 'aria-invalid': Boolean(error) })}
      <div class="note" id={`${id}-note`} aria-live="polite">
        {error ?? hint}
      </div>
    </div>
  );
}

export function Choice<T extends string>({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: T;
  options: [T, string, IconName?][];
  onChange: (value: T) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([each, text, icon]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => onChange(each)} title={text}>
          {icon && <Icon name={icon} />}
          <span>{text}</span>
        </button>
      ))}
    </div>
  );
}

// When there is nothing to show: why, and what to do about it.
export function Notice({
  icon,
  title,
  children,
  actions,
  role,
}: {
  icon: IconName;
  title: string;
  children?: ComponentChildren;
  actions?: ComponentChildren;
  role?: 'alert' | 'status';
}) {
  return (
    <div class="notice" role={role}>
      <span class="badge">
        <Icon name={icon} />
      </span>
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {actions && <div class="actions">{actions}</div>}
    </div>
  );
}

// A line about a failure beside what failed.
export function Failure({ children, onRetry }: { children: ComponentChildren; onRetry?: () => void }) {
  return (
    <div class="failure" role="alert">
      <Icon name="warning" />
      <span>{children}</span>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}
