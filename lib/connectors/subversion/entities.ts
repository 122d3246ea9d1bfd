/** Revisions and tags as entities. Nothing of them can be written. */

import type { Entity, EntityType, Field, ProjectId } from '../../model/entity';
import type { FieldType, Value } from '../../model/values';
import { digest, type Repository } from '../kit/repositories';
import { type FindItems, PER_ITEM_FIELDS, perItem } from '../kit/work-items';
import type { ChangedPath, Revision } from './log';

export const COMMIT = 'commit';
/** A revision, once for each work item that its message names. */
export const COMMIT_ITEM = 'commit-item';
/** A folder that was made in `tags`. */
export const TAG = 'tag';

export const TYPES: EntityType[] = [
  { id: COMMIT, name: 'Commit', access: 'read' },
  { id: COMMIT_ITEM, name: 'Commit, for each work item', access: 'read' },
  { id: TAG, name: 'Tag', access: 'read' },
];

const LONGEST_SUMMARY = 1_000;

const field = (id: string, name: string, type: FieldType, more: Partial<Field> = {}): Field => ({
  ...{ id, name, type, readOnly: true },
  ...(type === 'richtext' && { format: 'text' as const }),
  ...more,
});
const several = { multi: true };

const COMMON: Field[] = [
  field('summary', 'First line', 'text'),
  field('message', 'Message', 'richtext'),
  field('workItems', 'Work items', 'text', several),
  field('author', 'Author', 'user'),
  field('committed', 'Committed', 'datetime'),
  field('revision', 'Revision', 'number', { integer: true }),
  field('repository', 'Repository', 'text'),
  field('url', 'Address', 'url'),
];
const COMMIT_FIELDS: Field[] = [
  ...COMMON,
  field('branches', 'Branches', 'text', several),
  field('paths', 'Changed paths', 'text', several),
];
const TAG_FIELDS: Field[] = [
  field('name', 'Name', 'text'),
  ...COMMON,
  field('from', 'Copied from', 'text'),
  field('fromRevision', 'Copied from revision', 'number', { integer: true }),
];

/** undefined if there is no such type. */
export function fieldsOf(type: string): Field[] | undefined {
  if (type === COMMIT) return COMMIT_FIELDS;
  if (type === COMMIT_ITEM) return [...PER_ITEM_FIELDS, ...COMMIT_FIELDS];
  return type === TAG ? TAG_FIELDS : undefined;
}

export const commitId = (repository: string, revision: number): string => `${repository}:r${revision}`;
const tagId = (repository: string, revision: number, path: string): string =>
  `${commitId(repository, revision)}:${path}`;

export function revisionOf(id: string): { repository: string; revision: number } | undefined {
  const [, repository, revision] = /^([^:]+):r(\d{1,10})(?::|$)/.exec(id) ?? [];
  return repository === undefined || revision === undefined ? undefined : { repository, revision: Number(revision) };
}

/** A project: a repository, or a branch of it by its folder (`trunk`, `branches/one`). */
export interface Member {
  project: ProjectId;
  repository: string;
  branch?: string;
}

const listed = (texts: readonly string[]): Value => (texts.length === 0 ? null : [...texts]);
const EPOCH = new Date(0).toISOString();

/** `trunk`, `branches/one`, `tags/1.0`, by the folder that the address leads to; undefined: none of them. */
export function branchOf(path: string, folder: string): string | undefined {
  if (!path.startsWith(`${folder}/`)) return undefined;
  const [first = '', second] = path.slice(folder.length + 1).split('/');
  if (first === 'trunk') return first;
  return (first === 'branches' || first === 'tags') && second ? `${first}/${second}` : undefined;
}

/** A member has a revision if one of its paths is below the member's folder. */
export const isIn = ({ branch }: Member, { paths }: Revision, folder: string): boolean =>
  branch === undefined || paths.some(({ path }) => `${path}/`.startsWith(`${folder}/${branch}/`));

export class Describer {
  constructor(
    private readonly findItems: FindItems,
    /** the web page of a revision, with `{revision}` and `{repository}` in it */
    private readonly page: string | undefined,
  ) {}

  /** A revision as it is asked for. @param folder that the address leads to */
  all(
    { name }: Repository,
    revision: Revision,
    project: ProjectId,
    folder: string,
    types: readonly string[],
  ): Entity[] {
    const commit = this.commit(name, revision, project, folder);
    const items = this.findItems(revision.message);
    return [
      ...(types.includes(COMMIT) ? [commit] : []),
      ...(types.includes(COMMIT_ITEM) ? perItem(commit, items, COMMIT_ITEM) : []),
      ...(types.includes(TAG) ? this.tags(name, revision, project, folder) : []),
    ];
  }

  private commit(repository: string, revision: Revision, project: ProjectId, folder: string): Entity {
    const { number, paths } = revision;
    const branches = new Set(paths.flatMap(({ path }) => branchOf(path, folder) ?? []));
    return {
      ...{ id: commitId(repository, number), key: `r${number}`, type: COMMIT, project },
      ...this.common(repository, revision),
      fields: {
        ...this.fields(repository, revision),
        ...{ branches: listed([...branches]), paths: listed(paths.map(({ path }) => path)) },
      },
    };
  }

  private tags(repository: string, revision: Revision, project: ProjectId, folder: string): Entity[] {
    const isTag = ({ action, path }: ChangedPath): boolean =>
      (action === 'A' || action === 'R') &&
      path.startsWith(`${folder}/tags/`) &&
      !path.slice(folder.length + 6).includes('/');
    return revision.paths.filter(isTag).map(({ path, copiedFrom }) => ({
      ...{ id: tagId(repository, revision.number, path), key: path.slice(folder.length + 6), type: TAG, project },
      ...this.common(repository, revision),
      fields: {
        ...{ name: path.slice(folder.length + 6), ...this.fields(repository, revision) },
        ...{ from: copiedFrom?.path ?? null, fromRevision: copiedFrom?.revision ?? null },
      },
    }));
  }

  /** Messages can be edited later, without a trace: the version says so to who reads it again. */
  private common(repository: string, { number, at, author, message }: Revision) {
    const url = this.urlOf(repository, number);
    return {
      ...{ version: `${number}-${digest(JSON.stringify([author, message]), 8)}`, updatedAt: at ?? EPOCH },
      ...(url !== undefined && { url }),
      ...(at !== undefined && { createdAt: at }),
      ...(author !== undefined && { createdBy: { login: author, name: author } }),
    };
  }

  private fields(repository: string, { number, at, author, message }: Revision): Record<string, Value> {
    return {
      summary: message.split('\n', 1)[0]?.slice(0, LONGEST_SUMMARY) || null,
      message: message === '' ? null : { format: 'text', content: message },
      workItems: listed(this.findItems(message).map(({ id }) => id)),
      author: author === undefined ? null : { login: author, name: author },
      ...{ committed: at ?? null, revision: number, repository, url: this.urlOf(repository, number) ?? null },
    };
  }

  private urlOf(repository: string, revision: number): string | undefined {
    return this.page
      ?.replaceAll('{revision}', String(revision))
      .replaceAll('{repository}', encodeURIComponent(repository));
  }
}
