/**
 * Finds out which projects and types of a scope a system shows to the account. Some systems answer a query for a hidden
 * or deleted project as if nothing had happened there. The kit therefore asks for the members from time to time, names
 * those that are missing, and reads them, once they are back, from the time at which everything was last known to
 * exist. A role may also hide a part of a project: that part counts as missing only if it was shown earlier.
 */

import type { EntityTypeId, ProjectId } from '../../../model/entity';
import { asSyncError, SyncError } from '../../../model/errors';
import type { ChangePage, Checkpoint, MissingMember, Scope } from '../../connector';
import { checkCheckpoint } from '../checkpoint';
import { isJson } from '../json';
import { Recent } from '../recent';

/** `project 3`, `tracker 2`, for a part `project 3: tracker 2`; used in checkpoints */
export type MemberKey = string;

const PROJECT = 'project ';
/** How long an answer is valid, ms: changes meanwhile are not lost but read once more. */
const ENOUGH_MS = 300_000;
const BEGINNING = '1970-01-01T00:00:00Z';
const PART = ': ';

/** Entities of a project that a role may hide while it shows others. */
export interface Part {
  project: ProjectId;
  /** the key of a type, or a name chosen by the connector for a part that spans several types; used in checkpoints */
  name: string;
  isShown: boolean;
  /** why it is missing, a sentence for users */
  why: string;
}

/** Members of a scope that a system does not show, by id, with a sentence for users. */
export interface Absent {
  projects: ReadonlyMap<ProjectId, string>;
  types: ReadonlyMap<EntityTypeId, string>;
  /** parts of the existing projects, if the system reports which of them it shows */
  parts?: readonly Part[];
}

const NOTHING: Absent = { projects: new Map(), types: new Map() };

/** A scope without its missing members. */
export interface Present {
  scope: Scope;
  /** by key, a sentence for users */
  missing: Map<MemberKey, string>;
}

/** Missing members, with a sentence for each. @param what "project" or the system's word for a type */
export const absentOf = (
  product: string,
  what: string,
  ids: readonly string[],
  isThere: (id: string) => boolean,
): Map<string, string> =>
  new Map(
    ids
      .filter((id) => !isThere(id))
      .map((id) => [id, `${product} no longer has the ${what} "${id}", or does not show it to this account`]),
  );

/**
 * The existing projects of a scope. A project that is deleted or not visible does not stop the others.
 *
 * @param look throws notFound or forbidden if there is none
 * @returns `fault`: the reason for the last missing project
 * @throws SyncError if there is none
 */
export async function presentOf<T>(
  projects: readonly ProjectId[],
  look: (id: ProjectId) => Promise<T>,
): Promise<{ present: T[]; missing: MissingMember[]; fault?: SyncError }> {
  const present: T[] = [];
  const missing: MissingMember[] = [];
  let fault: SyncError | undefined;
  for (const id of projects) {
    try {
      present.push(await look(id));
    } catch (thrown) {
      fault = asSyncError(thrown);
      if (fault.kind !== 'notFound' && fault.kind !== 'forbidden') throw fault;
      missing.push({ kind: 'project', id, why: fault.message });
    }
  }
  if (present.length === 0 && fault) throw fault;
  return { present, missing, ...(fault && { fault }) };
}

export class Members {
  /** by scope, the time of the last check, by performance.now() */
  private readonly asked = new Recent<string, number>(100);
  private readonly typePrefix: string;

  /**
   * @param typeWord the system's word for a type, as used in checkpoints: "tracker"
   * @param absent asks the system, without cached answers
   */
  constructor(
    typeWord: string,
    private readonly absent: (scope: Scope) => Promise<Absent>,
  ) {
    this.typePrefix = `${typeWord} `;
  }

  keysOf({ projects, types }: Scope): MemberKey[] {
    return [...projects.map((id) => PROJECT + id), ...types.map((id) => this.typePrefix + id)];
  }

  /** The part of a scope that belongs to a member. */
  partOf(key: MemberKey, { projects, types }: Scope): Scope {
    if (!key.startsWith(PROJECT)) return { projects, types: [key.slice(this.typePrefix.length)] };
    const [project = '', part = ''] = key.slice(PROJECT.length).split(PART);
    const isType = part.startsWith(this.typePrefix);
    return { projects: [project], types: isType ? [part.slice(this.typePrefix.length)] : types };
  }

  /** In the form in which a page of changes names them. */
  named(missing: ReadonlyMap<MemberKey, string>): MissingMember[] {
    return [...missing].map(([key, why]) =>
      key.startsWith(PROJECT)
        ? { kind: 'project', id: projectOf(key).slice(PROJECT.length), why }
        : { kind: 'type', id: key.slice(this.typePrefix.length), why },
    );
  }

  isDue(scope: Scope): boolean {
    const at = this.asked.get(this.keysOf(scope).join());
    return at === undefined || performance.now() - at > ENOUGH_MS;
  }

  /** @returns undefined = the system cannot tell now. @throws SyncError auth */
  async look(scope: Scope): Promise<Absent | undefined> {
    try {
      const absent = await this.absent(scope);
      this.asked.set(this.keysOf(scope).join(), performance.now());
      return absent;
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'auth') throw error;
      return undefined;
    }
  }

  /**
   * For systems that refuse a query naming a missing member.
   *
   * @param only members to check; the others count as existing
   * @throws SyncError forbidden if no project or no type of the scope is left; otherwise the system's error
   */
  async present(scope: Scope, only?: ReadonlySet<MemberKey>): Promise<Present> {
    const isAsked = (key: MemberKey) => only === undefined || only.has(key);
    const projects = scope.projects.filter((id) => isAsked(PROJECT + id));
    const types = scope.types.filter((id) => isAsked(this.typePrefix + id));
    const isNone = projects.length === 0 && types.length === 0;
    return this.without(scope, isNone ? NOTHING : await this.absent({ projects, types }));
  }

  /** By key, a sentence for users; without parts. */
  missing({ projects, types }: Absent): Map<MemberKey, string> {
    const missing = new Map<MemberKey, string>();
    for (const [id, words] of projects) missing.set(PROJECT + id, words);
    for (const [id, words] of types) missing.set(this.typePrefix + id, words);
    return missing;
  }

  /** @throws SyncError forbidden if no project or no type of the scope is left */
  without(scope: Scope, absent: Absent): Present {
    const { projects, types } = absent;
    const missing = this.missing(absent);
    const left: Scope = {
      projects: scope.projects.filter((id) => !projects.has(id)),
      types: scope.types.filter((id) => !types.has(id)),
    };
    if (left.projects.length > 0 && left.types.length > 0) return { scope: left, missing };
    throw new SyncError('forbidden', `Nothing left to read: ${[...missing.values()].join('; ')}`);
  }
}

/** The project of a member or part, as a key; for a type, the key itself. */
const projectOf = (key: MemberKey): MemberKey => key.split(PART, 1)[0] ?? key;
const keyOf = ({ project, name }: Part): MemberKey => PROJECT + project + PART + name;

/** A page of a pass over a scope; the last one ends the pass. */
export type PassPage = ChangePage & { isLast?: true };

/**
 * Reads the changes of a scope with members that may be missing. They are checked after a pass, from time to time; a
 * member that is back is read from its last position.
 *
 * @param pass reads a part of the scope from a checkpoint on. Its checkpoints have `time`, from which all that follows
 * can be read again
 * @see Connection.changes
 * @throws SyncError forbidden if no project or no type of the scope is left; by then a page has reported what is
 * missing
 */
export async function* withMembers(
  members: Members,
  scope: Scope,
  since: Checkpoint | undefined,
  pass: (part: Scope, from: Checkpoint | undefined) => AsyncIterable<PassPage>,
): AsyncGenerator<ChangePage> {
  const standing = new Standing(since, new Set(members.keysOf(scope)));
  for await (const { isLast, entities, checkpoint } of pass(scope, since)) {
    const isDue = isLast && (standing.away.size > 0 || members.isDue(scope));
    const absent = isDue ? await members.look(scope) : undefined;
    if (!absent) {
      yield { entities, checkpoint: standing.unsure(checkpoint) };
      continue;
    }
    const { missing, back } = standing.settle(members.missing(absent), absent.parts ?? []);
    for (const [key, from] of back) {
      for await (const page of pass(members.partOf(key, scope), { time: from })) {
        if (page.entities.length > 0) yield { entities: page.entities, checkpoint: standing.unsure(since) };
      }
      standing.away.delete(key);
    }
    yield {
      entities,
      checkpoint: standing.sure(checkpoint),
      ...(missing.size > 0 && { missing: members.named(missing) }),
    };
    members.without(scope, absent);
  }
}

/** The state of the members in the checkpoint. */
class Standing {
  /** the missing members, each with the time from which it has to be read */
  readonly away: Map<MemberKey, string>;
  /** the parts that were shown when the system was last asked */
  private shown: Set<MemberKey>;
  /** when all members that are not away were last known to exist */
  private readonly time: string;

  constructor(checkpoint: Checkpoint | undefined, own: ReadonlySet<MemberKey>) {
    checkCheckpoint(checkpoint, { sure: 'time', time: 'time' });
    const left = Object.entries(isJson(checkpoint?.away) ? checkpoint.away : {});
    this.away = new Map(left.map(([key, time]): [string, string] => [key, timeOr(time, BEGINNING)]));
    for (const key of this.away.keys()) if (!own.has(projectOf(key))) this.away.delete(key);
    this.time = timeOr(checkpoint?.sure, timeOr(checkpoint?.time, BEGINNING));
    const shown = Object.entries(isJson(checkpoint?.shown) ? checkpoint.shown : {}).flatMap(([project, names]) =>
      Array.isArray(names) ? names.map((name) => PROJECT + project + PART + String(name)) : [],
    );
    this.shown = new Set(shown.filter((key) => own.has(projectOf(key))));
  }

  /**
   * @param missing members; parts that were shown earlier and are not shown now are added
   * @returns `back`: members that were away, with the time from which they have to be read
   */
  settle(
    missing: Map<MemberKey, string>,
    parts: readonly Part[],
  ): { missing: Map<MemberKey, string>; back: [MemberKey, string][] } {
    const { away, shown } = this;
    for (const part of parts) {
      const key = keyOf(part);
      if (!part.isShown && (shown.has(key) || away.has(key))) missing.set(key, part.why);
    }
    for (const key of missing.keys()) if (!away.has(key)) away.set(key, away.get(projectOf(key)) ?? this.time);
    const isShown = new Map(parts.map((part) => [keyOf(part), part.isShown]));
    const back = [...away].filter(([key]) => isShown.get(key) ?? (projectOf(key) === key && !missing.has(key)));
    // if the system cannot tell now, nothing changes
    for (const [key, isThere] of isShown) {
      if (isThere) shown.add(key);
      else shown.delete(key);
    }
    return { missing, back };
  }

  /** The checkpoint, with members that may be missing although that is not known. */
  unsure(checkpoint: Checkpoint | undefined): Checkpoint {
    const made = this.sure(checkpoint);
    return made.time === this.time ? made : { ...made, sure: this.time };
  }

  /** The checkpoint after which all members are known to exist, except those that are away. */
  sure(checkpoint: Checkpoint | undefined): Checkpoint {
    const { away: _away, sure: _sure, shown: _shown, ...rest } = checkpoint ?? {};
    const shown: Record<ProjectId, string[]> = {};
    for (const key of this.shown) {
      const [project = '', name = ''] = key.slice(PROJECT.length).split(PART);
      shown[project] = [...(shown[project] ?? []), name];
    }
    return {
      ...rest,
      ...(this.away.size > 0 && { away: Object.fromEntries(this.away) }),
      ...(this.shown.size > 0 && { shown }),
    };
  }
}

const timeOr = (time: unknown, other: string): string =>
  typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : other;
