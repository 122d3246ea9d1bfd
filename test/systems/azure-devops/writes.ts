/** Creates, updates and deletions, alone and several at once. Each makes a revision, if it changes anything. */

import { ApiError, notFound } from './answer';
import { bad, type Core, type Query, time, wrapped } from './core';
import type { Items } from './items';
import { applied, differs, type PatchOperation } from './patch';
import type { StandInPerson } from './people';
import type { Item } from './state';

const MOST_IN_BATCH = 200;
/** Real words: https://github.com/microsoft/vsts-work-item-migrator/issues/50 */
export const UNEXPECTED = 'TF401349: An unexpected error has occurred, please verify your request and try again.';

export class Writes {
  constructor(
    private readonly core: Core,
    private readonly items: Items,
  ) {}

  create(
    project: string,
    typeName: string,
    operations: PatchOperation[],
    query: Query,
    by: StandInPerson,
    now: number,
  ) {
    const owner = this.core.project(project);
    const type = this.core.type(typeName, owner);
    if (type.isDisabled) throw bad(`VS403074: The work item type ${type.name} is disabled.`, 'RuleValidationException');
    const blank: Item = {
      id: -1,
      fields: { 'System.TeamProject': owner.name, 'System.WorkItemType': type.name },
      relations: [],
      markdown: new Set(),
      revisions: [],
      updates: [],
      comments: [],
      deleted: false,
    };
    const item = applied(operations, blank, owner, type, this.context(query, by, now));
    item.id = query.get('validateOnly') === 'true' ? -1 : this.core.state.nextId++;
    if (item.id > 0) this.core.state.items.set(item.id, item);
    this.revise(item, blank, by, now, item.id > 0);
    this.takeComment(item, by);
    return this.items.shown(item, false);
  }

  update(id: number, operations: PatchOperation[], query: Query, by: StandInPerson, now: number) {
    const item = this.core.state.item(id);
    if (!item) throw notFound(id);
    const owner = this.core.project(String(item.fields['System.TeamProject']));
    const type = this.core.type(String(item.fields['System.WorkItemType']), owner);
    const next = applied(operations, item, owner, type, this.context(query, by, now));
    if (!differs(item, next)) return this.items.shown(item, false);
    this.core.state.items.set(id, next);
    this.revise(next, item, by, now, true);
    this.takeComment(next, by);
    this.adopt(next, item, by);
    return this.items.shown(next, false);
  }

  remove(id: number, now: number, by: StandInPerson) {
    const item = this.core.state.item(id);
    if (!item) throw notFound(id);
    item.deleted = true;
    item.deletedBy = by;
    item.deletedAt = now;
    return this.deletion(item);
  }

  /** What is said of a work item in the recycle bin: https://learn.microsoft.com/rest/api/azure/devops/wit/recyclebin */
  deletion(item: Item) {
    return {
      id: item.id,
      code: 200,
      deletedBy: item.deletedBy?.uniqueName ?? '',
      deletedDate: time(item.deletedAt ?? 0),
      name: String(item.fields['System.Title']),
      project: String(item.fields['System.TeamProject']),
      type: String(item.fields['System.WorkItemType']),
      url: `${this.core.base()}/_apis/wit/recyclebin/${item.id}`,
    };
  }

  recycled(id: number) {
    const item = this.core.state.recycled(id);
    if (item) return { ...this.deletion(item), resource: this.items.shown(item, false) };
    throw notFound(id);
  }

  /** Each of the ids: what is in the recycle bin, and for the others that they are not. */
  recycledOf(ids: number[]) {
    return wrapped(
      ids.map((id) => {
        const item = this.core.state.recycled(id);
        return item ? this.deletion(item) : { id, code: 404, message: notFound(id).message };
      }),
    );
  }

  restore(id: number, by: StandInPerson) {
    const item = this.core.state.recycled(id);
    if (!item) throw notFound(id);
    item.deleted = false;
    this.touch(id, by);
    return this.deletion(item);
  }

  destroy(id: number): undefined {
    if (!this.core.state.recycled(id)) throw notFound(id);
    this.core.state.destroy(id);
  }

  /** A revision without another value. */
  touch(id: number, by: StandInPerson): void {
    const item = this.core.state.item(id);
    if (item) this.revise(item, structuredClone(item), by, this.core.now(), true);
  }

  /** A comment is written as history, and does not stay in the field. */
  private takeComment(item: Item, by: StandInPerson): void {
    const text = item.fields['System.History'];
    if (text === undefined) return;
    delete item.fields['System.History'];
    const at = item.revisions.at(-1)?.at ?? 0;
    const id = ++this.core.state.commentIds;
    const comment = { id, text: String(text), version: 1, by, at, modifiedBy: by, modifiedAt: at, deleted: false };
    item.comments = [...item.comments, comment];
  }

  /** Several writes, each with an answer of its own. */
  several(
    body: unknown,
    by: StandInPerson,
    check: (method: string, uri: string, contentType: string, body: unknown, status: number, answer: unknown) => void,
  ) {
    if (!Array.isArray(body) || body.length === 0)
      throw bad('VS403393: The batch is not valid', 'InvalidBatchWorkItemUpdateJsonException');
    if (body.length > MOST_IN_BATCH)
      throw bad(`VS403394: A batch has ${MOST_IN_BATCH} requests at most`, 'InvalidBatchWorkItemUpdateJsonException');
    const now = this.core.now();
    const undo = this.core.options.batchAllOrNothing ? this.core.state.backUp() : undefined;
    const temporary = new Set<number>();
    const broken = body
      .map((one) => this.core.faults.poisoned(one.body, 'whole'))
      .find((status) => status !== undefined);
    if (broken !== undefined) throw new ApiError(broken, 'InternalServerError', UNEXPECTED);
    const answers = body.map(
      (one: { method: string; uri: string; headers?: Record<string, string>; body: PatchOperation[] }) => {
        const contentType = one.headers?.['Content-Type'] ?? '';
        try {
          if (one.method !== 'PATCH') throw bad('VS403393: only PATCH', 'InvalidBatchWorkItemUpdateJsonException');
          if (contentType !== 'application/json-patch+json')
            throw new ApiError(
              415,
              'VssRequestContentTypeNotSupportedException',
              `VS403415: ${contentType} is not supported`,
            );
          const poisoned = this.core.faults.poisoned(one.body, 'element');
          if (poisoned !== undefined) throw new ApiError(poisoned, 'InternalServerError', UNEXPECTED);
          const url = new URL(one.uri, 'http://batch');
          const operations = withoutTemporaryId(one.body, url.pathname, temporary);
          const answer = this.write(decodeURIComponent(url.pathname), operations, url.searchParams, by, now);
          check(one.method, one.uri, contentType, one.body, 200, answer);
          return {
            code: 200,
            headers: { 'Content-Type': 'application/json; charset=utf-8' },
            body: JSON.stringify(answer),
          };
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          return {
            code: error.status,
            headers: { 'Content-Type': 'application/json; charset=utf-8' },
            body: JSON.stringify(error.batchBody()),
          };
        }
      },
    );
    if (!undo || answers.every(({ code }) => code === 200)) return wrapped(answers);
    undo();
    const lost = JSON.stringify(
      bad('VS403396: The batch was rolled back, since another request in it failed.').batchBody(),
    );
    return wrapped(answers.map((answer) => (answer.code === 200 ? { ...answer, code: 400, body: lost } : answer)));
  }

  private write(path: string, operations: PatchOperation[], query: Query, by: StandInPerson, now: number) {
    if (!query.has('api-version'))
      throw bad('No api-version was supplied for the "PATCH" request.', 'VssVersionNotSpecifiedException');
    const create = /^\/([^/]+)\/_apis\/wit\/workitems\/\$([^/]+)$/i.exec(path);
    if (create?.[1] && create[2]) return this.create(create[1], create[2], operations, query, by, now);
    // with a project in front the service finds nothing
    const update = /^\/_apis\/wit\/workitems\/(\d+)$/i.exec(path);
    if (update) return this.update(Number(update[1]), operations, query, by, now);
    throw bad(`VS403393: ${path} cannot be in a batch`, 'InvalidBatchWorkItemUpdateJsonException');
  }

  private context(query: Query, by: StandInPerson, now: number) {
    const bypassRules = query.get('bypassRules') === 'true';
    return { state: this.core.state, by, now, bypassRules, markdown: this.core.options.markdown !== false };
  }

  private revise(item: Item, before: Item, by: StandInPerson, now: number, kept: boolean): void {
    item.fields['System.HyperLinkCount'] = item.relations.filter(({ rel }) => rel === 'Hyperlink').length;
    item.fields['System.RelatedLinkCount'] = item.relations.filter(({ rel }) => rel.startsWith('System.')).length;
    const parent = item.relations.find(({ rel }) => rel === 'System.LinkTypes.Hierarchy-Reverse');
    if (parent) item.fields['System.Parent'] = Number(parent.url.split('/').at(-1));
    else delete item.fields['System.Parent'];
    // times of one work item always increase
    const at = Math.max(now, (item.revisions.at(-1)?.at ?? 0) + 1);
    const parentBefore = before.fields['System.Parent'];
    const parentNow = item.fields['System.Parent'];
    if (parentBefore !== parentNow && kept) {
      if (parentBefore !== undefined) this.noteLink(Number(parentBefore), item.id, at, false);
      if (parentNow !== undefined) this.noteLink(Number(parentNow), item.id, at, true);
    }
    if (item.fields['System.State'] !== before.fields['System.State']) {
      item.fields['Microsoft.VSTS.Common.StateChangeDate'] = at;
      item.fields['System.Reason'] = `Moved to state ${String(item.fields['System.State'])}`;
    }
    const rev = item.revisions.length + 1;
    const fields = { ...item.fields };
    item.revisions = [
      ...item.revisions,
      {
        rev,
        watermark: kept ? ++this.core.state.watermark : 0,
        at,
        by,
        fields,
        ...(this.core.withholding ? { withheld: true } : {}),
      },
    ];
    const changed: Item['updates'][number]['fields'] = {
      'System.Rev': { oldValue: rev - 1 || undefined, newValue: rev },
      'System.ChangedDate': { newValue: at },
      'System.ChangedBy': { newValue: by },
    };
    for (const id of new Set([...Object.keys(before.fields), ...Object.keys(fields)])) {
      if (JSON.stringify(before.fields[id]) === JSON.stringify(fields[id]) && before.revisions.length > 0) continue;
      changed[id] = {
        ...(before.revisions.length > 0 ? { oldValue: before.fields[id] } : {}),
        newValue: fields[id],
      };
    }
    item.updates = [...item.updates, { id: item.updates.length + 1, rev, at, by, fields: changed }];
  }

  /** Children that were added here: their parent changes, but not their revision. */
  private adopt(item: Item, before: Item, by: StandInPerson): void {
    const known = new Set(before.relations.map(({ url }) => url));
    const at = item.revisions.at(-1)?.at ?? 0;
    for (const { rel, url } of item.relations) {
      const child =
        rel.endsWith('Hierarchy-Forward') && !known.has(url)
          ? this.core.state.item(Number(url.split('/').at(-1)))
          : undefined;
      const last = child?.revisions.at(-1);
      if (!child || !last) continue;
      child.relations.push({
        rel: 'System.LinkTypes.Hierarchy-Reverse',
        url: `${this.core.base()}/_apis/wit/workItems/${item.id}`,
        attributes: {},
      });
      child.fields['System.Parent'] = item.id;
      last.fields['System.Parent'] = item.id;
      child.updates.push({
        id: child.updates.length + 1,
        rev: last.rev,
        at,
        by,
        fields: { 'System.Parent': { newValue: item.id } },
      });
      this.noteLink(item.id, child.id, at, true);
    }
  }

  private noteLink(parent: number, child: number, at: number, active: boolean): void {
    const watermark = (this.core.state.links.at(-1)?.watermark ?? 0) + 1;
    this.core.state.links.push({ watermark, parent, child, at, active });
  }
}

/** New work items in a batch are told apart by negative numbers; one without counts as -1. */
function withoutTemporaryId(operations: PatchOperation[], path: string, known: Set<number>): PatchOperation[] {
  if (!path.includes('$')) return operations;
  const [first, ...others] = operations;
  const given = first?.op === 'add' && first.path === '/id';
  const id = given ? Number(first.value) : -1;
  if (!Number.isInteger(id) || id >= 0) throw bad(`VS403395: ${id} is no temporary id`);
  if (known.has(id)) throw bad(`VS403395: The temporary id ${id} is there twice`);
  known.add(id);
  return given ? others : operations;
}
