/** Linked items: found by either key or by address; and pairs that are made by hand. */

import type { LinkView } from '../../../lib/model/operations';
import { integrations, links, pair } from '../ask';
import { say } from '../texts';
import { button, element, IntegrationChoice } from '../ui';
import type { PageContext, View } from '../view';
import { LinkRow } from './link';

const TYPING_MS = 300;
const MOST = 500;

export class LinksView implements View {
  readonly element = element('div');
  private readonly choice = new IntegrationChoice(() => this.start());
  private readonly search = element('input', { type: 'search', placeholder: say('links.hint') });
  private readonly note = element('p', { className: 'quiet' });
  private readonly list = element('ol', { className: 'plain' });
  private readonly more = element('div', { className: 'bar' });
  private readonly one = element('input', { type: 'text', className: 'wide', placeholder: say('links.key') });
  private readonly two = element('input', { type: 'text', className: 'wide', placeholder: say('links.key') });
  private readonly labels: [HTMLElement, HTMLElement] = [element('span'), element('span')];
  private rows = new Map<number, LinkRow>();
  private next: number | undefined;
  private asked = 0;
  private shownFor = '';

  constructor(private readonly page: PageContext) {
    this.search.setAttribute('aria-label', say('links.hint'));
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.search.addEventListener('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.start(), TYPING_MS);
    });
    const make = element(
      'details',
      { className: 'box' },
      element('summary', {}, say('links.pairTitle')),
      element('p', { className: 'small quiet' }, say('links.pairHint')),
      element(
        'div',
        { className: 'bar' },
        element('label', {}, this.labels[0], this.one),
        element('label', {}, this.labels[1], this.two),
        button(say('links.pair'), '', () => this.pair()),
      ),
    );
    this.element.append(
      element('h2', {}, say('links.title')),
      element('div', { className: 'bar' }, this.choice.element, this.search),
      ...[this.note, this.list, this.more, make],
    );
  }

  async refresh(query: URLSearchParams): Promise<void> {
    const { items } = await integrations();
    const wanted = query.get('integration') ?? undefined;
    const isFirst = this.shownFor === '';
    this.choice.update(items, isFirst ? wanted : undefined);
    const chosen = items.find(({ id }) => id === this.choice.value);
    if (isFirst && query.has('search')) this.search.value = query.get('search') ?? '';
    this.labels.forEach((label, index) => {
      const name = chosen?.sides?.[index === 0 ? 0 : 1].system.name ?? '';
      label.textContent = say('links.itemOf', { side: index + 1, name });
    });
    if (items.length === 0) {
      this.note.textContent = say('overview.none');
      return;
    }
    // a list that somebody reads does not move: it is asked for again when something else is looked for
    if (this.shownFor !== this.key()) await this.load(true);
  }

  private key(): string {
    return JSON.stringify([this.choice.value, this.search.value.trim()]);
  }

  private start(): void {
    this.load(true).catch((thrown: unknown) => this.page.failed(thrown));
  }

  private async load(fresh: boolean): Promise<void> {
    const integration = this.choice.value;
    this.asked += 1;
    const mine = this.asked;
    const { items, next } = await links(integration, this.search.value.trim(), fresh ? undefined : this.next);
    if (mine !== this.asked) return;
    this.shownFor = this.key();
    this.next = next;
    if (fresh) {
      this.rows = new Map();
      this.list.replaceChildren();
    }
    for (const item of items) this.add(integration, item);
    const isEmpty = this.rows.size === 0;
    this.note.textContent = isEmpty ? say(next === undefined ? 'links.none' : 'links.goOn') : '';
    this.more.replaceChildren();
    if (next === undefined) return;
    if (this.rows.size >= MOST) this.more.append(element('p', { className: 'quiet small' }, say('links.most')));
    else this.more.append(button(say('showMore'), say('view.links'), () => this.goOn()));
  }

  private goOn(): void {
    this.load(false).catch((thrown: unknown) => this.page.failed(thrown));
  }

  private add(integration: string, item: LinkView): void {
    const row = new LinkRow(integration, item, this.page, () => this.start());
    this.rows.set(item.link, row);
    this.list.append(row.element);
  }

  private pair(): void {
    pair(this.choice.value, this.one.value, this.two.value).then(
      () => {
        this.page.failed(undefined);
        this.page.said(say('links.paired', { one: this.one.value, two: this.two.value }));
        this.one.value = '';
        this.two.value = '';
        this.search.value = '';
        this.start();
      },
      (thrown: unknown) => this.page.failed(thrown),
    );
  }
}
