/** A conflict side by side, with what both had in the middle: a person chooses field by field. */

import type { Side } from '../../../lib/model/entity';
import type { Choice, ParkedView } from '../../../lib/model/operations';
import type { ExplainedField, Explanation } from '../../../lib/plan/explanation';
import { decide, explain } from '../ask';
import { say } from '../texts';
import { button, element, table, valueBox } from '../ui';
import { type PageContext, perform } from '../view';

let counter = 0;

/** Asks both systems for their values as they are now. */
export async function showConflict(
  into: HTMLElement,
  page: PageContext,
  integration: string,
  view: Pick<ParkedView, 'event' | 'side' | 'entity' | 'error'>,
): Promise<void> {
  into.replaceChildren(element('p', { className: 'quiet' }, say('explain.asking')));
  const { items } = await explain(integration, view.entity.key, view.side).catch((thrown: unknown) => {
    into.replaceChildren();
    throw thrown;
  });
  const [found] = items;
  const named = new Set(Object.keys(view.error.fields ?? {}));
  const fields = (found?.fields ?? []).filter(({ field, effect }) => effect === 'conflict' || named.has(field));
  if (!found || fields.length === 0) {
    into.replaceChildren(element('p', {}, say('decide.none')));
    return;
  }
  into.replaceChildren(new Conflict(integration, view, found, fields, page).element);
  into.querySelector('input')?.focus();
}

class Conflict {
  readonly element = element('div');
  private readonly radios = new Map<string, [HTMLInputElement, HTMLInputElement]>();
  private readonly note = element('p', { className: 'small bad-text' });

  constructor(
    private readonly integration: string,
    private readonly view: Pick<ParkedView, 'event' | 'side' | 'entity'>,
    explanation: Explanation,
    private readonly fields: ExplainedField[],
    private readonly page: PageContext,
  ) {
    const { from, to } = explanation;
    const names = view.side === 1 ? [from, to] : [to, from];
    const heads = names.map((name, index) => say('overview.system', { side: index + 1, name }));
    const rows = fields.map((field) => this.row(field, heads));
    this.note.setAttribute('role', 'status');
    this.element.addEventListener('change', () => {
      this.note.textContent = '';
    });
    this.element.append(
      element('p', { className: 'small quiet' }, say('decide.hint')),
      table(say('decide.title'), [say('field'), heads[0] ?? '', say('decide.base'), heads[1] ?? ''], rows),
      element(
        'div',
        { className: 'bar' },
        button(say('decide.all', { name: names[0] ?? '' }), view.entity.key, () => this.all(0)),
        button(say('decide.all', { name: names[1] ?? '' }), view.entity.key, () => this.all(1)),
        button(say('decide.ok'), view.entity.key, () => this.apply()),
        button(say('cancel'), view.entity.key, () => this.element.remove()),
      ),
      this.note,
    );
  }

  private row(field: ExplainedField, heads: string[]): (HTMLElement | string)[] {
    counter += 1;
    const group = `conflict-${counter}`;
    const source = element(
      'div',
      {},
      ...field.sources.map(({ name, value }) =>
        field.sources.length > 1 ? element('div', {}, `${name}: `, valueBox(value)) : valueBox(value),
      ),
    );
    const target = valueBox(field.before);
    const [one, two] = this.view.side === 1 ? [source, target] : [target, source];
    const radio = (index: 0 | 1): HTMLInputElement => {
      const made = element('input', { type: 'radio', name: group });
      made.setAttribute('aria-label', `${field.name}: ${heads[index]}`);
      return made;
    };
    const pair: [HTMLInputElement, HTMLInputElement] = [radio(0), radio(1)];
    this.radios.set(field.field, pair);
    const [base] = Object.values(field.sourceBase ?? {});
    return [
      field.name,
      element('label', { className: 'side' }, pair[0], one),
      valueBox(field.base ?? base),
      element('label', { className: 'side' }, pair[1], two),
    ];
  }

  private all(index: 0 | 1): void {
    for (const pair of this.radios.values()) pair[index].checked = true;
  }

  private apply(): void {
    const choices: Record<string, Choice> = {};
    for (const { field, sources } of this.fields) {
      const pair = this.radios.get(field);
      const side: Side | undefined = pair?.[0].checked ? 1 : pair?.[1].checked ? 2 : undefined;
      if (side !== undefined) choices[field] = { side, from: sources.map(({ field: of }) => of) };
    }
    if (Object.keys(choices).length < this.fields.length) {
      this.note.textContent = say('decide.missing');
      return;
    }
    const { event, entity } = this.view;
    perform(
      this.page,
      this.element,
      () => decide(this.integration, { events: [event] }, { choices }),
      ({ count }) => (count > 0 ? say('done.decided', { key: entity.key }) : say('done.gone')),
    );
  }
}
