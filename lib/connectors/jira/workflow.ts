/**
 * Changes of status. Jira changes a status only by transitions, and shows those of an issue's present status only
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-get).
 * What leads on from other statuses is learned from issues that are in them, without touching them. So a way of several steps
 * is planned before the first is taken; only where a status has no issue to learn from, a step is taken to look. No status is
 * passed twice. Where the way turns out to end elsewhere, the issue is taken back.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { LookupValue } from '../../model/values';
import { Cache } from '../cache';
import type { JiraApi } from './api';
import type { Context } from './converting';
import { among } from './jql';
import { isJson, type Json, textOf } from './shapes';

/** Longer ways are not gone. */
const MOST_STEPS = 8;
/** So many statuses are asked about for one plan. */
const MOST_ASKED = 20;
/** So often a step waits, and so long at most each time, where Jira asks for fewer requests. */
const MOST_WAITS = 5;
const LONGEST_WAIT_MS = 60_000;

/**
 * Once an issue is on its way, it goes to the end of it, however busy Jira is: left half-way, its status would look like
 * one that a person has chosen, and be carried back.
 */
async function patiently<T>(call: () => Promise<T>): Promise<T> {
  for (let waits = 0; ; waits++) {
    try {
      return await call();
    } catch (thrown) {
      const { kind, detail } = asSyncError(thrown);
      const ms = detail.retryAfterMs ?? 1_000;
      // a refusal for its rate was not carried out
      if (kind !== 'rateLimited' || waits >= MOST_WAITS || ms > LONGEST_WAIT_MS) throw thrown;
      await sleep(ms);
    }
  }
}

export interface Transition {
  id: string;
  name: string;
  to: LookupValue & { id: string };
  /** fields of its screen; true = must have a value, and gets none by itself */
  fields: Map<string, boolean>;
}

/** The first step of a way, and whether the whole way is known. */
export type Plan = { first: Transition; complete: boolean } | undefined;

/** What an issue goes through. */
export interface Move {
  id: string;
  context: Context;
  from: LookupValue;
  to: LookupValue;
  /** values for the screens of transitions, by field */
  values: Json;
}

function transitionOf(json: Json): Transition[] {
  const [id, name] = [textOf(json.id), textOf(json.name)];
  const to = isJson(json.to) ? { id: textOf(json.to.id), name: textOf(json.to.name) ?? '' } : undefined;
  if (!id || !to?.id) return [];
  const fields = Object.entries(isJson(json.fields) ? json.fields : {}).map(([field, meta]): [string, boolean] => [
    field,
    isJson(meta) && meta.required === true && meta.hasDefaultValue !== true,
  ]);
  return [{ id, name: name ?? id, to: { id: to.id, name: to.name }, fields: new Map(fields) }];
}

type Outgoing = (status: string) => Promise<Transition[] | undefined>;

/** Required fields of a transition's screen for which there is no value. */
const lacking = ({ fields }: Transition, values: Json): number =>
  [...fields].filter(([field, required]) => required && !(field in values)).length;

/**
 * The shortest way by what is known, along transitions whose required fields have values if there is one; else the first
 * step towards the nearest status from which nothing is known yet.
 *
 * @param outgoing undefined = not known
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
  private readonly learned = new Cache<Transition[] | undefined>(60_000, 1_000);

  constructor(private readonly api: JiraApi) {}

  /**
   * Takes an issue to a status.
   *
   * @returns fields whose values went with a transition
   * @throws SyncError invalid – with `status` or the field that a transition lacks; some steps may have been taken
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
      throw new SyncError('invalid', `${error.message}. The issue had left ${move.from.name}; ${where}`, error.detail);
    }
  }

  private async next(move: Move, offered: Transition[], passed: ReadonlySet<string>): Promise<Transition | undefined> {
    const target = move.to.id ?? '';
    const direct = offered.filter(({ to }) => to.id === target);
    if (direct.length > 0) return best(direct, move.values);
    const onward = offered.filter(({ to }) => !passed.has(to.id));
    return (await plan(onward, target, passed, move.values, (status) => this.outgoing(move, status)))?.first;
  }

  /** To where the issue came from, by a way that is known; as far as that goes. */
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
      // what the first failure says is what counts
    }
    return at;
  }

  /** One request instead of two, where the way from this status is known from another issue. */
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
      // the issue has moved on, or a condition lets this one not pass: what it is offered itself decides
      if (kind !== 'invalid' && kind !== 'conflict') throw thrown;
      if (Object.keys(detail.fields ?? {}).some((field) => field !== 'status')) throw thrown;
      return false;
    }
  }

  /** Offers seen within the last minute. */
  private readonly fresh = new Map<string, { until: number; transitions: Transition[] }>();

  private async offered({ id, context }: Move, at: LookupValue): Promise<Transition[]> {
    const transitions = (await patiently(() => this.api.transitions(id))).flatMap(transitionOf);
    this.fresh.set(keyOf(context, at.id ?? ''), { until: performance.now() + 60_000, transitions });
    for (const oldest of this.fresh.keys()) {
      if (this.fresh.size <= 1_000) break;
      this.fresh.delete(oldest);
    }
    return transitions;
  }

  /** What leads on from a status, by an issue that is in it. */
  private async outgoing({ id, context }: Move, status: string): Promise<Transition[] | undefined> {
    const key = keyOf(context, status);
    const seen = this.fresh.get(key);
    if (seen && seen.until > performance.now()) return seen.transitions;
    const learned = await this.learned.remember(key, async () => {
      const jql = [among('project', [context.project]), among('issuetype', [context.type]), among('status', [status])];
      const { issues } = await patiently(() =>
        this.api.search({
          jql: `${jql.join(' AND ')} ORDER BY updated DESC`,
          fields: ['status'],
          size: 2,
        }),
      );
      // the index may still have the issue itself there
      const issue = issues.find((one) => one.id !== id);
      if (!issue) return undefined;
      try {
        return (await patiently(() => this.api.transitions(issue.id))).flatMap(transitionOf);
      } catch (thrown) {
        if (asSyncError(thrown).kind === 'notFound') return undefined;
        throw thrown;
      }
    });
    // another issue may come to be there
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
    const request = { transition: { id: transition.id }, ...(wanted.length > 0 ? { fields } : {}) };
    try {
      await patiently(() => this.api.transition(id, request));
    } catch (thrown) {
      const { kind, message, detail } = asSyncError(thrown);
      if (kind !== 'invalid') throw thrown;
      const lacking =
        Object.keys(detail.fields ?? {}).length > 0 ? detail.fields : { status: detail.answer ?? message };
      const words = `The transition "${transition.name}" from ${at.name} to ${transition.to.name} was refused: ${detail.answer ?? message}`;
      throw new SyncError('invalid', words, { ...detail, fields: lacking });
    }
    for (const [field] of wanted) used.add(field);
  }
}

const keyOf = ({ project, type }: Context, status: string): string => `${project} ${type} ${status}`;

/** Among transitions to one status the one whose required fields we have. */
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
      ? `From ${at.name} the workflow lets this account go to ${names.join(', ')}`
      : `From ${at.name} the workflow lets this account go nowhere`;
  const sentence = `The status ${to.name} cannot be reached from ${from.name}. ${possible}`;
  return new SyncError('invalid', sentence, { fields: { status: sentence } });
}
