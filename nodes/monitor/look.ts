/**
 * The page has the look of the editor in the same browser, whatever theme that has: the sidebar stores the values of the
 * editor's colour variables (nodes/sidebar/look.ts).
 */

const STORED = 'twinflow-look';

function apply(): void {
  const { style } = document.documentElement;
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? 'null');
    if (typeof stored !== 'object' || stored === null) return;
    for (const [name, value] of Object.entries(stored)) {
      if (name === 'scheme' && (value === 'dark' || value === 'light')) style.colorScheme = value;
      else if (/^--red-ui-[\w-]+$/.test(name) && typeof value === 'string') style.setProperty(name, value);
    }
  } catch {
    // storage is forbidden, or holds something else: the page has colours of its own
  }
}

/** Applies it now, and whenever the editor's theme changes. */
export function followLook(): void {
  apply();
  addEventListener('storage', ({ key }) => {
    if (key === STORED) apply();
  });
}
