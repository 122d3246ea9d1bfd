/** How an integration is, in a word or two, and how far behind it is. Pure. */

import { largest } from '../../lib/model/lists';
import type { IntegrationState, SideView } from '../../lib/model/operations';
import { say } from './texts';
import type { Tone } from './ui';

export const parkedIn = (sides: readonly SideView[] = []): number =>
  sides.reduce((sum, { counts }) => sum + counts.parked, 0);

/** Changes that are neither finished nor parked. */
export const queueOf = (sides: readonly SideView[] = []): number =>
  sides.reduce((sum, { counts: { waiting, held, sent, retry } }) => sum + waiting + held + sent + retry, 0);

/** Age of the oldest open change, in ms; undefined if none is open. @param now ms since 1970 */
export function lagOf(sides: readonly SideView[] = [], now: number): number | undefined {
  const ages = sides.flatMap(({ oldest }) => {
    const at = oldest === undefined ? Number.NaN : Date.parse(oldest);
    return Number.isNaN(at) ? [] : [Math.max(0, now - at)];
  });
  return ages.length > 0 ? largest(ages) : undefined;
}

/** When a poll is due next: ISO 8601. */
export const nextPollOf = (sides: readonly SideView[] = []): string | undefined =>
  sides.flatMap(({ nextPoll }) => nextPoll ?? []).sort()[0];

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

const RANK: Record<Tone, number> = { bad: 0, warn: 1, good: 2, quiet: 3 };

/** Those that somebody should look at first come first. */
export const byUrgency = (items: readonly IntegrationState[]): IntegrationState[] =>
  [...items].sort((a, b) => RANK[stateOf(a).tone] - RANK[stateOf(b).tone]);
