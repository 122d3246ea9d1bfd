/** What must be there at the end, told from what people did alone: independent of how the engine decides. */

import type { Value } from '../../lib/model/values';
import { itemsOf } from './person';
import { type Edit, plain } from './system';

/** The same on both sides, whatever the way in which each stores it. */
export function agrees(one: Value, two: Value): boolean {
  return plain(one) === plain(two);
}

/** Values that people gave the field and that nobody who saw them replaced: one of them must be there at the end. */
export function standing(edits: Edit[]): Set<string> {
  const open = new Set<string>();
  for (const edit of edits) open.add(plain(edit.value));
  for (const edit of edits) if (edit.replaced && plain(edit.saw) !== plain(edit.value)) open.delete(plain(edit.saw));
  return open;
}

const itemsIn = (value: Value): Set<string> => new Set(itemsOf(value).map(plain));
const without = (items: Set<string>, others: Set<string>): string[] => [...items].filter((item) => !others.has(item));
const added = ({ saw, value }: Edit): string[] => without(itemsIn(value), itemsIn(saw));
const removed = ({ saw, value }: Edit): string[] => without(itemsIn(saw), itemsIn(value));

const seen = (edits: Edit[]): Edit[] => edits.filter((edit) => !edit.overlooked);

/** Entries or lines that people added, nobody took out, and that are not there. */
export function lostItems(edits: Edit[], end: Value): string[] {
  const out = new Set(edits.flatMap(removed));
  const there = itemsIn(end);
  return seen(edits)
    .flatMap(added)
    .filter((item) => !out.has(item) && !there.has(item));
}

/**
 * Entries or lines that somebody took out and that are there all the same. Where our write has not landed, nobody can
 * tell a person who took out what it brought from a write that never arrived: it is brought again.
 */
export function returnedItems(edits: Edit[], end: Value): string[] {
  const there = itemsIn(end);
  return seen(edits)
    .filter((edit) => !edit.unlanded)
    .flatMap(removed)
    .filter((item) => there.has(item));
}

/**
 * Somebody took out something that had not reached all other systems of a ring. What is still on its way there around the other
 * side may bring it back: no system has seen it come and go.
 * @param all edits of the counterparts, by entity
 */
export function tookOutEarly(edit: Edit, all: ReadonlyMap<string, readonly Edit[]>): boolean {
  const items = removed(edit);
  return [...all].some(([entity, edits]) => {
    if (entity === edit.entity || items.length === 0) return false;
    const before = edits.filter(({ at }) => at < edit.at).at(-1);
    const there = itemsIn(before?.value ?? null);
    return items.some((item) => !there.has(item));
  });
}

/** We took out the same elsewhere, while it was not known whether an earlier write of ours had arrived there. */
export function isCarriedOverDoubt(edit: Edit, all: readonly Edit[]): boolean {
  const items = new Set(removed(edit));
  return all.some((one) => one.own && one.unlanded && one.at > edit.at && removed(one).some((item) => items.has(item)));
}

/**
 * Did two people change or take out one line, neither seeing what the other did? Then one of the two wins. So it may where
 * somebody changed a line of a write that had not landed: it cannot be told who changed what.
 */
export function contestedLines(edits: Edit[]): boolean {
  const all = edits.flatMap(removed);
  return new Set(all).size < all.length || edits.some((edit) => edit.unlanded && removed(edit).length > 0);
}
