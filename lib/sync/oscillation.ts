/**
 * Fields that two systems keep changing back and forth (invariants 4 and 7): an automation on one side undoes what we
 * write, the write back sets it off again, and so on without end. Such a field is stopped after a few turns; the others
 * go on. It is written again when somebody gives it a value that was not part of the quarrel.
 *
 * What we wrote lately is kept in memory only, for the life of an integration: after a restart or a deploy the count
 * begins anew, so a quarrel costs a few more writes and is stopped again. People do not look like this: a quarrel is our
 * writing to one side, then the other, in turns, in which the same values come round and round – or which never ends.
 */

import { createHash } from 'node:crypto';
import { normalise } from '../mapping/compare';
import type { Side } from '../model/entity';
import type { MappedField } from '../model/message';
import type { FieldId, Value } from '../model/values';
import type { Integration } from './integration';
import type { MergePlan } from './merge';

/** A turn that comes later than this after the one before it begins a new count. */
const TURN_MS = 30 * 60_000;
/** Turns after which values come round: the longest cycle that is recognised by its values. */
const LONGEST_CYCLE = 8;
/** So many turns without a pause are stopped whatever the values. */
const MOST_TURNS = 24;
/** Fields of links that are watched at once; the ones written longest ago are forgotten. */
const MOST_WATCHED = 5_000;
const MOST_SHOWN = 40;

interface Turn {
  side: Side;
  value: string;
  /** the value for people to read */
  shown: string;
}

interface Watched {
  turns: Turn[];
  /** ms since 1970, of the last turn */
  at: number;
  stopped?: { values: Set<string>; reason: string };
}

export class Oscillation {
  private readonly watched = new Map<string, Watched>();

  /**
   * Asked before a value is written. Only that a field is stopped is remembered: a write that fails is no turn.
   * @param key what is watched: one field of a link, the same for both sides
   * @param side the side that is about to be written
   * @param now ms since 1970
   * @returns why it must not be written, or undefined
   */
  objection(key: string, side: Side, value: Value, now: number): string | undefined {
    const turn = turnOf(side, value);
    const known = this.watched.get(key);
    if (known?.stopped?.values.has(`${side}${turn.value}`)) {
      this.keep(key, known);
      return known.stopped.reason;
    }
    const watched = continued(known, turn, now);
    const cycle = cycleOf(watched.turns);
    if (cycle === undefined) return undefined;
    const [left, right] = [cycle.at(-2), cycle.at(-1)];
    const reason =
      `stopped: the two systems keep changing it back and forth (${left?.shown} ↔ ${right?.shown}). It is synced again ` +
      'when somebody gives it another value, or after a deploy; look for an automation or a value map that undoes it';
    const values = new Set(cycle.map((past) => `${past.side}${past.value}`));
    this.keep(key, { ...watched, stopped: { values, reason } });
    return reason;
  }

  /** The value was written. */
  turn(key: string, side: Side, value: Value, now: number): void {
    this.keep(key, continued(this.watched.get(key), turnOf(side, value), now));
  }

  /** As the one that was heard of last. */
  private keep(key: string, watched: Watched): void {
    this.watched.delete(key);
    this.watched.set(key, watched);
    this.forgetOldest();
  }

  private forgetOldest(): void {
    for (const key of this.watched.keys()) {
      if (this.watched.size <= MOST_WATCHED) return;
      this.watched.delete(key);
    }
  }
}

const turnOf = (side: Side, value: Value): Turn => ({ side, value: fingerprint(value), shown: shown(value) });

/** With the turn added; anew where it does not answer the one before it, or ends a quarrel by another value. */
function continued(known: Watched | undefined, turn: Turn, now: number): Watched {
  const last = known?.stopped ? undefined : known?.turns.at(-1);
  if (!known || !last || now - known.at > TURN_MS) return { turns: [turn], at: now };
  // tried again; or else the source got another value without our doing
  if (last.side === turn.side) return { turns: last.value === turn.value ? known.turns : [turn], at: now };
  return { turns: [...known.turns, turn].slice(-MOST_TURNS), at: now };
}

/** The turns that come round for the second time with the last one; all of them where there are too many. */
function cycleOf(turns: Turn[]): Turn[] | undefined {
  const end = turns.length - 1;
  for (let length = 2; length <= LONGEST_CYCLE; length += 2) {
    if (end < 2 * length) break;
    const again = Array.from({ length: length + 1 }, (_, back) => end - back);
    if (again.every((at) => turns[at]?.value === turns[at - length]?.value)) return turns.slice(-length);
  }
  return turns.length >= MOST_TURNS ? turns : undefined;
}

const fingerprint = (value: Value): string =>
  createHash('sha256')
    .update(JSON.stringify(normalise(value)))
    .digest('base64')
    .slice(0, 16);

function shown(value: Value): string {
  const names = (Array.isArray(value) ? value : [value]).map((item) => {
    if (typeof item !== 'object') return String(item);
    if (item === null) return '–';
    return 'content' in item ? item.content : (item.name ?? item.id ?? '');
  });
  const text = names.join(', ').replace(/\s+/g, ' ');
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

const byIntegration = new WeakMap<Integration, Oscillation>();

/** An update on its way to one side of a link. */
export interface WatchedUpdate {
  integration: Integration;
  /** undefined for a create: nothing was there that it could answer */
  link: number | undefined;
  side: Side;
  plan: MergePlan;
  mapped: Record<FieldId, MappedField>;
}

/** Asks for each value that is written, with what is watched of it: a key for each source field, the same for both sides. */
function eachWatched(
  { integration, link, side, plan, mapped }: WatchedUpdate,
  ask: (oscillation: Oscillation, field: FieldId, keys: string[], value: Value) => void,
): void {
  if (link === undefined) return;
  const oscillation = byIntegration.get(integration) ?? new Oscillation();
  byIntegration.set(integration, oscillation);
  for (const [field, value] of Object.entries(plan.write)) {
    const how = mapped[field];
    // a constant answers nothing, and what a person corrected is a person's
    if (!how || how.corrected) continue;
    const keys = how.from.map((from) => JSON.stringify(side === 1 ? [link, field, from] : [link, from, field]));
    ask(oscillation, field, keys, value);
  }
}

/** Takes out of an update's plan the fields that the systems keep changing back and forth. */
export function stopOscillating(update: WatchedUpdate): void {
  const { integration, side, plan } = update;
  const now = integration.clock.now();
  eachWatched(update, (oscillation, field, keys, value) => {
    const reasons = keys.map((key) => oscillation.objection(key, side, value, now));
    const reason = reasons.find((why) => why !== undefined);
    if (reason === undefined) return;
    delete plan.write[field];
    delete plan.merged[field];
    plan.stopped.push(field);
    plan.warnings.push({ field, reason });
  });
}

/** An update has been carried out: what it wrote counts as turns. */
export function countTurns(update: WatchedUpdate): void {
  const now = update.integration.clock.now();
  eachWatched(update, (oscillation, _field, keys, value) => {
    for (const key of keys) oscillation.turn(key, update.side, value, now);
  });
}
