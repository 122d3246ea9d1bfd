/** A plot of what was synced and what was parked over time, drawn by uPlot. */

import uPlot from 'uplot';
import { type Span, startsOf, sumOf } from './spans';
import { language, say } from './texts';
import { element } from './ui';

const HEIGHT = 150;
const LEAST_WIDTH = 200;
const HOUR_S = 3_600;

/** A colour of the page as the canvas needs it: `light-dark()` is resolved. */
function colour(name: string): string {
  const probe = element('span');
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

const filled = (label: string, name: string): uPlot.Series => ({
  ...{ label, stroke: colour(name), fill: colour(name), width: 0 },
  ...(uPlot.paths.bars && { paths: uPlot.paths.bars({ size: [0.75, 40], align: 1 }) }),
  points: { show: false },
});

/**
 * @param label what is counted; the sums are added to it
 * @param hours in each of the spans, the last of which holds `now` (ms since 1970)
 */
export function plot(label: string, spans: readonly Span[], hours: number, now: number): HTMLElement {
  const { synced, parked } = sumOf(spans);
  const text = `${label}: ${say('overview.sum', { count: synced, failed: parked })}`;
  const canvas = element('div', { className: 'plot' });
  canvas.setAttribute('role', 'img');
  canvas.setAttribute('aria-label', text);
  const box = element('figure', {}, element('figcaption', { className: 'small quiet' }, text), canvas);
  const format = new Intl.DateTimeFormat(
    language(),
    hours < 24 ? { hour: 'numeric', minute: '2-digit' } : { day: 'numeric', month: 'short' },
  );
  const axis: uPlot.Axis = {
    ...{ stroke: colour('quiet'), font: '11px sans-serif' },
    ...{ grid: { stroke: colour('line'), width: 1 }, ticks: { show: false } },
  };
  const all = spans.map((span) => span.synced + span.parked);
  const starts = startsOf(hours, spans.length, now);
  const options: uPlot.Options = {
    ...{ width: LEAST_WIDTH, height: HEIGHT, legend: { show: false }, cursor: { show: false } },
    scales: {
      x: { time: true, range: [starts[0] ?? 0, (starts.at(-1) ?? 0) + hours * HOUR_S] },
      y: { range: (_plot, _least, most) => [0, Math.max(4, most * 1.1)] },
    },
    axes: [
      { ...axis, size: 28, space: 60, values: (_plot, times) => times.map((time) => format.format(time * 1_000)) },
      { ...axis, size: 40, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 1e6] },
    ],
    // those that were parked stand on top of the others
    series: [{}, filled(say('overview.parked'), 'bad'), filled(say('overview.synced'), 'good')],
  };
  const drawn = new uPlot(options, [starts, all, spans.map((span) => span.synced)], canvas);
  new ResizeObserver(([entry]) => {
    if (entry && entry.contentRect.width > 0)
      drawn.setSize({ width: Math.max(LEAST_WIDTH, Math.floor(entry.contentRect.width)), height: HEIGHT });
  }).observe(canvas);
  return box;
}
