/**
 * *Done* changes what was changed in the form, and nothing else. The editor would save what each input holds, and so add
 * what a flow does not say, or write it in another way. Inputs that still hold what they held at first are taken from it.
 */

import { input, type Prefix } from './form';

/** What the inputs of an open form held at first, by property. */
const first = new WeakMap<EditorNode, Map<string, unknown>>();

function held(prefix: Prefix, property: string): unknown {
  const control = input(prefix, property);
  return control.is('[type=checkbox]') ? control.prop('checked') : control.val();
}

/** Secrets have inputs too: an empty one would be saved as a secret that is empty. */
const properties = ({ _def }: EditorNode): string[] => [
  ...Object.keys(_def?.defaults ?? {}),
  ...Object.keys(_def?.credentials ?? {}),
];

/** Last thing in `oneditprepare`, when the inputs show what is saved, or what holds where nothing is. */
export function rememberInputs(node: EditorNode, prefix: Prefix): void {
  first.set(node, new Map(properties(node).map((property) => [property, held(prefix, property)])));
}

/** True where an input holds something else than when its form was opened. */
export const isTouched = (node: EditorNode, prefix: Prefix, property: string): boolean =>
  held(prefix, property) !== first.get(node)?.get(property);

/** In `oneditsave`: without its id, the editor does not find an input, and leaves the property alone. */
export function leaveUntouched(node: EditorNode, prefix: Prefix): void {
  for (const property of properties(node)) {
    const control = input(prefix, property);
    const refers = node._def?.defaults[property]?.type !== undefined;
    // a config node that the form has offered by itself counts as chosen
    const offered = refers && !['', '_ADD_', undefined].includes(control.val()?.toString());
    if (!offered && !isTouched(node, prefix, property)) control.removeAttr('id');
  }
}

/**
 * What is to be saved of a list, or of something whole: the saved value itself where it means the same, and in a list each
 * saved entry that means the same as one of the form.
 * @param read as saved values are read: what reads the same means the same
 */
export function kept<Value>(saved: Value, next: Value, read: (value: unknown) => unknown): Value {
  const meaning = (value: unknown): string => JSON.stringify(read(value)) ?? '';
  if (meaning(saved) === meaning(next)) return saved;
  return Array.isArray(saved) && Array.isArray(next) ? keptEntries(saved, next, (entry) => meaning([entry])) : next;
}

function keptEntries<List extends unknown[]>(saved: unknown[], next: List, meaning: (entry: unknown) => string): List {
  const known = new Map(saved.map((entry) => [meaning(entry), entry]));
  next.forEach((entry, place) => {
    next[place] = known.get(meaning(entry)) ?? entry;
  });
  return next;
}
