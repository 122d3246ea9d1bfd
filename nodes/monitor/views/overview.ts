/** Every integration: whether it runs, both systems, and what waits. */

import type { SideView } from '../../../lib/model/operations';
import type { HourCount } from '../../../lib/store/contract/journal';
import { hours, type IntegrationState, integrations } from '../ask';
import { bars, spansOf } from '../bars';
import { say, when } from '../texts';
import { chip, element, type Tone } from '../ui';
import type { View } from '../view';

/** Shown as plots. */
const DAYS = 30;

const parkedIn = (sides: readonly SideView[] = []): number => sides.reduce((sum, { counts }) => sum + counts.parked, 0);

/** How an integration is, in a word or two, and how bad that is. */
export function stateOf({ active, sides, fault, dryRun, held, unused }: IntegrationState): {
  text: string;
  tone: Tone;
} {
  if (fault) return { text: say('state.failed'), tone: 'bad' };
  if (!active) return { text: say('state.inactive'), tone: 'quiet' };
  if (unused) return { text: say('state.unused'), tone: 'quiet' };
  if (held) return { text: say(`state.held.${held}`), tone: 'bad' };
  if (!sides) return { text: say('state.starting'), tone: 'quiet' };
  if (sides.some(({ system }) => system.pausedUntil)) return { text: say('state.paused'), tone: 'bad' };
  const count = parkedIn(sides);
  if (count > 0) return { text: say('state.parked', { count }), tone: 'warn' };
  if (dryRun) return { text: say('state.dryRun'), tone: 'warn' };
  return { text: say('state.running'), tone: 'good' };
}

export class OverviewView implements View {
  readonly element = element('div');
  private readonly none = element('p', { className: 'quiet' });
  private readonly grid = element('div', { className: 'grid' });
  private drawn = '';

  constructor() {
    this.element.append(element('h2', {}, say('overview.title')), this.none, this.grid);
  }

  async refresh(): Promise<void> {
    const [{ items }, { items: counts }] = await Promise.all([
      integrations(),
      // what is running is shown, also while the store is not open
      hours(DAYS * 24).catch(() => ({ items: [] })),
    ]);
    const drawn = JSON.stringify([items, counts]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.none.textContent = items.length === 0 ? say('overview.none') : '';
    this.grid.replaceChildren(...items.map((item) => card(item, counts)));
  }
}

function card(item: IntegrationState, counts: HourCount[]): HTMLElement {
  const { text, tone } = stateOf(item);
  const made = element('article', { className: `box ${tone}` }, element('h3', {}, item.name), chip(text, tone));
  if (item.fault) made.append(element('p', { className: 'text' }, item.fault));
  item.sides?.forEach((side, index) => {
    made.append(system(side, index === 0 ? 1 : 2));
  });
  const own = counts.filter(({ integration }) => integration === item.id);
  made.append(
    bars(say('overview.day'), spansOf(own, 1, 24, Date.now())),
    bars(say('overview.month'), spansOf(own, 24, DAYS, Date.now())),
  );
  const count = parkedIn(item.sides);
  if (count > 0) {
    const link = element('a', { className: 'button', href: '#failures' }, say('overview.failures', { count }));
    made.append(element('div', { className: 'bar' }, link));
  }
  return made;
}

function system(
  { system: { name, pausedUntil, why }, counts, polling, lastPoll, missing, diverged }: SideView,
  side: 1 | 2,
): HTMLElement {
  const box = element('div', {}, element('h4', {}, say('overview.system', { side, name })));
  const line = (text: string, className = 'small'): void => {
    box.append(element('div', { className: `text ${className}` }, text));
  };
  if (pausedUntil) line(say('overview.pausedUntil', { time: when(pausedUntil), why: why ?? '' }), 'small bad-text');
  if (polling) line(say('overview.polling'), 'small quiet');
  else if (lastPoll) line(say('overview.lastPoll', { time: when(lastPoll.at), count: lastPoll.read }), 'small quiet');
  else line(say('overview.notPolled'), 'small quiet');
  const amounts = [
    [counts.waiting + counts.held, 'waiting'],
    [counts.sent, 'sent'],
    [counts.retry, 'retry'],
    [counts.parked, 'parked'],
    [counts.shown, 'shown'],
  ] as const;
  const open = amounts.flatMap(([count, name]) => (count > 0 ? [say(`count.${name}`, { count })] : []));
  line([...(open.length > 0 ? open : [say('count.none')]), say('count.links', { count: counts.links })].join(' · '));
  if (diverged) line(say('overview.diverged', { count: diverged.count }));
  for (const reason of missing ?? []) line(reason);
  return box;
}
