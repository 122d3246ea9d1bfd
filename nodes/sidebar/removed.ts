/** Integrations that are no longer deployed but have links in the store. The links can be deleted. */

import { words } from '../editor';
import { forget, type Removed } from './ask';
import { button, say } from './words';

export class RemovedList {
  readonly element = $('<section class="twinflow-side-box" hidden>');
  private readonly rows = $('<div>');
  private readonly note = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');
  private drawn = '';

  constructor(private readonly changed: () => void) {
    const hint = $('<div class="twinflow-side-line twinflow-side-small twinflow-side-dim">').text(say('removed.hint'));
    this.element.append($('<h3>').text(say('removed.title')), hint, this.rows, this.note);
  }

  update(all: Removed[]): void {
    const drawn = JSON.stringify(all);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.element.prop('hidden', all.length === 0);
    this.rows.empty();
    for (const one of all) this.rows.append(this.row(one));
  }

  private row({ id, links }: Removed): JQuery {
    const row = $('<div class="twinflow-side-line">');
    const tools = $('<div class="twinflow-side-buttons">');
    this.offer(id, links, tools);
    return row.append($('<span>').text(say('removed.links', { id, count: links })), tools);
  }

  private offer(id: string, links: number, tools: JQuery): void {
    const ask = button(say('removed.forget'), 'fa-trash-o', () => {
      tools.empty().append(
        $('<span class="twinflow-side-small">').text(say('removed.sure', { count: links })),
        button(say('removed.yes'), 'fa-trash-o', () => this.forget(id, tools)),
        button(say('removed.no'), 'fa-times', () => this.offer(id, links, tools)),
      );
    });
    tools.empty().append(ask);
  }

  private forget(id: string, tools: JQuery): void {
    tools.find('button').prop('disabled', true);
    forget(id)
      .then(
        () => this.note.text(say('removed.done')),
        (thrown: unknown) => this.note.text(words(thrown)),
      )
      .finally(() => this.changed());
  }
}
