/** CSS colours and sizes in style attributes, reduced to a few plain forms. Nothing else of a style gets through. */

const HEX = /^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i;
const RGB = /^rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,\s*[\d.]+\s*)?\)$/i;
const NAME = /^[a-z]{3,24}$/i;
const NO_COLOUR = new Set(['inherit', 'initial', 'unset', 'transparent', 'auto', 'none', 'windowtext', 'currentcolor']);

/** #rrggbb or a colour name in lower case; undefined if it is neither. */
export function colour(value: string | undefined | null): string | undefined {
  const word = value?.trim() ?? '';
  if (HEX.test(word)) {
    const hex = word.slice(1).toLowerCase();
    return `#${hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex}`;
  }
  const rgb = RGB.exec(word);
  if (rgb) {
    const parts = rgb.slice(1, 4).map(Number);
    if (parts.some((part) => part > 255)) return undefined;
    return `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
  }
  const name = word.toLowerCase();
  return NAME.test(word) && !NO_COLOUR.has(name) ? name : undefined;
}

/** The declarations of a style attribute: property in lower case → value. */
export function declarations(style: string | undefined): Map<string, string> {
  const result = new Map<string, string>();
  for (const part of (style ?? '').slice(0, 2000).split(';')) {
    const colon = part.indexOf(':');
    if (colon > 0) result.set(part.slice(0, colon).trim().toLowerCase(), part.slice(colon + 1).trim());
  }
  return result;
}

/** A length as CSS pixels, or a percentage as text; undefined if it is neither or makes no sense. */
export function size(value: string | number | undefined | null): number | string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? Math.round(value) : undefined;
  const match = /^\s*(\d{1,5}(?:\.\d{1,4})?)\s*(px|%|em|pt)?\s*$/i.exec(value ?? '');
  const amount = Number(match?.[1]);
  if (!match || !(amount > 0)) return undefined;
  const unit = match[2]?.toLowerCase();
  if (unit === '%') return `${amount}%`;
  return Math.round(unit === 'em' ? amount * 16 : unit === 'pt' ? (amount * 4) / 3 : amount);
}

/** An alignment word of CSS or HTML. */
export function alignment(value: string | undefined | null): 'left' | 'center' | 'right' | undefined {
  const word = value?.trim().toLowerCase();
  if (word === 'left' || word === 'start') return 'left';
  if (word === 'right' || word === 'end') return 'right';
  return word === 'center' || word === 'middle' ? 'center' : undefined;
}
