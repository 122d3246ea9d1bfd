/** Other values than the mapped ones, for one parked change or for all with the same cause. */

import type { Fields } from '../../../lib/model/values';
import { correct, type Detail, detail, targetFields } from '../ask';
import { type FieldInput, fieldInput, type KnownField } from '../inputs';
import { say } from '../texts';
import { button, element } from '../ui';
import { type PageContext, perform } from '../view';

/** The changes that get the values: one, or those of a cause. */
export type Edited = { event: number } | { cause: string };

/**
 * Shows a form with the target's fields, those with an error first.
 * @param event the change whose values are shown
 * @param only these fields, as for a group
 * @param count how many changes get the values
 */
export async function showEdit(
  into: HTMLElement,
  page: PageContext,
  {
    integration,
    event,
    which,
    only,
    count,
  }: { integration: string; event: number; which: Edited; only?: string[]; count: number },
): Promise<void> {
  into.replaceChildren(element('p', { className: 'quiet' }, say('edit.asking')));
  try {
    const found = await detail(integration, event);
    if (!found.mapped) {
      into.replaceChildren(element('p', {}, say('unmapped')));
      return;
    }
    // without the system, values can still be typed
    const known = await targetFields(integration, event).then(
      ({ items }) => items,
      () => [],
    );
    const form = formOf(found, known, only);
    const ok = button(say('edit.ok', { count }), found.entity.key, () => send());
    const note = element('p', { className: 'small bad-text' });
    note.setAttribute('role', 'status');
    const send = (): void => {
      const fields = form.fields();
      if (Object.keys(fields).length === 0) {
        note.textContent = say('edit.unchanged');
        return;
      }
      perform(
        page,
        into,
        () => correct(integration, which, fields),
        ({ count: sent }) => {
          into.replaceChildren();
          return say('done.retried', { count: sent });
        },
      );
    };
    into.replaceChildren(
      element('p', { className: 'small quiet' }, say(only ? 'edit.hintAll' : 'edit.hint', { count })),
      form.element,
      element(
        'div',
        { className: 'bar' },
        ok,
        button(say('cancel'), found.entity.key, () => into.replaceChildren()),
      ),
      note,
    );
    form.first?.focus();
  } catch (thrown) {
    into.replaceChildren();
    throw thrown;
  }
}

function formOf(
  { error, mapped = {}, corrections, cut, names }: Detail,
  known: KnownField[],
  only: string[] | undefined,
): { element: HTMLElement; first?: HTMLElement; fields(): Fields } {
  const byId = new Map(known.map((field) => [field.id, field]));
  const inputs = new Map<string, FieldInput>();
  const add = (id: string, into: HTMLElement): void => {
    const value = corrections[id]?.value ?? mapped[id] ?? null;
    if (inputs.has(id) || cut.includes(id)) return;
    const field = byId.get(id);
    const name = names.target[id];
    const made = fieldInput(name ?? id, field, value, error.fields?.[id]);
    if (!made) return;
    inputs.set(id, made);
    into.append(made.element);
  };
  const wrong = element('div', { className: 'inputs' });
  const others = element('div', { className: 'inputs' });
  for (const id of only ?? [...Object.keys(error.fields ?? {}), ...Object.keys(corrections)]) add(id, wrong);
  const box = element('div', {}, wrong);
  if (!only) {
    for (const id of [...Object.keys(mapped), ...byId.keys()]) add(id, others);
    const isOpen = wrong.childElementCount === 0;
    if (others.childElementCount > 0)
      box.append(element('details', { open: isOpen }, element('summary', {}, say('edit.others')), others));
  }
  return {
    element: box,
    ...(inputs.size > 0 && { first: [...inputs.values()][0]?.input }),
    fields: () => {
      const fields: Fields = {};
      for (const [id, input] of inputs) {
        const value = input.changed();
        if (value !== undefined) fields[id] = value;
      }
      // what was entered before stays, unless it was changed
      for (const [id, { value }] of Object.entries(corrections))
        if (value !== undefined && !(id in fields) && !only && Object.keys(fields).length > 0) fields[id] = value;
      return fields;
    },
  };
}
