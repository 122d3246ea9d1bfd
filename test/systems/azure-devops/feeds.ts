/** What the stand-in answers to those who look for changes: the feeds of revisions and of links, and queries. */

import { bad, type Core, type Query, time } from './core';
import type { Items } from './items';
import { RELATION_TYPES } from './links';
import { typeByName } from './patch';
import type { StandInPerson } from './people';
import { fieldByName } from './process';
import type { Item, Revision } from './state';
import { type Clause, holds, parseWiql } from './wiql';

const FEED_PAGE = 200;
const MOST_IN_FEED = 1000;

export class Feeds {
  constructor(
    private readonly core: Core,
    private readonly items: Items,
  ) {}

  /** The same as a POST: fields and types come in the body. */
  feedByPost(project: string | undefined, query: Query, body: unknown) {
    const filter = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
    const merged = new URLSearchParams(query);
    for (const [name, value] of Object.entries(filter)) {
      if (value !== undefined && value !== null)
        merged.set(name, Array.isArray(value) ? value.join(',') : String(value));
    }
    return this.feed(project, merged);
  }

  feed(project: string | undefined, query: Query) {
    const { faults } = this.core;
    const scope = project === undefined ? undefined : this.core.project(project);
    const token = query.get('continuationToken');
    const start = query.get('startDateTime');
    if (token !== null && start !== null)
      throw bad('startDateTime cannot be used with continuationToken', 'ConflictingParametersException');
    const after = token === null ? 0 : Number(/^(\d+);\d+;stand-in$/.exec(token)?.[1] ?? Number.NaN);
    if (Number.isNaN(after)) throw bad(`VS402457: The continuation token ${token} is not valid.`);
    const size = Number(query.get('$maxPageSize') ?? FEED_PAGE);
    if (!Number.isInteger(size) || size < 1 || size > MOST_IN_FEED)
      throw bad('$maxPageSize is out of range', 'ArgumentOutOfRangeException');
    const wanted = query.get('fields')?.split(',');
    for (const name of wanted ?? []) {
      if (!fieldByName.has(name.toLowerCase()))
        throw bad(`TF51535: Cannot find field ${name}.`, 'WorkItemTrackingFieldDefinitionNotFoundException');
    }
    const types = query.get('types')?.toLowerCase().split(',');
    // a type that none of the projects has is refused
    const owners = scope ? [scope] : this.core.state.projects;
    for (const type of types ?? []) {
      const known = typeByName(type) !== undefined && owners.some(({ gone }) => !gone.has(type));
      if (!known) throw bad(`VS402323: Work item type ${type} does not exist.`, 'WorkItemTypeNotFoundException');
    }
    const latest = query.get('includeLatestOnly') === 'true';
    const found: { item: Item; revision: Revision }[] = [];
    for (const item of this.core.state.items.values()) {
      if (item.deleted && query.get('includeDeleted') !== 'true') continue;
      if (faults.hidden.has(item.id) && !faults.feedShowsHidden) continue;
      const visible = item.revisions.filter((one) => !one.withheld);
      for (const revision of latest ? visible.slice(-1) : visible) {
        if (revision.watermark <= after || (start !== null && revision.at <= Date.parse(start))) continue;
        if (scope && revision.fields['System.TeamProject'] !== scope.name) continue;
        if (types && !types.includes(String(revision.fields['System.WorkItemType']).toLowerCase())) continue;
        found.push({ item, revision });
      }
    }
    found.sort((a, b) => a.revision.watermark - b.revision.watermark);
    const empty = faults.emptyPages > 0 || faults.sameToken;
    // each with a token of its own
    const turn = 1 + faults.emptyPages;
    if (faults.emptyPages > 0) faults.emptyPages -= 1;
    const page = empty ? [] : found.slice(0, size);
    // an empty page ends just before what comes next
    const before = Math.max(after, (found[0]?.revision.watermark ?? 1) - 1);
    const next = page.at(-1)?.revision.watermark ?? (empty && !faults.sameToken ? before : after);
    const last = !empty && page.length === found.length;
    const continuationToken = `${next};${turn};stand-in`;
    return {
      values: page.map(({ item, revision }) => {
        const fields = this.items.fieldsShown(item, revision);
        const some = Object.entries(fields).filter(([id]) => !wanted || wanted.includes(id));
        return { id: item.id, rev: revision.rev, fields: Object.fromEntries(some) };
      }),
      nextLink: `${this.core.base()}/_apis/wit/reporting/workItemRevisions?continuationToken=${encodeURIComponent(continuationToken)}`,
      continuationToken,
      isLastBatch: last,
    };
  }

  linkFeed(project: string | undefined, query: Query) {
    if (project !== undefined) this.core.project(project);
    const token = query.get('continuationToken');
    const start = query.get('startDateTime');
    if (token !== null && start !== null) throw bad('startDateTime cannot be used with continuationToken');
    const kinds = query.get('linkTypes')?.split(',');
    for (const kind of kinds ?? [])
      if (!RELATION_TYPES.some(({ referenceName }) => referenceName === kind))
        throw bad(`VS403369: ${kind} is no link type`);
    const after = token === null ? 0 : Number(token.split(';')[0]);
    const found = this.core.state.links.filter(
      ({ watermark, at, rel }) =>
        watermark > after && (start === null || at > Date.parse(start)) && (!kinds || kinds.includes(rel)),
    );
    const page = found.slice(0, FEED_PAGE);
    const continuationToken = `${page.at(-1)?.watermark ?? after};links`;
    return {
      values: page.map(({ rel, source, target, at, active }) => ({
        rel,
        attributes: { sourceId: source, targetId: target, isActive: active, changedDate: time(at) },
      })),
      nextLink: `${this.core.base()}/_apis/wit/reporting/workItemLinks?continuationToken=${continuationToken}`,
      continuationToken,
      isLastBatch: page.length === found.length,
    };
  }

  wiql(body: unknown, query: Query, by: StandInPerson) {
    const text = typeof body === 'object' && body !== null && 'query' in body ? String(body.query) : '';
    const { where, order } = parseWiql(text);
    const precise = query.get('timePrecision') === 'true';
    const matches = (item: Item): boolean => this.meets(item, where, by, precise);
    const found = [...this.core.state.items.values()].filter(
      (item) => !item.deleted && !this.core.faults.hidden.has(item.id) && matches(item),
    );
    const limit = this.core.options.queryLimit ?? 20_000;
    if (found.length > limit) {
      const words = `VS402337: The number of work items returned exceeds the size limit of ${limit}. Change the query to return fewer items.`;
      throw bad(words, 'WorkItemTrackingQueryResultSizeLimitExceededException');
    }
    found.sort((a, b) => {
      for (const { field, descending } of order) {
        const [one, two] = [this.comparable(a, field), this.comparable(b, field)];
        const result = one === two ? 0 : Number(one ?? 0) < Number(two ?? 0) ? -1 : 1;
        if (result !== 0) return descending ? -result : result;
      }
      return 0;
    });
    const top = query.get('$top');
    return {
      queryType: 'flat',
      queryResultType: 'workItem',
      asOf: time(this.core.now()),
      columns: [{ referenceName: 'System.Id', name: 'ID', url: `${this.core.base()}/_apis/wit/fields/System.Id` }],
      workItems: found
        .slice(0, top === null ? undefined : Number(top))
        .map(({ id }) => ({ id, url: `${this.core.base()}/_apis/wit/workItems/${id}` })),
    };
  }

  private meets(item: Item, clause: Clause, by: StandInPerson, precise: boolean): boolean {
    const meets = (one: Clause): boolean => this.meets(item, one, by, precise);
    if (clause.kind === 'all') return clause.clauses.every(meets);
    if (clause.kind === 'any') return clause.clauses.some(meets);
    if (clause.kind === 'not') return !meets(clause.clause);
    const { condition } = clause;
    const type = fieldByName.get(condition.field.toLowerCase())?.type ?? 'string';
    return holds(condition, this.comparable(item, condition.field), type, by.uniqueName, precise);
  }

  private comparable(item: Item, field: string): unknown {
    if (field === 'System.Id') return item.id;
    if (field === 'System.ChangedDate') return item.revisions.at(-1)?.at;
    const value = item.fields[field];
    return fieldByName.get(field.toLowerCase())?.isIdentity ? (value as StandInPerson | undefined)?.uniqueName : value;
  }
}
