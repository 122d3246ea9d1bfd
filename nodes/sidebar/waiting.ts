/** Shows that an integration waits since the store was lost, or at another URL, and lets a user continue it. */

import { words } from '../editor';
import { goOn } from './ask';
import { button, say } from './words';

export class Waiting {
  readonly element = $('<div hidden>');
  private readonly tools = $('<div class="twinflow-side-buttons">');
  private readonly note = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');

  private readonly hint = $('<div class="twinflow-side-line twinflow-side-small">');
  private why: 'store' | 'moved' | undefined;

  /** @param integration its id */
  constructor(private readonly integration: string) {
    this.element.append(this.hint, this.tools, this.note);
  }

  /** @param why undefined = it does not wait */
  show(why: 'store' | 'moved' | undefined): void {
    if (why === this.why) return;
    this.why = why;
    this.element.prop('hidden', why === undefined);
    if (why === undefined) return;
    this.hint.text(say(`waiting.${why}.hint`));
    this.offer();
  }

  private offer(): void {
    const ask = button(say('waiting.goOn'), 'fa-play', () => {
      this.tools.empty().append(
        $('<span class="twinflow-side-small">').text(say(`waiting.${this.why ?? 'store'}.sure`)),
        button(say('waiting.yes'), 'fa-play', () => this.goOn()),
        button(say('waiting.no'), 'fa-times', () => this.offer()),
      );
    });
    this.tools.empty().append(ask);
  }

  private goOn(): void {
    this.tools.find('button').prop('disabled', true);
    goOn(this.integration)
      .then(
        () => this.note.text(''),
        (thrown: unknown) => this.note.text(words(thrown)),
      )
      .finally(() => this.offer());
  }
}
