/** One integration in full: both systems with what waits and what they allow, and what has happened, as plots. */

import type { RequestsView, SideView } from '../../../lib/model/operations';
import type { HourCount } from '../../../lib/store/contract/journal';
import type { IntegrationState } from '../ask';
import { plot } from '../plot';
import { DAYS, spansOf } from '../spans';
import { lagOf, parkedIn, stateOf } from '../state';
import { lasting, say, when } from '../texts';
import { chip, element } from '../ui';

export class IntegrationDetail {
  readonly element = element('article', { className: 'box' });
  private plotted = '';
  private plots: HTMLElement[] = [];

  /** @param counts its own, by hour; undefined = there is none to show */
  update(item: IntegrationState | undefined, counts: HourCount[]): void {
    this.element.hidden = item === undefined;
    if (!item) return;
    const { text, tone } = stateOf(item);
    this.element.className = `box ${tone}`;
    this.element.replaceChildren(element('div', { className: 'head' }, element('h3', {}, item.name), chip(text, tone)));
    if (item.fault) this.element.append(element('p', { className: 'text' }, item.fault));
    const sides = item.sides?.map((side, index) => system(side, index === 0 ? 1 : 2)) ?? [];
    this.element.append(element('div', { className: 'two' }, ...sides), element('div', { className: 'two' }));
    this.element.lastElementChild?.append(...this.plotsOf(item.id, counts));
    const count = parkedIn(item.sides);
    const bar = element('div', { className: 'bar' });
    const query = new URLSearchParams({ integration: item.id });
    if (count > 0)
      bar.append(element('a', { className: 'button', href: '#failures' }, say('overview.failures', { count })));
    bar.append(
      element('a', { className: 'button', href: `#activity?${query}` }, say('view.activity')),
      element('a', { className: 'button', href: `#links?${query}` }, say('view.links')),
    );
    this.element.append(bar);
  }

  /** Drawn again only if something has happened. */
  private plotsOf(id: string, counts: HourCount[]): HTMLElement[] {
    const now = Date.now();
    const plotted = JSON.stringify([
      ...[id, counts, Math.floor(now / 3_600_000), getComputedStyle(document.body).color],
    ]);
    if (plotted !== this.plotted) {
      this.plotted = plotted;
      this.plots = [
        plot(say('overview.day'), spansOf(counts, 1, 24, now), 1, now),
        plot(say('overview.month'), spansOf(counts, 24, DAYS, now), 24, now),
      ];
    }
    return this.plots;
  }
}

function system(side: SideView, number: 1 | 2): HTMLElement {
  const { pausedUntil, why, name } = side.system;
  const { counts, polling, lastPoll, nextPoll, missing, diverged, requests } = side;
  const box = element('div', {}, element('h4', {}, say('overview.system', { side: number, name })));
  if (pausedUntil) {
    const text = say('overview.pausedUntil', { time: when(pausedUntil), why: why ?? '' });
    box.append(element('p', { className: 'text small bad-text' }, text));
  }
  const list = element('dl', { className: 'small' });
  const line = (label: string, text: string): void => {
    list.append(element('dt', {}, say(`overview.${label}`)), element('dd', {}, text));
  };
  const amounts = [
    [counts.waiting + counts.held, 'waiting'],
    [counts.sent, 'sent'],
    [counts.retry, 'retry'],
    [counts.parked, 'parked'],
    [counts.shown, 'shown'],
  ] as const;
  const open = amounts.flatMap(([count, of]) => (count > 0 ? [say(`count.${of}`, { count })] : []));
  line('queue', open.length > 0 ? open.join(' · ') : say('count.none'));
  const lag = lagOf([side], Date.now());
  if (lag !== undefined) line('lag', say('overview.lagOf', { time: lasting(lag) }));
  line('links', say('count.links', { count: counts.links }));
  if (polling) line('poll', say('overview.polling'));
  else if (lastPoll) line('poll', say('overview.lastPoll', { time: when(lastPoll.at), count: lastPoll.read }));
  else line('poll', say('overview.notPolled'));
  line('next', nextPoll === undefined ? say('overview.onDemand') : when(nextPoll));
  line('requests', requestsText(requests));
  box.append(list, ...meters(requests));
  if (diverged) box.append(element('p', { className: 'small' }, say('overview.diverged', { count: diverged.count })));
  for (const reason of missing ?? []) box.append(element('p', { className: 'text small' }, reason));
  return box;
}

function requestsText({ lastHour, out, waiting, perSecond }: RequestsView): string {
  return [
    say('overview.lastHour', { count: lastHour }),
    ...(out + waiting > 0 ? [say('overview.underWay', { out, waiting })] : []),
    perSecond === undefined
      ? say('overview.noLimit')
      : say('overview.perSecond', { count: Math.round(perSecond * 10) / 10 }),
  ].join(' · ');
}

/** What the system itself reports as left. */
function meters({ quotas = [] }: RequestsView): HTMLElement[] {
  return quotas.map(({ name, limit, left, resetAt }) => {
    const text = say('overview.quota', { name, left, limit, time: when(resetAt) });
    const meter = element('meter', { min: 0, max: limit, value: left, low: limit * 0.2, optimum: limit });
    meter.setAttribute('aria-label', text);
    return element('div', { className: 'small quota' }, meter, ` ${text}`);
  });
}
