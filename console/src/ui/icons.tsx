// Icons on a grid of 16, drawn with the colour of the text around them.
const paths = {
  add: 'M8 3v10M3 8h10',
  back: 'M9.5 3.5 5 8l4.5 4.5',
  chart: 'M2.5 2.5v11h11M5 10.5l2.5-3 2 1.5 3.5-4.5',
  check: 'm3 8.5 3.5 3.5L13 4.5',
  close: 'm4 4 8 8m0-8-8 8',
  code: 'M5.5 4.5 2 8l3.5 3.5m5-7L14 8l-3.5 3.5',
  copy: 'M10.5 5.5V3.5a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2m1-5h6a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1h-6a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1z',
  delete: 'M2.5 4.5h11m-7-2h3m-5.5 2 .6 9h6.8l.6-9M6.7 7v4m2.6-4v4',
  download: 'M8 2.5v8m0 0 3.2-3.2M8 10.5 4.8 7.3M2.5 13.5h11',
  edit: 'm3 13 .6-3 7-7 2.4 2.4-7 7zM9 4.6 11.4 7',
  filter: 'M2 3.5h12M4.5 8h7m-4.5 4.5h2',
  folder: 'M1.5 12.5v-9h4.6l1.5 2h6.9v7z',
  help: 'M6 6.2A2 2 0 1 1 8.7 8c-.5.2-.7.5-.7 1v.4m0 2.2v.2',
  key: 'M7.5 10a2.7 2.7 0 1 1-5.4 0 2.7 2.7 0 0 1 5.4 0ZM6.7 8.1l6-6m-2.2 2.2 2 2',
  list: 'M5.5 4h8m-8 4h8m-8 4h8M2.5 4h.3m-.3 4h.3m-.3 4h.3',
  link: 'M6.8 9.2a2.4 2.4 0 0 0 3.4 0l2.4-2.4a2.4 2.4 0 0 0-3.4-3.4l-.7.7m.7 2.7a2.4 2.4 0 0 0-3.4 0L3.4 9.2a2.4 2.4 0 0 0 3.4 3.4l.7-.7',
  more: 'M3 8a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0m4.6 0a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0m4.6 0a.4.4 0 1 0 .8 0 .4.4 0 0 0-.8 0',
  moon: 'M13 9.4A5.5 5.5 0 1 1 6.6 3 4.4 4.4 0 0 0 13 9.4Z',
  reload: 'M13 8a5 5 0 1 1-1.6-3.7M13 2.5v2.8h-2.8',
  search: 'M11.5 7A4.5 4.5 0 1 1 2.5 7a4.5 4.5 0 0 1 9 0ZM10.4 10.4l3.1 3.1',
  signOut: 'M9.5 5V2.5h-7v11h7V11M6.5 8h7m0 0-2.3-2.3M13.5 8l-2.3 2.3',
  sun: 'M10.8 8a2.8 2.8 0 1 1-5.6 0 2.8 2.8 0 0 1 5.6 0ZM8 1.5v1m0 11v1M1.5 8h1m11 0h1M3.4 3.4l.7.7m7.8 7.8.7.7m0-9.2-.7.7m-7.8 7.8-.7.7',
  system: 'M2 3h12v8H2zm3.5 11h5M8 11v3',
  upload: 'M8 10.5v-8m0 0 3.2 3.2M8 2.5 4.8 5.7M2.5 13.5h11',
  warning: 'M8 2 1.5 13.5h13zM8 6.5v3m0 2v.1',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M7 8h18v16H7zM7 16h18M16 16v8" />
      <circle cx="16" cy="12" r="1.4" />
    </svg>
  );
}
