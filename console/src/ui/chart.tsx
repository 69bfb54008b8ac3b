// A small chart of an hour: lines, their last values in words, and what they were under the pointer.
import { useState } from 'preact/hooks';
import { dateText } from '../text/format.ts';

export interface Line {
  label: string;
  values: (number | null)[]; // one for each time; null: nothing was known
}

interface Props {
  title: string;
  at: number[]; // seconds, ascending
  lines: Line[];
  text: (value: number) => string;
  most?: number; // of the axis; without it what fits the values
}

const width = 480;
const height = 120;

export function Chart({ title, at, lines, text, most }: Props) {
  const [pointed, setPointed] = useState<number | null>(null);
  const from = at[0]!;
  const span = Math.max(at[at.length - 1]! - from, 1);
  const known = lines.flatMap(({ values }) => values.filter((each) => each !== null));
  const top = most ?? roundUp(Math.max(0, ...known));
  const x = (i: number) => ((at[i]! - from) / span) * width;
  const y = (value: number) => height - (top ? value / top : 0) * height;
  const follow = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const wanted = from + ((event.clientX - box.left) / box.width) * span;
    setPointed(nearest(at, wanted));
  };
  const shown = lines.map(({ label, values }) => ({ label, value: pointed === null ? last(values) : values[pointed]! }));
  const words = shown.map(({ label, value }) => `${label} ${value === null ? 'unknown' : text(value)}`).join(', ');

  return (
    <section class="chart" aria-label={title}>
      <header>
        <h2>{title}</h2>
        <span class="quiet">{pointed === null ? '' : dateText(at[pointed]!).slice(11)}</span>
      </header>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${title}: ${words}`}
        onPointerMove={follow}
        onPointerLeave={() => setPointed(null)}
      >
        <path class="ground" d={`M0 ${height}H${width}M0 ${height / 2}H${width}M0 0H${width}`} />
        {lines.map(({ label, values }, i) => (
          <path key={label} class={`line-${i}`} d={pathOf(values, x, y)} />
        ))}
        {pointed !== null && <path class="pointed" d={`M${x(pointed)} 0V${height}`} />}
      </svg>
      <div class="axis" aria-hidden="true">
        <span>{dateText(from).slice(11, 16)}</span>
        <span>{`top: ${text(top)}`}</span>
        <span>{dateText(at[at.length - 1]!).slice(11, 16)}</span>
      </div>
      <ul class="legend">
        {shown.map(({ label, value }, i) => (
          <li key={label} class={`line-${i}`}>
            <span>{label}</span>
            <strong>{value === null ? '–' : text(value)}</strong>
          </li>
        ))}
      </ul>
    </section>
  );
}

// A line through what is known. Single values that are further apart, as of storage, are joined too.
export function pathOf(values: (number | null)[], x: (i: number) => number, y: (value: number) => number): string {
  let path = '';
  values.forEach((value, i) => {
    if (value !== null) path += `${path ? 'L' : 'M'}${x(i).toFixed(1)} ${y(value).toFixed(1)}`;
  });
  return path;
}

// The next of 1, 2, 5, 10, 20…
export function roundUp(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value)!;
}

function last(values: (number | null)[]): number | null {
  return values.findLast((each) => each !== null) ?? null;
}

function nearest(at: number[], wanted: number): number {
  let best = 0;
  at.forEach((each, i) => {
    if (Math.abs(each - wanted) < Math.abs(at[best]! - wanted)) best = i;
  });
  return best;
}
