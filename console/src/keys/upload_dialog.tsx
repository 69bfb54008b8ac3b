// Writing many pairs from a file, after a look at what is in it.
import { useRef, useState } from 'preact/hooks';
import { isAbort, sentence, type Place } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { bytesText, count, counted, nowSeconds } from '../text/format.ts';
import { Button, Failure } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icons.tsx';
import { KeyText } from '../ui/key_text.tsx';
import { batches, readBulkFile, type BulkFile } from './bulk_file.ts';

const problemsShownMax = 200;

interface Props {
  place: Place;
  onClose: () => void;
  onWritten: () => void;
}

type Step = { is: 'choosing' } | { is: 'looking' } | { is: 'writing'; done: number } | { is: 'done'; done: number };

export function UploadDialog({ place, onClose, onWritten }: Props) {
  const { api } = useSession();
  const call = useCall('write');
  const [file, setFile] = useState<BulkFile | null>(null);
  const [name, setName] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [step, setStep] = useState<Step>({ is: 'choosing' });
  const [control] = useState(() => new AbortController());
  const written = useRef(0);

  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    setName(`${chosen.name}, ${bytesText(chosen.size)}`);
    setError(null);
    const read = readBulkFile(await chosen.text(), nowSeconds());
    if (typeof read === 'string') setError(read);
    setFile(typeof read === 'string' ? null : read);
    setStep({ is: typeof read === 'string' ? 'choosing' : 'looking' });
    written.current = 0;
  };
  const write = async () => {
    if (!file || file.pairs.length === 0) return;
    setError(null);
    try {
      // What an attempt before this one has written stays written.
      for (const { body, keys } of batches(file.pairs.slice(written.current))) {
        setStep({ is: 'writing', done: written.current });
        await call(() => api.bulkPut(place, body, control.signal));
        written.current += keys.length;
      }
      setStep({ is: 'done', done: written.current });
    } catch (failure) {
      if (isAbort(failure)) return;
      setError(`${sentence(failure)} ${counted(written.current, 'pair')} written before; the rest is not.`);
      setStep({ is: 'looking' });
    } finally {
      if (written.current > 0) onWritten();
    }
  };
  const close = () => {
    control.abort();
    onClose();
  };

  const good = file?.pairs.length ?? 0;
  const actions =
    step.is === 'done' ? (
      <Button look="main" onClick={close}>
        Close
      </Button>
    ) : (
      <>
        <Button onClick={close}>{step.is === 'writing' ? 'Stop' : 'Cancel'}</Button>
        <Button type="submit" look="main" busy={step.is === 'writing'} disabled={good === 0}>
          {!file ? 'Upload' : `Upload ${counted(good, file.problems.length > 0 ? 'good pair' : 'pair')}`}
        </Button>
      </>
    );
  return (
    <Dialog title="Upload" size="large" onClose={close} onSubmit={() => void write()} actions={actions}>
      {step.is !== 'writing' && step.is !== 'done' && <FileBox name={name} onFile={(chosen) => void take(chosen)} />}
      {file && step.is === 'looking' && <Preview file={file} />}
      {step.is === 'writing' && (
        <>
          <p class="figure" aria-live="polite">
            {count(step.done)} of {counted(good, 'pair')}
          </p>
          <progress value={step.done / good} aria-label="Progress" />
        </>
      )}
      {step.is === 'done' && <p class="figure" role="status">{counted(step.done, 'pair')} written.</p>}
      {error && <Failure>{error}</Failure>}
    </Dialog>
  );
}

function FileBox({ name, onFile }: { name: string; onFile: (file: File | undefined) => void }) {
  const [isOver, setOver] = useState(false);
  return (
    <label
      class={`drop ${isOver ? 'over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFile(event.dataTransfer?.files[0]);
      }}
    >
      <Icon name="upload" />
      <span>{name || 'Choose a JSON file, or drop one here'}</span>
      <span class="quiet">
        <code>{'[{"key": "…", "value": "…", "metadata": {…}, "expiration_ttl": 3600, "base64": false}, …]'}</code>
      </span>
      <input type="file" accept=".json,application/json" onChange={(event) => onFile(event.currentTarget.files?.[0])} />
    </label>
  );
}

function Preview({ file }: { file: BulkFile }) {
  const { pairs, problems, repeated } = file;
  return (
    <>
      <p class="figure">
        {counted(pairs.length, 'pair')} <span class="quiet">to write</span>
        {problems.length > 0 && (
          <>
            {', '}
            <strong class="bad">{count(problems.length)} would fail</strong>
          </>
        )}
        {repeated > 0 && <span class="quiet">, {count(repeated)} repeated word for word</span>}
      </p>
      {problems.length > 0 ? (
        <div class="scroll" tabIndex={0} role="region" aria-label="What would fail">
          <table class="table small">
            <thead>
              <tr>
                <th class="number">Pair</th>
                <th>Key</th>
                <th>Why it would fail</th>
              </tr>
            </thead>
            <tbody>
              {problems.slice(0, problemsShownMax).map(({ position, key, reason }) => (
                <tr key={position}>
                  <td class="number">{count(position)}</td>
                  <td>{key ? <KeyText name={key} /> : <span class="quiet">{key === null ? 'none' : 'empty'}</span>}</td>
                  <td>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {problems.length > problemsShownMax && (
            <p class="quiet">and {count(problems.length - problemsShownMax)} more</p>
          )}
        </div>
      ) : (
        <p class="quiet">Keys that are there already get the new value, metadata and expiry.</p>
      )}
    </>
  );
}
