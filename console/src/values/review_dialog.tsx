// What a save would change, before it does; and what somebody else changed meanwhile.
import { useState } from 'preact/hooks';
import { bytesText, count, dateText } from '../text/format.ts';
import { formatted, jsonError } from '../text/json_text.ts';
import { Button, Choice, Failure } from '../ui/controls.tsx';
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
          <ValueDifference before={before} after={after} />
        </section>
      )}
      {!isSameMetadata && (before?.metadata || after.metadata) && (
        <section class="change">
          <h3>Metadata</h3>
          <Difference of="metadata" before={pretty(before?.metadata ?? '')} after={pretty(after.metadata)} isNew={!before?.metadata} />
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

// JSON is compared in one format, for what matters is what it says; how it is written can be asked for.
function ValueDifference({ before, after }: { before: Side | null; after: Side }) {
  const [isAsWritten, setAsWritten] = useState(false);
  if (after.text === null || (before && before.text === null)) {
    return <p class="quiet">Not compared: not text, or too large.</p>;
  }
  if (!before) return <Difference of="value" before="" after={after.text} isNew />;
  const texts = [before.text!, after.text] as const;
  const isJson = texts.every((text) => /^\s*[[{]/.test(text) && jsonError(text) === null);
  if (!isJson) return <Difference of="value" before={texts[0]} after={texts[1]} isNew={false} />;
  const [from, to] = isAsWritten ? texts : [formatted(texts[0]), formatted(texts[1])];
  return (
    <>
      <Choice
        label="Compare the value"
        value={isAsWritten ? 'written' : 'json'}
        onChange={(how) => setAsWritten(how === 'written')}
        options={[
          ['json', 'As JSON'],
          ['written', 'As written'],
        ]}
      />
      {from === to ? <p class="quiet">Only white space differs.</p> : <Difference of="value" before={from} after={to} isNew={false} />}
    </>
  );
}

const expiryText = (expiration: number | null) => (expiration === null ? 'Never' : dateText(expiration));

const pretty = (json: string) => (json === '' || jsonError(json) ? json : formatted(json));

const marks = { same: ' ', added: '+', removed: '−', gap: '' };
const shownMax = 2000; // lines

function Difference({ of, before, after, isNew }: { of: string; before: string; after: string; isNew: boolean }) {
  const lines = isNew
    ? after.split('\n').map((text, i): DifferenceLine => ({ kind: 'added', text, before: null, after: i + 1 }))
    : difference(before, after);
  return (
    <div class="difference" tabIndex={0} role="region" aria-label={`Difference of the ${of}`}>
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
