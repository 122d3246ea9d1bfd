/** Issues as the owners of comments and attachments: their place, and whether customers can see them. */

import chunk = require('lodash/chunk');

import type { EntityId, OwnerRef, ProjectId } from '../../model/entity';
import type { SyncError } from '../../model/errors';
import { isJson, textOf } from '../kit/json';
import { Recent } from '../kit/recent';
import { FETCH, type JiraApi } from './api';
import type { Metadata } from './metadata';
import type { RawIssue } from './shapes';

/** The issue that a comment or an attachment belongs to. */
export interface Owner extends OwnerRef {
  project: ProjectId;
  /** it is in a service project, so customers can see it */
  isService: boolean;
}

/** The fields that show an issue's place. */
export const PLACE = ['issuetype', 'project'];
/** Maximum number of issues that are remembered. */
const MOST_OWNERS = 20_000;

export const isIssueId = (id: EntityId): boolean => /^\d{1,18}$/.test(id);

export class Owners {
  private readonly known = new Recent<EntityId, Owner>(MOST_OWNERS);

  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
  ) {}

  /** As last read; undefined = never. */
  lastSeen(id: EntityId): Owner | undefined {
    return this.known.get(id);
  }

  /** The places of issues: as last read, else a request for a hundred. Undefined: deleted or not visible. */
  async all(ids: readonly EntityId[]): Promise<Map<EntityId, Owner | SyncError>> {
    const result = new Map<EntityId, Owner | SyncError>();
    for (const id of new Set(ids)) {
      const owner = this.known.get(id);
      if (owner) result.set(id, owner);
    }
    const unknown = [...new Set(ids)].filter((id) => !result.has(id) && isIssueId(id));
    for (const some of chunk(unknown, FETCH)) {
      const { found, errors } = await this.api.issues(some, { fields: PLACE, certain: true });
      for (const [id, error] of errors) result.set(id, error);
      for (const issue of found) result.set(issue.id, await this.of(issue));
    }
    return result;
  }

  /** @param issue read with PLACE */
  async of({ id, key, fields }: RawIssue): Promise<Owner> {
    const [place, type] = [fields.project, fields.issuetype].map((json) => (isJson(json) ? json : {}));
    const project = textOf(place?.id) ?? '';
    const kind = textOf(place?.projectTypeKey);
    const isService = kind === undefined ? (await this.metadata.project(project)).isService : kind === 'service_desk';
    const owner = { id, key, type: textOf(type?.id) ?? '', project, isService };
    this.known.set(id, owner);
    return owner;
  }
}
