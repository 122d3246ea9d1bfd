/**
 * Rows for parts. Parts are synced without a mapper, because comments have the same fields in every system. A field
 * mapper for their pair replaces these rows. Pure, also in the browser.
 */

import type { FieldRow } from '../model/config';
import type { Direction, Field } from '../model/entity';
import type { FieldId } from '../model/values';
import { choiceOf } from './fields';
import type { DeclaredFields } from './fit';

/** Every field that both sides have and that Twinflow can write in the target. Edits on both sides are merged if the
 * texts allow it. */
export function standardRows(source: DeclaredFields, target: DeclaredFields, direction: Direction): FieldRow[] {
  return [...(target ?? new Map<string, Field>()).values()].flatMap((to): FieldRow[] => {
    const from = source?.get(to.id);
    if (!from || to.readOnly) return [];
    const [one, two] = direction === 'forward' ? [from, to] : [to, from];
    const conflict = to.type === 'richtext' && from.type === 'richtext' ? 'merge' : 'newest';
    return [
      {
        one: choiceOf(one),
        two: choiceOf(two),
        direction: 'both',
        conflict,
        ...(to.createOnly && { syncWhen: 'create' as const }),
      },
    ];
  });
}

/** A field of parts of either side, and where it goes by the standard rows. */
export interface StandardLine {
  id: FieldId;
  one?: Field;
  two?: Field;
  ways: Direction[];
}

/** All fields of both sides: System 1's in their order, then what System 2 alone has. */
export function standardLines(one: ReadonlyMap<FieldId, Field>, two: ReadonlyMap<FieldId, Field>): StandardLine[] {
  const forward = new Set(standardRows(one, two, 'forward').map((row) => row.two?.id));
  const backward = new Set(standardRows(two, one, 'backward').map((row) => row.one?.id));
  return [...new Set([...one.keys(), ...two.keys()])].map((id) => ({
    id,
    one: one.get(id),
    two: two.get(id),
    ways: [...(forward.has(id) ? ['forward' as const] : []), ...(backward.has(id) ? ['backward' as const] : [])],
  }));
}
