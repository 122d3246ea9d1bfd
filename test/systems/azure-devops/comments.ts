/**
 * Comments of work items (https://learn.microsoft.com/rest/api/azure/devops/wit/comments, a preview): each makes a revision
 * of its work item, as does its text in `System.History`.
 */

import { ApiError, notFound } from './answer';
import { bad, type Core, type Query, time, wrapped } from './core';
import { sanitised } from './patch';
import { identityRef, type StandInPerson } from './people';
import type { Comment, Item } from './state';
import type { Writes } from './writes';

const PAGE = 200;

export class Comments {
  constructor(
    private readonly core: Core,
    private readonly writes: Writes,
  ) {}

  add(project: string, id: number, body: unknown, query: Query, by: StandInPerson) {
    this.allowed();
    const markdown = this.markdownIn(query);
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
    if (markdown) Object.assign(made, { markdown, text: textOf(body) });
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

  update(project: string, id: number, comment: number, body: unknown, query: Query, by: StandInPerson) {
    const one = this.changeable(project, id, comment, by);
    // without a word about it the format stays
    const markdown = query.has('format') ? this.markdownIn(query) : one.markdown === true;
    const text = markdown ? textOf(body) : (sanitised(textOf(body)) ?? '');
    this.change(id, one, { text, markdown }, by);
    return this.shown(id, one);
  }

  remove(project: string, id: number, comment: number, by: StandInPerson): undefined {
    this.change(id, this.changeable(project, id, comment, by), { deleted: true }, by);
  }

  versions(project: string, id: number, comment: number) {
    const one = this.one(project, id, comment, true);
    return wrapped([...one.before, one].map((version) => this.shown(id, { ...version, before: [] })));
  }

  private changeable(project: string, id: number, comment: number, by: StandInPerson): Comment {
    this.allowed();
    const one = this.one(project, id, comment, false);
    if (!this.core.faults.authorsOnly || one.by.id === by.id) return one;
    throw new ApiError(403, 'WorkItemCommentEditNotAllowedException', 'Only the author of a comment can change it.');
  }

  private change(id: number, one: Comment, changes: Partial<Comment>, by: StandInPerson): void {
    if (!this.core.faults.commentsAreSilent) this.writes.touch(id, by);
    const { before, ...was } = one;
    const at = Math.max(this.core.now(), one.modifiedAt);
    Object.assign(one, changes, { version: one.version + 1, modifiedBy: by, modifiedAt: at, before: [...before, was] });
  }

  private allowed(): void {
    if (!this.core.faults.lacking.has('comments')) return;
    const words = 'VS403418: You do not have permissions to edit work item comments under the specified area path.';
    throw new ApiError(403, 'WorkItemCommentSaveDeniedException', words);
  }

  private markdownIn(query: Query): boolean {
    const format = query.get('format');
    if (format === 'markdown' && this.core.options.markdown === false) throw bad('The format is not known.');
    return format === 'markdown';
  }

  private item(project: string, id: number): Item {
    if (this.core.faults.commentsMissing) throw tooOld();
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
    const { id, text, version, by, at, modifiedBy, modifiedAt, deleted, markdown } = comment;
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
      format: markdown ? 'markdown' : 'html',
      url: `${this.core.base()}/_apis/wit/workItems/${workItemId}/comments/${id}`,
    };
  }
}

/** The service before Azure DevOps Server 2019 Update 1. */
const tooOld = () =>
  new ApiError(
    404,
    'VssResourceNotFoundException',
    "The controller for path '/_apis/wit/workItems/comments' was not found or does not implement IController.",
  );

function textOf(body: unknown): string {
  const text = typeof body === 'object' && body !== null && 'text' in body ? String(body.text) : '';
  if (text.trim() === '') throw bad('The comment has no text', 'VssPropertyValidationException');
  return text;
}
