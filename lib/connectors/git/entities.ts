/** Commits and tags as entities. Nothing of them can be written. */

import type { Entity, EntityType, Field, ProjectId } from '../../model/entity';
import type { FieldType, UserValue, Value } from '../../model/values';
import { type FindItems, PER_ITEM_FIELDS, perItem } from '../kit/work-items';
import type { Mirror, Ref } from './mirror';
import { type GitObject, readObjects, readPaths } from './objects';

export const COMMIT = 'commit';
/** A commit, once for each work item that its message names. */
export const COMMIT_ITEM = 'commit-item';
export const TAG = 'tag';
const TAG_PREFIX = 'refs/tags/';
const SHOWN = 10;
const LONGEST_SUMMARY = 1_000;
const MOST_BRANCHES = 100;
/** Questions about branches at once. */
const AT_ONCE = 4;

export const TYPES: EntityType[] = [
  { id: COMMIT, name: 'Commit', access: 'read' },
  { id: COMMIT_ITEM, name: 'Commit, for each work item', access: 'read' },
  { id: TAG, name: 'Tag', access: 'read' },
];

const field = (id: string, name: string, type: FieldType, more: Partial<Field> = {}): Field => ({
  ...{ id, name, type, readOnly: true },
  ...(type === 'richtext' && { format: 'text' as const }),
  ...more,
});
const several = { multi: true };

const COMMIT_FIELDS: Field[] = [
  field('summary', 'First line', 'text'),
  field('message', 'Message', 'richtext'),
  field('workItems', 'Work items', 'text', several),
  field('author', 'Author', 'user'),
  field('authored', 'Authored', 'datetime'),
  field('committer', 'Committer', 'user'),
  field('committed', 'Committed', 'datetime'),
  field('branches', 'Branches', 'text', several),
  field('paths', 'Changed paths', 'text', several),
  field('parents', 'Parents', 'text', several),
  field('sha', 'Revision', 'text'),
  field('repository', 'Repository', 'text'),
  field('url', 'Address', 'url'),
];

const TAG_FIELDS: Field[] = [
  field('name', 'Name', 'text'),
  field('message', 'Message', 'richtext'),
  field('workItems', 'Work items', 'text', several),
  field('tagger', 'Tagged by', 'user'),
  field('tagged', 'Tagged', 'datetime'),
  field('sha', 'Revision', 'text'),
  field('summary', 'First line of the commit', 'text'),
  field('repository', 'Repository', 'text'),
];

/** undefined if there is no such type. */
export function fieldsOf(type: string): Field[] | undefined {
  if (type === COMMIT) return COMMIT_FIELDS;
  if (type === COMMIT_ITEM) return [...PER_ITEM_FIELDS, ...COMMIT_FIELDS];
  return type === TAG ? TAG_FIELDS : undefined;
}

export const commitId = (repository: string, sha: string): string => `${repository}:${sha}`;
export const tagId = (repository: string, name: string): string => `${repository}:${TAG_PREFIX}${name}`;

/** The repository and the rest of an id. */
export function partsOfId(id: string): { repository: string; sha?: string; tag?: string } | undefined {
  const at = id.indexOf(':');
  if (at === -1) return undefined;
  const [repository, rest] = [id.slice(0, at), id.slice(at + 1)];
  return rest.startsWith(TAG_PREFIX) ? { repository, tag: rest.slice(TAG_PREFIX.length) } : { repository, sha: rest };
}

export interface Describing {
  findItems: FindItems;
  /** the web page of a commit, with `{sha}` and `{repository}` in it */
  page: string | undefined;
}

/** What is to be described: a commit, and the project that it belongs to. */
export interface Wanted {
  sha: string;
  project: ProjectId;
}

const orNull = (text: string): Value => (text === '' ? null : text);
const listed = (texts: readonly string[]): Value => (texts.length === 0 ? null : [...texts]);
const summaryOf = ({ message }: GitObject): string => (message.split('\n', 1)[0] ?? '').slice(0, LONGEST_SUMMARY);
const userOf = (person: UserValue | undefined): Value => (person && Object.keys(person).length > 0 ? person : null);
const richText = (content: string): Value => (content === '' ? null : { format: 'text', content });
const messageOf = ({ fields: { message } }: Entity): string =>
  typeof message === 'object' && message !== null && 'content' in message ? message.content : '';
const EPOCH = new Date(0).toISOString();

export class Describer {
  constructor(
    private readonly mirror: Mirror,
    private readonly how: Describing,
  ) {}

  private get repository(): string {
    return this.mirror.repository.name;
  }

  /** Commits in the order asked; those that are not there are left out. */
  async commits(wanted: readonly Wanted[]): Promise<Entity[]> {
    const objects = await readObjects(
      this.mirror,
      wanted.map(({ sha }) => sha),
    );
    const there = wanted.flatMap(({ sha, project }) => {
      const object = objects.get(sha);
      return object?.kind === 'commit' ? [{ object, project }] : [];
    });
    const paths = await readPaths(
      this.mirror,
      there.map(({ object }) => object),
    );
    const branches = await this.branchesOf(there.map(({ object }) => object.sha));
    return there.map(({ object, project }) => this.commit(object, project, paths.get(object.sha) ?? [], branches));
  }

  private commit(object: GitObject, project: ProjectId, paths: string[], branches: Map<string, string[]>): Entity {
    const { sha, author, committer, message, parents } = object;
    const url = this.urlOf(sha);
    return {
      ...{ id: commitId(this.repository, sha), key: sha.slice(0, SHOWN), type: COMMIT, project, version: sha },
      ...(url !== undefined && { url }),
      createdAt: author?.at ?? EPOCH,
      updatedAt: committer?.at ?? EPOCH,
      ...(author && { createdBy: author.person }),
      ...(committer && { updatedBy: committer.person }),
      fields: {
        summary: orNull(summaryOf(object)),
        message: richText(message),
        workItems: listed(this.idsIn(message)),
        author: userOf(author?.person),
        authored: author?.at ?? null,
        committer: userOf(committer?.person),
        committed: committer?.at ?? null,
        branches: listed(branches.get(sha) ?? []),
        paths: listed(paths),
        parents: listed(parents),
        sha,
        repository: this.repository,
        url: url ?? null,
      },
    };
  }

  /** Commits as they are asked for: as such, and once for each work item that they name. */
  asAsked(commits: readonly Entity[], types: readonly string[]): Entity[] {
    const [isPlain, isPerItem] = [types.includes(COMMIT), types.includes(COMMIT_ITEM)];
    return commits.flatMap((commit) => [
      ...(isPlain ? [commit] : []),
      ...(isPerItem ? perItem(commit, this.how.findItems(messageOf(commit)), COMMIT_ITEM) : []),
    ]);
  }

  private readonly idsIn = (message: string): string[] => this.how.findItems(message).map(({ id }) => id);

  /** Tags, in the order given. */
  async tags(wanted: readonly { tag: Ref; project: ProjectId }[]): Promise<Entity[]> {
    const objects = await readObjects(this.mirror, [
      ...new Set(wanted.flatMap(({ tag: { sha, commit = sha } }) => [sha, commit])),
    ]);
    return wanted.map(({ tag, project }) => this.tag(tag, project, objects));
  }

  private tag({ name, sha, commit = sha }: Ref, project: ProjectId, objects: Map<string, GitObject>): Entity {
    const [own, target] = [objects.get(sha), objects.get(commit)];
    const isAnnotated = own?.kind === 'tag';
    const message = isAnnotated ? own.message : '';
    const tagged = isAnnotated ? own.tagger?.at : undefined;
    return {
      ...{ id: tagId(this.repository, name), key: name, type: TAG, project, version: sha },
      updatedAt: tagged ?? target?.committer?.at ?? EPOCH,
      ...(isAnnotated && own.tagger && { createdBy: own.tagger.person }),
      fields: {
        name,
        message: richText(message),
        workItems: listed(this.idsIn(message)),
        tagger: userOf(isAnnotated ? own.tagger?.person : undefined),
        tagged: tagged ?? null,
        sha: target?.kind === 'commit' ? target.sha : null,
        summary: target?.kind === 'commit' ? orNull(summaryOf(target)) : null,
        repository: this.repository,
      },
    };
  }

  /** The branches that contain each commit now. */
  private async branchesOf(shas: readonly string[]): Promise<Map<string, string[]>> {
    const found = new Map<string, string[]>();
    const open = [...shas];
    const work = async (): Promise<void> => {
      for (let sha = open.shift(); sha !== undefined; sha = open.shift())
        found.set(sha, (await this.mirror.containing(sha)).slice(0, MOST_BRANCHES));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found;
  }

  private urlOf(sha: string): string | undefined {
    return this.how.page?.replaceAll('{sha}', sha).replaceAll('{repository}', encodeURIComponent(this.repository));
  }
}
