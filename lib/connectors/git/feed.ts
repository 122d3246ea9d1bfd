/**
 * New commits and tags. Dates say nothing about what is new: a commit of last year may be pushed today, and behind it others. New is
 * what can be reached from the branches as they are now and could not be reached from them as they were.
 *
 * - A branch that was rewritten, set back or deleted: what was read of it stays known (`kept`), so that nothing comes twice if it is
 *   pushed again. A note says so.
 * - If the copy of a repository was lost, and one of its branches was rewritten meanwhile, nobody can tell what is new: polling stops.
 * - A project that was added to the integration later begins where its branches are then.
 */

import type { Entity, ProjectId } from '../../model/entity';
import { START_AGAIN, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ChangePage, Checkpoint, MissingMember, Scope } from '../connector';
import { COMMIT, COMMIT_ITEM, type Describer, TAG } from './entities';
import type { Mirror, Ref } from './mirror';
import { checkpointOf, type Place, type Position, positionOf, type Refs } from './positions';

export interface Source {
  mirror: Mirror;
  describer: Describer;
}

/** A project of the scope: a repository, or one branch of it. */
export interface Member {
  project: ProjectId;
  repository: string;
  branch?: string;
}

interface News {
  source: Source;
  commits: string[];
  tags: Ref[];
}

const NOTHING: Place = { branches: new Map(), tags: new Map() };

const byName = (refs: readonly Ref[]): Refs => new Map(refs.map(({ name, sha }) => [name, sha]));

export class Feed {
  constructor(
    private readonly sources: ReadonlyMap<string, Source>,
    private readonly members: readonly Member[],
    private readonly types: Scope['types'],
  ) {}

  private sourceOf({ repository }: Member): Source {
    const source = this.sources.get(repository);
    if (!source) throw new SyncError('notFound', `There is no repository "${repository}" in this system.`);
    return source;
  }

  private get repositories(): string[] {
    return [...new Set(this.members.map(({ repository }) => repository))];
  }

  async fetch(): Promise<void> {
    for (const name of this.repositories) await this.sources.get(name)?.mirror.fetch();
  }

  /** Where branches and tags of a project are. */
  async placeOf(member: Member): Promise<Place> {
    const { mirror } = this.sourceOf(member);
    const all = await mirror.branches();
    const branches = all.filter(({ name }) => member.branch === undefined || name === member.branch);
    if (!this.types.includes(TAG)) return { branches: byName(branches) };
    const isThere = member.branch === undefined || branches.length > 0;
    return { branches: byName(branches), tags: byName(isThere ? await mirror.tags(member.branch) : []) };
  }

  async newest(): Promise<Checkpoint> {
    await this.fetch();
    const places = new Map<ProjectId, Place>();
    for (const member of this.members) places.set(member.project, await this.placeOf(member));
    return checkpointOf({ places, kept: new Map(), done: [] });
  }

  async *changes(since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const size = Math.max(1, Math.floor(pageSize));
    const position: Position = since ? positionOf(since) : { places: new Map(), kept: new Map(), done: [] };
    const isFirst = since === undefined || (position.places.size === 0 && position.from !== undefined);
    await this.fetch();
    if (isFirst) for (const { project } of this.members) position.places.set(project, NOTHING);
    const before = new Map(position.places);
    let said: string[] = [];
    for (const name of this.repositories) append(said, await this.lookBack(name, position));
    const missing: MissingMember[] = [];
    const page = (entities: Entity[]): ChangePage => {
      const told = said;
      said = [];
      return {
        entities,
        checkpoint: checkpointOf(position),
        ...(told.length > 0 && { notes: told }),
        ...(missing.length > 0 && { missing }),
      };
    };
    let any = 0;
    for (const member of this.members) {
      const was = before.get(member.project);
      const now = await this.placeOf(member);
      if (member.branch !== undefined && now.branches.size === 0) {
        const why = `Repository "${member.repository}" has no branch "${member.branch}" now.`;
        missing.push({ kind: 'project', id: member.project, why });
      }
      if (was) {
        const news = await this.newsOf(member, was, now, position);
        for (let at = 0; at < news.commits.length; at += size) {
          const shas = news.commits.slice(at, at + size);
          const commits = await news.source.describer.commits(shas.map((sha) => ({ sha, project: member.project })));
          position.done = frontier(position.done, commits);
          const entities = news.source.describer.asAsked(commits, this.types);
          any += commits.length;
          yield page(entities);
        }
        const wanted = news.tags.map((tag) => ({ tag, project: member.project }));
        for (let at = 0; at < wanted.length; at += size) {
          const entities = await news.source.describer.tags(wanted.slice(at, at + size));
          any += entities.length;
          yield page(entities);
        }
      }
      position.places.set(member.project, now);
      position.done = [];
    }
    // a time that has not come yet: it waits for the first commit
    if (position.from !== undefined && any === 0 && isFirst) {
      yield { entities: [], checkpoint: { time: new Date(position.from).toISOString() } };
      return;
    }
    delete position.from;
    yield page([]);
  }

  /** What is new of a project, by all that is known of its repository. */
  private async newsOf(member: Member, was: Place, now: Place, position: Position): Promise<News> {
    const source = this.sourceOf(member);
    const { mirror } = source;
    const tips = [...new Set(now.branches.values())];
    const read = [...this.readOf(member.repository, position), ...position.done];
    const known = [...(await mirror.known([...new Set(read)])).keys()];
    const { from } = position;
    const isAsked = this.types.includes(COMMIT) || this.types.includes(COMMIT_ITEM);
    const commits = !isAsked
      ? []
      : from === undefined
        ? await mirror.revisions(tips, known)
        : await mirror.revisionsSince(tips, known, from);
    const isNew = ({ name, sha }: Ref): boolean =>
      now.tags?.get(name) === sha && was.tags !== undefined && was.tags.get(name) !== sha;
    const tags = now.tags && from === undefined ? (await mirror.tags()).filter(isNew) : [];
    return { source, commits, tags };
  }

  /** The ends of all that was read of a repository, in whatever project. */
  private readOf(repository: string, { places, kept }: Position): string[] {
    const read = this.members
      .filter((member) => member.repository === repository)
      .flatMap(({ project }) => [...(places.get(project)?.branches.values() ?? [])]);
    return [...read, ...(kept.get(repository) ?? [])];
  }

  /**
   * Branches that were rewritten, set back or deleted since: keeps what was read of them.
   * @returns sentences for users
   * @throws SyncError fatal if it is not known any more what was read
   */
  private async lookBack(repository: string, position: Position): Promise<string[]> {
    const members = this.members.filter((member) => member.repository === repository);
    const [first] = members;
    if (!first) return [];
    const { mirror } = this.sourceOf(first);
    const now = byName(await mirror.branches());
    const before = new Map<string, string>();
    for (const { project } of members)
      for (const [name, sha] of position.places.get(project)?.branches ?? []) before.set(name, sha);
    const known = await mirror.known([...new Set(before.values())]);
    const lost = [...before].filter(([name, sha]) => now.has(name) && !known.has(sha));
    const [example] = lost;
    if (example) {
      const [name, sha] = example;
      throw new SyncError(
        'fatal',
        `Repository "${repository}": revision ${sha.slice(0, 10)}, up to which branch "${name}" was read, does not exist any more. The ` +
          'repository was restored, replaced or rewritten, and the copy that remembers it is gone. Twinflow reads nothing, so ' +
          `that nothing is missed or created again. ${START_AGAIN}`,
      );
    }
    const kept = new Set(position.kept.get(repository) ?? []);
    const notes: string[] = [];
    const isWhole = members.some(({ branch }) => branch === undefined);
    const inScope = isWhole ? [...now.values()] : members.flatMap(({ branch = '' }) => now.get(branch) ?? []);
    const tips = [...new Set(inScope)];
    for (const [name, sha] of before) {
      const tip = now.get(name);
      if (tip === sha || !known.has(sha)) continue;
      // still in a branch: merged, or just moved on
      const left = await mirror.count([sha], tips);
      if (left > 0) kept.add(sha);
      if (tip === undefined) {
        notes.push(
          left > 0
            ? `Repository "${repository}": branch "${name}" was deleted, and ${revisions(left)} with it that had been read.`
            : `Repository "${repository}": branch "${name}" was deleted.`,
        );
        continue;
      }
      const gone = await mirror.count([sha], [tip]);
      if (gone === 0) continue;
      const isBack = (await mirror.count([tip], [sha])) === 0;
      notes.push(
        `Repository "${repository}": branch "${name}" was ${isBack ? 'set back' : 'rewritten'}: ${revisions(gone)} that had been ` +
          `read ${gone === 1 ? 'is' : 'are'} no longer in it.`,
      );
    }
    if (kept.size > 0) position.kept.set(repository, [...kept]);
    return notes;
  }
}

const revisions = (count: number): string => (count === 1 ? '1 revision' : `${count} revisions`);

/** The last ones of what was read: all others are behind them. */
function frontier(done: readonly string[], entities: readonly Entity[]): string[] {
  const shas = entities.map(({ version }) => version);
  const parents = new Set(
    entities.flatMap(({ fields }) => (Array.isArray(fields.parents) ? fields.parents.map(String) : [])),
  );
  return [...done, ...shas].filter((sha) => !parents.has(sha));
}
