/** Outlines on a grid of 16, drawn with the colour of the text. They stand beside words, so a screen reader skips them. */
const PATHS = {
  home: 'M2 7l6-5 6 5v7h-4v-4H6v4H2z',
  link: 'M7 9.5a3 3 0 0 0 4.2 0l2-2a3 3 0 0 0-4.2-4.2l-.8.8M9 6.5a3 3 0 0 0-4.2 0l-2 2a3 3 0 0 0 4.2 4.2l.8-.8',
  file: 'M3.5 1.5h6l3 3v10h-9zM9.5 1.5v3h3',
  chart: 'M2 14h12M4 11V8m4 3V4m4 7V6',
  tag: 'M2 2h5.5L14 8.5 8.5 14 2 7.5zM5 5h.01',
  upload: 'M8 10V2m0 0L5 5m3-3l3 3M2 10v4h12v-4',
  download: 'M8 2v8m0 0L5 7m3 3l3-3M2 10v4h12v-4',
  history: 'M2.5 8a5.5 5.5 0 1 0 1.6-3.9L2.5 5.5M2.5 2.5v3h3M8 5v3l2 1.5',
  key: 'M10.500 9.5a4 4 0 1 0-4-4c0 .4.1.8.2 1.2L2 11.5V14h2.5l.5-1.5h1.5V11L8.300 9.300c.7.1 1.4.2 2.2.2zM11 5h.01',
  globe: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM2 8h12M8 2c4 4 4 8 0 12M8 2c-4 4-4 8 0 12',
  settings: 'M2 4.5h6m4 0h2M2 11.5h2m4 0h6M10 3v3M6 10v3',
  user: 'M8 8a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2.5 14c.5-3 2.7-4.5 5.5-4.5S13 11 13.5 14',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3 3',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3 8.5l3.5 3.5L13 4.5',
  copy: 'M6 5V2h8v9h-3M2 5h9v9H2z',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
  up: 'M8 13V3M4 7l4-4 4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  menu: 'M2 4h12M2 8h12M2 12h12',
  code: 'M5 4L1.5 8 5 12M11 4l3.5 4-3.5 4',
  alert: 'M8 2l6.5 11.5h-13zM8 6.5v3M8 11.5h.01',
  external: 'M6 3H3v10h10v-3M9 3h4v4M13 3L7 9',
  qr: 'M2 2h4v4H2zM10 2h4v4h-4zM2 10h4v4H2zM10 10h1m3 0v1m-4 3h1m2 0h1M8 2v3m0 3h-3m6 0h3',
  archive: 'M2 3h12v3H2zM3 6v7h10V6M6 9h4',
  edit: 'M3 13l.5-3L11 2.5 13.5 5 6 12.5z',
  trash: 'M3 4h10M6 4V2.5h4V4M4.5 4l.5 9.5h6l.5-9.5',
  lock: 'M3.5 7h9v7h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2',
  clock: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 5v3.5l2 1',
  grip: 'M6 4h.01M10 4h.01M6 8h.01M10 8h.01M6 12h.01M10 12h.01',
  sun: 'M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1',
  keyboard: 'M1.5 4h13v8h-13zM4 7h.01M6.5 7h.01M9 7h.01M11.5 7h.01M5 9.5h6',
  signout: 'M6 2H2v12h4M10 5l3 3-3 3M13 8H6',
  filter: 'M2 3h12L9.5 8.5V13l-3-1.5v-3z',
  refresh: 'M13.5 8a5.5 5.5 0 1 1-1.6-3.9l1.6 1.4M13.5 2.5v3h-3',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
