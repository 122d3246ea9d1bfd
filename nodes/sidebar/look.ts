/** Stores the editor's colours for the monitor page, which then looks like the editor, whatever its theme. */

const STORED = 'twinflow-look';
/** The editor's CSS variables that the page uses. */
const NAMES = [
  '--red-ui-primary-background',
  '--red-ui-secondary-background',
  '--red-ui-primary-text-color',
  '--red-ui-secondary-text-color',
  '--red-ui-secondary-border-color',
  '--red-ui-form-input-background',
  '--red-ui-form-input-focus-color',
  '--red-ui-primary-font',
];

/** Dark if texts are lighter than what they stand on. */
function isDark({ color, backgroundColor }: CSSStyleDeclaration): boolean {
  const light = (rgb: string): number =>
    (rgb.match(/[\d.]+/g) ?? []).slice(0, 3).reduce((sum, part) => sum + Number(part), 0);
  return light(color) > light(backgroundColor);
}

function store(): void {
  const probe = $('<div>')
    .css({ color: 'var(--red-ui-primary-text-color)', background: 'var(--red-ui-primary-background)' })
    .appendTo(document.body);
  const [shown] = probe.get();
  const look: Record<string, string> = {};
  if (shown) look.scheme = isDark(getComputedStyle(shown)) ? 'dark' : 'light';
  probe.remove();
  const values = getComputedStyle(document.documentElement);
  for (const name of NAMES) {
    const value = values.getPropertyValue(name).trim();
    if (value !== '') look[name] = value;
  }
  try {
    const text = JSON.stringify(look);
    if (localStorage.getItem(STORED) !== text) localStorage.setItem(STORED, text);
  } catch {
    // storage is forbidden: the page has colours of its own
  }
}

/** Stores it now, and whenever the theme changes. */
export function keepLook(): void {
  store();
  // Node-RED 5 marks the theme at the root
  new MutationObserver(store).observe(document.documentElement, { attributes: true, attributeFilter: ['class'] });
}
