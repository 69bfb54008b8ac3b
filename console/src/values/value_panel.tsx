// One key beside the list: what it holds, and what can be done with it.
import { useEffect, useMemo, useState } from 'preact/hooks';
import { isAbort, sentence, type KeyItem, type Place } from '../api/client.ts';
import { keep, type Kept } from '../keys/undo.ts';
import { useCall, useSession } from '../session.tsx';
import { bytesText, count, dateText, durationText } from '../text/format.ts';
import { formatted } from '../text/json_text.ts';
import { keyLabel } from '../text/key_parts.ts';
import { Button, Choice, CopyButton, Failure, IconButton, Notice } from '../ui/controls.tsx';
import { Icon } from '../ui/icons.tsx';
import { KeyText } from '../ui/key_text.tsx';
import { saveFile } from '../ui/save_file.ts';
import { useTell } from '../ui/toast.tsx';
import { useKeys } from '../ui/use_keys.ts';
import { useLoad } from '../ui/use_load.ts';
import { natureOf, type Nature, type View } from './detect.ts';
import { loadValue, type StoredValue } from './load_value.ts';
import { ValueContent } from './value_content.tsx';
import { ValueEditor } from './value_editor.tsx';

interface Props {
  place: Place;
  keyName: string;
  now: number;
  onClose: () => void;
  onDirty: (isDirty: boolean) => void;
  onSaved: (item: KeyItem, isNew: boolean) => void;
  onDeleted: (kept: Kept[] | null) => void;
}

export function ValuePanel({ place, keyName, now, onClose, onDirty, onSaved, onDeleted }: Props) {
  const { api, mayWrite } = useSession();
  const read = useCall('read');
  const write = useCall('write');
  const tell = useTell();
  const [wantsWhole, setWantsWhole] = useState(false);
  const [arrived, setArrived] = useState<number | null>(null);
  const [isEditing, setEditing] = useState(false);
  const [busy, setBusy] = useState<'download' | 'delete' | null>(null);
  const isStale = useStaleness(place, keyName);

  const { data, error, reload } = useLoad(async (signal) => {
    const stored = await loadValue(api, place, keyName, {
      isWhole: wantsWhole,
      signal,
      tell: wantsWhole ? setArrived : undefined,
    });
    setArrived(null);
    isStale.reset(stored?.head.etag ?? null);
    return { stored };
  }, [keyName, wantsWhole]);
  const stored = data?.stored ?? null;
  const nature = useMemo(() => (stored ? natureOf(stored.bytes) : null), [stored]);
  const [chosenView, setView] = useState<View | null>(null);

  // While the value is still on its way, editing begins once it is there.
  const isGone = data !== null && stored === null;
  const edit = () => mayWrite && !isGone && setEditing(true);
  useKeys({
    e: () => edit(),
    Escape: () => !(isEditing && stored) && onClose(),
  });

  const download = async () => {
    setBusy('download');
    try {
      const whole = stored!.isWhole
        ? stored
        : await read(() => loadValue(api, place, keyName, { isWhole: true, tell: setArrived }));
      if (whole) saveFile(new Blob([whole.bytes]), fileName(keyName, nature));
      else reload();
    } catch (failure) {
      tell({ text: sentence(failure), isFailure: true });
    }
    setArrived(null);
    setBusy(null);
  };
  const remove = async () => {
    setBusy('delete');
    try {
      const kept = await read(() => keep(api, place, [keyName]));
      await write(() => api.remove(place, keyName));
      onDeleted(kept);
    } catch (failure) {
      if (!isAbort(failure)) tell({ text: sentence(failure), isFailure: true });
      setBusy(null);
    }
  };
  const stopEditing = () => {
    onDirty(false);
    setEditing(false);
  };

  return (
    <section class="panel" aria-label={`Key ${keyLabel(keyName)}`}>
      <header>
        <IconButton icon="back" label="Back to the list" class="narrow-only" onClick={onClose} />
        <h1>
          <KeyText name={keyName} />
        </h1>
        <CopyButton text={keyName} label="Copy the key" />
        <IconButton icon="close" label="Close" class="wide-only" onClick={onClose} />
      </header>
      {data === null && error === null && <div class="waiting" role="status" aria-label="Loading" />}
      {error !== null && <Failure onRetry={reload}>{sentence(error)}</Failure>}
      {data && !stored && (
        <Notice icon="search" title="This key is not there" actions={<Button onClick={onClose}>Close</Button>}>
          It was deleted, has expired, or was never written.
        </Notice>
      )}
      {stored && isStale.is && !isEditing && (
        <div class="warning" role="alert">
          <Icon name="warning" />
          <span>{isStale.isGone ? 'This key has been deleted or has expired.' : 'Somebody has written this key since it was loaded.'}</span>
          <Button onClick={reload}>Reload</Button>
        </div>
      )}
      {stored && nature && !isEditing && (
        <>
          <Facts stored={stored} now={now} />
          <div class="tools">
            <Choice
              label="Show the value as"
              value={viewFor(chosenView, nature)}
              onChange={setView}
              options={viewsOf(nature).map((view) => [view, viewNames[view]])}
            />
            <span class="space" />
            <IconButton icon="reload" label="Reload" onClick={reload} />
            <IconButton icon="download" label="Download" busy={busy === 'download'} onClick={() => void download()} />
            <IconButton
              icon="delete"
              label="Delete"
              disabled={!mayWrite}
              busy={busy === 'delete'}
              onClick={() => void remove()}
            />
            <Button icon="edit" disabled={!mayWrite} onClick={edit}>
              Edit
            </Button>
          </div>
          <ValueContent bytes={stored.bytes} nature={nature} view={viewFor(chosenView, nature)} />
          {(!stored.isWhole || arrived !== null) && (
            <div class="partial" role="status">
              {arrived === null ? (
                <>
                  <span>
                    The first {bytesText(stored.bytes.length)} of {bytesText(stored.head.bytes)}
                  </span>
                  <Button onClick={() => setWantsWhole(true)}>Load all of it</Button>
                </>
              ) : (
                <>
                  <span>
                    {bytesText(arrived)} of {bytesText(stored.head.bytes)}
                  </span>
                  <progress value={arrived / stored.head.bytes} aria-label="Progress" />
                </>
              )}
            </div>
          )}
          {stored.metadata && (
            <div class="metadata">
              <h2>
                Metadata <CopyButton text={stored.metadata} label="Copy the metadata" />
              </h2>
              <pre tabIndex={0} aria-label="Metadata">{formatted(stored.metadata)}</pre>
            </div>
          )}
        </>
      )}
      {stored && isEditing && (
        <ValueEditor
          key={stored.head.etag}
          place={place}
          keyName={keyName}
          initialName=""
          stored={stored}
          now={now}
          onDirty={onDirty}
          onCancel={stopEditing}
          onSaved={(item, isNew) => {
            stopEditing();
            reload();
            onSaved(item, isNew);
          }}
        />
      )}
    </section>
  );
}

function Facts({ stored: { head, metadata }, now }: { stored: StoredValue; now: number }) {
  return (
    <dl class="facts">
      <div>
        <dt>Size</dt>
        <dd title={`${count(head.bytes)} bytes`}>{bytesText(head.bytes)}</dd>
      </div>
      <div>
        <dt>Expires</dt>
        <dd title={head.expiration === null ? undefined : dateText(head.expiration)}>
          {head.expiration === null ? 'Never' : durationText(head.expiration - now)}
        </dd>
      </div>
      <div>
        <dt>Metadata</dt>
        <dd>{metadata ? bytesText(metadata.length) : 'None'}</dd>
      </div>
      <div>
        <dt>Version</dt>
        <dd>
          <code>{head.etag.replaceAll('"', '')}</code>
        </dd>
      </div>
    </dl>
  );
}

const viewNames: Record<View, string> = { text: 'Text', json: 'JSON', image: 'Image', hex: 'Hex' };

function viewsOf(nature: Nature): View[] {
  const views: View[] = [];
  if (nature.view === 'json') views.push('json');
  if (nature.imageType) views.push('image');
  if (nature.text !== null) views.push('text');
  views.push('hex');
  return views;
}

function viewFor(chosen: View | null, nature: Nature): View {
  return chosen && viewsOf(nature).includes(chosen) ? chosen : nature.view;
}

function fileName(key: string, nature: Nature | null): string {
  const name = key.split(/[/:]/).pop()!.replace(/[^\p{L}\p{N}._-]+/gu, '_') || 'value';
  const ending = nature?.imageType?.replace(/^image\/(x-)?/, '').replace('svg+xml', 'svg').replace('jpeg', 'jpg');
  if (/\.[A-Za-z0-9]{1,5}$/.test(name)) return name;
  return `${name}.${ending ?? (nature?.view === 'json' ? 'json' : nature?.view === 'text' ? 'txt' : 'bin')}`;
}

const watchMs = 10_000;

// Whether the key has been written by somebody else since it was loaded: asked now and then while the page is looked at.
function useStaleness(place: Place, key: string) {
  const { api } = useSession();
  const [loaded, setLoaded] = useState<string | null>(null);
  const [current, setCurrent] = useState<string | null>(null);
  useEffect(() => {
    if (loaded === null) return;
    const control = new AbortController();
    const look = async () => {
      if (document.visibilityState !== 'visible') return;
      try {
        const head = await api.head(place, key, control.signal);
        setCurrent(head?.etag ?? '');
      } catch {
        // Asked again soon.
      }
    };
    const timer = setInterval(look, watchMs);
    addEventListener('focus', look);
    return () => {
      control.abort();
      clearInterval(timer);
      removeEventListener('focus', look);
    };
  }, [loaded, key]);
  return {
    is: loaded !== null && current !== null && current !== loaded,
    isGone: current === '',
    reset: (etag: string | null) => {
      setLoaded(etag);
      setCurrent(etag);
    },
  };
}
