/** For which rows the conflict rule `merge` makes sense: lists merge as sets, texts by lines; nothing else can be
 * merged. Pure. */

import type { FieldRow } from '../model/config';

const TEXTS: ReadonlySet<string> = new Set(['text', 'richtext']);

export function isMergeable({ one, two }: Pick<FieldRow, 'one' | 'two'>): boolean {
  if (one === undefined || two === undefined) return false;
  if (one.multi === true || two.multi === true) return one.multi === true && two.multi === true;
  return TEXTS.has(one.type) && TEXTS.has(two.type);
}
