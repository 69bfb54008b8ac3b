// What a save would change, before it does; and what somebody else changed meanwhile.
import { bytesText, count, dateText } from '../text/format.ts';
import { formatted, jsonError } from '../text/json_text.ts';
import { Button, Failure } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { difference, type DifferenceLine } from './difference.ts';

// One side of the comparison. Text is null where there is none to compare: the bytes are none, or too many.
export interface Side {
  text: string | null;
  bytes: number;
  metadata: string;
  expiration: number | null;
}

interface Props {
  before: Side | null; // nothing: the key is new
  after: Side;
  isSameValue: boolean;
  conflict: 'changed' | 'deleted' | 'exists' | null;
  isBusy: boolean;
  error: string | null;
  onClose: () => void;
  onSave: () => void;
}

const warnings = {
  changed: 'Somebody has written this key since you loaded it. This compares what is stored now with yours.',
  deleted: 'This key has been deleted, or has expired, since you loaded it. Saving writes it again.',
  exists: 'This key is there already. This compares what is stored now with yours.',
};

export function ReviewDialog({ before, after, isSameValue, conflict, isBusy, error, onClose, onSave }: Props) {
  const isOverwrite = conflict === 'changed' || conflict === 'exists';
  const isSameMetadata = before !== null && pretty(before.metadata) === pretty(after.metadata);
  const isSameExpiry = before !== null && before.expiration === after.expiration;
  const isSame = before !== null && isSameValue && isSameMetadata && isSameExpiry;
  const actions = (
    <>
      <Button onClick={onClose}>Back</Button>
      <Button type="submit" look={isOverwrite ? 'danger' : 'main'} busy={isBusy}>
        {isOverwrite ? 'Overwrite' : 'Save'}
      </Button>
    </>
  );
  return (
    <Dialog title="Review before saving" size="large" onClose={onClose} onSubmit={() => !isBusy && onSave()} actions={actions}>
      {conflict && (
        <div class="warning" role="alert">
          <Icon name="warning" />
          <span>{warnings[conflict]}</span>
        </div>
      )}
      {isSame && <p>Nothing differs. Saving writes the same again, as a new version.</p>}
      {!isSameValue && (
        <section class="change">
          <h3>
            Value <span class="quiet">{before ? `${bytesText(before.bytes)} → ${bytesText(after.bytes)}` : bytesText(after.bytes)}</span>
          </h3>
          {(before === null || before.text !== null) && after.text !== null ? (
            <Difference before={before?.text ?? ''} after={after.text} isNew={before === null} />
          ) : (
            <p class="quiet">Not compared: not text, or too large.</p>
          )}
        </section>
      )}
      {!isSameMetadata && (before?.metadata || after.metadata) && (
        <section class="change">
          <h3>Metadata</h3>
          <Difference before={pretty(before?.metadata ?? '')} after={pretty(after.metadata)} isNew={!before?.metadata} />
        </section>
      )}
      {!isSameExpiry && (before || after.expiration !== null) && (
        <section class="change">
          <h3>Expiry</h3>
          <p>
            {before && <del>{expiryText(before.expiration)}</del>} <ins>{expiryText(after.expiration)}</ins>
          </p>
        </section>
      )}
      {error && <Failure>{error}</Failure>}
    </Dialog>
  );
}

const expiryText = (expiration: number | null) => (expiration === null ? 'Never' : dateText(expiration));

const pretty = (json: string) => (json === '' || jsonError(json) ? json : formatted(json));

const marks = { same: ' ', added: '+', removed: '−', gap: '' };
const shownMax = 2000; // lines

function Difference({ before, after, isNew }: { before: string; after: string; isNew: boolean }) {
  const lines = isNew
    ? after.split('\n').map((text, i): DifferenceLine => ({ kind: 'added', text, before: null, after: i + 1 }))
    : difference(before, after);
  return (
    <div class="difference" tabIndex={0} role="region" aria-label="Difference">
      {lines.slice(0, shownMax).map(({ kind, text, before: from, after: to }, i) => (
        <div key={i} class={kind}>
          <span class="line-number">{from}</span>
          <span class="line-number">{to}</span>
          <span class="mark-of-line">{marks[kind]}</span>
          <span class="line">{kind === 'gap' ? `${count(Number(text))} lines are the same` : text}</span>
        </div>
      ))}
      {lines.length > shownMax && <p class="quiet">and {count(lines.length - shownMax)} lines more</p>}
    </div>
  );
}
