/** Issues as Redmine shows them → entities with canonical values. */

import { createHash } from 'node:crypto';

import chunk = require('lodash/chunk');

import type { Entity, EntityId, EntityTypeId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Fields, RichText, SingleValue, UserValue, Value } from '../../model/values';
import type { ReadResult } from '../connector';
import { readInParts } from '../in-parts';
import { isOfOne } from '../owed';
import { PAGE, type RedmineApi } from './api';
import type { CustomField } from './custom-fields';
import type { Markup } from './markup';
import type { Metadata } from './metadata';
import type { People } from './people';
import type { Named, RawCustomValue, RawIssue } from './shapes';

const lines = (text: string): string => text.replace(/\r\n?/g, '\n');
const lookup = (named: Named | undefined): Value => (named ? { id: named.id, name: named.name } : null);
export const secondsOfHours = (hours: number): number => Math.round(hours * 3600);

/**
 * The update time has whole seconds only, so it does not tell two changes within one second apart: a digest of the
 * fields does. Values that move without an update (spent time) are left out, as are details of people.
 */
export function versionOf(issue: RawIssue): string {
  const { journals: _journals, allowedStatuses: _allowed, ...content } = issue;
  return `${issue.updatedOn}-${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 12)}`;
}

/** Issues whose place is remembered. */
const PLACES = 20_000;

export class IssueReader {
  private readonly places = new Map<EntityId, { project: ProjectId; type: EntityTypeId }>();

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly markup: Markup,
  ) {}

  /** Project and tracker of an issue when it was last read here, if it was. */
  placeOf(id: EntityId): { project: ProjectId; type: EntityTypeId } | undefined {
    return this.places.get(id);
  }

  private remember({ id, project, tracker }: RawIssue): void {
    this.places.delete(id);
    this.places.set(id, { project: project.id, type: tracker.id });
    for (const oldest of this.places.keys()) {
      if (this.places.size <= PLACES) break;
      this.places.delete(oldest);
    }
  }

  /** In the order given. Costs a request for each custom field list or person that is not known yet, else none. */
  async entities(issues: RawIssue[]): Promise<Entity[]> {
    if (issues.length === 0) return [];
    const definitions = await this.metadata.definitionsFor(issues);
    const entities: Entity[] = [];
    for (const issue of issues) {
      this.remember(issue);
      entities.push(await this.entity(issue, definitions));
    }
    return entities;
  }

  /**
   * By id, whatever project they are in; closed and private ones included. Undefined = gone: a list that leaves an issue out
   * or breaks is no proof of that, so each of those is asked for by itself.
   */
  async byId(ids: string[]): Promise<ReadResult[]> {
    const wanted = [...new Set(ids.filter((id) => /^\d{1,18}$/.test(id)))];
    const found: RawIssue[] = [];
    const failed = new Map<string, SyncError>();
    for (const ofPage of chunk(wanted, PAGE)) {
      const part = await readInParts(
        ofPage,
        async (some) => (await this.api.issues({ issue_id: some.join(','), status_id: '*', limit: PAGE })).issues,
        () => this.api.assertSignedIn(),
      );
      append(found, part.found);
      for (const [id, error] of part.failed) failed.set(id, error);
    }
    const there = new Set(found.map(({ id }) => id));
    for (const id of wanted.filter((one) => !there.has(one))) {
      const one = await this.alone(id);
      failed.delete(id);
      if (one instanceof SyncError) failed.set(id, one);
      else if (one) found.push(one);
    }
    const entities = new Map((await this.entities(found)).map((entity) => [entity.id, entity]));
    return ids.map((id) => entities.get(id) ?? failed.get(id));
  }

  /** @returns undefined = Redmine itself says that it is not there */
  private async alone(id: string): Promise<RawIssue | SyncError | undefined> {
    try {
      return await this.api.issue(id);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound' || error.kind === 'forbidden') {
        await this.api.assertSignedIn();
        // it is there, and the account may not see it: that is not gone
        return error.kind === 'notFound' ? undefined : error;
      }
      // the server breaks on it alone; everything else is the system's trouble
      if (isOfOne(error)) return error;
      throw error;
    }
  }

  private async entity(issue: RawIssue, definitions: ReadonlyMap<string, CustomField>): Promise<Entity> {
    const person = async (named: Named | undefined): Promise<UserValue | undefined> =>
      named && this.people.known(named);
    const author = await person(issue.author);
    const fields: Fields = {
      subject: issue.subject,
      description: issue.description ? this.richText(issue.description) : null,
      status: lookup(issue.status),
      priority: lookup(issue.priority),
      assigned_to: (await person(issue.assignedTo)) ?? null,
      category: lookup(issue.category),
      fixed_version: lookup(issue.fixedVersion),
      parent: issue.parent ? { id: issue.parent, key: issue.parent, url: this.url(issue.parent) } : null,
      start_date: issue.startDate ?? null,
      due_date: issue.dueDate ?? null,
      estimated_hours: issue.estimatedHours === undefined ? null : secondsOfHours(issue.estimatedHours),
      done_ratio: issue.doneRatio ?? null,
      is_private: issue.isPrivate,
      author: author ?? null,
      created_on: issue.createdOn,
      updated_on: issue.updatedOn,
      closed_on: issue.closedOn ?? null,
      id: Number(issue.id),
    };
    for (const custom of issue.customFields) {
      fields[`cf_${custom.id}`] = await this.customValue(custom, definitions.get(custom.id), issue.project.id);
    }
    return {
      id: issue.id,
      key: issue.id,
      url: this.url(issue.id),
      type: issue.tracker.id,
      project: issue.project.id,
      version: versionOf(issue),
      createdAt: issue.createdOn,
      updatedAt: issue.updatedOn,
      ...(author ? { createdBy: author } : {}),
      fields,
    };
  }

  /** One custom value; a text that the definition doesn't fit (it was changed since) is kept as it is. */
  async customValue(custom: RawCustomValue, field: CustomField | undefined, project: string): Promise<Value> {
    const { value } = custom;
    if (Array.isArray(value)) {
      const parts: SingleValue[] = [];
      for (const part of value) parts.push(await this.single(part, field, project));
      return parts.length > 0 ? parts : null;
    }
    return value === null || value === '' ? null : this.single(value, field, project);
  }

  private async single(text: string, field: CustomField | undefined, project: string): Promise<SingleValue> {
    switch (field?.type) {
      case 'number': {
        const number = Number(text);
        return Number.isFinite(number) ? number : text;
      }
      case 'boolean':
        return text === '1' || text === 'true';
      case 'user':
        return this.people.known({ id: text, name: '' });
      case 'lookup': {
        if (field.holds === 'value') return { name: text };
        const list = field.holds === 'version' ? await this.metadata.versions(project) : (field.values ?? []);
        return { id: text, name: list.find(({ id }) => id === text)?.name ?? text };
      }
      default:
        return lines(text);
    }
  }

  richText(text: string): RichText {
    return { format: this.markup.format, content: lines(text), dialect: this.markup.dialect };
  }

  private url(id: string): string {
    return `${this.api.baseUrl}issues/${id}`;
  }
}
