/** Places of the top-level nodes of an ADF document in its JSON text, so that a node can be kept byte for byte. */

import type { Span } from '../tree';

/**
 * The places of the elements of the document's own `content`, in order.
 * @param source JSON that is known to parse
 */
export function topNodePlaces(source: string): Span[] {
  const places: Span[] = [];
  let depth = 0;
  let key = '';
  let inContent = false;
  let start = -1;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '"') {
      const end = stringEnd(source, at);
      if (depth === 1) key = source.slice(at + 1, end);
      if (inContent && depth === 2 && start < 0) start = at;
      at = end;
    } else if (char === '{' || char === '[') {
      depth++;
      if (depth === 2 && char === '[' && key === 'content') inContent = true;
      else if (inContent && depth === 3) start = at;
    } else if (char === '}' || char === ']') {
      depth--;
      if (inContent && depth === 2 && start >= 0) {
        places.push({ start, end: at + 1 });
        start = -1;
      } else if (inContent && depth === 1) inContent = false;
    }
  }
  return places;
}

/**
 * The places of the elements of a node's own `content`, in the text of the whole document.
 * @param span the node's place
 */
export const placesWithin = (source: string, span: Span): Span[] =>
  topNodePlaces(source.slice(span.start, span.end)).map(({ start, end }) => ({
    start: span.start + start,
    end: span.start + end,
  }));

/** The closing quote of the string that begins here. */
function stringEnd(source: string, start: number): number {
  for (let at = start + 1; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '"') return at;
  }
  return source.length;
}
