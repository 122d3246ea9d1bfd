/**
 * Subversion: revisions and tags of any repository that the program `svn` can read, by URL (svn, http, file). A repository is a project, and so
 * are its trunk and each of its branches. Revisions are numbered without gaps, so what is new is known exactly. Nothing can be written.
 */

import { join } from 'node:path';
import type { Entity, EntityId, Field, Project } from '../../model/entity';
import { asSyncError, START_AGAIN, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ChangePage, Checkpoint, Connection, ReadResult, Scope } from '../connector';
import { checkCheckpoint } from '../kit/checkpoint';
import { isJson, numberOf, textOf } from '../kit/json';
import type { Repository } from '../kit/repositories';
import { alternatives, defineConnector, requiredText, secret, text } from '../kit/settings';
import { readPatterns, wholeOf } from '../kit/work-items';
import { readRepositories } from './address';
import { COMMIT, Describer, fieldsOf, isIn, type Member, revisionOf, TYPES } from './entities';
import type { Info } from './log';
import { about, Svn } from './program';

const SHOWN = 3;

function problem(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (thrown) {
    return asSyncError(thrown).message;
  }
}

export const subversion = defineConnector({
  kind: 'subversion',
  label: 'Subversion',
  category: 'scm',
  settings: {
    repositories: requiredText({
      label: 'Repositories',
      placeholder: 'https://svn.example.com/app',
      hint: 'URLs (https, http, svn, file) of repositories or of folders in them, separated by commas.',
    }),
    auth: alternatives(
      { label: 'Sign in with' },
      {
        none: { label: 'Nothing', settings: {} },
        login: {
          label: 'Login and password',
          settings: { login: secret({ label: 'Login' }), password: secret({ label: 'Password' }) },
        },
      },
    ),
    workItems: text(
      {
        label: 'Work items in messages',
        hint: 'Patterns, separated by commas. {number} and {key} stand for the id, for example DEMO-{number}. The field Work items lists what they find.',
      },
      '#{number}, {key}-{number}',
    ),
    page: text({
      label: 'Web page of a revision',
      placeholder: 'https://svn.example.com/view/{repository}?revision={revision}',
      hint: '{revision} and {repository} are replaced.',
    }),
  },
  check({ repositories, workItems, page, auth }) {
    const problems: Record<string, string> = {};
    const wrong = problem(() => readRepositories(repositories));
    if (wrong !== undefined) problems.repositories = `Repositories: ${wrong}`;
    else if (readRepositories(repositories).length === 0) problems.repositories = 'Repositories is missing';
    const pattern = problem(() => readPatterns(workItems));
    if (pattern !== undefined) problems.workItems = `Work items in messages: ${pattern}`;
    if (page !== undefined && !/^https?:\/\//.test(page))
      problems.page = 'Web page of a revision is not a web address (https)';
    if (auth.kind === 'login' && auth.login.startsWith('-')) problems.login = 'Login begins with "-"';
    return problems;
  },
  place: ({ repositories }) => `${repositories ?? ''}`.trim(),
  connect({ repositories, auth, workItems, page }, { dataFolder, http }): Connection {
    if (dataFolder === undefined) throw new SyncError('invalid', 'Subversion needs a folder for its settings.');
    const account = auth.kind === 'login' ? { login: auth.login, password: auth.password } : undefined;
    const svn = new Svn(join(dataFolder, 'twinflow-svn'), account, http?.tls?.verify !== false);
    return new SvnConnection(
      svn,
      readRepositories(repositories),
      new Describer(readPatterns(workItems), page),
      account?.login,
    );
  },
});

/** How far a repository was read. */
interface Place {
  uuid: string;
  /** the first revision that was not */
  next: number;
}

interface Position {
  at: Map<string, Place>;
  /** repositories that are not in `at` yet begin at this time (ISO 8601) */
  time?: string;
}

/** @throws SyncError fatal if it is damaged */
function positionOf(checkpoint: Checkpoint): Position {
  checkCheckpoint(checkpoint, { time: 'time' });
  const { at, time } = checkpoint;
  if (at !== undefined && !isJson(at))
    throw new SyncError('fatal', 'The stored position of this poller is damaged (at). Twinflow reads nothing.');
  const places = Object.entries(isJson(at) ? at : {}).flatMap(([name, place]): [string, Place][] => {
    const [uuid, next] = isJson(place) ? [textOf(place.uuid), numberOf(place.next)] : [];
    return uuid === undefined || next === undefined ? [] : [[name, { uuid, next }]];
  });
  return { at: new Map(places), ...(typeof time === 'string' && { time }) };
}

const checkpointOf = ({ at, time }: Position): Checkpoint => ({
  at: Object.fromEntries(at),
  ...(time !== undefined && { time }),
});

class SvnConnection implements Connection {
  private readonly sources: ReadonlyMap<string, Repository>;

  constructor(
    private readonly svn: Svn,
    repositories: readonly Repository[],
    private readonly describer: Describer,
    private readonly login: string | undefined,
  ) {
    this.sources = new Map(repositories.map((one) => [one.name, one]));
  }

  async identify() {
    const version = await this.svn.version();
    for (const repository of this.sources.values()) await this.svn.info(repository);
    return { user: { login: this.login ?? 'svn' }, server: `Subversion ${version}`, missing: [] };
  }

  async projects(): Promise<Project[]> {
    const found: Project[] = [];
    for (const [name, repository] of this.sources) {
      found.push({ id: name, name });
      const top = await this.svn.folders(repository, '');
      const branches = top.includes('branches') ? await this.svn.folders(repository, 'branches') : [];
      for (const branch of [...(top.includes('trunk') ? ['trunk'] : []), ...branches.map((one) => `branches/${one}`)])
        found.push({ id: `${name}:${branch}`, name: `${name} ${branch}`, parent: name });
    }
    return found;
  }

  async entityTypes(project: string) {
    this.member(project);
    return TYPES;
  }

  async fields(project: string, type: string): Promise<Field[]> {
    this.member(project);
    const fields = fieldsOf(type);
    if (!fields) throw new SyncError('notFound', `Repositories have no "${type.slice(0, 60)}", only commits and tags.`);
    return fields;
  }

  async newest(scope: Scope): Promise<Checkpoint> {
    const at = new Map<string, Place>();
    for (const [repository] of this.byRepository(scope)) {
      const { uuid, head } = await this.svn.info(repository);
      at.set(repository.name, { uuid, next: head + 1 });
    }
    return checkpointOf({ at });
  }

  revisionIn(checkpoint: Checkpoint) {
    const places = [...positionOf(checkpoint).at].filter(([, { next }]) => next > 1);
    if (places.length === 0) return undefined;
    const shown = places.slice(0, SHOWN).map(([name, { next }]) => `${name} r${next - 1}`);
    return [...shown, ...(places.length > SHOWN ? [`+${places.length - SHOWN}`] : [])].join(', ');
  }

  checkpointAt(time: string): Checkpoint {
    const at = Date.parse(time);
    if (Number.isNaN(at)) throw new SyncError('invalid', `"${time.slice(0, 60)}" is not a time (ISO 8601).`);
    return { time: new Date(at).toISOString() };
  }

  async *changes(scope: Scope, since: Checkpoint | undefined, pageSize: number): AsyncGenerator<ChangePage> {
    const unknown = scope.types.find((type) => !TYPES.some(({ id }) => id === type));
    if (unknown !== undefined) throw new SyncError('notFound', `Repositories have no "${unknown.slice(0, 60)}".`);
    const position = since ? positionOf(since) : { at: new Map<string, Place>() };
    const size = Math.max(1, Math.floor(pageSize));
    for (const [repository, members] of this.byRepository(scope)) {
      const info = await this.svn.info(repository);
      const place = position.at.get(repository.name) ?? (await this.begin(repository, info, position, since));
      // a time that has not come yet
      if (!place) continue;
      refuseRestored(repository, place, info);
      for (let { next } = place; next <= info.head; ) {
        const revisions = await this.svn.log(repository, next, info.head, size);
        const last = revisions.at(-1);
        // a limit was reached, or all were read
        next =
          last === undefined || revisions.length < size
            ? await this.after(repository, last?.number, next, info)
            : last.number + 1;
        const entities: Entity[] = [];
        for (const revision of revisions) {
          const member = members.find((one) => isIn(one, revision, info.folder));
          if (member)
            append(entities, this.describer.all(repository, revision, member.project, info.folder, scope.types));
        }
        position.at.set(repository.name, { uuid: info.uuid, next });
        yield { entities, checkpoint: checkpointOf(position) };
      }
      position.at.set(repository.name, { uuid: info.uuid, next: Math.max(place.next, info.head + 1) });
    }
    yield { entities: [], checkpoint: checkpointOf(position) };
  }

  /** Where reading goes on after a page that is not full: a revision too large for a full page makes smaller ones. */
  private async after(repository: Repository, last: number | undefined, from: number, { head }: Info): Promise<number> {
    if (last === undefined) return head + 1;
    if (last >= head) return last + 1;
    const [rest] = await this.svn.log(repository, last + 1, head, 1);
    return Math.max(from, rest ? last + 1 : head + 1);
  }

  /** Where a repository begins that was not read yet; undefined: at a time that has not come yet. */
  private async begin(repository: Repository, { uuid, head }: Info, { time }: Position, since: Checkpoint | undefined) {
    if (since === undefined) return { uuid, next: 1 };
    if (time === undefined) return { uuid, next: head + 1 };
    if (Date.parse(time) > Date.now()) return undefined;
    const before = await this.svn.revisionAt(repository, new Date(Date.parse(time) - 1).toISOString());
    return { uuid, next: before + 1 };
  }

  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const results: ReadResult[] = [];
    for (const id of ids) results.push(await this.readOne(scope, id));
    return results;
  }

  private async readOne(scope: Scope, id: EntityId): Promise<ReadResult> {
    const parts = revisionOf(wholeOf(id) ?? id);
    const repository = parts && this.sources.get(parts.repository);
    const members = scope.projects
      .map((project) => this.member(project))
      .filter((one) => one.repository === repository?.name);
    if (!parts || !repository || members.length === 0) return undefined;
    const info = await this.svn.info(repository);
    if (parts.revision < 1 || parts.revision > info.head) return undefined;
    const [revision] = await this.svn.log(repository, parts.revision, parts.revision, 1);
    const member = revision && members.find((one) => isIn(one, revision, info.folder));
    if (!revision || !member) return undefined;
    const all = this.describer.all(
      repository,
      revision,
      member.project,
      info.folder,
      TYPES.map((type) => type.id),
    );
    return all.find((one) => one.id === id);
  }

  /** "r12" or "12", in the first repository that has it */
  async byKey(key: string): Promise<Entity | undefined> {
    const number = Number(/^\s*r?(\d{1,10})\s*$/i.exec(key)?.[1]);
    for (const repository of Number.isInteger(number) ? this.sources.values() : []) {
      const found = await this.readOne(
        { projects: [repository.name], types: [COMMIT] },
        `${repository.name}:r${number}`,
      );
      if (found && !(found instanceof SyncError)) return found;
    }
    return undefined;
  }

  async latest(scope: Scope, limit: number): Promise<Entity[]> {
    const found: Entity[] = [];
    for (const [repository, members] of this.byRepository(scope)) {
      const info = await this.svn.info(repository);
      if (info.head < 1) continue;
      const revisions = await this.svn.log(repository, info.head, 1, limit);
      for (const revision of revisions) {
        const member = members.find((one) => isIn(one, revision, info.folder));
        if (member) append(found, this.describer.all(repository, revision, member.project, info.folder, scope.types));
      }
    }
    return found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).slice(0, limit);
  }

  async close(): Promise<void> {
    this.svn.close();
  }

  private byRepository({ projects }: Scope): [Repository, Member[]][] {
    const members = projects.map((project) => this.member(project));
    return [...this.sources.values()].flatMap((repository): [Repository, Member[]][] => {
      const own = members.filter((one) => one.repository === repository.name);
      return own.length === 0 ? [] : [[repository, own]];
    });
  }

  /** @throws SyncError notFound if the repository is not among those of the system */
  private member(project: string): Member {
    const at = project.indexOf(':');
    const repository = at === -1 ? project : project.slice(0, at);
    if (!this.sources.has(repository))
      throw new SyncError('notFound', `There is no repository "${repository.slice(0, 60)}" in this system.`);
    return { project, repository, ...(at !== -1 && { branch: project.slice(at + 1) }) };
  }
}

function refuseRestored(repository: Repository, { uuid, next }: Place, info: Info): void {
  const why =
    uuid !== info.uuid
      ? `is another one than before (UUID ${info.uuid} instead of ${uuid})`
      : info.head < next - 1
        ? `goes backwards: revision ${next - 1} was read, the newest is ${info.head} now. A backup may have been restored`
        : undefined;
  if (why === undefined) return;
  throw new SyncError(
    'fatal',
    `${about(repository)} ${why}. Twinflow reads nothing, so that nothing is missed or created again. ${START_AGAIN}`,
  );
}
