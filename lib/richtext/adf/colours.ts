/** ADF requires colours as #rrggbb. This table has the CSS values of the colour names that people and editors use. */

const NAMES: Record<string, string> = {
  black: '#000000',
  silver: '#c0c0c0',
  gray: '#808080',
  grey: '#808080',
  white: '#ffffff',
  maroon: '#800000',
  red: '#ff0000',
  purple: '#800080',
  fuchsia: '#ff00ff',
  magenta: '#ff00ff',
  green: '#008000',
  lime: '#00ff00',
  olive: '#808000',
  yellow: '#ffff00',
  navy: '#000080',
  blue: '#0000ff',
  teal: '#008080',
  aqua: '#00ffff',
  cyan: '#00ffff',
  orange: '#ffa500',
  brown: '#a52a2a',
  pink: '#ffc0cb',
  gold: '#ffd700',
  darkred: '#8b0000',
  darkgreen: '#006400',
  darkblue: '#00008b',
  lightgray: '#d3d3d3',
  lightgrey: '#d3d3d3',
  lightblue: '#add8e6',
  lightgreen: '#90ee90',
  lightyellow: '#ffffe0',
};

/** A colour as #rrggbb, or undefined if its name is not in the table. */
export function hexOf(colour: string | undefined): string | undefined {
  if (colour === undefined) return undefined;
  return colour.startsWith('#') ? colour : NAMES[colour];
}
