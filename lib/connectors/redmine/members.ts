/**
 * Which projects and trackers of a scope Redmine shows to the account. It answers a query that names one which is gone, archived or
 * out of sight as if nothing happened there. So that is asked for now and then; such a member is named to people, and once it
 * is back, read from the time at which all were last known to be there.
 */

import { Recent } from '../cache';
import type { Scope } from '../connector';
import type { Metadata } from './metadata';

/** `project 3`, `tracker 2` */
export type MemberKey = string;

const PROJECT = 'project ';
const TRACKER = 'tracker ';
/** How long an answer is enough, ms: what happens meanwhile is not lost, it is read once more. */
const ENOUGH_MS = 300_000;

/** The part of a scope that a member stands for. */
export const partOf = (key: MemberKey, { projects, types }: Scope): Scope =>
  key.startsWith(PROJECT)
    ? { projects: [key.slice(PROJECT.length)], types }
    : { projects, types: [key.slice(TRACKER.length)] };

export const keysOf = ({ projects, types }: Scope): MemberKey[] => [
  ...projects.map((id) => PROJECT + id),
  ...types.map((id) => TRACKER + id),
];

export class Members {
  /** by scope, when it was last asked about, by performance.now() */
  private readonly asked = new Recent<string, number>(100);

  constructor(private readonly metadata: Metadata) {}

  isDue(scope: Scope): boolean {
    const at = this.asked.get(keysOf(scope).join());
    return at === undefined || performance.now() - at > ENOUGH_MS;
  }

  /**
   * @returns `missing` by key, a sentence for people; `isEmpty` where no project or no tracker is left
   */
  async look(scope: Scope): Promise<{ missing: Map<MemberKey, string>; isEmpty: boolean }> {
    const [projects, trackers] = await Promise.all([this.metadata.projects(0), this.metadata.trackers(0)]);
    const missing = new Map<MemberKey, string>();
    for (const one of scope.projects) {
      if (projects.some(({ id, identifier }) => id === one || identifier === one)) continue;
      missing.set(PROJECT + one, `Redmine has no project "${one}" any more, or does not show it to this account`);
    }
    for (const one of scope.types) {
      if (trackers.some(({ id }) => id === one)) continue;
      missing.set(TRACKER + one, `Redmine has no tracker "${one}" any more, or does not show it to this account`);
    }
    const isLeft = (prefix: string, all: string[]) => all.some((id) => !missing.has(prefix + id));
    const isEmpty = !isLeft(PROJECT, scope.projects) || !isLeft(TRACKER, scope.types);
    this.asked.set(keysOf(scope).join(), performance.now());
    return { missing, isEmpty };
  }
}
