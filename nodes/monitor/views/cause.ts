/** One cause: what it is, what to do about it, and the changes that it stops. */

import type { ParkedView } from '../../../lib/model/operations';
import { type Cause, decide, parkedBy, retry, skip } from '../ask';
import { say, when } from '../texts';
import { askText, button, chip, editorLink, element, toggle } from '../ui';
import { type PageContext, perform } from '../view';
import { ChangeRow } from './change';
import { showEdit } from './edit';

const PAGE = 20;
const MOST = 200;

export class CauseBox {
  readonly element = element('article', { className: 'box bad' });
  private readonly head = element('h3');
  private readonly about = element('p', { className: 'small quiet' });
  private readonly advice = element('p');
  private readonly rows = element('div', { className: 'bar' });
  private readonly form = element('div');
  private readonly body = element('div');
  private readonly list = element('ol', { className: 'plain' });
  private readonly more = element('div', { className: 'bar' });
  private readonly changes = new Map<number, ChangeRow>();
  private readonly retryAll: HTMLButtonElement;
  private limit = PAGE;
  private drawn = '';

  constructor(
    private readonly integration: string,
    private cause: Cause,
    private readonly page: PageContext,
  ) {
    const { message } = cause;
    this.retryAll = button('', '', () => this.act(() => retry(integration, { cause: this.cause.cause }), 'retried'));
    const skipAll = button(say('failures.skipAll'), message, () => this.askReason());
    const open = toggle(say('failures.changes'), message, this.body, () => this.load());
    this.body.append(this.list, this.more);
    this.element.append(
      ...[this.head, this.about, this.advice, this.rows],
      element('div', { className: 'bar' }, open, ...this.decisions(), this.retryAll, skipAll),
      this.form,
      this.body,
    );
  }

  update(cause: Cause): void {
    this.cause = cause;
    const drawn = JSON.stringify(cause);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const { message, count, kind, advice, fields, names, node, rows, first, last } = cause;
    this.head.replaceChildren(
      chip(say('failures.count', { count }), 'bad'),
      ` ${message}${fields.length > 0 ? ` (${fields.map((field) => names[field] ?? field).join(', ')})` : ''}`,
    );
    this.about.textContent = [
      say(`kind.${kind}`),
      say('failures.direction', { from: cause.side, to: cause.side === 1 ? 2 : 1 }),
      count === 1
        ? say('failures.at', { time: when(last) })
        : say('failures.span', { first: when(first), last: when(last) }),
    ].join(' · ');
    this.advice.textContent = say(`advice.${advice}`);
    this.retryAll.textContent = say('failures.retryAll', { count });
    this.retryAll.setAttribute('aria-label', `${say('failures.retryAll', { count })}: ${message}`);
    this.rows.replaceChildren(
      ...rows.map(({ node: id, name, row, field }) =>
        editorLink(say('failures.openRow', { field: names[field] ?? field, name }), id, row),
      ),
      ...(node !== undefined ? [editorLink(say('failures.openNode'), node)] : []),
    );
    if (!this.body.hidden) this.load();
  }

  /** What can be done for the whole group, beside retrying and skipping. */
  private decisions(): HTMLElement[] {
    const { kind, message, fields, count } = this.cause;
    if (kind === 'conflict') {
      return ([1, 2] as const).map((side) => button(say('decide.group', { side }), message, () => this.askSide(side)));
    }
    if (kind !== 'invalid' || fields.length === 0 || count < 2) return [];
    const fail = (thrown: unknown) => this.page.failed(thrown);
    return [button(say('edit.openAll'), message, () => void this.edit().catch(fail))];
  }

  private askSide(side: 1 | 2): void {
    const { count, cause, message } = this.cause;
    const yes = button(say('decide.groupOk', { count }), message, () =>
      this.act(() => decide(this.integration, { cause }, { side }), 'retried'),
    );
    const leave = button(say('cancel'), message, () => this.form.replaceChildren());
    const hint = element('p', {}, say('decide.groupHint', { side, other: side === 1 ? 2 : 1, count }));
    this.form.replaceChildren(hint, element('div', { className: 'bar' }, yes, leave));
    yes.focus();
  }

  private async edit(): Promise<void> {
    const { cause, fields, count } = this.cause;
    const { items } = await parkedBy(this.integration, cause, 1);
    const [first] = items;
    if (!first) return;
    const { integration } = this;
    await showEdit(this.form, this.page, { integration, event: first.event, which: { cause }, only: fields, count });
  }

  private load(): void {
    parkedBy(this.integration, this.cause.cause, this.limit).then(
      ({ items, more }) => this.draw(items, more),
      (thrown: unknown) => this.page.failed(thrown),
    );
  }

  private draw(items: ParkedView[], more: boolean): void {
    const present = new Set(items.map(({ event }) => event));
    for (const [event, row] of this.changes) {
      if (present.has(event)) continue;
      row.element.remove();
      this.changes.delete(event);
    }
    for (const item of items) {
      let row = this.changes.get(item.event);
      if (!row) {
        row = new ChangeRow(this.integration, item, this.page);
        this.changes.set(item.event, row);
        this.list.append(row.element);
      }
      row.update(item);
    }
    this.more.replaceChildren();
    if (!more) return;
    if (this.limit >= MOST) this.more.append(element('p', { className: 'small quiet' }, say('failures.most')));
    else {
      const next = button(say('showMore'), this.cause.message, () => {
        this.limit = Math.min(MOST, this.limit + PAGE * 2);
        this.load();
      });
      this.more.append(next);
    }
  }

  private askReason(): void {
    const { count } = this.cause;
    const words = { hint: say('skip.hintAll', { count }), label: say('skip.reason'), ok: say('skip.okAll', { count }) };
    askText(this.form, words, (reason) =>
      this.act(() => skip(this.integration, { cause: this.cause.cause }, reason), 'skipped'),
    );
  }

  private act(work: () => Promise<{ count: number }>, said: 'retried' | 'skipped'): void {
    perform(this.page, this.element, work, ({ count }) => {
      this.form.replaceChildren();
      return say(`done.${said}`, { count });
    });
  }
}
