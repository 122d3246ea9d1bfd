/** Issues as Jira shows them → entities with canonical values. */

import { createHash } from 'node:crypto';

import chunk = require('lodash/chunk');

import type { Entity, EntityId, EntityTypeId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Fields, LookupValue, ReferenceValue, SingleValue, UserValue, Value } from '../../model/values';
import type { ReadResult, Scope } from '../connector';
import { isJson, type Json, textOf } from '../kit/json';
import { Cache } from '../kit/metadata';
import type { Delivered } from '../kit/overlap/index-feed';
import { OwnWrites, Recent } from '../kit/recent';
import { FETCH, type JiraApi } from './api';
import { type LinkField, linkedIn, linksOf, type RawLink } from './links';
import { cascadeName, type Definition, type Metadata } from './metadata';
import { userOf } from './people';
import { millisecondsOf, type RawIssue, richTextOf, utcOf } from './shapes';

/** The place and status of an issue, as last read. */
export interface Place {
  project: ProjectId;
  type: EntityTypeId;
  status: LookupValue | undefined;
  version: string;
}

/** Maximum number of issues whose place is remembered. */
const PLACES = 20_000;
const TEN_MINUTES = 600_000;
/** Maximum number of issues whose links are remembered for the next write. */
const LINKED = 2_000;
/** How often an epic that cannot be read delays the poll. */
const MOST_TROUBLES = 3;
/** Maximum number of Twinflow's writes that are kept until the poll meets them; a large entity is read again
 * instead, in characters of JSON. */
const MOST_OWN = 2_000;
export const LARGEST_OWN = 10_000;
/** A changelog entry and its update time may differ by some milliseconds. */
const SAME_CHANGE_MS = 1_000;

export class IssueReader {
  private readonly places = new Recent<EntityId, Place>(PLACES);
  private readonly links = new Recent<EntityId, RawLink[]>(LINKED);
  private readonly own = new OwnWrites(MOST_OWN, LARGEST_OWN);
  /** the own account, once it is known */
  private self: UserValue | undefined;
  private readonly epics = new Cache<string | undefined>(TEN_MINUTES, 10_000);
  /** epics that could not be read, and how often in a row */
  private readonly troubles = new Recent<string, number>(PLACES);

  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
  ) {}

  /** As last read here; undefined = never. */
  placeOf(id: EntityId): Place | undefined {
    return this.places.get(id);
  }

  /** Links of an issue, as last read here; undefined = never. */
  linksOf(id: EntityId): RawLink[] | undefined {
    return this.links.get(id);
  }

  /**
   * By id, whatever project they are in. @see Connection.read
   * @param scope their expected projects: if one of them is not visible, a missing issue need not be deleted
   */
  async byId(ids: EntityId[], scope?: Scope): Promise<ReadResult[]> {
    const wanted = [...new Set(ids.filter((id) => /^\d{1,18}$/.test(id)))];
    const results = new Map<EntityId, ReadResult>();
    for (const some of chunk(wanted, FETCH)) {
      const { found, errors } = await this.issues(some);
      for (const [id, error] of errors) results.set(id, error);
      for (const entity of await this.entities(found)) results.set(entity.id, entity);
    }
    for (const id of scope ? wanted : []) {
      if (results.has(id)) continue;
      const why = await this.hidden(id, scope?.projects ?? []);
      if (why) results.set(id, new SyncError('forbidden', `Issue ${id} is not shown. ${why}`));
    }
    return ids.map((id) => results.get(id));
  }

  /** Why a missing issue may be invisible together with its project. */
  async hidden(id: EntityId, projects: ProjectId[]): Promise<string | undefined> {
    const place = this.placeOf(id);
    const [why] = (await this.metadata.outOfSight(place ? [place.project] : projects)).values();
    return why && `${why}, so it need not be gone`;
  }

  /** @see Connection.byKey. A key from before an issue was moved leads to it as well. */
  async byKey(key: string): Promise<Entity | undefined> {
    const wanted = key.trim().toUpperCase();
    if (!/^[A-Z][A-Z0-9_]*-\d{1,18}$/.test(wanted)) return undefined;
    const { found, errors } = await this.issues([wanted]);
    for (const error of errors.values()) throw error;
    return (await this.entities(found))[0];
  }

  /** At most FETCH, by id or key, as entities. @see JiraApi.issues */
  issues(idsOrKeys: string[]): Promise<Delivered<RawIssue>> {
    return this.api.issues(idsOrKeys, { changelog: this.api.site.changelog, certain: true });
  }

  /** Those of the issues that Jira shows now. */
  async inHundreds(ids: EntityId[]): Promise<RawIssue[]> {
    const found: RawIssue[] = [];
    for (const some of chunk(ids, FETCH)) append(found, (await this.issues(some)).found);
    return found;
  }

  /** Stores the result of an own write for the poll that meets it. @param isExact it is the write's own answer */
  keepOwn(entity: Entity, isExact: boolean): void {
    this.own.keep(entity.id, entity, isExact);
  }

  /** The result of Twinflow's own write, if the issue has not been updated since. @param at its update time, ms
   * since 1970 */
  async takeOwn(id: EntityId, at: number): Promise<Entity | undefined> {
    const own = this.own.take(id);
    if (!own || Date.parse(own.entity.updatedAt) !== at) return undefined;
    // what has been read since then may show links that were made at their other ends, at the same time
    if (this.places.get(id)?.version !== own.entity.version) return undefined;
    // an answer has no changelog
    if (!this.api.site.changelog || !own.isExact) return own.entity;
    this.self ??= userOf(await this.metadata.myself());
    return { ...own.entity, ...(this.self && { updatedBy: this.self }) };
  }

  /** In the given order. */
  async entities(issues: RawIssue[]): Promise<Entity[]> {
    if (issues.length === 0) return [];
    const definitions = await this.metadata.definitionsFor(issues);
    const [site, links] = [await this.metadata.siteUrl(), await this.metadata.linkFields()];
    const entities: Entity[] = [];
    for (const issue of issues) entities.push(await this.entity(issue, definitions, site, links));
    return entities;
  }

  private async entity(
    issue: RawIssue,
    definitions: Map<string, Definition>,
    site: string,
    linkFields: readonly LinkField[],
  ): Promise<Entity> {
    const { id, key, fields: raw } = issue;
    const fields: Fields = {};
    for (const [field, json] of Object.entries(raw)) {
      const definition = definitions.get(field);
      if (definition) fields[field] = await this.value(definition, json, site);
    }
    // without this field, the answer says nothing about links
    if (Array.isArray(raw.issuelinks)) {
      const links = linksOf(raw.issuelinks);
      Object.assign(
        fields,
        linkedIn(links, linkFields, (other) => referenceOf(other, site)),
      );
      this.links.set(id, links);
    }
    const updatedAt = utcOf(raw.updated) ?? new Date(0).toISOString();
    const createdAt = utcOf(raw.created);
    const createdBy = userOf(raw.creator);
    const updatedBy = changerOf(issue, createdBy);
    const project = idOf(raw.project);
    const type = idOf(raw.issuetype);
    const version = `${updatedAt}-${digestOf(key, fields)}`;
    this.places.set(id, { project, type, status: lookupOf(raw.status), version });
    return {
      id,
      key,
      url: `${site}browse/${key}`,
      type,
      project,
      version,
      updatedAt,
      ...(createdAt && { createdAt }),
      ...(createdBy && { createdBy }),
      ...(updatedBy && { updatedBy }),
      fields,
    };
  }

  private async value({ kind }: Definition, json: unknown, site: string): Promise<Value> {
    if (kind.shape === 'sprint') return sprintOf(json);
    if (!kind.multi) return (await this.single(kind.shape, json, site)) ?? null;
    const list: SingleValue[] = [];
    for (const one of Array.isArray(json) ? json : []) {
      const value = await this.single(kind.shape, one, site);
      if (value !== undefined) list.push(value);
    }
    return list.length > 0 ? list : null;
  }

  private async single(
    shape: Definition['kind']['shape'],
    json: unknown,
    site: string,
  ): Promise<SingleValue | undefined> {
    switch (shape) {
      case 'text':
        return textOf(json);
      case 'richText':
        return richTextOf(json);
      case 'number':
        return typeof json === 'number' ? json : undefined;
      case 'seconds':
        return typeof json === 'number' ? Math.round(json) : undefined;
      case 'date':
        return typeof json === 'string' ? /^\d{4}-\d\d-\d\d/.exec(json)?.[0] : undefined;
      case 'dateTime':
        return utcOf(json);
      case 'user':
        return userOf(json);
      case 'issue':
        return referenceOf(json, site);
      case 'issueKey':
        return this.epicOf(json, site);
      case 'sprint':
        return sprintOf(json) ?? undefined;
      case 'option':
      case 'cascade':
      case 'named':
      case 'group':
      case 'team':
        return lookupOf(json);
    }
  }

  /**
   * Epic links (Data Center) contain keys, while entities are identified by id. One request per new one.
   * @throws SyncError if Jira is in trouble: a key used as an id would mean another entity. A single epic does not
   * block the poll forever, though
   */
  private async epicOf(json: unknown, site: string): Promise<ReferenceValue | undefined> {
    const key = textOf(json);
    if (key === undefined) return undefined;
    const id = await this.epics.remember(key, () => this.idOfEpic(key));
    return { id: id ?? key, key, url: `${site}browse/${key}` };
  }

  private async idOfEpic(key: string): Promise<EntityId | undefined> {
    try {
      const { id } = await this.api.issue(key, { fields: ['summary'] });
      this.troubles.delete(key);
      return id;
    } catch (thrown) {
      const { kind } = asSyncError(thrown);
      if (kind === 'auth' || kind === 'rateLimited') throw thrown;
      const count = (this.troubles.get(key) ?? 0) + 1;
      if (kind !== 'transient' || count > MOST_TROUBLES) return undefined;
      this.troubles.set(key, count);
      throw thrown;
    }
  }
}

/**
 * Who made the last update: known from the changelog, if its newest entry is the last update. An issue without changes
 * was last updated by its creator. A comment changes the update time without an entry: then nobody is known.
 */
function changerOf({ lastChange, fields }: RawIssue, creator: UserValue | undefined): UserValue | undefined {
  if (lastChange === undefined) return undefined;
  const since = millisecondsOf(lastChange ? lastChange.created : fields.created);
  const isLast = millisecondsOf(fields.updated) - since < SAME_CHANGE_MS;
  if (!isLast) return undefined;
  return lastChange ? userOf(lastChange.author) : creator;
}

const idOf = (json: unknown): string => (isJson(json) ? (textOf(json.id) ?? '') : '');

/** {id, name}, {id, value}, {id, value, child}, {name} or a plain text. */
function lookupOf(json: unknown): LookupValue | undefined {
  if (typeof json === 'string') return json === '' ? undefined : { name: json };
  if (!isJson(json)) return undefined;
  const id = textOf(json.id) ?? textOf(json.groupId);
  const name = textOf(json.name) ?? textOf(json.value) ?? textOf(json.title) ?? id;
  if (name === undefined) return undefined;
  const child = isJson(json.child) ? lookupOf(json.child) : undefined;
  if (child) return { ...(child.id ? { id: child.id } : {}), name: cascadeName(name, child.name) };
  return { ...(id ? { id } : {}), name };
}

function referenceOf(json: unknown, site: string): ReferenceValue | undefined {
  if (!isJson(json)) return undefined;
  const [id, key] = [textOf(json.id), textOf(json.key)];
  if (!id) return undefined;
  const name = isJson(json.fields) ? textOf(json.fields.summary) : undefined;
  return { id, ...(key ? { key, url: `${site}browse/${key}` } : {}), ...(name ? { name } : {}) };
}

/**
 * An issue keeps every sprint it was in. Its sprint is the one that is not closed; if all are closed, the last one. Data
 * Center before version 9 writes each as the text of a Java object.
 */
function sprintOf(json: unknown): LookupValue | null {
  const sprints = (Array.isArray(json) ? json : []).flatMap((one): { json: Json; state: string }[] => {
    if (isJson(one)) return [{ json: one, state: textOf(one.state)?.toLowerCase() ?? '' }];
    const text = textOf(one) ?? '';
    const part = (name: string) => new RegExp(`[[,]${name}=([^,\\]]*)`).exec(text)?.[1];
    return part('id')
      ? [{ json: { id: part('id'), name: part('name') }, state: part('state')?.toLowerCase() ?? '' }]
      : [];
  });
  const current = sprints.filter(({ state }) => state !== 'closed').at(-1) ?? sprints.at(-1);
  return (current && lookupOf(current.json)) ?? null;
}

/** Changes are in the fields; details of users and of a parent do not belong to the issue. */
function digestOf(key: string, fields: Fields): string {
  const plain = JSON.stringify([key, fields], (_name, value: unknown) =>
    isJson(value) && 'id' in value && ('email' in value || 'login' in value || 'key' in value)
      ? { id: value.id }
      : value,
  );
  return createHash('sha256').update(plain).digest('hex').slice(0, 12);
}
