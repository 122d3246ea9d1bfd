/** Issues as Redmine shows them → entities with canonical values. */

import chunk = require('lodash/chunk');

import type { Entity, EntityId, EntityTypeId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { Fields, ReferenceValue, RichText, SingleValue, UserValue, Value } from '../../model/values';
import type { ReadResult } from '../connector';
import { type InParts, readInParts } from '../kit/in-parts';
import { isOfOne } from '../kit/owed';
import { Recent } from '../kit/recent';
import { PAGE, type RedmineApi } from './api';
import type { CustomField } from './custom-fields';
import type { Markup } from './markup';
import type { Metadata } from './metadata';
import type { People } from './people';
import { relatedIn } from './relations';
import { type Named, type RawCustomValue, type RawIssue, versionOf } from './shapes';

const lines = (text: string): string => text.replace(/\r\n?/g, '\n');
const lookup = (named: Named | undefined): Value => (named ? { id: named.id, name: named.name } : null);
export const secondsOfHours = (hours: number): number => Math.round(hours * 3600);

/** Maximum number of issues whose place is remembered. */
const PLACES = 20_000;

export class IssueReader {
  private readonly places = new Recent<EntityId, { project: ProjectId; type: EntityTypeId }>(PLACES);

  constructor(
    private readonly api: RedmineApi,
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly markup: Markup,
  ) {}

  /** Project and tracker of an issue when last read here, if ever. */
  placeOf(id: EntityId): { project: ProjectId; type: EntityTypeId } | undefined {
    return this.places.get(id);
  }

  /** In the given order. Costs one request per unknown custom field list or user, otherwise none. */
  async entities(issues: RawIssue[]): Promise<Entity[]> {
    if (issues.length === 0) return [];
    const definitions = await this.metadata.definitionsFor(issues);
    const entities: Entity[] = [];
    for (const issue of issues) {
      this.places.set(issue.id, { project: issue.project.id, type: issue.tracker.id });
      entities.push(await this.entity(issue, definitions));
    }
    return entities;
  }

  /**
   * By id, in any project, including closed and private issues. undefined = gone. A list that leaves an issue out or
   * fails does not prove that, so each such issue is requested by itself.
   */
  async byId(ids: string[]): Promise<ReadResult[]> {
    const { found, failed } = await this.raw(ids);
    const entities = new Map((await this.entities([...found.values()])).map((entity) => [entity.id, entity]));
    return ids.map((id) => entities.get(id) ?? failed.get(id));
  }

  /** The same as Redmine shows them. @param include "attachments" */
  async raw(
    ids: string[],
    include?: string,
  ): Promise<{ found: Map<string, RawIssue>; failed: Map<string, SyncError> }> {
    const wanted = [...new Set(ids.filter((id) => /^\d{1,18}$/.test(id)))];
    const found: RawIssue[] = [];
    const failed = new Map<string, SyncError>();
    for (const ofPage of chunk(wanted, PAGE)) {
      const part = await this.listed(ofPage, include);
      append(found, part.found);
      for (const [id, error] of part.failed) failed.set(id, error);
    }
    const there = new Set(found.map(({ id }) => id));
    for (const id of wanted.filter((one) => !there.has(one))) {
      const one = await this.alone(id, include);
      failed.delete(id);
      if (one instanceof SyncError) failed.set(id, one);
      else if (one) found.push(one);
    }
    return { found: new Map(found.map((issue) => [issue.id, issue])), failed };
  }

  /** Issues that a list shows, at most a page, and issues on which it fails. */
  listed(ids: string[], include?: string): Promise<InParts<RawIssue>> {
    const asked = include === undefined ? {} : { include: `relations,${include}` };
    return readInParts(
      ids,
      async (some) => (await this.api.issues({ issue_id: some.join(','), status_id: '*', limit: PAGE, ...asked })).rows,
      () => this.api.assertSignedIn(),
    );
  }

  /** @returns undefined = Redmine itself says that it does not exist */
  private async alone(id: string, include?: string): Promise<RawIssue | SyncError | undefined> {
    try {
      return await this.api.issue(id, include);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound' || error.kind === 'forbidden') {
        await this.api.assertSignedIn();
        // it exists, but the account cannot see it: that is not gone
        return error.kind === 'notFound' ? undefined : error;
      }
      // the server fails on this issue only; all other failures are the system's
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
      parent: issue.parent ? this.reference(issue.parent) : null,
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
      ...relatedIn(issue.id, issue.relations, (id) => this.reference(id)),
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

  /** One custom value. A text that does not match the definition (which has changed since) is kept unchanged. */
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

  private reference(id: string): ReferenceValue {
    return { id, key: id, url: this.url(id) };
  }

  private url(id: string): string {
    return `${this.api.baseUrl}issues/${id}`;
  }
}
