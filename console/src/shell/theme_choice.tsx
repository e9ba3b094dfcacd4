import { useState } from 'preact/hooks';
import { readTheme, setTheme, type Theme } from '../lib/theme';
import { text } from '../text';

const THEMES: Theme[] = ['system', 'light', 'dark'];

export function ThemeChoice() {
  const [theme, choose] = useState(readTheme());
  return (
    <div class="menu-text">
      <div class="segments" role="group" aria-label={text.shell.theme}>
        {THEMES.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={theme === one}
            onClick={() => {
              setTheme(one);
              choose(one);
            }}
          >
            {text.shell.themes[one]}
          </button>
        ))}
      </div>
    </div>
  );
}
