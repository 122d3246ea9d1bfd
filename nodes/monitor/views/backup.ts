/** The whole store as one file, and such a file in place of the store. */

import { backup, restartFlows, restore } from '../ask';
import { say } from '../texts';
import { button, element } from '../ui';
import { type PageContext, perform, type View } from '../view';

export class BackupView implements View {
  readonly element = element('div');
  private readonly file = element('input', { type: 'file', id: 'backup-file' });
  private readonly next = element('div');

  constructor(private readonly page: PageContext) {
    const send = button(say('backup.restore'), '', () => this.restore());
    this.element.append(
      element('h2', {}, say('backup.title')),
      element(
        'section',
        { className: 'box' },
        element('h3', {}, say('backup.make')),
        element('p', {}, say('backup.makeHint')),
        element(
          'div',
          { className: 'bar' },
          button(say('backup.download'), '', () => this.download()),
        ),
      ),
      element(
        'section',
        { className: 'box' },
        element('h3', {}, say('backup.restoreTitle')),
        element('p', {}, say('backup.restoreHint')),
        element(
          'div',
          { className: 'bar' },
          element('label', { htmlFor: this.file.id }, say('backup.file')),
          this.file,
          send,
        ),
        this.next,
      ),
    );
  }

  async refresh(): Promise<void> {
    // nothing changes by itself
  }

  private download(): void {
    const save = async (): Promise<void> => {
      const { file, name } = await backup();
      const href = URL.createObjectURL(file);
      element('a', { href, download: name }).click();
      setTimeout(() => URL.revokeObjectURL(href), 60_000);
    };
    perform(this.page, this.element, save, () => say('backup.made'));
  }

  private restore(): void {
    const [chosen] = this.file.files ?? [];
    if (!chosen) {
      this.page.failed(say('backup.none'));
      this.file.focus();
      return;
    }
    perform(
      this.page,
      this.element,
      () => restore(chosen),
      ({ links, parked }) => {
        const restart = button(say('backup.restart'), '', () => this.restart());
        this.next.replaceChildren(
          element('p', {}, say('backup.staged', { links, parked })),
          element('div', { className: 'bar' }, restart),
        );
        return say('backup.checked');
      },
    );
  }

  private restart(): void {
    perform(this.page, this.element, restartFlows, () => {
      this.next.replaceChildren();
      return say('backup.restarted');
    });
  }
}
