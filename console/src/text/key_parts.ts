// A key as parts that can be told apart on a screen: control characters, invisible ones and those that turn the
// direction of what follows are named instead of drawn.

export interface KeyPart {
  text: string; // what to draw
  isNamed: boolean; // it stands for a character that cannot be drawn
}

// Controls, formats, surrogates alone, what has no character, separators other than a space in the middle, and what looks like nothing.
const undrawable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800]|(?! )\p{Zs}|^ +| +$/gu;

const names: Record<string, string> = {
  '\0': 'NUL', '\t': 'TAB', '\n': 'LF', '\r': 'CR', '\x1b': 'ESC', '\x7f': 'DEL', '\u00a0': 'NBSP', '\u200b': 'ZWSP',
  '\u200c': 'ZWNJ', '\u200d': 'ZWJ', '\u200e': 'LRM', '\u200f': 'RLM', '\u202a': 'LRE', '\u202b': 'RLE', '\u202c': 'PDF',
  '\u202d': 'LRO', '\u202e': 'RLO', '\u2066': 'LRI', '\u2067': 'RLI', '\u2068': 'FSI', '\u2069': 'PDI', '\ufeff': 'BOM',
};

export function keyParts(key: string): KeyPart[] {
  const parts: KeyPart[] = [];
  let end = 0;
  for (const match of key.matchAll(undrawable)) {
    // A joiner between two emoji is part of one picture.
    if (match[0] === '\u200d' && /\p{Extended_Pictographic}/u.test(key.slice(match.index + 1, match.index + 3))) continue;
    if (match.index > end) parts.push({ text: key.slice(end, match.index), isNamed: false });
    parts.push({ text: nameOf(match[0]), isNamed: true });
    end = match.index + match[0].length;
  }
  if (end < key.length) parts.push({ text: key.slice(end), isNamed: false });
  return parts;
}

function nameOf(text: string): string {
  if (text.startsWith(' ')) return text.length === 1 ? 'SP' : `${text.length} SP`;
  return names[text] ?? `U+${text.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

// The key on one line, for labels and titles.
export function keyLabel(key: string): string {
  return keyParts(key)
    .map(({ text, isNamed }) => (isNamed ? `⟨${text}⟩` : text))
    .join('');
}

// What a person typed with escapes (\n, \t, \0, \u001f, \\) as a key; null if an escape is unknown.
export function unescaped(typed: string): string | null {
  const simple: Record<string, string> = { n: '\n', r: '\r', t: '\t', '0': '\0', '\\': '\\' };
  let isKnown = true;
  const key = typed.replace(/\\(u\{([0-9a-fA-F]{1,6})\}|u([0-9a-fA-F]{4})|[^u]|u|$)/gs, (_, escape, braced, four) => {
    const digits = (braced ?? four) as string | undefined;
    if (digits !== undefined && parseInt(digits, 16) <= 0x10ffff) return String.fromCodePoint(parseInt(digits, 16));
    const plain = simple[escape as string];
    isKnown &&= plain !== undefined;
    return plain ?? '';
  });
  return isKnown ? key : null;
}
