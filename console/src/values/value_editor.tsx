// Changing a key, or writing a new one.
import { useMemo, useRef, useState } from 'preact/hooks';
import { sentence, type KeyItem, type Place } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { checkKey, checkMetadata, checkValueBytes, metadataBytes } from '../text/checks.ts';
import { bytesText } from '../text/format.ts';
import { formatted, jsonError, minified } from '../text/json_text.ts';
import { unescaped } from '../text/key_parts.ts';
import { limits } from '../text/limits.ts';
import { utf8, utf8Length } from '../text/utf8.ts';
import { Button, Choice, Field } from '../ui/controls.tsx';
import { useTell } from '../ui/toast.tsx';
import { useKeys } from '../ui/use_keys.ts';
import { natureOf } from './detect.ts';
import { ExpiryField, expiryOf, resolveExpiry } from './expiry_field.tsx';
import { loadValue, shownWholeMax, type StoredValue } from './load_value.ts';
import { ReviewDialog, type Side } from './review_dialog.tsx';

interface Props {
  place: Place;
  keyName: string | null; // null for a new key
  initialName: string; // of a new key
  stored: StoredValue | null; // what was loaded, if the key is there
  now: number;
  onDirty: (isDirty: boolean) => void;
  onCancel: () => void;
  onSaved: (item: KeyItem, isNew: boolean) => void;
}

interface Review {
  before: StoredValue | null;
  expiration: number | null;
  conflict: 'changed' | 'deleted' | 'exists' | null;
}

export function ValueEditor({ place, keyName, initialName, stored, now, onDirty, onCancel, onSaved }: Props) {
  const { api } = useSession();
  const read = useCall('read');
  const write = useCall('write');
  const tell = useTell();
  const storedText = useMemo(() => (stored ? editableText(stored) : ''), [stored]);
  const [typedName, setTypedName] = useState(initialName);
  const [hasEscapes, setEscapes] = useState(false);
  const [typed, setText] = useState(storedText ?? '');
  const [file, setFile] = useState<File | null>(null);
  const [isText, setIsText] = useState(storedText !== null);
  const [metadata, setMetadata] = useState(() => (stored?.metadata ? formatted(stored.metadata) : ''));
  const [expiry, setExpiry] = useState(() => expiryOf(stored?.head.expiration ?? null));
  const [review, setReview] = useState<Review | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [isTried, setTried] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  const text = withLineEnds(typed, storedText ?? '');
  const name = keyName ?? (hasEscapes ? unescaped(typedName) : typedName);
  const nameError = keyName !== null ? null : name === null ? 'An escape is none of \\n \\r \\t \\0 \\\\ \\uXXXX.' : checkKey(name);
  const metadataError = checkMetadata(metadata);
  const value = isText ? utf8Length(text) : (file?.size ?? stored?.head.bytes ?? 0);
  const valueError = checkValueBytes(value) ?? (!isText && !file && !stored ? 'Choose a file.' : null);
  const resolved = resolveExpiry(expiry, now);
  const isSameValue = stored !== null && (isText ? text === storedText : file === null);

  const changed = (set: () => void) => {
    set();
    onDirty(true);
  };

  const startReview = async () => {
    setTried(true);
    if (nameError || metadataError || valueError || typeof resolved === 'string') {
      form.current?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await compareWithNow(stored, resolved);
    } catch (failure) {
      tell({ text: sentence(failure), isFailure: true });
    }
    setBusy(false);
  };

  // Shows the review against what is stored at this moment. True if that is what `known` is.
  const compareWithNow = async (known: StoredValue | null, expiration: number | null): Promise<boolean> => {
    const head = await read(() => api.head(place, name!));
    if (head?.etag === known?.head.etag) {
      setReview((before) => before ?? { before: known, expiration, conflict: null });
      return true;
    }
    const before = head && (await read(() => loadValue(api, place, name!, { isWhole: false })));
    const conflict = before ? (keyName === null ? 'exists' : 'changed') : 'deleted';
    setReview({ before, expiration, conflict });
    return false;
  };

  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      if (await compareWithNow(review!.before, review!.expiration)) {
        const expiration = review!.expiration;
        const json = metadata.trim() && minified(metadata);
        await write(() => api.put(place, name!, body(), json, expiration));
        onDirty(false);
        tell({ text: 'Saved.' });
        const item: KeyItem = { name: name! };
        if (expiration !== null) item.expiration = expiration;
        if (json && json !== 'null') item.metadata = JSON.parse(json);
        onSaved(item, review!.before === null);
        return;
      }
    } catch (failure) {
      setError(sentence(failure));
    }
    setBusy(false);
  };

  const body = () => (isText ? new Blob([utf8(text)]) : (file ?? new Blob([stored!.bytes])));

  useKeys({ 'Ctrl+s': () => void startReview() });

  const jsonState = isText && /^\s*[[{]/.test(text) ? (jsonError(text) ?? 'valid') : null;
  const canReuseBytes = stored !== null && storedText === null;
  return (
    <form
      ref={form}
      class="editor"
      onSubmit={(event) => {
        event.preventDefault();
        void startReview();
      }}
    >
      {keyName === null && (
        <div class="key-field">
        <Field
          label="Key"
          error={isTried || typedName !== initialName ? nameError : null}
          hint={`${utf8Length(name ?? '')} of ${limits.keyBytesMax} bytes`}
        >
          {(ids) => (
            <input
              {...ids}
              class="code"
              autofocus
              spellcheck={false}
              autocomplete="off"
              value={typedName}
              onInput={(event) => changed(() => setTypedName(event.currentTarget.value))}
            />
          )}
        </Field>
        <label class="quiet">
          <input type="checkbox" checked={hasEscapes} onChange={(event) => setEscapes(event.currentTarget.checked)} /> Read
          escapes: <code>\n \t \0 \u001f \\</code>
        </label>
        </div>
      )}
      <div class="value-head">
        <Choice
          label="Where the value comes from"
          value={isText ? 'text' : 'file'}
          onChange={(choice) => changed(() => setIsText(choice === 'text'))}
          options={[
            ['text', 'Text'],
            ['file', canReuseBytes ? 'Bytes' : 'File'],
          ]}
        />
        {isText && (
          <span class={`json-state ${jsonState && jsonState !== 'valid' ? 'bad' : ''}`} aria-live="polite">
            {jsonState === 'valid' ? 'Valid JSON' : jsonState && `JSON: ${jsonState}`}
          </span>
        )}
        <span class="space" />
        {jsonState === 'valid' && (
          <>
            <Button look="quiet" onClick={() => changed(() => setText(formatted(text)))}>
              Format
            </Button>
            <Button look="quiet" onClick={() => changed(() => setText(minified(text)))}>
              Minify
            </Button>
          </>
        )}
        <span class="quiet">{bytesText(value)}</span>
      </div>
      {isText ? (
        <textarea
          class="code value"
          aria-label="Value"
          spellcheck={false}
          value={typed}
          dir="auto"
          onInput={(event) => changed(() => setText(event.currentTarget.value))}
        />
      ) : (
        <label class="drop">
          <span>{file ? `${file.name}, ${bytesText(file.size)}` : canReuseBytes ? 'Keeps its bytes; choose a file to replace them' : 'Choose a file'}</span>
          <input
            type="file"
            aria-label="File for the value"
            onChange={(event) => changed(() => setFile(event.currentTarget.files?.[0] ?? null))}
          />
        </label>
      )}
      {valueError && (isTried || stored) && <div class="note bad">{valueError}</div>}
      <Field
        label="Metadata"
        error={metadataError}
        hint={`JSON, ${metadata.trim() ? metadataBytes(metadata) : 0} of ${limits.metadataBytesMax} bytes`}
      >
        {(ids) => (
          <textarea
            {...ids}
            class="code metadata"
            spellcheck={false}
            rows={3}
            value={metadata}
            onInput={(event) => changed(() => setMetadata(event.currentTarget.value))}
          />
        )}
      </Field>
      <ExpiryField expiry={expiry} now={now} onChange={(next) => changed(() => setExpiry(next))} />
      <footer>
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" look="main" busy={isBusy && !review}>
          Review and save
        </Button>
      </footer>
      {review && (
        <ReviewDialog
          before={review.before && sideOf(review.before)}
          after={{ text: isText ? text : null, bytes: value, metadata: metadata.trim(), expiration: review.expiration }}
          isSameValue={review.conflict === null && isSameValue}
          conflict={review.conflict}
          isBusy={isBusy}
          error={error}
          onClose={() => {
            setReview(null);
            setError(null);
            setBusy(false);
          }}
          onSave={() => void save()}
        />
      )}
    </form>
  );
}

// The text to edit, or null if the value is none, is too large for that, or has line ends of two kinds: browsers make
// them all the same.
export function editableText({ bytes, isWhole, head }: StoredValue): string | null {
  if (!isWhole || head.bytes > shownWholeMax) return null;
  const { text, view } = natureOf(bytes);
  if (view === 'hex' || text === null) return null;
  return withLineEnds(text, text) === text ? text : null;
}

// What was typed, with the line ends of what it was made of.
function withLineEnds(typed: string, model: string): string {
  const lines = typed.replace(/\r\n?/g, '\n');
  return model.includes('\r\n') ? lines.replaceAll('\n', '\r\n') : lines;
}

function sideOf(stored: StoredValue): Side {
  const { metadata, head } = stored;
  return { text: editableText(stored), bytes: head.bytes, metadata, expiration: head.expiration };
}

