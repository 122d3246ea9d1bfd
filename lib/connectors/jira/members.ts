/**
 * Which projects and issue types of a scope Jira shows to the account now. A search that names one that is gone, archived or
 * out of sight is refused as a whole, so such a member is left out, told, and read from where it was left once it is back.
 */

import { asSyncError, SyncError } from '../../model/errors';
import type { Scope } from '../connector';
import type { Metadata } from './metadata';

/** `project 10200`, `type 10002` */
export type MemberKey = string;

const PROJECT = 'project ';
const TYPE = 'type ';

/** A scope without its missing members. */
export interface Present {
  scope: Scope;
  /** by key, a sentence for people */
  missing: Map<MemberKey, string>;
}

/** The part of a scope that a member stands for. */
export function partOf(key: MemberKey, { projects, types }: Scope): Scope {
  if (key.startsWith(PROJECT)) return { projects: [key.slice(PROJECT.length)], types };
  return { projects, types: [key.slice(TYPE.length)] };
}

export const keysOf = ({ projects, types }: Scope): Set<MemberKey> =>
  new Set([...projects.map((id) => PROJECT + id), ...types.map((id) => TYPE + id)]);

export class Members {
  constructor(private readonly metadata: Metadata) {}

  /**
   * @param only members to be asked about; the others count as there
   * @throws SyncError forbidden – no project or no type is left
   */
  async present({ projects, types }: Scope, only?: ReadonlySet<MemberKey>): Promise<Present> {
    const missing = new Map<MemberKey, string>();
    const isAsked = (key: MemberKey) => only === undefined || only.has(key);
    for (const id of projects) {
      const words = isAsked(PROJECT + id) ? await this.lacking(id) : undefined;
      if (words) missing.set(PROJECT + id, words);
    }
    const known = types.some((id) => isAsked(TYPE + id)) ? await this.metadata.typeIds() : undefined;
    for (const id of types) {
      if (known && isAsked(TYPE + id) && !known.has(id))
        missing.set(TYPE + id, `Jira has no issue type ${id} any more, or does not show it to this account`);
    }
    const scope: Scope = {
      projects: projects.filter((id) => !missing.has(PROJECT + id)),
      types: types.filter((id) => !missing.has(TYPE + id)),
    };
    if (scope.projects.length > 0 && scope.types.length > 0) return { scope, missing };
    throw new SyncError('forbidden', `Nothing is left to be read: ${[...missing.values()].join('; ')}`);
  }

  /** Why nothing can be concluded from an issue that is not shown; undefined where its project is. */
  async lacking(project: string): Promise<string | undefined> {
    try {
      const { name, archived } = await this.metadata.project(project);
      return archived ? `The project ${name} is archived` : undefined;
    } catch (thrown) {
      if (asSyncError(thrown).kind !== 'notFound') throw thrown;
      return `Jira has no project ${project} any more, or does not show it to this account`;
    }
  }
}
