/** One parked change: on which item it failed, and on demand everything that is needed to understand it. */

import type { ParkedView } from '../../../lib/model/operations';
import { type Detail, detail, retry, skip } from '../ask';
import { say, when } from '../texts';
import { askText, button, editorLink, element, linked, table, toggle, valueBox } from '../ui';
import { type PageContext, perform } from '../view';
import { showConflict } from './decide';
import { showEdit } from './edit';

/** The key of a comment says nothing to people. */
function nameOf({ part, entity }: ParkedView): string {
  if (!part) return entity.key;
  const by = part.by ? say('part.by', { name: part.by }) : '';
  return `${say('part.of', { type: part.type, owner: part.owner })}${by}`;
}

export class ChangeRow {
  readonly element = element('li');
  private readonly head = element('div');
  private readonly about = element('div', { className: 'small quiet' });
  private readonly form = element('div');
  private readonly body = element('div');
  private drawn = '';

  constructor(
    private readonly integration: string,
    private view: ParkedView,
    private readonly page: PageContext,
  ) {
    const name = nameOf(view);
    const { event } = view;
    const fail = (thrown: unknown) => this.page.failed(thrown);
    const isConflict = view.error.kind === 'conflict';
    const buttons = element(
      'div',
      { className: 'bar' },
      isConflict
        ? button(say('decide.open'), name, () => void showConflict(this.form, page, integration, this.view).catch(fail))
        : undefined,
      toggle(say('details'), name, this.body, () => this.load()),
      button(say('retry'), name, () => this.act(() => retry(integration, { events: [event] }), 'retried')),
      button(say('edit.open'), name, () => void this.edit().catch(fail)),
      button(say('skip.open'), name, () => this.askReason()),
      element(
        'a',
        {
          className: 'button',
          href: `#explain?${new URLSearchParams({ integration, side: String(view.side), key: view.entity.key })}`,
        },
        say('explain.open'),
      ),
    );
    this.element.append(this.head, this.about, buttons, this.form, this.body);
  }

  update(view: ParkedView): void {
    const drawn = JSON.stringify(view);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.view = view;
    const { entity, counterpart, to, attempts, error, corrected, part } = view;
    this.head.replaceChildren(
      linked(nameOf(view), entity.url),
      ' → ',
      counterpart ? linked(counterpart.key, counterpart.url) : element('span', {}, say('newIn', { to })),
      ...(part?.words ? [element('span', { className: 'quiet' }, ` “${part.words}”`)] : []),
    );
    const about = [when(error.at), say('attempts', { count: attempts })];
    if (corrected.length > 0) about.push(say('corrected'));
    this.about.textContent = about.join(' · ');
    if (!this.body.hidden) this.load();
  }

  private load(): void {
    detail(this.integration, this.view.event).then(
      (found) => this.draw(found),
      (thrown: unknown) => this.page.failed(thrown),
    );
  }

  private draw(found: Detail): void {
    const { error, mapped, corrections, source, undecidedSince, laterWaits, awaitedBy, names, rows, to } = found;
    const parts: HTMLElement[] = [element('p', { className: 'text' }, error.message)];
    if (error.answer) {
      parts.push(element('h4', {}, say('answer')), element('pre', { tabIndex: 0 }, error.answer));
    }
    if (undecidedSince) parts.push(element('p', {}, say('undecided', { time: when(undecidedSince) })));
    const behind = [
      ...(laterWaits ? [say('behind.later')] : []),
      ...(awaitedBy > 0 ? [say('behind.references', { count: awaitedBy })] : []),
    ];
    parts.push(element('h4', {}, say('behind.title')), element('p', {}, behind.join(' ') || say('behind.nothing')));
    if (rows.length > 0) {
      const links = rows.map(({ node, name, row, field }) =>
        editorLink(say('failures.openRow', { field: names.target[field] ?? field, name }), node, row),
      );
      parts.push(element('div', { className: 'bar' }, ...links));
    }
    if (mapped) {
      const wrong = error.fields ?? {};
      const order = [...new Set([...Object.keys(wrong), ...Object.keys(corrections), ...Object.keys(mapped)])];
      parts.push(
        element('h4', {}, say('mappedValues', { to })),
        table(
          say('mappedValues', { to }),
          [say('field'), say('value'), say('problem')],
          order.map((id) => {
            const why = element('span', { className: 'bad-text' }, wrong[id] ?? '');
            return [names.target[id] ?? id, valueBox(corrections[id]?.value ?? mapped[id]), why];
          }),
        ),
      );
    } else parts.push(element('p', {}, say('unmapped')));
    const title = say('sourceValues', { key: source.key, time: when(source.updatedAt) });
    const fields = Object.entries(source.fields).map(([id, value]) => [names.source[id] ?? id, valueBox(value)]);
    const rest = element(
      'details',
      {},
      element('summary', {}, title),
      table(title, [say('field'), say('value')], fields),
    );
    parts.push(rest);
    this.body.replaceChildren(...parts);
  }

  private edit(): Promise<void> {
    const { event } = this.view;
    return showEdit(this.form, this.page, { integration: this.integration, event, which: { event }, count: 1 });
  }

  private askReason(): void {
    const words = { hint: say('skip.hint'), label: say('skip.reason'), ok: say('skip.ok') };
    askText(this.form, words, (reason) =>
      this.act(() => skip(this.integration, { events: [this.view.event] }, reason), 'skipped'),
    );
  }

  private act(work: () => Promise<{ count: number }>, said: 'retried' | 'skipped'): void {
    perform(this.page, this.element, work, ({ count }) => {
      this.form.replaceChildren();
      return count > 0 ? say(`done.${said}One`, { key: nameOf(this.view) }) : say('done.gone');
    });
  }
}
