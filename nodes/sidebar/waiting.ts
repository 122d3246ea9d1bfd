/** An integration waits since the store was lost: somebody says that nothing can be there twice, and it goes on. */

import { words } from '../editor';
import { goOn } from './ask';
import { button, say } from './words';

export class Waiting {
  readonly element = $('<div hidden>');
  private readonly tools = $('<div class="twinflow-side-buttons">');
  private readonly note = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');

  constructor() {
    const hint = $('<div class="twinflow-side-line twinflow-side-small">').text(say('waiting.hint'));
    this.element.append(hint, this.tools, this.note);
    this.offer();
  }

  private offer(): void {
    const ask = button(say('waiting.goOn'), 'fa-play', () => {
      this.tools.empty().append(
        $('<span class="twinflow-side-small">').text(say('waiting.sure')),
        button(say('waiting.yes'), 'fa-play', () => this.goOn()),
        button(say('waiting.no'), 'fa-times', () => this.offer()),
      );
    });
    this.tools.empty().append(ask);
  }

  private goOn(): void {
    this.tools.find('button').prop('disabled', true);
    goOn()
      .then(
        () => this.note.text(''),
        (thrown: unknown) => this.note.text(words(thrown)),
      )
      .finally(() => this.offer());
  }
}
