export type Theme = 'system' | 'light' | 'dark';

const STORED = 'waypost.theme';

export function readTheme(): Theme {
  const theme = document.documentElement.dataset.theme;
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

/** Applies a theme and keeps it for the next visit. It is the only thing that the console stores besides columns of the list. */
export function setTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  store(STORED, theme === 'system' ? null : theme);
  document.dispatchEvent(new Event('themechange'));
}

/** Keeps a preference. Without storage (a private window) it lasts until the page is closed. */
export function store(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // A preference that is lost does no harm.
  }
}

export function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}
