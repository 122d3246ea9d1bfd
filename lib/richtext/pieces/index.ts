/** Splits a text of any format into pieces. Pure; throws nothing. */

import type { RichTextFormat } from '../../model/values';
import type { Tree } from '../tree';
import { cutAdf } from './adf';
import { cutHtml } from './html';
import { cutLines } from './lines';
import type { Cut } from './piece';

export { type Cut, compose, isSound, keyOf, type Line, linesOfCut, type Piece, type Placed } from './piece';

/** A text without markup: each of its lines is a piece, including empty ones. */
export function cutPlain(source: string): Cut {
  const lines = source === '' ? [] : source.split('\n');
  const pieces = lines.map((text, at) => ({
    text,
    frames: [],
    shared: 0,
    block: 0,
    fresh: at === 0,
    role: 'other' as const,
    verbatim: false,
  }));
  return {
    kind: 'lines',
    pieces,
    glue: ['', ...pieces.slice(1).map(() => '\n'), ''],
    whole: (content) => content,
    between: (left, right) => (left && right ? '\n' : ''),
  };
}

/**
 * @param source with '\n' as line end
 * @param parse reads the text, for line-based markups
 */
export function cut(source: string, format: RichTextFormat, parse: (source: string) => Tree): Cut {
  try {
    if (format === 'html') return cutHtml(source) ?? cutPlain(source);
    if (format === 'adf') return cutAdf(source) ?? cutPlain(source);
    if (format !== 'text') return cutLines(source, parse(source).children);
  } catch {
    // nested too deeply: split by lines instead
  }
  return cutPlain(source);
}
