// A key, drawn so that it cannot be mistaken for another one.
import { keyLabel, keyParts } from '../text/key_parts.ts';

export function KeyText({ name, from = 0 }: { name: string; from?: number }) {
  return (
    <bdi class="key-text" title={keyLabel(name)}>
      {keyParts(name.slice(from)).map(({ text, isNamed }, i) =>
        isNamed ? (
          <span key={i} class="named">
            {text}
          </span>
        ) : (
          text
        ),
      )}
    </bdi>
  );
}
