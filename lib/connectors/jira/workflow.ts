/**
 * Changes of status. Jira changes a status only by transitions, and shows those of an issue's present status only
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-transitions-get).
 * What leads on from other statuses is learned from issues that are in them, without touching them. So a way of several steps
 * is planned before the first is taken; only where a status has no issue to learn from, a step is taken to look. No status is
 * passed twice.
 */

import { asSyncError, SyncError } from '../../model/errors';
import type { LookupValue } from '../../model/values';
import type { JiraApi } from './api';
import { Cache } from './cache';
import type { Context } from './converting';
import { among } from './jql';
import { isJson, type Json, textOf } from './shapes';

/** Longer ways are not gone. */
const MOST_STEPS = 8;
/** So many statuses are asked about for one plan. */
const MOST_ASKED = 20;

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

/**
 * The shortest way by what is known; else the first step towards the nearest status from which nothing is known yet.
 *
 * @param outgoing undefined = not known
 */
export async function plan(
  offered: Transition[],
  to: string,
  passed: ReadonlySet<string>,
  outgoing: (status: string) => Promise<Transition[] | undefined>,
): Promise<Plan> {
  const seen = new Set(passed);
  let unknown: Transition | undefined;
  let layer = offered.map((transition) => ({ first: transition, at: transition.to.id }));
  for (let depth = 0; depth < MOST_STEPS && layer.length > 0 && seen.size < passed.size + MOST_ASKED; depth++) {
    const next: typeof layer = [];
    for (const { first, at } of layer) {
      if (at === to) return { first, complete: true };
      if (seen.has(at)) continue;
      seen.add(at);
      const onward = await outgoing(at);
      if (!onward) unknown ??= first;
      else next.push(...onward.map((transition) => ({ first, at: transition.to.id })));
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
    const passed = new Set<string>();
    let at = move.from;
    if (await this.shortcut(move, used)) return used;
    for (let step = 0; step <= MOST_STEPS; step++) {
      if (at.id === move.to.id) return used;
      if (at.id) passed.add(at.id);
      const offered = await this.offered(move, at);
      const direct = best(
        offered.filter(({ to }) => to.id === move.to.id),
        move.values,
      );
      const found = direct
        ? undefined
        : await plan(
            offered.filter(({ to }) => !passed.has(to.id)),
            move.to.id ?? '',
            passed,
            (status) => this.outgoing(move, status),
          );
      const next = direct ?? found?.first;
      if (!next) throw unreachable(move, at, offered);
      await this.take(move, next, used, at);
      at = next.to;
    }
    throw unreachable(move, at, await this.offered(move, at));
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
    const transitions = (await this.api.transitions(id)).flatMap(transitionOf);
    this.fresh.set(keyOf(context, at.id ?? ''), { until: performance.now() + 60_000, transitions });
    for (const oldest of this.fresh.keys()) {
      if (this.fresh.size <= 1_000) break;
      this.fresh.delete(oldest);
    }
    return transitions;
  }

  /** What leads on from a status, by an issue that is in it. */
  private outgoing({ context }: Move, status: string): Promise<Transition[] | undefined> {
    return this.learned.remember(keyOf(context, status), async () => {
      const jql = [among('project', [context.project]), among('issuetype', [context.type]), among('status', [status])];
      const { issues } = await this.api.search({
        jql: `${jql.join(' AND ')} ORDER BY updated DESC`,
        fields: ['status'],
        size: 1,
      });
      const [issue] = issues;
      if (!issue) return undefined;
      try {
        return (await this.api.transitions(issue.id)).flatMap(transitionOf);
      } catch (thrown) {
        if (asSyncError(thrown).kind === 'notFound') return undefined;
        throw thrown;
      }
    });
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
      await this.api.transition(id, request);
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
  const lacking = ({ fields }: Transition) =>
    [...fields].filter(([field, required]) => required && !(field in values)).length;
  return transitions.reduce<Transition | undefined>(
    (chosen, one) => (chosen === undefined || lacking(one) < lacking(chosen) ? one : chosen),
    undefined,
  );
}

function unreachable({ from, to }: Move, at: LookupValue, offered: Transition[]): SyncError {
  const names = offered.map((transition) => `${transition.to.name} (by "${transition.name}")`);
  const possible =
    names.length > 0
      ? `From ${at.name} the workflow lets this account go to ${names.join(', ')}`
      : `From ${at.name} the workflow lets this account go nowhere`;
  const moved = at.id === from.id ? '' : `; the issue was taken from ${from.name} to ${at.name} on the way`;
  const sentence = `The status ${to.name} cannot be reached from ${from.name}. ${possible}${moved}`;
  return new SyncError('invalid', sentence, { fields: { status: sentence } });
}
