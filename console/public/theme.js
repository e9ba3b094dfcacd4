// Sets the chosen theme before the first paint; src/lib/theme.ts changes it.
(() => {
  try {
    const theme = localStorage.getItem('waypost.theme');
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
  } catch {
    // Without storage the theme is that of the system.
  }
})();
