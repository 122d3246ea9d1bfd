/** A small plot: how many results and parked changes there were in each of some equal spans of time. */

import { largest } from '../../lib/model/lists';
import type { HourCount } from '../../lib/store/contract/journal';
import { say } from './texts';

const NS = 'http://www.w3.org/2000/svg';
const HEIGHT = 36;
const WIDTH = 8;
const HOUR_MS = 3_600_000;
/** What people did is not a change. */
const NO_CHANGE = new Set(['action']);

export interface Span {
  synced: number;
  parked: number;
}

/**
 * Counts in spans of `hours` hours, the oldest first; the last one holds `now`.
 * @param now ms since 1970
 */
export function spansOf(counts: readonly HourCount[], hours: number, number: number, now: number): Span[] {
  const last = Math.floor(now / HOUR_MS);
  const spans = Array.from({ length: number }, (): Span => ({ synced: 0, parked: 0 }));
  for (const { hour, outcome, count } of counts) {
    const back = Math.floor((last - Math.floor(Date.parse(hour) / HOUR_MS)) / hours);
    const span = spans[number - 1 - back];
    if (!span || NO_CHANGE.has(outcome)) continue;
    if (outcome === 'parked') span.parked += count;
    else span.synced += count;
  }
  return spans;
}

function rectangle(x: number, height: number, above: number, kind: string): SVGElement {
  const made = document.createElementNS(NS, 'rect');
  const values = { x, y: HEIGHT - above - height, width: WIDTH - 2, height, class: kind };
  for (const [name, value] of Object.entries(values)) made.setAttribute(name, String(value));
  return made;
}

/** @param label what is counted; the sums are added to it */
export function bars(label: string, spans: readonly Span[]): HTMLElement {
  const sums = { count: 0, failed: 0 };
  for (const { synced, parked } of spans) {
    sums.count += synced;
    sums.failed += parked;
  }
  const most = largest(
    spans.map(({ synced, parked }) => synced + parked),
    1,
  );
  const plot = document.createElementNS(NS, 'svg');
  const text = `${label}: ${say('overview.sum', sums)}`;
  const attributes = {
    viewBox: `0 0 ${spans.length * WIDTH} ${HEIGHT}`,
    role: 'img',
    'aria-label': text,
    class: 'bars',
  };
  for (const [name, value] of Object.entries(attributes)) plot.setAttribute(name, value);
  plot.setAttribute('preserveAspectRatio', 'none');
  // what is there is seen, however little it is beside the most
  const height = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / most) * (HEIGHT - 4)));
  for (const [index, { synced, parked }] of spans.entries()) {
    const x = index * WIDTH + 1;
    const bottom = height(synced);
    plot.append(rectangle(x, 1, 0, 'base'));
    if (synced > 0) plot.append(rectangle(x, bottom, 0, 'good'));
    if (parked > 0) plot.append(rectangle(x, height(parked), bottom, 'bad'));
  }
  const box = document.createElement('figure');
  const caption = document.createElement('figcaption');
  caption.className = 'small quiet';
  caption.textContent = text;
  box.append(caption, plot);
  return box;
}
