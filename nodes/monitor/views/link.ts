/** One pair of linked items: both sides, what differs now, comments and files, and what can be done. */

import type { LinkDetail, LinkView } from '../../../lib/model/operations';
import { explain, linkDetail, syncNow, unlink } from '../ask';
import { say } from '../texts';
import { button, element, linked, table, toggle, valueBox } from '../ui';
import type { PageContext } from '../view';

export class LinkRow {
  readonly element = element('li');
  private readonly body = element('div');
  private readonly differences = element('div');
  private readonly form = element('div');
  private readonly name: string;

  constructor(
    private readonly integration: string,
    private readonly view: LinkView,
    private readonly page: PageContext,
    /** the link is gone */
    private readonly gone: () => void,
  ) {
    const [one, two] = view.ends;
    this.name = `${one.key} ↔ ${two.key}`;
    const made = view.made === undefined ? '' : ` · ${say('links.made', { side: view.made })}`;
    this.element.append(
      element(
        'div',
        {},
        linked(one.key, one.url),
        ' ↔ ',
        linked(two.key, two.url),
        element('span', { className: 'quiet small' }, made),
      ),
      element(
        'div',
        { className: 'bar' },
        toggle(say('details'), this.name, this.body, () => this.load()),
        button(say('links.differences'), this.name, () => this.compare()),
        button(say('links.sync'), this.name, () => this.sync()),
        button(say('links.unlink'), this.name, () => this.ask()),
      ),
      ...[this.form, this.differences, this.body],
    );
  }

  private get entity(): string {
    return this.view.ends[0].id;
  }

  private load(): void {
    linkDetail(this.integration, this.entity).then(
      (found) => this.draw(found),
      (thrown: unknown) => this.page.failed(thrown),
    );
  }

  private draw({ ends, places, parts, moreParts, leftOut, inDoubt, open }: LinkDetail): void {
    const side = (index: 0 | 1): HTMLElement => {
      const { key, url, id } = ends[index];
      const { project, type } = places[index];
      return element(
        'dl',
        {},
        ...[element('dt', {}, say('links.item')), element('dd', {}, linked(key, url))],
        ...[element('dt', {}, say('links.id')), element('dd', {}, id)],
        ...[element('dt', {}, say('links.project')), element('dd', {}, project)],
        ...[element('dt', {}, say('links.type')), element('dd', {}, type)],
        ...(leftOut[index].length > 0
          ? [element('dt', {}, say('links.leftOut')), element('dd', {}, leftOut[index].join(', '))]
          : []),
      );
    };
    const made: HTMLElement[] = [element('div', { className: 'two' }, side(0), side(1))];
    if (inDoubt) made.push(element('p', {}, say('links.inDoubt')));
    made.push(element('h3', {}, say('links.open')));
    if (open.length === 0) made.push(element('p', {}, say('links.nothingOpen')));
    for (const { side: of, state, why } of open) {
      const text = `${say(`queue.${state}`)} (${say('failures.direction', { from: of, to: of === 1 ? 2 : 1 })})`;
      made.push(element('p', { className: 'text' }, why === undefined ? text : `${text}: ${why}`));
    }
    made.push(element('h3', {}, say('links.parts')));
    if (parts.length === 0) made.push(element('p', {}, say('links.noParts')));
    else {
      const rows = parts.map(({ ends: [one, two], isFile }) => [
        say(isFile ? 'links.file' : 'links.comment'),
        one.key,
        two.key,
      ]);
      made.push(
        table(say('links.parts'), [say('links.type'), say('system', { side: 1 }), say('system', { side: 2 })], rows),
      );
    }
    if (moreParts) made.push(element('p', { className: 'quiet small' }, say('links.moreParts')));
    this.body.replaceChildren(...made);
  }

  /** What the next sync of the item of System 1 would do to its counterpart. */
  private compare(): void {
    this.differences.replaceChildren(element('p', { className: 'quiet' }, say('explain.asking')));
    explain(this.integration, this.view.ends[0].key, 1).then(
      ({ items }) => {
        const fields = items[0]?.fields ?? [];
        const differing = fields.filter(({ before, wanted }) => JSON.stringify(before) !== JSON.stringify(wanted));
        const [one, two] = this.view.ends;
        if (fields.length === 0) {
          this.differences.replaceChildren(element('p', {}, items[0] ? say('links.notComparable') : ''));
          return;
        }
        if (differing.length === 0) {
          this.differences.replaceChildren(element('p', {}, say('links.same')));
          return;
        }
        const rows = differing.map(({ name, wanted, before, effect }) => [
          name,
          valueBox(wanted),
          valueBox(before),
          say(`effect.${effect}`),
        ]);
        this.differences.replaceChildren(
          table(say('links.differences'), [say('field'), one.key, two.key, say('explain.effect')], rows),
        );
      },
      (thrown: unknown) => {
        this.differences.replaceChildren();
        this.page.failed(thrown);
      },
    );
  }

  private sync(): void {
    syncNow(this.integration, this.entity).then(
      () => this.page.said(say('links.syncing', { name: this.name })),
      (thrown: unknown) => this.page.failed(thrown),
    );
  }

  private ask(): void {
    const yes = button(say('links.unlinkYes'), this.name, () => {
      unlink(this.integration, this.entity).then(
        () => {
          this.page.said(say('links.unlinked', { name: this.name }));
          this.gone();
        },
        (thrown: unknown) => this.page.failed(thrown),
      );
    });
    this.form.replaceChildren(
      element('p', {}, say('links.unlinkSure')),
      element(
        'div',
        { className: 'bar' },
        yes,
        button(say('cancel'), this.name, () => this.form.replaceChildren()),
      ),
    );
    yes.focus();
  }
}
