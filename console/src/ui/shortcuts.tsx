import { Dialog } from './dialog.tsx';

const shortcuts: [string, [string[], string][]][] = [
  [
    'Anywhere',
    [
      [['/'], 'Search'],
      [['n'], 'New key, or new namespace'],
      [['Esc'], 'Close what is open'],
      [['?'], 'This list'],
    ],
  ],
  [
    'In a list',
    [
      [['↑', '↓'], 'Move (j and k as well)'],
      [['PgUp', 'PgDn', 'Home', 'End'], 'Move further'],
      [['Enter'], 'Open'],
      [['Space'], 'Select'],
      [['Shift', '↓'], 'Select on the way'],
      [['Ctrl', 'A'], 'Select what is loaded'],
      [['Del'], 'Delete the selection'],
      [['Backspace'], 'Up one folder'],
    ],
  ],
  ['With a value', [[['e'], 'Edit'], [['Ctrl', 'S'], 'Save']]],
];

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      {shortcuts.map(([group, rows]) => (
        <section key={group} class="shortcuts">
          <h3>{group}</h3>
          <dl>
            {rows.map(([keys, text]) => (
              <div key={text}>
                <dt>
                  {keys.map((key) => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  );
}
