// The difference of two texts by lines, as a person wants to see it before saving.

export interface DifferenceLine {
  kind: 'same' | 'removed' | 'added' | 'gap';
  text: string; // of a gap: how many lines it leaves out
  before: number | null; // line numbers, from 1
  after: number | null;
}

const contextLines = 3;
// The table below has at most this many cells; a larger change is shown as one block out, one block in.
const cellsMax = 4_000_000;

export function difference(before: string, after: string): DifferenceLine[] {
  return withGaps(allLines(before.split('\n'), after.split('\n')));
}

function allLines(a: string[], b: string[]): DifferenceLine[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) ++head;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) ++tail;

  const lines: DifferenceLine[] = [];
  let i = 0;
  let j = 0;
  const same = () => lines.push({ kind: 'same', text: a[i]!, before: ++i, after: ++j });
  const removed = () => lines.push({ kind: 'removed', text: a[i]!, before: ++i, after: null });
  const added = () => lines.push({ kind: 'added', text: b[j]!, before: null, after: ++j });

  while (i < head) same();
  const endA = a.length - tail;
  const endB = b.length - tail;
  const isLonger = longestCommon(a.slice(head, endA), b.slice(head, endB));
  while (i < endA && j < endB) {
    if (a[i] === b[j]) same();
    else if (isLonger(i - head + 1, j - head, i - head, j - head + 1)) removed();
    else added();
  }
  while (i < endA) removed();
  while (j < endB) added();
  while (i < a.length) same();
  return blocks(lines);
}

// Whether dropping a line of `a` leaves at least as much in common as dropping one of `b`.
function longestCommon(a: string[], b: string[]): (i1: number, j1: number, i2: number, j2: number) => boolean {
  if ((a.length + 1) * (b.length + 1) > cellsMax) return () => true;
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; --i) {
    for (let j = b.length - 1; j >= 0; --j) {
      const here = i * width + j;
      table[here] =
        a[i] === b[j] ? table[here + width + 1]! + 1 : Math.max(table[here + width]!, table[here + 1]!);
    }
  }
  return (i1, j1, i2, j2) => table[i1 * width + j1]! >= table[i2 * width + j2]!;
}

// What goes before what comes, in every run of changes.
function blocks(lines: DifferenceLine[]): DifferenceLine[] {
  const out: DifferenceLine[] = [];
  for (let i = 0; i < lines.length; ) {
    let end = i;
    while (end < lines.length && (lines[end]!.kind === 'same') === (lines[i]!.kind === 'same')) ++end;
    const run = lines.slice(i, end);
    out.push(...run.filter(({ kind }) => kind !== 'added'), ...run.filter(({ kind }) => kind === 'added'));
    i = end;
  }
  return out;
}

function withGaps(lines: DifferenceLine[]): DifferenceLine[] {
  const isNear = new Uint8Array(lines.length);
  lines.forEach(({ kind }, i) => {
    if (kind !== 'same') isNear.fill(1, Math.max(0, i - contextLines), i + contextLines + 1);
  });
  const out: DifferenceLine[] = [];
  for (let i = 0; i < lines.length; ) {
    if (isNear[i]) {
      out.push(lines[i++]!);
      continue;
    }
    let end = i;
    while (end < lines.length && !isNear[end]) ++end;
    out.push({ kind: 'gap', text: String(end - i), before: null, after: null });
    i = end;
  }
  return out;
}
