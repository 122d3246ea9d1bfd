/**
 * git: commits and tags of any repository that the program `git` can fetch, by path or URL (https, ssh). A repository is a project,
 * and so is each of its branches. Nothing can be written.
 */

import { join } from 'node:path';
import type { Entity, EntityId, Field, Project } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Checkpoint, Connection, ReadResult, Scope } from '../connector';
import { digest, type Repository } from '../kit/repositories';
import { alternatives, choice, defineConnector, requiredText, secret, text } from '../kit/settings';
import { readPatterns, wholeOf } from '../kit/work-items';
import { readRepositories } from './address';
import { COMMIT_ITEM, Describer, fieldsOf, partsOfId, TYPES } from './entities';
import { Feed, type Member, type Source } from './feed';
import { Mirror } from './mirror';
import { positionOf } from './positions';
import { Git } from './program';

const GB = 1024 ** 3;
const SHOWN_BRANCHES = 3;

function problem(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

export const git = defineConnector({
  kind: 'git',
  label: 'git',
  category: 'scm',
  settings: {
    repositories: requiredText({
      label: 'Repositories',
      placeholder: 'https://git.example.com/team/app.git',
      hint: 'Absolute paths or URLs (https, ssh, git, file), separated by commas.',
    }),
    auth: alternatives(
      { label: 'Sign in with' },
      {
        none: { label: 'Nothing, or the SSH key of the account that Node-RED runs as', settings: {} },
        login: {
          label: 'Login and password or token (https)',
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
      label: 'Web page of a commit',
      placeholder: 'https://git.example.com/team/{repository}/commit/{sha}',
      hint: '{sha} and {repository} are replaced.',
    }),
    most: choice(
      {
        label: 'Largest copy',
        hint: 'Of one repository, on the disk of Node-RED. Files are not copied if the server allows that.',
      },
      [
        { value: '2', label: '2 GB' },
        { value: '10', label: '10 GB' },
        { value: '50', label: '50 GB' },
      ],
    ),
  },
  check({ repositories, workItems, page, auth }) {
    const problems: Record<string, string> = {};
    const wrong = problem(() => readRepositories(repositories));
    if (wrong !== undefined) problems.repositories = `Repositories: ${wrong}`;
    else if (readRepositories(repositories).length === 0) problems.repositories = 'Repositories is missing';
    else if (auth.kind === 'login' && readRepositories(repositories).some(({ address }) => !/^https?:/.test(address)))
      problems.repositories = 'Repositories: login and password are for https addresses only';
    const pattern = problem(() => readPatterns(workItems));
    if (pattern !== undefined) problems.workItems = `Work items in messages: ${pattern}`;
    if (page !== undefined && !/^https?:\/\//.test(page))
      problems.page = 'Web page of a commit is not a web address (https)';
    return problems;
  },
  place: ({ repositories }) => `${repositories ?? ''}`.trim(),
  connect(values, { dataFolder, http }): Connection {
    if (dataFolder === undefined) throw new SyncError('invalid', 'git needs a folder for its copies of repositories.');
    const login = values.auth.kind === 'login' ? values.auth : undefined;
    const program = new Git({
      ...(http?.proxy && { 'http.proxy': proxyOf(http.proxy) }),
      ...(http?.tls?.verify === false && { 'http.sslVerify': 'false' }),
      ...(login && basicFor(readRepositories(values.repositories), login)),
    });
    const how = { findItems: readPatterns(values.workItems), page: values.page };
    const sources = new Map(
      readRepositories(values.repositories).map((repository): [string, Source] => {
        const folder = join(dataFolder, 'twinflow-git', `${repository.name}-${digest(repository.address, 16)}.git`);
        const mirror = new Mirror(program, repository, folder, Number(values.most) * GB);
        return [repository.name, { mirror, describer: new Describer(mirror, how) }];
      }),
    );
    return new GitConnection(program, sources, login?.login);
  },
});

/** The header is sent to these servers only. */
function basicFor(repositories: readonly Repository[], { login, password }: { login: string; password: string }) {
  const header = `Authorization: Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  const origins = new Set(repositories.map(({ address }) => new URL(address).origin));
  return Object.fromEntries([...origins].map((origin) => [`http.${origin}/.extraHeader`, header]));
}

function proxyOf({ url, username, password }: { url: string; username?: string; password?: string }): string {
  const proxy = new URL(url);
  if (username !== undefined) proxy.username = username;
  if (password !== undefined) proxy.password = password;
  return proxy.href;
}

class GitConnection implements Connection {
  constructor(
    private readonly program: Git,
    private readonly sources: ReadonlyMap<string, Source>,
    private readonly login: string | undefined,
  ) {}

  async identify() {
    const version = await this.program.text(undefined, ['version'], { about: 'git' });
    for (const { mirror } of this.sources.values()) await mirror.branchesNow();
    return { user: { login: this.login ?? 'git' }, server: version.trim(), missing: [] };
  }

  async projects(): Promise<Project[]> {
    const found: Project[] = [];
    for (const [name, { mirror }] of this.sources) {
      found.push({ id: name, name });
      for (const branch of await mirror.branchesNow())
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

  changes(scope: Scope, since: Checkpoint | undefined, pageSize: number) {
    return this.feed(scope).changes(since, pageSize);
  }

  async newest(scope: Scope) {
    return this.feed(scope).newest();
  }

  revisionIn(checkpoint: Checkpoint) {
    const { places } = positionOf(checkpoint);
    const ends = [...places.values()].flatMap(({ branches }) => [...branches]);
    if (ends.length === 0) return undefined;
    const unique = [...new Map(ends)];
    const shown = unique.slice(0, SHOWN_BRANCHES).map(([name, sha]) => `${name} ${sha.slice(0, 10)}`);
    const others = unique.length - shown.length;
    return [...shown, ...(others > 0 ? [`+${others}`] : [])].join(', ');
  }

  checkpointAt(time: string) {
    const at = Date.parse(time);
    if (Number.isNaN(at)) throw new SyncError('invalid', `"${time.slice(0, 60)}" is not a time (ISO 8601).`);
    return { time: new Date(at).toISOString() };
  }

  async read(scope: Scope, ids: EntityId[]): Promise<ReadResult[]> {
    const members = scope.projects.map((project) => this.member(project));
    const results: ReadResult[] = [];
    const fetched = new Set<string>();
    for (const id of ids) results.push(await this.readOne(members, id, fetched));
    return results;
  }

  private async readOne(members: readonly Member[], id: EntityId, fetched: Set<string>): Promise<ReadResult> {
    const whole = wholeOf(id);
    if (whole !== undefined) {
      const commit = await this.readOne(members, whole, fetched);
      const parent = this.sources.get(partsOfId(whole)?.repository ?? '');
      if (!commit || commit instanceof SyncError || !parent) return commit;
      return parent.describer.asAsked([commit], [COMMIT_ITEM]).find((one) => one.id === id);
    }
    const parts = partsOfId(id);
    const source = parts && this.sources.get(parts.repository);
    const mine = members.filter(({ repository }) => repository === parts?.repository);
    const [first] = mine;
    if (!parts || !source || !first) return undefined;
    const { mirror, describer } = source;
    const look = async (): Promise<ReadResult> => {
      if (parts.tag !== undefined) {
        const tag = (await mirror.tags()).find(({ name }) => name === parts.tag);
        return tag && (await describer.tags([{ tag, project: first.project }]))[0];
      }
      const sha = parts.sha ?? '';
      if ((await mirror.known(/^[0-9a-f]{40,64}$/.test(sha) ? [sha] : [])).get(sha) !== 'commit') return undefined;
      const project = await this.projectOf(mirror, mine, sha);
      return (await describer.commits([{ sha, project }]))[0];
    };
    const there = fetched.has(parts.repository) ? undefined : await look().catch(() => undefined);
    if (there && parts.tag === undefined) return there;
    if (!fetched.has(parts.repository)) await mirror.fetch();
    fetched.add(parts.repository);
    return look();
  }

  /** The first project that has it; one that was rewritten is in none, and stays where it was read. */
  private async projectOf(mirror: Mirror, members: readonly Member[], sha: string): Promise<string> {
    const [first] = members;
    if (members.length === 1 || first?.branch === undefined) return first?.project ?? '';
    const branches = await mirror.containing(sha);
    const found = members.find(({ branch }) => branch === undefined || branches.includes(branch));
    return (found ?? first).project;
  }

  async byKey(key: string) {
    const start = key.trim().toLowerCase();
    for (const [name, { mirror, describer }] of this.sources) {
      const sha = await mirror.named(start);
      if (sha !== undefined) return (await describer.commits([{ sha, project: name }]))[0];
    }
    return undefined;
  }

  async latest(scope: Scope, limit: number) {
    const found: Entity[] = [];
    for (const member of scope.projects.map((project) => this.member(project))) {
      const source = this.sources.get(member.repository);
      if (!source || found.length >= limit) continue;
      await source.mirror.fetch();
      const { branches } = await this.feed({ ...scope, projects: [member.project] }).placeOf(member);
      const shas = await source.mirror.newest([...branches.values()], limit);
      const commits = await source.describer.commits(shas.map((sha) => ({ sha, project: member.project })));
      append(found, source.describer.asAsked(commits, scope.types));
    }
    return found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).slice(0, limit);
  }

  async close(): Promise<void> {
    this.program.close();
  }

  private feed({ projects, types }: Scope): Feed {
    const unknown = types.find((type) => !TYPES.some(({ id }) => id === type));
    if (unknown !== undefined) throw new SyncError('notFound', `Repositories have no "${unknown.slice(0, 60)}".`);
    return new Feed(
      this.sources,
      projects.map((project) => this.member(project)),
      types,
    );
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
