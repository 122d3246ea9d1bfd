/**
 * Searches issues by marker, by a field's value, and by who created them when. The index lags behind writes, so:
 *
 * - issues in the index are searched there and read from the database; so are the newest writes of this connection that
 *   showed the searched value. A search could be told to reconcile them
 *   (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/), but only fifty;
 * - newer issues are found by counting: keys of a project are consecutive, and issues beyond the highest key in the
 *   index are read by key from the database until there are no more.
 *
 * The marker is an entity property. Properties can be searched with JQL only where an app has declared them
 * (https://developer.atlassian.com/cloud/jira/platform/modules/entity-property/), so they are read with the candidates: the
 * newest issues that the account created.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { isEmpty, type Value } from '../../model/values';
import type { FindQuery, FindResult } from '../connector';
import { isSearched } from '../kit/compare';
import { isJson, textOf } from '../kit/json';
import { portions } from '../kit/portions';
import { pointInTime } from '../kit/zone';
import { FETCH, type JiraApi } from './api';
import { among, clause, contains, quoted, since } from './jql';
import type { Metadata, TypeField } from './metadata';
import { userOf } from './people';
import type { IssueReader } from './reading';
import { millisecondsOf, type RawIssue } from './shapes';
import { MARKER } from './writing';

/** Maximum number of issues that are compared if Jira cannot search for the value. */
const MOST_COMPARED = 2_000;
/** Maximum number of the account's newest issues that are checked for a marker. */
const MOST_MARKED = 500;
/** After this many consecutive missing keys the counting ends. Failed creates also use up numbers. */
const GAP = 5;
/** Maximum number of conditions in one search, and their characters: Jira documents no limits, Lucene's is 1,024
 * clauses, and each word is one. */
const CONDITIONS = { most: 200, characters: 10_000 };

interface Top {
  prefix: string;
  highest: number;
}

export class IssueFinder {
  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly reader: IssueReader,
    /** issues that this connection wrote recently, oldest first, as it showed them if that is known */
    private readonly recent: () => [string, Entity | undefined][],
  ) {}

  /** @see Connection.find */
  async find({ project, type, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<FindResult[]> {
    // only Cloud's creates have one
    if (marker !== undefined && !this.api.isCloud) return [];
    if (marker === undefined && !field && createdBySelfSince === undefined) return [];
    const values = field?.values.filter((value) => !isEmpty(value)) ?? [];
    if (field && values.length === 0) return [];
    const { project: info } = await this.metadata.type(project, type);
    const known = field && (await this.fieldOf(info.id, type, field.id));
    const own = marker !== undefined || createdBySelfSince !== undefined;
    const since = createdBySelfSince === undefined ? Number.NEGATIVE_INFINITY : pointInTime(createdBySelfSince);
    const self = own ? userOf(await this.metadata.myself())?.id : undefined;

    const unseen = new Map<string, SyncError>();
    const isWanted = (entity: Entity): boolean => !field || isSearched(entity.fields[field.id], { ...field, values });
    // before the search: issues that reach the index meanwhile are beyond it, and counted
    const top = await this.top(info.id, info.key);
    const issues = new Map<string, RawIssue>();
    for (const condition of known ? conditionsOf(known, values) : [undefined]) {
      const query = { own, since, condition, exhaustive: marker === undefined };
      const most = marker === undefined ? MOST_COMPARED : MOST_MARKED;
      for (const issue of await this.indexed(info.id, type, unseen, { ...query, most })) issues.set(issue.id, issue);
    }
    for (const issue of await this.beyond(top, unseen)) issues.set(issue.id, issue);
    const recent = this.recent().filter(([id, shown]) => !issues.has(id) && (!shown || own || isWanted(shown)));
    const ids = recent.slice(-FETCH).map(([id]) => id);
    for (const issue of await this.read(ids, unseen)) issues.set(issue.id, issue);

    const candidates = [...issues.values()].filter(
      (issue) =>
        textOf(isJson(issue.fields.issuetype) ? issue.fields.issuetype.id : undefined) === type &&
        textOf(isJson(issue.fields.project) ? issue.fields.project.id : undefined) === info.id &&
        (!own || userOf(issue.fields.creator)?.id === self) &&
        (createdBySelfSince === undefined || millisecondsOf(issue.fields.created) >= since) &&
        (marker === undefined || markerOf(issue) === marker),
    );
    const entities = await this.reader.entities(candidates.sort((a, b) => Number(a.id) - Number(b.id)));
    // requested by id and by key, it may have been delivered once
    for (const { id, key } of issues.values()) for (const name of [id, key]) unseen.delete(name);
    return [...entities.filter(isWanted).slice(0, limit), ...unseen.values()];
  }

  private async fieldOf(project: string, type: string, id: string): Promise<TypeField> {
    const field = (await this.metadata.fields(project, type)).fields.get(id);
    if (field) return field;
    throw new SyncError('invalid', `Project and issue type have no field "${id}"`, {
      fields: { [id]: 'does not exist' },
    });
  }

  private async indexed(
    project: string,
    type: string,
    unseen: Map<string, SyncError>,
    query: { own: boolean; since: number; condition: string | undefined; most: number; exhaustive: boolean },
  ): Promise<RawIssue[]> {
    const conditions = [
      among('project', [project]),
      among('issuetype', [type]),
      ...(query.own ? ['creator = currentUser()'] : []),
      ...(Number.isFinite(query.since) ? [since('created', query.since)] : []),
      ...(query.condition === undefined ? [] : [query.condition]),
    ];
    const jql = `${conditions.join(' AND ')} ORDER BY created DESC, key DESC`;
    const found: RawIssue[] = [];
    let token: string | undefined;
    const passed = new Set<string | undefined>();
    do {
      passed.add(token);
      const size = Math.min(FETCH, query.most - found.length);
      const page = await this.api.search({ jql, fields: ['updated'], size, token });
      // the index may have an older state of them
      append(
        found,
        await this.read(
          page.issues.map(({ id }) => id),
          unseen,
        ),
      );
      token = passed.has(page.next) ? undefined : page.next;
      if (token !== undefined && found.length >= query.most && query.exhaustive) {
        throw new SyncError(
          'invalid',
          `Over ${query.most} issues would have to be looked through: choose a text field with a value of its own`,
        );
      }
    } while (token !== undefined && found.length < query.most);
    return found;
  }

  /** The highest key of a project in the index. */
  private async top(project: string, key: string): Promise<Top> {
    const jql = `${among('project', [project])} ORDER BY key DESC`;
    const { issues } = await this.api.search({ jql, fields: ['updated'], size: 1 });
    const highest = Number(issues[0]?.key.split('-').at(-1) ?? 0);
    return { prefix: issues[0]?.key.replace(/-\d+$/, '') ?? key, highest };
  }

  /** Issues of the project that are newer than the index. Data Center reads keys one by one, because several come
   * from the index. */
  private async beyond({ prefix, highest }: Top, unseen: Map<string, SyncError>): Promise<RawIssue[]> {
    const size = this.api.isCloud ? FETCH : 1;
    const found: RawIssue[] = [];
    let missing = 0;
    for (let from = highest + 1; missing < GAP && found.length < MOST_COMPARED; from += size) {
      const keys = Array.from({ length: size }, (_, index) => `${prefix}-${from + index}`);
      const some = await this.read(keys, unseen);
      append(found, some);
      // an issue that exists and cannot be shown is not the end, but a server that fails on each is
      const isThere = some.length > 0 || (size > 1 && keys.some((key) => unseen.has(key)));
      missing = isThere ? 0 : missing + size;
    }
    return found;
  }

  /** @param unseen receives those that cannot be read now: one may be the searched one */
  private async read(ids: string[], unseen: Map<string, SyncError>): Promise<RawIssue[]> {
    const { found, errors } = await this.api.issues(ids, this.api.isCloud ? { properties: [MARKER] } : {});
    for (const [id, error] of errors) unseen.set(id, error);
    return found;
  }
}

function markerOf({ properties }: RawIssue): string | undefined {
  const value = properties[MARKER];
  return isJson(value) ? textOf(value.marker) : undefined;
}

/** Conditions of one search after the other: what has one of the values meets one of them. */
function conditionsOf(field: TypeField, values: Value[]): (string | undefined)[] {
  const each = values.map((value) => conditionOf(field, value));
  const known = each.filter((condition) => condition !== undefined);
  // values that cannot be searched are compared with all issues
  if (known.length < each.length) return [undefined];
  return portions(known, CONDITIONS).map((some) => (some.length === 1 ? some[0] : `(${some.join(' OR ')})`));
}

/** The condition for the index; undefined if the value cannot be searched. */
function conditionOf({ id, kind }: TypeField, value: Value): string | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  if (one === undefined || one === null) return undefined;
  if (kind.shape === 'text' && (id === 'labels' || kind.multi))
    return typeof one === 'string' ? `${clause(id)} = ${quoted(one)}` : undefined;
  if (kind.shape === 'text' && kind.type === 'text') return typeof one === 'string' ? contains(id, one) : undefined;
  if (kind.shape === 'number' && typeof one === 'number') return `${clause(id)} = ${one}`;
  if (kind.type === 'lookup' && typeof one === 'object' && 'name' in one && one.name && kind.shape !== 'cascade') {
    return `${clause(id)} = ${quoted(one.name)}`;
  }
  return undefined;
}
