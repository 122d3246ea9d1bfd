/** One running integration: its state, its systems, and its pending changes. */

import type { SideView } from '../../lib/model/operations';
import { words } from '../editor';
import { type IntegrationState, showAgain } from './ask';
import { Waiting } from './waiting';
import { button, say, when } from './words';

type Tone = 'good' | 'warn' | 'bad' | 'dim';

/** The text of the label after the name. */
export function chipOf({ active, sides, fault, dryRun, held, unused }: IntegrationState): { text: string; tone: Tone } {
  if (fault) return { text: say('state.failed'), tone: 'bad' };
  if (!active) return { text: say('state.inactive'), tone: 'dim' };
  if (unused) return { text: say('state.unused'), tone: 'dim' };
  if (held) return { text: say(`state.held.${held}`), tone: 'bad' };
  if (!sides) return { text: say('state.starting'), tone: 'dim' };
  if (sides.some(({ system }) => system.pausedUntil)) return { text: say('state.paused'), tone: 'bad' };
  if (parkedIn(sides) > 0) return { text: say('state.parked', { count: parkedIn(sides) }), tone: 'warn' };
  if (dryRun) return { text: say('state.dryRun'), tone: 'warn' };
  return { text: say('state.running'), tone: 'good' };
}

const shownIn = (sides: readonly SideView[] = []): number => sides.reduce((sum, { counts }) => sum + counts.shown, 0);

export const parkedIn = (sides: readonly SideView[] = []): number =>
  sides.reduce((sum, { counts }) => sum + counts.parked, 0);

export class Card {
  readonly element = $('<section class="twinflow-side-box">');
  private readonly name = $('<span>');
  private readonly chip = $('<span class="twinflow-side-chip" role="status">');
  private readonly body = $('<div>');
  private readonly waiting: Waiting;
  private readonly dryRun = $('<div hidden>');
  private readonly shown = $('<div class="twinflow-side-line twinflow-side-small" role="status" aria-live="polite">');
  private readonly again: JQuery;
  private drawn = '';

  /** @param integration id */
  constructor(private readonly integration: string) {
    this.waiting = new Waiting(integration);
    this.again = button(say('dryRun.again'), 'fa-eye', () => this.showAgain());
    this.dryRun.append(this.shown, $('<div class="twinflow-side-buttons">').append(this.again));
    this.element.append($('<h3>').append(this.name, this.chip), this.waiting.element, this.body, this.dryRun);
  }

  private showAgain(): void {
    this.again.prop('disabled', true);
    showAgain(this.integration)
      .then(
        (count) => this.shown.text(say('dryRun.sent', { count })),
        (thrown: unknown) => this.shown.text(words(thrown)),
      )
      .finally(() => this.again.prop('disabled', false));
  }

  update(state: IntegrationState): void {
    const drawn = JSON.stringify(state);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const { text, tone } = chipOf(state);
    this.element.attr('aria-label', state.name);
    this.name.text(state.name);
    // updates only what changed; otherwise a screen reader would read it out every time
    if (this.chip.text() !== text) this.chip.text(text);
    this.chip.attr('class', `twinflow-side-chip twinflow-side-${tone}`);
    this.waiting.show(state.active && state.held !== 'same' ? state.held : undefined);
    this.body.empty();
    if (state.fault) $('<div class="twinflow-side-line twinflow-side-bad">').text(state.fault).appendTo(this.body);
    const count = shownIn(state.sides);
    this.dryRun.prop('hidden', !state.dryRun && count === 0);
    this.again.toggle(count > 0);
    if (state.dryRun || count > 0) {
      const text = say(state.dryRun ? 'dryRun.waiting' : 'dryRun.left', { count });
      if (this.shown.text() !== text) this.shown.text(text);
    }
    state.sides?.forEach((side, index) => {
      this.body.append(system(side, index + 1));
    });
  }
}

function system({ system, counts, polling, lastPoll, unshown, diverged, missing }: SideView, side: number): JQuery {
  const box = $('<div class="twinflow-side-system">');
  const line = (text: string, style = ''): JQuery =>
    $('<div class="twinflow-side-line twinflow-side-small">').addClass(style).text(text).appendTo(box);
  $('<div>')
    .text(say('system', { side, name: system.name }))
    .appendTo(box);
  if (system.pausedUntil) {
    const why = system.why ? ` ${system.why}` : '';
    line(`${say('pausedUntil', { time: when(system.pausedUntil) })}${why}`, 'twinflow-side-bad');
  }
  const read = polling
    ? say('polling')
    : lastPoll
      ? say('lastPoll', { time: when(lastPoll.at), count: lastPoll.read })
      : say('notPolled');
  line(read, 'twinflow-side-dim');
  const amounts = [
    [counts.waiting + counts.held, 'count.waiting'],
    [counts.sent, 'count.sent'],
    [counts.retry, 'count.retry'],
    [counts.parked, 'count.parked'],
    [counts.shown, 'count.shown'],
  ] as const;
  const open = amounts.flatMap(([count, key]) => (count > 0 ? [say(key, { count })] : []));
  line([...(open.length > 0 ? open : [say('count.none')]), say('count.links', { count: counts.links })].join(' · '));
  if (unshown && unshown.due > 0) line(say('unshown.due', { count: unshown.due }), 'twinflow-side-dim');
  if (unshown && unshown.resting > 0)
    line(`${say('unshown.resting', { count: unshown.resting })} ${unshown.why ?? ''}`.trim(), 'twinflow-side-warn');
  if (missing) {
    line(say('missing', { count: missing.length }), 'twinflow-side-warn');
    for (const why of missing) line(why, 'twinflow-side-dim');
    line(say('missingHint'), 'twinflow-side-dim');
  }
  if (diverged) {
    line(say('diverged', { count: diverged.count }), 'twinflow-side-warn');
    for (const reason of diverged.first) line(reason, 'twinflow-side-dim');
  }
  return box;
}
