/** Work items and their updates as the API shows them. */

import { notFound } from './answer';
import { bad, type Core, type Query, time, wrapped } from './core';
import { identityRef, type StandInPerson } from './people';
import { fieldByName } from './process';
import type { Item, Revision, Shown } from './state';

export class Items {
  constructor(private readonly core: Core) {}

  batch(body: unknown) {
    const request = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const ids = Array.isArray(request.ids) ? request.ids.map(Number) : [];
    if (ids.length === 0) throw bad('You must pass a valid list of ids');
    if (ids.length > 200) throw bad('VS403474: You requested more than 200 work items, the limit of a batch.');
    const expand = expanded(request.$expand);
    const omits = /^(omit|2)$/i.test(String(request.errorPolicy ?? ''));
    if (request.fields && expand !== 'none') {
      throw bad('The expand parameter can not be used with the fields parameter.', 'ConflictingParametersException');
    }
    const fields = Array.isArray(request.fields) ? request.fields.map(String) : undefined;
    const value = ids
      .filter((id) => !this.core.faults.leftOut.has(id))
      .map((id) => {
        const item = this.core.state.item(id);
        if (!item && !omits) throw notFound(id);
        // the service leaves a hole where something is omitted
        if (!item) return null;
        const one = this.shown(item, expand === 'relations' || expand === 'all', fields);
        // in another order than in a single read: https://github.com/MicrosoftDocs/azure-devops-docs/issues/1509
        return one.relations ? { ...one, relations: [...one.relations].reverse() } : one;
      });
    return wrapped(value);
  }

  /** Several by their ids in the address: GET workitems?ids=1,2 */
  list(query: Query) {
    const ids = (query.get('ids') ?? '').split(',').filter(Boolean).map(Number);
    if (ids.length === 0) throw bad('You must pass a valid list of ids', 'ArgumentException');
    const fields = query.get('fields')?.split(',');
    return this.batch({ ids, fields, $expand: expandOf(query), errorPolicy: query.get('errorPolicy') ?? 'fail' });
  }

  /** @param project as in the address, where it is there: then the work item must be in it */
  get(id: number, query: Query, project?: string) {
    const item = this.core.state.item(id);
    const within = project === undefined ? undefined : this.core.project(project).name;
    if (!item || (within !== undefined && item.fields['System.TeamProject'] !== within)) throw notFound(id);
    const expand = expandOf(query);
    const fields = query.get('fields')?.split(',');
    if (fields && expand !== 'none')
      throw bad('The expand parameter can not be used with the fields parameter.', 'ConflictingParametersException');
    return this.shown(item, expand === 'relations' || expand === 'all', fields);
  }

  revisions(id: number, query: Query) {
    const item = this.core.state.item(id);
    if (!item) throw notFound(id);
    const top = Number(query.get('$top') ?? 200);
    const skip = Number(query.get('$skip') ?? 0);
    return wrapped(item.revisions.slice(skip, skip + top).map((one) => this.revisionShown(item, one)));
  }

  revision(id: number, number: number) {
    const item = this.core.state.item(id);
    const found = item?.revisions.find(({ rev }) => rev === number);
    if (item && found) return this.revisionShown(item, found);
    throw item ? bad(`VS402880: Work item ${id} has no revision ${number}`) : notFound(id);
  }

  private revisionShown(item: Item, revision: Revision) {
    return {
      id: item.id,
      rev: revision.rev,
      fields: this.fieldsShown(item, revision),
      url: `${this.core.base()}/_apis/wit/workItems/${item.id}/revisions/${revision.rev}`,
    };
  }

  update(id: number, number: number) {
    const found = this.updates(id, new URLSearchParams()).value.find((one) => one.id === number);
    if (found) return found;
    throw bad(`VS402880: Work item ${id} has no update ${number}`);
  }

  /** A work item as the API shows it. */
  shown(item: Item, relations: boolean, only?: string[]) {
    const revision = item.revisions.at(-1);
    const fields = revision ? this.fieldsShown(item, revision) : {};
    const wanted = only?.map((name) => fieldByName.get(name.toLowerCase())?.referenceName ?? name);
    return {
      id: item.id,
      rev: item.revisions.length,
      fields: wanted ? Object.fromEntries(Object.entries(fields).filter(([id]) => wanted.includes(id))) : fields,
      ...(item.markdown.size > 0
        ? { multilineFieldsFormat: Object.fromEntries([...item.markdown].map((field) => [field, 'markdown'])) }
        : {}),
      ...(relations && item.relations.length > 0 ? { relations: item.relations } : {}),
      url: `${this.core.base()}/_apis/wit/workItems/${item.id}`,
    };
  }

  fieldsShown(item: Item, revision: Revision): Shown {
    const { fields, at, by, rev, watermark } = revision;
    const project = this.core.state.project(String(fields['System.TeamProject']));
    const area = String(fields['System.AreaPath']);
    const iteration = String(fields['System.IterationPath']);
    const all: Shown = {
      ...fields,
      'System.Id': item.id,
      'System.Rev': rev,
      'System.ChangedDate': at,
      'System.ChangedBy': by,
      'System.AuthorizedDate': at,
      'System.AuthorizedAs': by,
      'System.Watermark': watermark,
      'System.AreaId': project && this.core.state.nodeOf(project.areas, area)?.id,
      'System.IterationId': project && this.core.state.nodeOf(project.iterations, iteration)?.id,
      'System.NodeName': area.split('\\').at(-1),
      'System.CommentCount': item.comments.filter((one) => !one.deleted).length,
    };
    return Object.fromEntries(
      Object.entries(all)
        .filter(([id, value]) => value !== undefined && id !== 'System.History')
        .map(([id, value]) => [id, this.valueShown(id, value)]),
    );
  }

  private valueShown(id: string, value: unknown): unknown {
    const definition = fieldByName.get(id.toLowerCase());
    if (definition?.type === 'dateTime') return time(Number(value));
    return definition?.isIdentity ? identityRef(value as StandInPerson, this.core.base()) : value;
  }

  updates(id: number, query: Query) {
    const item = this.core.state.item(id);
    if (!item) throw notFound(id);
    const top = Number(query.get('$top') ?? 200);
    const skip = Number(query.get('$skip') ?? 0);
    if (top > 200) throw bad('VS402881: $top is 200 at most');
    const all = item.updates.map((update, index) => {
      const shownValues = (change: { oldValue?: unknown; newValue?: unknown }, field: string) => ({
        ...(change.oldValue === undefined ? {} : { oldValue: this.valueShown(field, change.oldValue) }),
        ...(change.newValue === undefined ? {} : { newValue: this.valueShown(field, change.newValue) }),
      });
      const next = item.updates[index + 1];
      return {
        id: update.id,
        workItemId: id,
        rev: update.rev,
        revisedBy: identityRef(update.by, this.core.base()),
        revisedDate: next ? time(next.at) : '9999-01-01T00:00:00Z',
        ...(update.relations && { relations: update.relations }),
        fields: Object.fromEntries(
          Object.entries(update.fields).map(([field, change]) => [field, shownValues(change, field)]),
        ),
        url: `${this.core.base()}/_apis/wit/workItems/${id}/updates/${update.id}`,
      };
    });
    return wrapped(all.slice(skip, skip + top));
  }
}

/** Enumerations are taken by name and by number. */
const EXPAND = ['none', 'relations', 'fields', 'links', 'all'];
export const expanded = (given: unknown): string => {
  const text = String(given ?? 'none');
  return /^\d$/.test(text) ? (EXPAND[Number(text)] ?? 'none') : text.toLowerCase();
};
const expandOf = (query: Query): string => expanded(query.get('$expand') ?? undefined);
