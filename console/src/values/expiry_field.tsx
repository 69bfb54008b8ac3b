import { checkExpiration, checkTtl } from '../text/checks.ts';
import { dateText, durationText } from '../text/format.ts';
import { Choice, Field } from '../ui/controls.tsx';

// When a value is to expire, as a person says it. `exact` is the second that `local` was made of: once a year an hour
// comes twice.
export type Expiry = { is: 'never' } | { is: 'at'; local: string; exact?: number } | { is: 'after'; amount: string; unit: Unit };

type Unit = 's' | 'min' | 'h' | 'd';
const unitSeconds: Record<Unit, number> = { s: 1, min: 60, h: 3600, d: 86_400 };

export const expiryOf = (expiration: number | null): Expiry =>
  expiration === null ? { is: 'never' } : { is: 'at', local: localText(expiration), exact: expiration };

const localText = (seconds: number) => dateText(seconds).replace(' ', 'T');

// Seconds since the epoch; null for never; a sentence if it cannot be.
export function resolveExpiry(expiry: Expiry, now: number): number | null | string {
  switch (expiry.is) {
    case 'never':
      return null;
    case 'at': {
      const at = expiry.exact ?? Math.floor(new Date(expiry.local).getTime() / 1000);
      return checkExpiration(at, now) ?? at;
    }
    case 'after': {
      const ttl = Math.floor(Number(expiry.amount || NaN) * unitSeconds[expiry.unit]);
      return checkTtl(ttl) ?? checkExpiration(now + ttl, now) ?? now + ttl;
    }
  }
}

interface Props {
  expiry: Expiry;
  now: number;
  onChange: (expiry: Expiry) => void;
}

export function ExpiryField({ expiry, now, onChange }: Props) {
  const resolved = resolveExpiry(expiry, now);
  const error = typeof resolved === 'string' ? resolved : null;
  const hint =
    typeof resolved === 'number' ? `${dateText(resolved)}, in ${durationText(resolved - now)}` : 'It stays until it is deleted.';
  const choose = (is: Expiry['is']) => {
    if (is === 'never') onChange({ is });
    if (is === 'at') onChange({ is, local: localText(typeof resolved === 'number' ? resolved : now + 86_400) });
    if (is === 'after') onChange({ is, amount: '1', unit: 'd' });
  };
  return (
    <Field label="Expiry" error={error} hint={hint}>
      {(ids) => (
        <div class="expiry-field">
          <Choice
            label="Kind of expiry"
            value={expiry.is}
            onChange={choose}
            options={[
              ['never', 'Never'],
              ['at', 'At a date'],
              ['after', 'After a time'],
            ]}
          />
          {expiry.is === 'at' && (
            <input
              {...ids}
              type="datetime-local"
              step="1"
              value={expiry.local}
              onInput={(event) => onChange({ is: 'at', local: event.currentTarget.value })}
            />
          )}
          {expiry.is === 'after' && (
            <>
              <input
                {...ids}
                class="amount"
                type="number"
                min="0"
                value={expiry.amount}
                onInput={(event) => onChange({ ...expiry, amount: event.currentTarget.value })}
              />
              <select
                aria-label="Unit of time"
                value={expiry.unit}
                onChange={(event) => onChange({ ...expiry, unit: event.currentTarget.value as Unit })}
              >
                <option value="s">seconds</option>
                <option value="min">minutes</option>
                <option value="h">hours</option>
                <option value="d">days</option>
              </select>
            </>
          )}
          {expiry.is === 'never' && <input {...ids} type="hidden" />}
        </div>
      )}
    </Field>
  );
}
