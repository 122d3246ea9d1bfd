/** Creates, updates and deletions, alone and several at once. Each makes a revision, if it changes anything. */

import { ApiError, notFound } from './answer';
import type { Attachments } from './attachments';
import { bad, type Core, type Query, time, wrapped } from './core';
import { expanded, type Items } from './items';
import { oppositeOf, targetOf } from './links';
import { applied, differs, type PatchOperation, sanitised } from './patch';
import type { StandInPerson } from './people';
import type { Item, Relation, Update } from './state';

const MOST_IN_BATCH = 200;
const PARENT = 'System.LinkTypes.Hierarchy-Reverse';
/** Real words: https://github.com/microsoft/vsts-work-item-migrator/issues/50 */
export const UNEXPECTED = 'TF401349: An unexpected error has occurred, please verify your request and try again.';

export class Writes {
  constructor(
    private readonly core: Core,
    private readonly items: Items,
    private readonly attachments: Attachments,
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
    if (item.id > 0) this.mirror(item, blank, by);
    return this.answer(item, query);
  }

  update(id: number, operations: PatchOperation[], query: Query, by: StandInPerson, now: number) {
    const item = this.core.state.item(id);
    if (!item) throw notFound(id);
    const owner = this.core.project(String(item.fields['System.TeamProject']));
    const type = this.core.type(String(item.fields['System.WorkItemType']), owner);
    this.checkRevisions(item);
    const next = applied(operations, item, owner, type, this.context(query, by, now));
    if (!differs(item, next)) return this.answer(item, query);
    this.core.state.items.set(id, next);
    this.revise(next, item, by, now, true);
    this.takeComment(next, by);
    this.mirror(next, item, by);
    return this.answer(next, query);
  }

  private answer(item: Item, query: Query) {
    const expand = expanded(query.get('$expand') ?? undefined);
    const relations = (expand === 'relations' || expand === 'all') && !this.core.faults.answersWithoutRelations;
    return this.items.shown(item, relations);
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
    if (item) this.checkRevisions(item);
    if (item) this.revise(item, structuredClone(item), by, this.core.now(), true);
  }

  /** Told with 500: https://devblogs.microsoft.com/devops/work-item-revision-limits */
  private checkRevisions({ id, revisions }: Item): void {
    const { mostRevisions: most } = this.core.faults;
    if (revisions.length < most) return;
    const words = `VS403357: Work items can't be saved, only work items with up to ${most} revisions are supported through the REST API. Work item ${id}.`;
    throw new ApiError(500, 'WorkItemRevisionLimitExceededException', words);
  }

  /** A comment is written as history, and does not stay in the field. */
  private takeComment(item: Item, by: StandInPerson): void {
    const text = item.fields['System.History'];
    if (text === undefined) return;
    delete item.fields['System.History'];
    const at = item.revisions.at(-1)?.at ?? 0;
    const id = ++this.core.state.commentIds;
    const comment = {
      id,
      text: sanitised(String(text)) ?? '',
      version: 1,
      by,
      at,
      modifiedBy: by,
      modifiedAt: at,
      deleted: false,
      before: [],
    };
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
    const markdown = this.core.options.markdown !== false;
    const attached = (given: Relation, item: Item) => this.attachments.attached(given, item, now);
    return { state: this.core.state, by, now, bypassRules, markdown, attached };
  }

  private revise(item: Item, before: Item, by: StandInPerson, now: number, kept: boolean): void {
    item.fields['System.HyperLinkCount'] = item.relations.filter(({ rel }) => rel === 'Hyperlink').length;
    item.fields['System.RelatedLinkCount'] = item.relations.filter((one) => targetOf(one) !== undefined).length;
    const parent = item.relations.find(({ rel }) => rel === PARENT);
    if (parent) item.fields['System.Parent'] = targetOf(parent);
    else delete item.fields['System.Parent'];
    // times of one work item always increase
    const at = Math.max(now, (item.revisions.at(-1)?.at ?? 0) + 1);
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
    // relations that were added now have the time of the revision
    for (const one of item.relations)
      if (one.rel === 'AttachedFile' && !before.relations.some((other) => isSame(one, other)))
        one.attributes.authorizedDate = time(at);
    const relations = relationsChanged(before.relations, item.relations);
    const update = { id: item.updates.length + 1, rev, at, by, fields: changed };
    item.updates = [...item.updates, { ...update, ...(relations && { relations }) }];
  }

  /**
   * The other ends of links that were added or removed here. They show the link at once, and get an update without a revision
   * (https://github.com/Sedeniono/ADO-History-Diff/issues/3), unless the service makes one for them as well.
   */
  private mirror(item: Item, before: Item, by: StandInPerson): void {
    const at = item.revisions.at(-1)?.at ?? 0;
    const has = (list: readonly Relation[], { rel, url }: Relation) =>
      list.some((one) => one.rel === rel && one.url === url);
    for (const one of before.relations) if (!has(item.relations, one)) this.mirrorOne(item, one, by, at, false);
    for (const one of item.relations) if (!has(before.relations, one)) this.mirrorOne(item, one, by, at, true);
  }

  private mirrorOne(item: Item, link: Relation, by: StandInPerson, at: number, added: boolean): void {
    const [id, rel] = [targetOf(link), oppositeOf(link.rel)];
    const other = id === undefined ? undefined : this.core.state.items.get(id);
    if (!other || rel === undefined) return;
    const past = structuredClone(other);
    const back = { rel, url: `${this.core.base()}/_apis/wit/workItems/${item.id}`, attributes: {} };
    const rest = other.relations.filter((one) => one.rel !== rel || targetOf(one) !== item.id);
    other.relations = added ? [...rest, back] : rest;
    if (link.rel.endsWith('-Reverse')) this.noteLink(rel, other.id, item.id, at, added);
    else this.noteLink(link.rel, item.id, other.id, at, added);
    if (this.core.faults.linksMoveBothEnds) {
      this.revise(other, past, by, at, true);
      return;
    }
    const last = other.revisions.at(-1);
    if (!last) return;
    const counted = { 'System.RelatedLinkCount': other.relations.filter((one) => targetOf(one) !== undefined).length };
    const parent = rel === PARENT ? { 'System.Parent': added ? item.id : undefined } : {};
    for (const [field, value] of Object.entries({ ...counted, ...parent }))
      for (const fields of [other.fields, last.fields]) {
        if (value === undefined) delete fields[field];
        else fields[field] = value;
      }
    const fields = Object.fromEntries(Object.entries(parent).map(([field, newValue]) => [field, { newValue }]));
    other.updates.push({ id: other.updates.length + 1, rev: last.rev, at, by, fields });
  }

  private noteLink(rel: string, source: number, target: number, at: number, active: boolean): void {
    const watermark = (this.core.state.links.at(-1)?.watermark ?? 0) + 1;
    this.core.state.links.push({ watermark, rel, source, target, at, active });
  }
}

const isSame = (one: Relation, other: Relation): boolean => one.rel === other.rel && one.url === other.url;

/** undefined = none has changed */
function relationsChanged(before: readonly Relation[], after: readonly Relation[]): Update['relations'] {
  const without = (some: readonly Relation[], others: readonly Relation[]) =>
    some.filter((one) => !others.some((other) => isSame(one, other)));
  const [added, removed] = [without(after, before), without(before, after)];
  const updated = after.filter((one) =>
    before.some((other) => isSame(one, other) && JSON.stringify(one.attributes) !== JSON.stringify(other.attributes)),
  );
  if (added.length + removed.length + updated.length === 0) return undefined;
  return structuredClone({
    ...(added.length > 0 && { added }),
    ...(removed.length > 0 && { removed }),
    ...(updated.length > 0 && { updated }),
  });
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
