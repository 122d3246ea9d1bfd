/**
 * Looks for issues by marker, by a field's value, and by who created them when. The index lags behind writes, so:
 *
 * - what it has is searched in it, and read from the database; so are the newest writes of this connection, which a search
 *   could be told to reconcile (https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/), but only fifty;
 * - what is newer is found by counting on: keys of a project are consecutive, and issues are read by key from the database,
 *   beyond the highest key that the index knows, until there are no more.
 *
 * The marker is an entity property. Properties can be searched with JQL only where an app has declared them
 * (https://developer.atlassian.com/cloud/jira/platform/modules/entity-property/), so they are read with the candidates: the
 * newest issues that the account created.
 */

import type { Entity } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import { isEmpty, type Value } from '../../model/values';
import type { FindQuery } from '../connector';
import { FETCH, type JiraApi } from './api';
import { isValue } from './comparing';
import { among, clause, contains, quoted, since } from './jql';
import type { Metadata, TypeField } from './metadata';
import { userOf } from './people';
import type { IssueReader } from './reading';
import { isJson, millisecondsOf, type RawIssue, textOf } from './shapes';
import { MARKER } from './writing';

/** So many issues are looked through where Jira cannot search for the value. */
const MOST_COMPARED = 2_000;
/** So many of the account's newest issues are looked at for a marker. */
const MOST_MARKED = 500;
/** Data Center reads keys one by one: so many missing ones in a row are the end. Numbers are lost to failed creates. */
const GAP = 5;

export class IssueFinder {
  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly reader: IssueReader,
    /** ids of issues that this connection wrote lately */
    private readonly recent: () => string[],
  ) {}

  /** @see Connection.find */
  async find({ project, type, marker, field, createdBySelfSince }: FindQuery, limit: number): Promise<Entity[]> {
    // only Cloud's creates carry one
    if (marker !== undefined && !this.api.isCloud) return [];
    if (marker === undefined && !field && createdBySelfSince === undefined) return [];
    if (field && isEmpty(field.value)) return [];
    const { project: info } = await this.metadata.type(project, type);
    const known = field && (await this.fieldOf(info.id, type, field.id));
    const own = marker !== undefined || createdBySelfSince !== undefined;
    const since = createdBySelfSince === undefined ? Number.NEGATIVE_INFINITY : timeOf(createdBySelfSince);
    const self = own ? userOf(await this.metadata.myself())?.id : undefined;

    const indexed = await this.indexed(info.id, type, {
      own,
      since,
      condition: known && field ? conditionOf(known, field.value) : undefined,
      most: marker === undefined ? MOST_COMPARED : MOST_MARKED,
      exhaustive: marker === undefined,
    });
    const issues = new Map(indexed.map((issue) => [issue.id, issue]));
    const recent = this.recent().filter((id) => !issues.has(id));
    for (const issue of await this.read(recent.slice(-FETCH))) issues.set(issue.id, issue);
    for (const issue of await this.notIndexed(info.id, info.key)) issues.set(issue.id, issue);

    const candidates = [...issues.values()].filter(
      (issue) =>
        textOf(isJson(issue.fields.issuetype) ? issue.fields.issuetype.id : undefined) === type &&
        textOf(isJson(issue.fields.project) ? issue.fields.project.id : undefined) === info.id &&
        (!own || userOf(issue.fields.creator)?.id === self) &&
        (createdBySelfSince === undefined || millisecondsOf(issue.fields.created) >= since) &&
        (marker === undefined || markerOf(issue) === marker),
    );
    const entities = await this.reader.entities(candidates.sort((a, b) => Number(a.id) - Number(b.id)));
    return entities.filter((entity) => !field || isValue(entity.fields[field.id], field.value)).slice(0, limit);
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
      append(found, await this.read(page.issues.map(({ id }) => id)));
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

  /** Issues of the project that are newer than the index. */
  private async notIndexed(project: string, key: string): Promise<RawIssue[]> {
    const jql = `${among('project', [project])} ORDER BY key DESC`;
    const { issues } = await this.api.search({ jql, fields: ['updated'], size: 1 });
    const highest = Number(issues[0]?.key.split('-').at(-1) ?? 0);
    const prefix = issues[0]?.key.replace(/-\d+$/, '') ?? key;
    return this.api.isCloud ? this.byHundreds(prefix, highest) : this.oneByOne(prefix, highest);
  }

  private async byHundreds(prefix: string, highest: number): Promise<RawIssue[]> {
    const found: RawIssue[] = [];
    for (let from = highest + 1; ; from += FETCH) {
      const some = await this.read(Array.from({ length: FETCH }, (_, index) => `${prefix}-${from + index}`));
      append(found, some);
      if (some.length === 0 || found.length >= MOST_COMPARED) return found;
    }
  }

  private async oneByOne(prefix: string, highest: number): Promise<RawIssue[]> {
    const found: RawIssue[] = [];
    for (let number = highest + 1, missing = 0; missing < GAP && found.length < MOST_COMPARED; number++) {
      try {
        found.push(await this.api.issue(`${prefix}-${number}`));
        missing = 0;
      } catch (thrown) {
        if (!(thrown instanceof SyncError) || thrown.kind !== 'notFound') throw thrown;
        missing++;
      }
    }
    return found;
  }

  /** @throws SyncError – one of them cannot be read now: it may be the very one that is looked for */
  private async read(ids: string[]): Promise<RawIssue[]> {
    const { found, errors } = await this.api.issues(ids, this.api.isCloud ? { properties: [MARKER] } : {});
    for (const error of errors.values()) throw error;
    return found;
  }
}

function timeOf(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new SyncError('invalid', `"${text}" is not a point in time (ISO 8601)`);
  return ms;
}

function markerOf({ properties }: RawIssue): string | undefined {
  const value = properties[MARKER];
  return isJson(value) ? textOf(value.marker) : undefined;
}

/** What the index can be asked; undefined where it cannot be asked for the value. */
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
