/** Every integration: as a graph and as a table, and one of them in full. */

import type { HourCount } from '../../../lib/store/contract/journal';
import { hours, type IntegrationState, integrations } from '../ask';
import { IntegrationGraph } from '../graph';
import { DAYS, spansOf, sumOf } from '../spans';
import { byUrgency, lagOf, nextPollOf, parkedIn, queueOf, stateOf } from '../state';
import { lasting, say, when } from '../texts';
import { button, chip, element, keepFocus, type Tone, table } from '../ui';
import type { View } from '../view';
import { IntegrationDetail } from './integration';

const TONES: readonly Tone[] = ['bad', 'warn', 'good', 'quiet'];

export class OverviewView implements View {
  readonly element = element('div');
  private readonly none = element('p', { className: 'quiet' });
  private readonly sums = element('p', { className: 'bar sums' });
  private readonly graph = new IntegrationGraph((id) => this.choose(id));
  private readonly list = element('div');
  private readonly detail = new IntegrationDetail();
  private items: IntegrationState[] = [];
  private counts: HourCount[] = [];
  private chosen: string | undefined;
  private drawn = '';

  constructor() {
    this.element.append(
      element('h2', {}, say('overview.title')),
      ...[this.none, this.sums, this.graph.element, this.list, this.detail.element],
    );
    addEventListener('resize', () => this.draw());
  }

  async refresh(): Promise<void> {
    const [{ items }, { items: counts }] = await Promise.all([
      integrations(),
      // what is running is shown, also while the store is not open
      hours(DAYS * 24).catch(() => ({ items: [] })),
    ]);
    this.items = items;
    this.counts = counts;
    this.draw();
  }

  private choose(id: string): void {
    this.chosen = id;
    this.draw();
  }

  private draw(): void {
    const { items, counts } = this;
    const shown = items.find(({ id }) => id === this.chosen) ?? byUrgency(items)[0];
    const { color } = getComputedStyle(document.body);
    // times go by, and the theme may be another one
    const drawn = JSON.stringify([items, counts, shown?.id, color, innerWidth, Math.floor(Date.now() / 10_000)]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.none.textContent = items.length === 0 ? say('overview.none') : '';
    keepFocus(this.element, () => {
      this.sums.replaceChildren(...(items.length > 1 ? sumChips(items) : []));
      this.graph.update(items, shown?.id);
      this.list.replaceChildren(...(items.length > 1 ? [this.table(shown?.id)] : []));
      this.detail.update(shown, shown ? this.countsOf(shown.id) : []);
    });
  }

  private countsOf(id: string): HourCount[] {
    return this.counts.filter(({ integration }) => integration === id);
  }

  private table(chosen: string | undefined): HTMLElement {
    const now = Date.now();
    const heads = ['integration', 'state', 'lag', 'queue', 'hour', 'failures24', 'next'];
    const rows = byUrgency(this.items).map((item) => {
      const { text, tone } = stateOf(item);
      const day = spansOf(this.countsOf(item.id), 1, 24, now);
      const open = button(item.name, '', () => this.choose(item.id));
      open.className = 'link';
      open.dataset.focus = `row ${item.id}`;
      open.setAttribute('aria-pressed', String(item.id === chosen));
      const lag = lagOf(item.sides, now);
      const next = nextPollOf(item.sides);
      return [
        open,
        chip(text, tone),
        lag === undefined ? '–' : lasting(lag),
        queueOf(item.sides).toLocaleString(),
        sumOf(day.slice(-1)).synced.toLocaleString(),
        sumOf(day).parked.toLocaleString(),
        next === undefined ? '–' : when(next),
      ];
    });
    return table(
      say('overview.table'),
      heads.map((head) => say(`overview.head.${head}`)),
      rows,
    );
  }
}

/** How many integrations are in which state. */
function sumChips(items: readonly IntegrationState[]): HTMLElement[] {
  const tones = items.map((item) => stateOf(item).tone);
  const chips = TONES.flatMap((tone) => {
    const count = tones.filter((one) => one === tone).length;
    return count > 0 ? [chip(say(`overview.tone.${tone}`, { count }), tone)] : [];
  });
  const parked = items.reduce((sum, { sides }) => sum + parkedIn(sides), 0);
  if (parked === 0) return chips;
  return [
    ...chips,
    element('a', { className: 'button', href: '#failures' }, say('overview.failures', { count: parked })),
  ];
}
