/** Issues as Jira shows them → entities with canonical values. */

import { createHash } from 'node:crypto';
import type { Entity, EntityId, EntityTypeId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { Fields, LookupValue, ReferenceValue, SingleValue, UserValue, Value } from '../../model/values';
import { Cache, Recent } from '../cache';
import type { ReadResult, Scope } from '../connector';
import { isEmptyDocument, textOfDocument } from './adf';
import { FETCH, type Fetched, type JiraApi } from './api';
import type { Members } from './members';
import { cascadeName, type Definition, type Metadata } from './metadata';
import { userOf } from './people';
import { isJson, type Json, millisecondsOf, type RawIssue, textOf, utcOf } from './shapes';

/** Where an issue is, and its status, as last read. */
export interface Place {
  project: ProjectId;
  type: EntityTypeId;
  status: LookupValue | undefined;
}

/** Issues whose place is remembered. */
const PLACES = 20_000;
const TEN_MINUTES = 600_000;
/** So often an epic that cannot be asked for holds up the poll. */
const MOST_TROUBLES = 3;
/** Own writes that are kept until the poll meets them; a large entity is read again rather than kept, characters of JSON. */
const MOST_OWN = 2_000;
const LARGEST_OWN = 10_000;
/** A changelog entry and the update time that it made need not be the same millisecond. */
const SAME_CHANGE_MS = 1_000;

/** What an own write showed. */
interface Own {
  entity: Entity;
  /** as that very write left it, in an answer without changelog */
  isExact: boolean;
}

export class IssueReader {
  private readonly places = new Map<EntityId, Place>();
  /** what our own writes showed */
  private readonly own = new Recent<EntityId, Own>(MOST_OWN);
  /** our account, once it was asked for */
  private self: UserValue | undefined;
  private readonly epics = new Cache<string | undefined>(TEN_MINUTES, 10_000);
  /** epics that could not be asked for, and how often in a row */
  private readonly troubles = new Map<string, number>();

  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly members: Members,
  ) {}

  /** As last read here; undefined = never. */
  placeOf(id: EntityId): Place | undefined {
    return this.places.get(id);
  }

  /**
   * By id, whatever project they are in. @see Connection.read
   * @param scope where they should be: if one of its projects is out of sight, an issue that is not shown need not be gone
   */
  async byId(ids: EntityId[], scope?: Scope): Promise<ReadResult[]> {
    const wanted = [...new Set(ids.filter((id) => /^\d{1,18}$/.test(id)))];
    const results = new Map<EntityId, ReadResult>();
    for (let at = 0; at < wanted.length; at += FETCH) {
      const some = wanted.slice(at, at + FETCH);
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

  /** Why an issue that is not shown may be out of sight together with its project. */
  private async hidden(id: EntityId, projects: ProjectId[]): Promise<string | undefined> {
    const place = this.placeOf(id);
    for (const project of place ? [place.project] : projects) {
      const words = await this.members.lacking(project);
      if (words) return `${words}, so it need not be gone`;
    }
    return undefined;
  }

  /** @see Connection.byKey. A key from before an issue was moved leads to it as well. */
  async byKey(key: string): Promise<Entity | undefined> {
    const wanted = key.trim().toUpperCase();
    if (!/^[A-Z][A-Z0-9_]*-\d{1,18}$/.test(wanted)) return undefined;
    const { found, errors } = await this.issues([wanted]);
    for (const error of errors.values()) throw error;
    return (await this.entities(found))[0];
  }

  /** At most FETCH, by id or key, with what becomes of them as entities. @see JiraApi.issues */
  issues(idsOrKeys: string[]): Promise<Fetched> {
    return this.api.issues(idsOrKeys, { changelog: this.api.changelog, certain: true });
  }

  /** Keeps what an own write showed, for the poll in which it comes back. @param isExact it is the write's own answer */
  keepOwn(entity: Entity, isExact: boolean): void {
    if (JSON.stringify(entity).length <= LARGEST_OWN) this.own.set(entity.id, { entity, isExact });
  }

  /** What our own write showed, if the issue has not been updated since. @param at its update time, ms since 1970 */
  async takeOwn(id: EntityId, at: number): Promise<Entity | undefined> {
    const own = this.own.take(id);
    if (!own || Date.parse(own.entity.updatedAt) !== at) return undefined;
    if (!this.api.changelog || !own.isExact) return own.entity;
    this.self ??= userOf(await this.metadata.myself());
    return this.self ? { ...own.entity, updatedBy: this.self } : own.entity;
  }

  /** In the order given. */
  async entities(issues: RawIssue[]): Promise<Entity[]> {
    if (issues.length === 0) return [];
    const definitions = await this.metadata.definitionsFor(issues);
    const site = await this.metadata.siteUrl();
    await this.learnEpics(issues, definitions);
    const entities: Entity[] = [];
    for (const issue of issues) entities.push(await this.entity(issue, definitions, site));
    return entities;
  }

  private async entity(issue: RawIssue, definitions: Map<string, Definition>, site: string): Promise<Entity> {
    const { id, key, fields: raw } = issue;
    const fields: Fields = {};
    for (const [field, json] of Object.entries(raw)) {
      const definition = definitions.get(field);
      if (definition) fields[field] = await this.value(definition, json, site);
    }
    const updatedAt = utcOf(raw.updated) ?? new Date(0).toISOString();
    const createdAt = utcOf(raw.created);
    const createdBy = userOf(raw.creator);
    const updatedBy = changerOf(issue, createdBy);
    const project = idOf(raw.project);
    const type = idOf(raw.issuetype);
    this.remember(id, { project, type, status: lookupOf(raw.status) });
    return {
      id,
      key,
      url: `${site}browse/${key}`,
      type,
      project,
      version: `${updatedAt}-${digestOf(key, fields)}`,
      updatedAt,
      ...(createdAt ? { createdAt } : {}),
      ...(createdBy ? { createdBy } : {}),
      ...(updatedBy ? { updatedBy } : {}),
      fields,
    };
  }

  private remember(id: EntityId, place: Place): void {
    this.places.delete(id);
    this.places.set(id, place);
    for (const oldest of this.places.keys()) {
      if (this.places.size <= PLACES) break;
      this.places.delete(oldest);
    }
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
   * Epic links (Data Center) hold keys; entities are known by id. One request for each new one.
   * @throws SyncError – Jira is in trouble: a key in the id's place would be another entity. It does not stop for one epic
   * for ever, though
   */
  private async learnEpics(issues: RawIssue[], definitions: Map<string, Definition>): Promise<void> {
    const links = [...definitions.values()].filter(({ kind }) => kind.shape === 'issueKey').map(({ id }) => id);
    if (links.length === 0) return;
    const keys = new Set(issues.flatMap(({ fields }) => links.flatMap((id) => textOf(fields[id]) ?? [])));
    for (const key of keys) await this.epics.remember(key, () => this.idOfEpic(key));
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
      if (this.troubles.size >= PLACES) this.troubles.clear();
      this.troubles.set(key, count);
      throw thrown;
    }
  }

  private async epicOf(json: unknown, site: string): Promise<ReferenceValue | undefined> {
    const key = textOf(json);
    if (key === undefined) return undefined;
    const id = await this.epics.remember(key, () => this.idOfEpic(key));
    return { id: id ?? key, key, url: `${site}browse/${key}` };
  }
}

/**
 * Who made the issue what it is: by its changelog, if what it tells last is the last update; an issue without changes is
 * its creator's. A comment makes a new update time and no entry: of that, nobody is known.
 */
function changerOf({ lastChange, fields }: RawIssue, creator: UserValue | undefined): UserValue | undefined {
  if (lastChange === undefined) return undefined;
  const since = millisecondsOf(lastChange ? lastChange.created : fields.created);
  const isLast = millisecondsOf(fields.updated) - since < SAME_CHANGE_MS;
  if (!isLast) return undefined;
  return lastChange ? userOf(lastChange.author) : creator;
}

const idOf = (json: unknown): string => (isJson(json) ? (textOf(json.id) ?? '') : '');

/** {id, name}, {id, value}, {id, value, child}, {name} or a mere text. */
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

function richTextOf(json: unknown): SingleValue | undefined {
  if (isJson(json)) return isEmptyDocument(json) ? undefined : { format: 'adf', content: textOfDocument(json) };
  const text = textOf(json)?.replace(/\r\n?/g, '\n');
  return text === undefined ? undefined : { format: 'jira-wiki', content: text };
}

function referenceOf(json: unknown, site: string): ReferenceValue | undefined {
  if (!isJson(json)) return undefined;
  const [id, key] = [textOf(json.id), textOf(json.key)];
  if (!id) return undefined;
  const name = isJson(json.fields) ? textOf(json.fields.summary) : undefined;
  return { id, ...(key ? { key, url: `${site}browse/${key}` } : {}), ...(name ? { name } : {}) };
}

/**
 * An issue keeps every sprint it was in. Its sprint is the one that isn't over; where all are, the last. Data Center before
 * version 9 writes each as a Java object's text.
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

/** Whatever changes is in the fields; details of people and of a parent are not the issue's. */
function digestOf(key: string, fields: Fields): string {
  const plain = JSON.stringify([key, fields], (_name, value: unknown) =>
    isJson(value) && 'id' in value && ('email' in value || 'login' in value || 'key' in value)
      ? { id: value.id }
      : value,
  );
  return createHash('sha256').update(plain).digest('hex').slice(0, 12);
}
