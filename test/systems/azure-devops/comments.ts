/**
 * Comments of work items (https://learn.microsoft.com/rest/api/azure/devops/wit/comments, a preview): each makes a revision
 * of its work item, as does its text in `System.History`.
 */

import { ApiError, notFound } from './answer';
import { bad, type Core, type Query, time } from './core';
import { identityRef, type StandInPerson } from './people';
import type { Comment, Item } from './state';
import type { Writes } from './writes';

const PAGE = 200;

export class Comments {
  constructor(
    private readonly core: Core,
    private readonly writes: Writes,
  ) {}

  add(project: string, id: number, body: unknown, by: StandInPerson) {
    const item = this.item(project, id);
    this.writes.update(
      id,
      [{ op: 'add', path: '/fields/System.History', value: textOf(body) }],
      new URLSearchParams(),
      by,
      this.core.now(),
    );
    const made = this.core.state.item(item.id)?.comments.at(-1);
    if (!made) throw bad('The comment is empty');
    return this.shown(id, made);
  }

  list(project: string, id: number, query: Query) {
    const item = this.item(project, id);
    const ids = query.get('ids')?.split(',').map(Number);
    const all = item.comments.filter(
      (one) => (!ids || ids.includes(one.id)) && (!one.deleted || query.get('includeDeleted') === 'true'),
    );
    const newestFirst = (query.get('order') ?? 'desc').toLowerCase() !== 'asc';
    const ordered = newestFirst ? all.toReversed() : all;
    const from = Number(query.get('continuationToken') ?? 0);
    const top = Math.min(Number(query.get('$top') ?? PAGE), PAGE);
    const page = ordered.slice(from, from + top);
    const next = from + page.length < ordered.length ? String(from + page.length) : undefined;
    const here = `${this.core.base()}/${project}/_apis/wit/workItems/${id}/comments`;
    return {
      totalCount: all.length,
      count: page.length,
      comments: page.map((one) => this.shown(id, one)),
      ...(next ? { continuationToken: next, nextPage: `${here}?continuationToken=${next}` } : {}),
      url: here,
    };
  }

  get(project: string, id: number, comment: number, query: Query) {
    return this.shown(id, this.one(project, id, comment, query.get('includeDeleted') === 'true'));
  }

  update(project: string, id: number, comment: number, body: unknown, by: StandInPerson) {
    const one = this.one(project, id, comment, false);
    Object.assign(one, { text: textOf(body), version: one.version + 1, modifiedBy: by, modifiedAt: this.core.now() });
    this.writes.touch(id, by);
    return this.shown(id, one);
  }

  remove(project: string, id: number, comment: number, by: StandInPerson): undefined {
    this.one(project, id, comment, false).deleted = true;
    this.writes.touch(id, by);
  }

  private item(project: string, id: number): Item {
    const { name } = this.core.project(project);
    const item = this.core.state.item(id);
    if (!item || item.fields['System.TeamProject'] !== name) throw notFound(id);
    return item;
  }

  private one(project: string, id: number, comment: number, includeDeleted: boolean): Comment {
    const found = this.item(project, id).comments.find((one) => one.id === comment);
    if (found && (!found.deleted || includeDeleted)) return found;
    throw new ApiError(404, 'WorkItemCommentNotFoundException', `TF402337: Comment ${comment} does not exist.`);
  }

  private shown(workItemId: number, comment: Comment) {
    const { id, text, version, by, at, modifiedBy, modifiedAt, deleted } = comment;
    return {
      workItemId,
      id,
      version,
      text,
      ...(deleted ? { isDeleted: true } : {}),
      createdBy: identityRef(by, this.core.base()),
      createdDate: time(at),
      modifiedBy: identityRef(modifiedBy, this.core.base()),
      modifiedDate: time(modifiedAt),
      format: 'html',
      url: `${this.core.base()}/_apis/wit/workItems/${workItemId}/comments/${id}`,
    };
  }
}

function textOf(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? String(body.text) : '';
  if (text.trim() === '') throw bad('The comment has no text', 'VssPropertyValidationException');
  return text;
}
