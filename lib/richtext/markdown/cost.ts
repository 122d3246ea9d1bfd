/**
 * Estimates how long the Markdown parser will take. Its time grows with the square of the emphasis signs and brackets
 * in a paragraph, with the square of the quotes and lists in a text, and by a tenth of a millisecond per list item. A
 * text above the limit is rejected before it blocks the runtime.
 */

import { Unreadable } from '../unreadable';

/** Microseconds, measured on a slow machine. */
const PER_CHARACTER = 3;
const PER_ITEM = 100;
const PER_PAIR_OF_SIGNS = 0.06;
const PER_PAIR_OF_CONTAINERS = 1.2;
const MOST = 5_000_000;
const DEEPEST = 100;

const SIGN = /[*_~[\]!`<]/;
const STARTS = /^[ \t]*(?:[-*+]|\d{1,9}[.)]|\||#{1,6}[ \t])/;
/** a list item, a row of a table, a definition */
const ITEM = /^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]|\||\[)/;

/** @throws Unreadable if the text would take too long */
export function checkCost(source: string): void {
  let cost = source.length * PER_CHARACTER;
  let signs = 0;
  /** quotes and lists so far, and the sign of the one that may still continue */
  let containers = 0;
  let open = '';
  for (const line of source.split('\n')) {
    const lead = /^(?:[ \t]*(?:>|[-*+](?=[ \t])|\d{1,9}[.)](?=[ \t]))){1,1000}/.exec(line)?.[0] ?? '';
    const deep = lead.replace(/[ \t\d]/g, '').length;
    const indent = (/^[ \t]*/.exec(line)?.[0].length ?? 0) / 2;
    if (deep > DEEPEST || (indent > DEEPEST && ITEM.test(line)))
      throw new Unreadable(`has lists or quotes nested deeper than ${DEEPEST}`);
    if (ITEM.test(line)) cost += PER_ITEM;
    const sign = lead.includes('>') ? '>' : (lead.trim().at(-1) ?? '');
    const goesOn = sign === open && (sign !== '>' || lead.trimStart().startsWith('>'));
    if (sign !== '' && !goesOn) containers++;
    if (line.trim() !== '' || open === '>') open = sign;
    if (line.trim() === '' || STARTS.test(line)) {
      cost += signs * signs * PER_PAIR_OF_SIGNS;
      signs = 0;
    }
    for (const char of line) if (SIGN.test(char)) signs++;
  }
  cost += signs * signs * PER_PAIR_OF_SIGNS + containers * containers * PER_PAIR_OF_CONTAINERS;
  if (cost > MOST) throw new Unreadable('has more markup than can be read in a few seconds');
}
