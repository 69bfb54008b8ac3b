import { useEffect, useState } from 'preact/hooks';
import { isAbort, sentence, type Place } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { count, counted } from '../text/format.ts';
import { Button, Failure } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { saveFile } from '../ui/save_file.ts';
import { exportKeys } from './export_keys.ts';

interface Props {
  place: Place;
  title: string; // of the namespace
  collect: (tell: (found: number) => void, signal: AbortSignal) => Promise<string[]>;
  onClose: () => void;
}

// Runs an export to its end, visibly, and can be stopped.
export function ExportDialog({ place, title, collect, onClose }: Props) {
  const { api } = useSession();
  const call = useCall('read');
  const [text, setText] = useState('Starting…');
  const [share, setShare] = useState<number | null>(null);
  const [isDone, setDone] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const control = new AbortController();
    const run = async () => {
      setError(null);
      const keys = await collect((found) => setText(`${counted(found, 'key')} so far…`), control.signal);
      const tell = (done: number) => {
        setText(`${count(done)} of ${counted(keys.length, 'key')}`);
        setShare(keys.length ? done / keys.length : 1);
      };
      tell(0);
      const file = await exportKeys(api, place, keys, tell, control.signal);
      saveFile(file, `${fileName(title)}.json`);
      setDone(true);
    };
    call(run).catch((failure: unknown) => {
      if (!isAbort(failure)) setError(sentence(failure));
    });
    return () => control.abort();
  }, [round]);
  const actions = (
    <Button look={isDone ? 'main' : 'plain'} onClick={onClose}>
      {isDone ? 'Close' : 'Stop'}
    </Button>
  );
  return (
    <Dialog title={isDone ? 'Exported' : 'Exporting'} onClose={onClose} onSubmit={onClose} actions={actions}>
      <p class="figure" aria-live="polite">
        {text}
      </p>
      <progress value={share ?? undefined} aria-label="Progress" />
      <p class="quiet">
        The file is in the form of <code>wrangler kv bulk put</code>, with metadata and expiry; Upload takes it as well.
      </p>
      {error && <Failure onRetry={() => setRound(round + 1)}>{error}</Failure>}
    </Dialog>
  );
}

const fileName = (title: string) => title.replace(/[^\p{L}\p{N}._-]+/gu, '_') || 'namespace';
