/**
 * Fields that two systems keep changing back and forth (invariants 4 and 7): an automation on one side undoes what we
 * write, the write back sets it off again, and so on without end. Such a field is stopped after a few turns; the others
 * go on. It is written again when somebody gives it a value that was not part of the update loop.
 *
 * What we wrote lately is kept in memory only: after a restart, or a deploy that begins an integration again, the count
 * starts again, so an update loop costs a few more writes and is stopped again. Users don't produce this pattern: an
 * update loop is our writing to one side, then the other, in turns, in which the same values come round and round – or
 * which never ends.
 *
 * All integrations count together: one may write there and another one back. In a ring of integrations that each go one way,
 * no link is ever written back; there, what has come round over the others is the answer to what a link carried before.
 */

import { createHash } from 'node:crypto';
import { normalise } from '../../mapping/compare';
import type { MergePlan } from '../../merge/types';
import type { Side } from '../../model/entity';
import type { MappedField } from '../../model/message';
import { otherSide } from '../../model/sides';
import type { FieldId, Value } from '../../model/values';
import type { LinkEnd } from '../../store/store';
import type { Engine } from '../engine';
import type { Peers } from '../peers/peers';
import type { Decided, Way } from './change';

/** A turn that comes later than this after the one before it begins a new count. */
const TURN_MS = 30 * 60_000;
/** Length of the longest cycle that is recognised by its values, in turns. */
const LONGEST_CYCLE = 8;
/** Turns without a pause after which a field is stopped, whatever the values. */
const MOST_TURNS = 24;
/** Of those, how many may have come round over other integrations: each one has been through a whole ring. */
const MOST_ROUNDS = 4;
/** Fields of links that are watched at once; the ones written longest ago are forgotten. */
const MOST_WATCHED = 5_000;
const MOST_SHOWN = 40;
/** Texts up to this length are kept as they are: a digest costs more. */
const SHORT = 64;

interface Turn {
  side: Side;
  value: string;
  /** the value for people to read */
  shown: string;
  /** it came round over other integrations, after the turn before it */
  isRound?: true;
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
   * @param isRound what is carried has come round over other integrations
   * @returns why it must not be written, or undefined
   */
  objection(key: string, side: Side, value: Value, now: number, isRound = false): string | undefined {
    const known = this.watched.get(key);
    // nothing was written there lately: it answers nothing
    if (!known) return undefined;
    const turn = turnOf(side, value);
    if (known.stopped?.values.has(`${side}${turn.value}`)) {
      this.keep(key, known);
      return known.stopped.reason;
    }
    const watched = continued(known, turn, now, isRound);
    const cycle = cycleOf(watched.turns);
    if (cycle === undefined) return undefined;
    const [left, right] = [cycle.at(-2), cycle.at(-1)];
    const reason =
      `Update loop stopped (${left?.shown} ↔ ${right?.shown}). Check for an automation or value table that reverts it. ` +
      'It is synced again when it gets another value, or after a deploy';
    const values = new Set(cycle.map((past) => `${past.side}${past.value}`));
    this.keep(key, { ...watched, stopped: { values, reason } });
    return reason;
  }

  /** The value was written. */
  turn(key: string, side: Side, value: Value, now: number, isRound = false): void {
    this.keep(key, continued(this.watched.get(key), turnOf(side, value), now, isRound));
  }

  /** As the one that was heard of last. */
  private keep(key: string, watched: Watched): void {
    keepNewest(this.watched, key, watched);
  }
}

/** Which ways brought a field of an entity what we wrote there last. */
export class Trails {
  private readonly known = new Map<string, { at: number; ways: Set<string> }>();

  /** What is carried from the field has been carried this way before. @param now ms since 1970 */
  isRound(field: string, way: string, now: number): boolean {
    return this.waysTo(field, now).has(way);
  }

  /** The way has carried something from one field to another one. */
  carried(from: string, to: string, way: string, now: number): void {
    const ways = new Set([...this.waysTo(from, now), way]);
    // once: what a person changes there later has not come round
    this.known.get(from)?.ways.delete(way);
    keepNewest(this.known, to, { at: now, ways });
  }

  private waysTo(field: string, now: number): ReadonlySet<string> {
    const known = this.known.get(field);
    return known && now - known.at <= TURN_MS ? known.ways : new Set();
  }
}

/** Puts the entry last, and forgets those that were put in longest ago. */
function keepNewest<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MOST_WATCHED) return;
    map.delete(oldest);
  }
}

const turnOf = (side: Side, value: Value): Turn => ({ side, value: fingerprint(value), shown: shown(value) });

/**
 * With the turn added; starts again if the turn does not answer the one before it, or ends an update loop with another value.
 */
function continued(known: Watched | undefined, turn: Turn, now: number, isRound: boolean): Watched {
  const last = known?.stopped ? undefined : known?.turns.at(-1);
  if (!known || !last || now - known.at > TURN_MS) return { turns: [turn], at: now };
  if (last.side === turn.side) {
    // tried again; or else the source got another value without our doing
    if (last.value === turn.value) return { turns: known.turns, at: now };
    if (!isRound) return { turns: [turn], at: now };
    return { turns: [...known.turns, { ...turn, isRound: true as const }].slice(-MOST_TURNS), at: now };
  }
  return { turns: [...known.turns, turn].slice(-MOST_TURNS), at: now };
}

/** The turns that come round for the second time with the last one; all of them where there are too many. */
function cycleOf(turns: Turn[]): Turn[] | undefined {
  const end = turns.length - 1;
  for (let length = 2; length <= LONGEST_CYCLE; length += 1) {
    if (end < 2 * length) break;
    const again = Array.from({ length: length + 1 }, (_, back) => end - back);
    if (again.every((at) => isSame(turns[at], turns[at - length]))) return turns.slice(-length);
  }
  const rounds = turns.filter(({ isRound }) => isRound).length;
  return turns.length >= MOST_TURNS || rounds >= MOST_ROUNDS ? turns : undefined;
}

const isSame = (one: Turn | undefined, two: Turn | undefined): boolean =>
  one?.side === two?.side && one?.value === two?.value;

function fingerprint(value: Value): string {
  const text = JSON.stringify(normalise(value));
  return text.length <= SHORT ? text : createHash('sha256').update(text).digest('base64').slice(0, 16);
}

function shown(value: Value): string {
  const names = (Array.isArray(value) ? value : [value]).map((item) => {
    if (typeof item !== 'object') return String(item);
    if (item === null) return '–';
    return 'content' in item ? item.content : (item.name ?? item.id ?? '');
  });
  const text = names.join(', ').replace(/\s+/g, ' ');
  return text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text;
}

interface Watch {
  oscillation: Oscillation;
  trails: Trails;
  /** of the integrations, when the count began */
  joined: number;
}

const watches = new WeakMap<Peers, Watch>();

/** One for all integrations of a process, reset when one of them starts. */
function watchOf({ peers }: Pick<Engine, 'peers'>): Watch {
  const known = watches.get(peers);
  if (known && known.joined === peers.joined) return known;
  const watch = { oscillation: new Oscillation(), trails: new Trails(), joined: peers.joined };
  watches.set(peers, watch);
  return watch;
}

/** An update on its way to one side of a link. */
export interface WatchedUpdate {
  engine: Pick<Engine, 'clock' | 'peers' | 'systems'>;
  /** its ends; undefined for a create: nothing was there that it could answer */
  ends: readonly [LinkEnd, LinkEnd] | undefined;
  side: Side;
  plan: MergePlan;
  mapped: Record<FieldId, MappedField>;
}

export const watched = (
  engine: WatchedUpdate['engine'],
  way: Pick<Way, 'targetSide'>,
  decided: Decided,
): WatchedUpdate => {
  const { event, message } = decided.change;
  return {
    engine,
    ends: event.link?.ends,
    side: way.targetSide,
    plan: decided.plan,
    mapped: message.sync.mapped ?? {},
  };
};

/** A source field on its way to a field of the target. */
interface Carried {
  from: string;
  to: string;
  /** the two entities and fields: the same whichever integration carries it, and whichever way */
  way: string;
  /** of the way, the one that is written */
  side: Side;
}

/** Asks for each value that is written, with what is watched of it, for each source field. */
function eachWatched(
  { engine, ends, side, plan, mapped }: WatchedUpdate,
  ask: (watch: Watch, field: FieldId, carried: Carried[], value: Value) => void,
): void {
  if (!ends) return;
  const name = (of: Side, field: FieldId): string =>
    JSON.stringify([engine.systems[of].place, ends[of === 1 ? 0 : 1].ref.id, field]);
  for (const [field, value] of Object.entries(plan.write)) {
    const how = mapped[field];
    // a constant answers nothing, and what a person corrected is a person's
    if (!how || how.corrected) continue;
    const to = name(side, field);
    const carried = how.from.map((source): Carried => {
      const from = name(otherSide(side), source);
      return from < to ? { from, to, way: `${from}${to}`, side: 2 } : { from, to, way: `${to}${from}`, side: 1 };
    });
    ask(watchOf(engine), field, carried, value);
  }
}

/** What of an update must not be written, since the systems keep changing it back and forth. @returns target field → why */
export function objections(update: WatchedUpdate): Record<FieldId, string> {
  const result: Record<FieldId, string> = {};
  const now = update.engine.clock.now();
  eachWatched(update, ({ oscillation, trails }, field, carried, value) => {
    const reasons = carried.map(({ from, way, side }) =>
      oscillation.objection(way, side, value, now, trails.isRound(from, way, now)),
    );
    const reason = reasons.find((why) => why !== undefined);
    if (reason !== undefined) result[field] = reason;
  });
  return result;
}

/** An update has been carried out: what it wrote counts as turns. */
export function countTurns(update: WatchedUpdate): void {
  const now = update.engine.clock.now();
  eachWatched(update, ({ oscillation, trails }, _field, carried, value) => {
    for (const { from, to, way, side } of carried) {
      oscillation.turn(way, side, value, now, trails.isRound(from, way, now));
      trails.carried(from, to, way, now);
    }
  });
}
