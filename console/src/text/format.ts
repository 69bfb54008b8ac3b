// Numbers, sizes and times as a person reads them.

const number = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return number.format(value);
}

export function counted(value: number, noun: string, plural = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : plural}`;
}

export function bytesText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  for (const [unit, size] of [
    ['KiB', 1024],
    ['MiB', 1024 ** 2],
    ['GiB', 1024 ** 3],
  ] as const) {
    const amount = bytes / size;
    if (amount < 999.5 || unit === 'GiB') return `${amount.toFixed(amount < 9.95 ? 1 : 0)} ${unit}`;
  }
  return '';
}

// How long until `seconds` from now: two units at most, "4 d 3 h".
export function durationText(seconds: number): string {
  if (seconds <= 0) return 'expired';
  const parts: [number, string][] = [
    [Math.floor(seconds / 31_536_000), 'y'],
    [Math.floor((seconds % 31_536_000) / 86_400), 'd'],
    [Math.floor((seconds % 86_400) / 3600), 'h'],
    [Math.floor((seconds % 3600) / 60), 'min'],
    [Math.floor(seconds % 60), 's'],
  ];
  const first = parts.findIndex(([amount]) => amount > 0);
  return parts
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ');
}

// What to add to a figure that is so old: nothing, if it is new.
export function ageText(seconds: number): string {
  return seconds > 0 ? `, ${durationText(seconds)} ago` : '';
}

// In the person's own time zone, sortable: 2026-11-24 03:15:00.
export function dateText(seconds: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  );
}

export const nowSeconds = () => Math.floor(Date.now() / 1000);
