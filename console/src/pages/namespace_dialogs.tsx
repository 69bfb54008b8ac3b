// Creating, renaming and deleting a namespace.
import { useState } from 'preact/hooks';
import { sentence, type Namespace, type Usage } from '../api/client.ts';
import { useCall, useSession } from '../session.tsx';
import { checkTitle } from '../text/checks.ts';
import { bytesText, counted } from '../text/format.ts';
import { Button, Field } from '../ui/controls.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { useTell } from '../ui/toast.tsx';

interface TitleProps {
  account: string;
  namespace?: Namespace; // the one to rename; without it, one is created
  onClose: () => void;
  onDone: (namespace: Namespace) => void;
}

export function TitleDialog({ account, namespace, onClose, onDone }: TitleProps) {
  const { api } = useSession();
  const call = useCall('write');
  const [title, setTitle] = useState(namespace?.title ?? '');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    const refusal = checkTitle(title);
    setError(refusal);
    if (refusal) return;
    setBusy(true);
    try {
      const write = namespace
        ? () => api.renameNamespace({ account, namespace: namespace.id }, title)
        : () => api.createNamespace(account, title);
      onDone(await call(write));
    } catch (failure) {
      setError(sentence(failure));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="main" busy={isBusy}>
        {namespace ? 'Rename' : 'Create'}
      </Button>
    </>
  );
  return (
    <Dialog
      title={namespace ? 'Rename namespace' : 'Create namespace'}
      onClose={onClose}
      onSubmit={submit}
      actions={actions}
    >
      <Field
        label="Title"
        error={error}
        hint={namespace ? 'Programs that use the id notice nothing.' : 'Unique in the account. The id is made up by the server.'}
      >
        {(ids) => (
          <input
            {...ids}
            autofocus
            spellcheck={false}
            autocomplete="off"
            value={title}
            onInput={(event) => setTitle(event.currentTarget.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}

interface DeleteProps {
  account: string;
  namespace: Namespace;
  usage: Usage | null;
  onClose: () => void;
  onDone: () => void;
}

export function DeleteNamespaceDialog({ account, namespace, usage, onClose, onDone }: DeleteProps) {
  const { api } = useSession();
  const call = useCall('write');
  const tell = useTell();
  const [typed, setTyped] = useState('');
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async () => {
    if (typed !== namespace.title || isBusy) return;
    setBusy(true);
    try {
      await call(() => api.deleteNamespace({ account, namespace: namespace.id }));
      tell({ text: `Deleted the namespace ${namespace.title}.` });
      onDone();
    } catch (failure) {
      setError(sentence(failure));
      setBusy(false);
    }
  };
  const actions = (
    <>
      <Button onClick={onClose}>Cancel</Button>
      <Button type="submit" look="danger" busy={isBusy} disabled={typed !== namespace.title}>
        Delete for ever
      </Button>
    </>
  );
  return (
    <Dialog title="Delete namespace" onClose={onClose} onSubmit={submit} actions={actions}>
      <p>
        All keys of <strong>{namespace.title}</strong> go with it
        {usage ? ` (${counted(usage.keys, 'key')}, ${bytesText(usage.bytes)})` : ''}, and programs that use its id get
        errors. There is no undo.
      </p>
      <Field label={`Type “${namespace.title}” to go on`} error={error}>
        {(ids) => (
          <input
            {...ids}
            autofocus
            spellcheck={false}
            autocomplete="off"
            value={typed}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
