/**
 * Changes a status in systems that allow this only by transitions and show only those of an entity's current status.
 * The transitions of other statuses are learned from entities in these statuses, without changing them. So a path of
 * several steps is planned before the first step. Only if a status has no entity to learn from, a step is taken to find
 * out. No status is passed twice. If the path turns out to end elsewhere, the entity is taken back.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityId, EntityTypeId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { LookupValue } from '../../model/values';
import type { Json } from './json';
import { Cache } from './metadata';
import { Recent } from './recent';

/** Maximum length of a path. */
const MOST_STEPS = 8;
/** Maximum number of statuses that are looked up for one plan. */
const MOST_ASKED = 20;
/** Maximum number of waits for a step, and maximum length of each, if the system asks for fewer requests. */
const MOST_WAITS = 5;
const LONGEST_WAIT_MS = 60_000;
const MINUTE = 60_000;
/** Maximum number of statuses whose transitions are remembered. */
const MOST_LEARNED = 1_000;

/**
 * Once started, a path is completed, however busy the system is. A status left half-way would look as if a user had
 * chosen it, and would be synced back.
 */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await call();
    } catch (thrown) {
      const { kind, detail } = asSyncError(thrown);
      const ms = detail.retryAfterMs ?? 1_000;
      // a request refused because of its rate was not carried out
      if (kind !== 'rateLimited' || waits >= MOST_WAITS || ms > LONGEST_WAIT_MS) throw thrown;
      await sleep(ms);
    }
  }
}

export interface Transition {
  id: string;
  name: string;
  to: LookupValue & { id: string };
  /** fields of its screen; true = requires a value and gets none automatically */
  fields: Map<string, boolean>;
}

/** The first step of a path, and whether the whole path is known. */
export type Plan = { first: Transition; complete: boolean } | undefined;

/** The owner of the workflow. */
export interface Context {
  project: ProjectId;
  type: EntityTypeId;
}

/** The entity and its path. */
export interface Move {
  id: EntityId;
  context: Context;
  from: LookupValue;
  to: LookupValue;
  /** values for the transitions' screens, by field */
  values: Json;
}

/** The requests to the system. */
export interface WorkflowSteps {
  /** for errors: "issue" */
  thing: string;
  /** The transitions of an entity in its current status. */
  transitions(id: EntityId): Promise<Transition[]>;
  /** One or two entities that are in a status. */
  examples(context: Context, status: string): Promise<EntityId[]>;
  /** @param fields values for the transition's screen. @throws SyncError invalid if it is rejected */
  take(id: EntityId, transition: Transition, fields: Json): Promise<void>;
}

/** The transitions of a status; undefined = unknown. */
type Outgoing = (status: string) => Promise<Transition[] | undefined>;

/** Required fields of a transition's screen without a value. */
const lacking = ({ fields }: Transition, values: Json): number =>
  [...fields].filter(([field, required]) => required && !(field in values)).length;

/**
 * The shortest known path, if possible along transitions whose required fields have values. Otherwise the first step
 * towards the nearest status with unknown transitions.
 *
 * @param outgoing undefined = unknown
 */
export async function plan(
  offered: Transition[],
  to: string,
  passed: ReadonlySet<string>,
  values: Json,
  outgoing: Outgoing,
): Promise<Plan> {
  const known = new Map<string, Transition[] | undefined>();
  const ask: Outgoing = async (status) => {
    if (!known.has(status)) known.set(status, await outgoing(status));
    return known.get(status);
  };
  const able = (transition: Transition) => lacking(transition, values) === 0;
  const strict = await search(offered.filter(able), to, passed, async (status) => (await ask(status))?.filter(able));
  if (strict?.complete) return strict;
  const loose = await search(offered, to, passed, ask);
  return loose?.complete ? loose : (strict ?? loose);
}

/** Breadth-first. */
async function search(
  offered: Transition[],
  to: string,
  passed: ReadonlySet<string>,
  outgoing: Outgoing,
): Promise<Plan> {
  const seen = new Set(passed);
  let unknown: Transition | undefined;
  let layer = offered.map((transition) => ({ first: transition, at: transition.to.id }));
  for (let depth = 0; depth < MOST_STEPS && layer.length > 0; depth++) {
    const there = layer.find(({ at }) => at === to);
    if (there) return { first: there.first, complete: true };
    const next: typeof layer = [];
    for (const { first, at } of layer) {
      if (seen.has(at) || seen.size >= passed.size + MOST_ASKED) continue;
      seen.add(at);
      const onward = await outgoing(at);
      if (!onward) unknown ??= first;
      else
        append(
          next,
          onward.map((transition) => ({ first, at: transition.to.id })),
        );
    }
    layer = next;
  }
  return unknown && { first: unknown, complete: false };
}

export class Workflow {
  private readonly learned = new Cache<Transition[] | undefined>(MINUTE, MOST_LEARNED);
  /** transitions seen within the last minute */
  private readonly fresh = new Recent<string, { until: number; transitions: Transition[] }>(MOST_LEARNED);

  constructor(private readonly steps: WorkflowSteps) {}

  /**
   * Brings an entity to a status.
   *
   * @returns fields whose values went with a transition
   * @throws SyncError invalid with `status` or the field that a transition requires; some steps may have been taken
   */
  async move(move: Move): Promise<Set<string>> {
    const used = new Set<string>();
    if (await this.shortcut(move, used)) return used;
    const passed = new Set<string>();
    let at = move.from;
    try {
      for (let step = 0; at.id !== move.to.id; step++) {
        if (at.id) passed.add(at.id);
        const offered = await this.offered(move, at);
        const next = step < MOST_STEPS ? await this.next(move, offered, passed) : undefined;
        if (!next) throw unreachable(move, at, offered);
        await this.take(move, next, used, at);
        at = next.to;
      }
      return used;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind !== 'invalid' || at.id === move.from.id) throw error;
      const end = await this.back(move, at);
      const where = end.id === move.from.id ? `it was taken back to ${end.name}` : `it is in ${end.name} now`;
      throw new SyncError(
        'invalid',
        `${error.message}. The ${this.steps.thing} had left ${move.from.name}; ${where}`,
        error.detail,
      );
    }
  }

  private async next(move: Move, offered: Transition[], passed: ReadonlySet<string>): Promise<Transition | undefined> {
    const target = move.to.id ?? '';
    const direct = offered.filter(({ to }) => to.id === target);
    if (direct.length > 0) return best(direct, move.values);
    const onward = offered.filter(({ to }) => !passed.has(to.id));
    return (await plan(onward, target, passed, move.values, (status) => this.outgoing(move, status)))?.first;
  }

  /** Takes the entity back along a known path, as far as possible. */
  private async back(move: Move, from: LookupValue): Promise<LookupValue> {
    const home: Move = { ...move, from, to: move.from };
    const passed = new Set<string>();
    let at = from;
    try {
      for (let step = 0; step < MOST_STEPS && at.id !== home.to.id; step++) {
        if (at.id) passed.add(at.id);
        const offered = (await this.offered(home, at)).filter(({ to }) => !passed.has(to.id));
        const found = await plan(offered, home.to.id ?? '', passed, home.values, (status) =>
          this.outgoing(home, status),
        );
        if (!found?.complete) break;
        await this.take(home, found.first, new Set(), at);
        at = found.first.to;
      }
    } catch {
      // the first failure is the relevant one
    }
    return at;
  }

  /** One request instead of two, if the path from this status is known from another entity. */
  private async shortcut(move: Move, used: Set<string>): Promise<boolean> {
    const known = this.fresh.get(keyOf(move.context, move.from.id ?? ''));
    if (!known || known.until < performance.now()) return false;
    const direct = best(
      known.transitions.filter(({ to }) => to.id === move.to.id),
      move.values,
    );
    if (!direct) return false;
    try {
      await this.take(move, direct, used, move.from);
      return true;
    } catch (thrown) {
      const { kind, detail } = asSyncError(thrown);
      // the entity has moved on, or a condition excludes this one: its own transitions decide
      if (kind !== 'invalid' && kind !== 'conflict') throw thrown;
      if (Object.keys(detail.fields ?? {}).some((field) => field !== 'status')) throw thrown;
      return false;
    }
  }

  private async offered({ id, context }: Move, at: LookupValue): Promise<Transition[]> {
    const transitions = await patiently(() => this.steps.transitions(id));
    this.fresh.set(keyOf(context, at.id ?? ''), { until: performance.now() + MINUTE, transitions });
    return transitions;
  }

  /** The transitions of a status, read from an entity in that status. */
  private async outgoing({ id, context }: Move, status: string): Promise<Transition[] | undefined> {
    const key = keyOf(context, status);
    const seen = this.fresh.get(key);
    if (seen && seen.until > performance.now()) return seen.transitions;
    const learned = await this.learned.remember(key, async () => {
      const found = await patiently(() => this.steps.examples(context, status));
      // an outdated index may still return the entity itself
      const example = found.find((one) => one !== id);
      if (example === undefined) return undefined;
      try {
        return await patiently(() => this.steps.transitions(example));
      } catch (thrown) {
        if (asSyncError(thrown).kind === 'notFound') return undefined;
        throw thrown;
      }
    });
    // another entity may reach this status later
    if (!learned) this.learned.forget(key);
    return learned;
  }

  private async take(
    { id, values, to }: Move,
    transition: Transition,
    used: Set<string>,
    at: LookupValue,
  ): Promise<void> {
    const last = transition.to.id === to.id;
    const wanted = [...transition.fields].filter(([field, required]) => (required || last) && field in values);
    const fields = Object.fromEntries(wanted.map(([field]) => [field, values[field]]));
    try {
      await patiently(() => this.steps.take(id, transition, fields));
    } catch (thrown) {
      const { kind, message, detail } = asSyncError(thrown);
      if (kind !== 'invalid') throw thrown;
      const lacking =
        Object.keys(detail.fields ?? {}).length > 0 ? detail.fields : { status: detail.answer ?? message };
      const words = `The transition "${transition.name}" from ${at.name} to ${transition.to.name} was rejected: ${detail.answer ?? message}`;
      throw new SyncError('invalid', words, { ...detail, fields: lacking });
    }
    for (const [field] of wanted) used.add(field);
  }
}

const keyOf = ({ project, type }: Context, status: string): string => `${project} ${type} ${status}`;

/** Of the transitions to one status, the one whose required fields have values. */
function best(transitions: Transition[], values: Json): Transition | undefined {
  return transitions.reduce<Transition | undefined>(
    (chosen, one) => (chosen === undefined || lacking(one, values) < lacking(chosen, values) ? one : chosen),
    undefined,
  );
}

function unreachable({ from, to }: Move, at: LookupValue, offered: Transition[]): SyncError {
  const names = offered.map((transition) => `${transition.to.name} (by "${transition.name}")`);
  const possible =
    names.length > 0
      ? `From ${at.name} the workflow allows this account to go to ${names.join(', ')}`
      : `From ${at.name} the workflow allows this account no transition`;
  const sentence = `The status ${to.name} cannot be reached from ${from.name}. ${possible}`;
  return new SyncError('invalid', sentence, { fields: { status: sentence } });
}
