// Deleting a selection, and deleting what a filter finds.
import { useEffect, useState } from 'preact/hooks';
import { isAbort, sentence, type Place } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { count, counted, nowSeconds } from '../text/format.ts';
import { limits } from '../text/limits.ts';
import { Button, Failure, Field } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { KeyText } from '../ui/key_text.tsx';
import { filterText, isSieve, sieve, type KeyFilter } from './filter.ts';
import { undoKeysMax } from './undo.ts';

const sampleMax = 8;
const typedFrom = 100; // more than what can be put back again

interface Props {
  place: Place;
  onClose: () => void;
  onDeleted: (keys: string[]) => void; // in pieces, as they go
}

function Sample({ keys }: { keys: string[] }) {
  return (
    <ul class="sample">
      {keys.slice(0, sampleMax).map((key) => (
        <li key={key}>
          <KeyText name={key} />
        </li>
      ))}
      {keys.length > sampleMax && <li class="quiet">and {count(keys.length - sampleMax)} more</li>}
    </ul>
  );
}

interface SelectionProps {
  keys: string[];
  onClose: () => void;
  onConfirm: () => void;
}

// For a selection: what is small enough can be undone afterwards.
export function DeleteSelectionDialog({ keys, onClose, onConfirm }: SelectionProps) {
  const [typed, setTyped] = useState('');
  const isLarge = keys.length > undoKeysMax;
  const isReady = !isLarge || typed.replace(/\D/g, '') === String(keys.length);
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="danger" disabled={!isReady}>
        Delete {counted(keys.length, 'key')}
      </Button>
    </>
  );
  return (
    <Dialog
      title={`Delete ${counted(keys.length, 'key')}`}
      onClose={onClose}
      onSubmit={() => isReady && onConfirm()}
      actions={actions}
    >
      <Sample keys={keys} />
      {isLarge ? (
        <>
          <p>That many cannot be brought back afterwards.</p>
          <NumberToType count={keys.length} typed={typed} onType={setTyped} />
        </>
      ) : (
        <p>You can undo it afterwards, for as long as this page is open.</p>
      )}
    </Dialog>
  );
}

function NumberToType(props: { count: number; typed: string; onType: (typed: string) => void }) {
  return (
    <Field label={`Type ${count(props.count)} to go on`}>
      {(ids) => (
        <input
          {...ids}
          autofocus
          inputMode="numeric"
          autocomplete="off"
          value={props.typed}
          onInput={(event) => props.onType(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

type Step =
  | { is: 'counting'; looked: number }
  | { is: 'counted' }
  | { is: 'deleting'; done: number }
  | { is: 'done' }
  | { is: 'failed'; why: string };

// Counts first, shows what it found, and deletes exactly that: what is written meanwhile stays.
export function DeleteByFilterDialog({ place, filter, onClose, onDeleted }: Props & { filter: KeyFilter }) {
  const { api } = useSession();
  const read = useCall('read');
  const write = useCall('write');
  const [keys, setKeys] = useState<string[]>([]);
  const [step, setStep] = useState<Step>({ is: 'counting', looked: 0 });
  const [typed, setTyped] = useState('');
  const [control] = useState(() => new AbortController());

  const search = async () => {
    const matches = isSieve(filter) ? sieve(filter, nowSeconds()) : () => true;
    const found: string[] = [];
    let looked = 0;
    let cursor = '';
    do {
      const page = await read(() => api.keys(place, filter.prefix, cursor, control.signal));
      looked += page.keys.length;
      for (const item of page.keys) if (matches(item)) found.push(item.name);
      cursor = page.cursor;
      setKeys([...found]);
      setStep({ is: 'counting', looked });
    } while (cursor);
    setStep({ is: 'counted' });
  };
  const remove = async () => {
    for (let i = 0; i < keys.length; i += limits.bulkItemsMax) {
      setStep({ is: 'deleting', done: i });
      const some = keys.slice(i, i + limits.bulkItemsMax);
      await write(() => api.bulkRemove(place, some, control.signal));
      onDeleted(some);
    }
    setStep({ is: 'done' });
  };
  const watch = (work: Promise<void>) =>
    work.catch((error: unknown) => {
      if (!isAbort(error)) setStep({ is: 'failed', why: sentence(error) });
    });
  useEffect(() => {
    void watch(search());
    return () => control.abort();
  }, []);

  const isLarge = keys.length > typedFrom;
  const isReady =
    step.is === 'counted' && keys.length > 0 && (!isLarge || typed.replace(/\D/g, '') === String(keys.length));
  const actions =
    step.is === 'done' ? (
      <Button look="main" onClick={onClose}>
        Close
      </Button>
    ) : (
      <>
        <Button onClick={onClose}>{step.is === 'deleting' ? 'Stop' : 'Cancel'}</Button>
        <Button type="submit" look="danger" disabled={!isReady} busy={step.is === 'deleting'}>
          {step.is === 'counting' ? 'Delete' : `Delete ${counted(keys.length, 'key')}`}
        </Button>
      </>
    );
  return (
    <Dialog
      title="Delete by filter"
      onClose={onClose}
      onSubmit={() => isReady && void watch(remove())}
      actions={actions}
    >
      <p>
        Deletes <strong>{filterText(filter)}</strong>.
      </p>
      <p class="figure" aria-live="polite">
        {step.is === 'done' ? `Deleted ${counted(keys.length, 'key')}.` : counted(keys.length, 'key')}
        <span class="quiet">{stepText(step)}</span>
      </p>
      {keys.length > 0 && step.is !== 'done' && <Sample keys={keys} />}
      {step.is === 'counted' && isLarge && (
        <>
          <p>There is no undo for that many.</p>
          <NumberToType count={keys.length} typed={typed} onType={setTyped} />
        </>
      )}
      {step.is === 'failed' && <Failure>{step.why}</Failure>}
    </Dialog>
  );
}

function stepText(step: Step): string {
  switch (step.is) {
    case 'counting':
      return `so far, in ${count(step.looked)} looked at…`;
    case 'counted':
      return 'found';
    case 'deleting':
      return `to delete, ${count(step.done)} gone…`;
    default:
      return '';
  }
}
