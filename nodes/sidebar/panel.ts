/** The whole tab: all integrations, with the parked changes of each. Asks the server only while the tab is visible. */

import { MetadataError, words } from '../editor';
import { type IntegrationState, integrations, parked, retry } from './ask';
import { Card, parkedIn } from './card';
import { monitorLink } from './monitor-link';
import { RemovedList } from './removed';
import { Row } from './row';
import { button, say } from './words';

const EVERY_MS = 2_500;
const TYPING_MS = 300;
const PAGE = 50;
const MOST = 200;

/** The parked changes of one integration. */
class ParkedList {
  readonly element = $('<div>');
  private readonly list = $('<ol class="twinflow-side-list">');
  private readonly search = $('<input type="text" class="twinflow-side-search">');
  private readonly note = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');
  private readonly more = $('<div class="twinflow-side-buttons">');
  private readonly tools = $('<div>');
  private readonly all: JQuery;
  private readonly rows = new Map<number, Row>();
  private limit = PAGE;
  private asked = 0;
  /** the note says why the last request failed */
  private failing = false;

  constructor(
    private readonly integration: string,
    private readonly changed: () => void,
  ) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    this.search.attr({ placeholder: say('searchHint'), 'aria-label': say('search') }).on('input', () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.refresh(1), TYPING_MS);
    });
    this.all = button(say('retryAll'), 'fa-repeat', () => this.retryAll());
    this.tools.append(this.search, $('<div class="twinflow-side-buttons">').append(this.all));
    this.element.append(this.tools, this.note, this.list, this.more);
  }

  private text(): string {
    return String(this.search.val() ?? '').trim();
  }

  /** @param count number of parked changes */
  refresh(count: number): void {
    this.tools.toggle(count > 0);
    if (count === 0 && this.rows.size === 0) return;
    this.asked += 1;
    const mine = this.asked;
    const text = this.text();
    parked(this.integration, text, this.limit).then(
      ({ items, more }) => {
        if (mine !== this.asked) return;
        const present = new Set(items.map(({ event }) => event));
        for (const [event, row] of this.rows) {
          if (present.has(event)) continue;
          row.element.remove();
          this.rows.delete(event);
        }
        items.forEach((item, index) => {
          const row = this.rows.get(item.event);
          if (row) {
            row.update(item);
            return;
          }
          const added = new Row(this.integration, item, (said) => this.done(said));
          this.rows.set(item.event, added);
          // oldest first, as sent by the server
          const before = this.list.children().get(index);
          if (before) added.element.insertBefore(before);
          else this.list.append(added.element);
        });
        this.all
          .contents()
          .last()
          .replaceWith(document.createTextNode(` ${say(text === '' ? 'retryAll' : 'retryShown')}`));
        this.showMore(more);
        if (items.length === 0 && text !== '') this.say('dim', say('noMatch'));
        else if (this.failing || this.note.text() === say('noMatch')) this.say('dim', '');
        this.failing = false;
      },
      (thrown: unknown) => {
        // a deploy is replacing or has removed it: the next request for all integrations shows it
        if (thrown instanceof MetadataError && thrown.kind === 'notFound') return;
        this.failing = true;
        this.say('bad', words(thrown));
      },
    );
  }

  private showMore(more: boolean): void {
    this.more.empty();
    if (!more) return;
    if (this.limit >= MOST)
      $('<span class="twinflow-side-small twinflow-side-dim">')
        .text(say('tooMany', { count: MOST }))
        .appendTo(this.more);
    else
      button(say('showMore'), 'fa-angle-down', () => {
        this.limit = Math.min(MOST, this.limit + PAGE);
        this.refresh(1);
      }).appendTo(this.more);
  }

  private retryAll(): void {
    const events = this.text() === '' ? undefined : [...this.rows.keys()];
    if (events?.length === 0) return;
    retry(this.integration, events).then(
      (count) => this.done(say('done.retriedAll', { count })),
      (thrown: unknown) => this.say('bad', words(thrown)),
    );
  }

  private done(said: string): void {
    this.say('good', said);
    // the element with the focus is gone
    if (this.search.is(':visible')) this.search.trigger('focus');
    this.changed();
  }

  private say(tone: 'good' | 'bad' | 'dim', text: string): void {
    this.note.attr('class', `twinflow-side-line twinflow-side-small twinflow-side-${tone}`).text(text);
  }
}

export class Panel {
  readonly element = $('<div class="twinflow-side">');
  private readonly note = $('<div class="twinflow-side-line" role="status" aria-live="polite">');
  private readonly boxes = new Map<string, { card: Card; list: ParkedList }>();
  private readonly removed = new RemovedList(() => this.refresh());
  private asking = false;
  /** after this answer, further requests are pointless */
  private forbidden = false;

  constructor() {
    this.element.append(monitorLink(), this.note);
    setInterval(() => this.refresh(), EVERY_MS);
    if (typeof IntersectionObserver === 'function') {
      const [element] = this.element.get();
      if (element) new IntersectionObserver(() => this.refresh()).observe(element);
    }
  }

  /** Asks at once if the tab is visible. */
  refresh(): void {
    if (this.asking || this.forbidden || document.hidden || !this.element.is(':visible')) return;
    this.asking = true;
    integrations()
      .then(
        ({ items, removed = [] }) => {
          this.show(items);
          this.removed.update(removed);
          this.removed.element.appendTo(this.element);
        },
        (thrown: unknown) => {
          this.forbidden = thrown instanceof MetadataError && thrown.kind === 'forbidden';
          this.say('bad', this.forbidden ? say('forbidden') : words(thrown));
        },
      )
      .finally(() => {
        this.asking = false;
      });
  }

  private show(all: IntegrationState[]): void {
    this.say('dim', all.length === 0 ? say('none') : '');
    const present = new Set(all.map(({ id }) => id));
    for (const [id, { card }] of this.boxes) {
      if (present.has(id)) continue;
      card.element.remove();
      this.boxes.delete(id);
    }
    for (const state of all) {
      const box = this.boxes.get(state.id) ?? this.add(state.id);
      box.card.update(state);
      box.list.refresh(parkedIn(state.sides));
    }
  }

  private add(id: string): { card: Card; list: ParkedList } {
    const card = new Card(id);
    const list = new ParkedList(id, () => setTimeout(() => this.refresh(), 300));
    card.element.append(list.element).appendTo(this.element);
    const box = { card, list };
    this.boxes.set(id, box);
    return box;
  }

  private say(tone: 'bad' | 'dim', text: string): void {
    if (this.note.text() === text) return;
    this.note.attr('class', `twinflow-side-line twinflow-side-${tone}`).text(text);
  }
}
