/**
 * *Done* changes what was changed in the form, and nothing else. The editor would save the content of each input, and
 * so add properties that a flow does not have, or write them in another way. Inputs that still have their initial
 * content are hidden from it.
 */

import { input, type Prefix } from './form';

/** The initial content of an open form's inputs, by property. */
const first = new WeakMap<EditorNode, Map<string, unknown>>();

function held(prefix: Prefix, property: string): unknown {
  const control = input(prefix, property);
  return control.is('[type=checkbox]') ? control.prop('checked') : control.val();
}

/** Secrets have inputs, too: an empty one would be saved as an empty secret. */
const properties = ({ _def }: EditorNode): string[] => [
  ...Object.keys(_def?.defaults ?? {}),
  ...Object.keys(_def?.credentials ?? {}),
];

/** Call this last in `oneditprepare`, when the inputs show the saved values or the defaults. */
export function rememberInputs(node: EditorNode, prefix: Prefix): void {
  first.set(node, new Map(properties(node).map((property) => [property, held(prefix, property)])));
}

/** True if an input has other content than when its form was opened. */
export const isTouched = (node: EditorNode, prefix: Prefix, property: string): boolean =>
  held(prefix, property) !== first.get(node)?.get(property);

/** Call this in `oneditsave`: without its id, the editor does not find an input, and leaves the property unchanged. */
export function leaveUntouched(node: EditorNode, prefix: Prefix): void {
  for (const property of properties(node)) {
    const control = input(prefix, property);
    const refers = node._def?.defaults[property]?.type !== undefined;
    // a config node that the form preselected counts as selected
    const offered = refers && !['', '_ADD_', undefined].includes(control.val()?.toString());
    if (!offered && !isTouched(node, prefix, property)) control.removeAttr('id');
  }
}

/**
 * The value to save for a list, or for a single value: the saved value itself if it means the same; in a list, each
 * saved entry that means the same as one of the form.
 * @param read reads saved values: values that read the same mean the same
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
