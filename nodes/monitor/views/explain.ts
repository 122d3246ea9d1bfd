/** Why an item is, or is not, synced: each step in words. */

import type { ExplainedField, Explanation, Said } from '../../../lib/plan/explanation';
import type { CriterionPlan } from '../../../lib/plan/types';
import { explain, integrations, retry } from '../ask';
import { has, say, when } from '../texts';
import { button, chip, editorLink, element, IntegrationChoice, linked, shown, type Tone, table, valueBox } from '../ui';
import type { PageContext, View } from '../view';

const TONES: Record<Said['mood'], Tone> = { ok: 'good', stop: 'bad', wait: 'warn', note: 'quiet' };

/** A sentence of an explanation. Times are shown as people read them. */
export function sentence({ step, code, names = {} }: Said): string {
  const words = Object.fromEntries(
    Object.entries(names).map(([name, value]) => [name, name === 'time' ? when(String(value)) : value]),
  );
  return say(`explain.${step}.${code}`, words);
}

export class ExplainView implements View {
  readonly element = element('div');
  private readonly choice = new IntegrationChoice(() => undefined);
  private readonly key = element('input', { type: 'search', placeholder: say('explain.hint') });
  private readonly note = element('p', { className: 'quiet' });
  private readonly result = element('div');
  private answered = '';
  private asked = 0;
  private isListed: () => void = () => undefined;
  /** the integrations are there to choose from */
  private readonly listed = new Promise<void>((resolve) => {
    this.isListed = resolve;
  });

  constructor(private readonly page: PageContext) {
    this.key.setAttribute('aria-label', say('explain.hint'));
    const form = element(
      'form',
      { className: 'bar' },
      this.choice.element,
      this.key,
      element('button', { type: 'submit' }, say('explain.open')),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.ask();
    });
    this.note.setAttribute('role', 'status');
    this.element.append(element('h2', {}, say('explain.title')), form, this.note, this.result);
  }

  async refresh(query: URLSearchParams): Promise<void> {
    const { items } = await integrations();
    const address = query.toString();
    const isNew = address !== '' && address !== this.answered;
    this.choice.update(items, isNew ? (query.get('integration') ?? undefined) : undefined);
    this.isListed();
    if (!isNew) return;
    this.answered = address;
    this.key.value = query.get('key') ?? '';
    const side = query.get('side');
    this.ask(side === '1' ? 1 : side === '2' ? 2 : undefined);
  }

  private ask(side?: 1 | 2): void {
    if (this.key.value.trim() === '') {
      this.note.textContent = say('explain.noKey');
      this.key.focus();
      return;
    }
    this.note.textContent = say('explain.asking');
    this.result.replaceChildren();
    this.asked += 1;
    const mine = this.asked;
    // people may be quicker than the list of integrations
    this.listed
      .then(() => explain(this.choice.value, this.key.value, side))
      .then(
        ({ items }) => {
          if (mine !== this.asked) return;
          this.note.textContent = '';
          this.page.failed(undefined);
          this.result.replaceChildren(...items.map((item) => this.draw(item)));
        },
        (thrown: unknown) => {
          this.note.textContent = '';
          this.page.failed(thrown);
        },
      );
  }

  private draw(item: Explanation): HTMLElement {
    const { from, to, entity, counterpart, verdict, steps, criteria, fields, warnings, nodes, parked } = item;
    const head = element(
      'h3',
      {},
      entity ? linked(entity.key, entity.url) : this.key.value,
      ` ${say('explain.way', { from, to })}`,
    );
    if (counterpart) head.append(' · ', linked(counterpart.key, counterpart.url));
    const box = element(
      'article',
      { className: `box ${TONES[verdict.mood]}` },
      head,
      element('p', {}, element('strong', {}, sentence(verdict))),
    );
    if (parked !== undefined) {
      const again = button(say('retry'), entity?.key ?? '', () => this.retry(item.integration, parked));
      box.append(element('div', { className: 'bar' }, again));
    }
    const list = element('ol', { className: 'plain' });
    for (const step of steps) {
      list.append(element('li', {}, chip(say(`explain.step.${step.step}`), TONES[step.mood]), ' ', sentence(step)));
    }
    box.append(element('h4', {}, say('explain.steps')), list);
    if (criteria.length > 0) box.append(element('h4', {}, say('explain.conditions')), conditions(criteria, nodes));
    if (fields.length > 0) box.append(element('h4', {}, say('explain.fields')), fieldTable(fields, nodes, from, to));
    for (const warning of warnings) box.append(element('p', { className: 'small text' }, warning));
    return box;
  }

  private retry(integration: string, event: number): void {
    retry(integration, { events: [event] }).then(
      ({ count }) => {
        this.page.said(say('done.retried', { count }));
        this.answered = '';
        setTimeout(() => this.ask(), 1_500);
      },
      (thrown: unknown) => this.page.failed(thrown),
    );
  }
}

function conditions(criteria: CriterionPlan[], nodes: Record<string, string>): HTMLElement {
  const list = element('ul', { className: 'plain' });
  for (const { condition, value, met, step } of criteria) {
    const operator = has(`operator.${condition.operator}`) ? say(`operator.${condition.operator}`) : condition.operator;
    const wanted = condition.value === undefined ? '' : ` “${shown(condition.value)}”`;
    const text = `${condition.field.name} ${operator}${wanted}`;
    const seen = say('explain.itIs', { value: shown(value) || say('empty') });
    list.append(
      element(
        'li',
        {},
        chip(say(met ? 'explain.met' : 'explain.unmet'), met ? 'good' : 'bad'),
        ` ${text} ${seen} `,
        editorLink(nodes[step] ?? step, step),
      ),
    );
  }
  return list;
}

/** Each target field: the value of the source, both when last in sync, the target now, and what becomes of it. */
function fieldTable(fields: ExplainedField[], nodes: Record<string, string>, from: string, to: string): HTMLElement {
  const heads = [
    say('field'),
    say('explain.source', { system: from }),
    say('explain.base'),
    say('explain.target', { system: to }),
    say('explain.effect'),
  ];
  const rows = fields.map(({ name, sources, sourceBase = {}, base, before, after, effect, how, warnings }) => {
    const made = sources.map(({ name: of, value }) =>
      element('div', {}, element('span', { className: 'quiet' }, `${of}: `), valueBox(value)),
    );
    const bases = [
      ...sources.flatMap(({ field, name: of }) =>
        field in sourceBase
          ? [element('div', {}, element('span', { className: 'quiet' }, `${of}: `), valueBox(sourceBase[field]))]
          : [],
      ),
      ...(base === undefined
        ? []
        : [element('div', {}, element('span', { className: 'quiet' }, `${name}: `), valueBox(base))]),
    ];
    const last = how.filter(({ step }) => step !== undefined).at(-1);
    const result = element('div', {}, say(`effect.${effect}`));
    if (effect === 'write') result.append(': ', valueBox(after));
    for (const { reason } of warnings) result.append(element('div', { className: 'small bad-text' }, reason));
    if (last?.step) result.append(element('div', {}, editorLink(nodes[last.step] ?? last.step, last.step, last.row)));
    return [name, element('div', {}, ...made), element('div', {}, ...bases), valueBox(before), result];
  });
  return table(say('explain.fields'), heads, rows);
}
