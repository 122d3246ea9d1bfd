/** Reads entities by id: many in one request where the system can, and alone where its answer leaves one out. */

import chunk = require('lodash/chunk');

import type { Entity, EntityId, ProjectId } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { ReadResult } from '../connector';
import { readInParts } from '../kit/in-parts';
import type { Json } from '../kit/json';
import { isOfOne } from '../kit/owed';
import type { Api } from './api';
import type { Entities } from './entities';
import type { ConnectorFile, DeclaredType } from './format';
import { type Whereabouts, whereabouts } from './ids';

/** An entry, and the project that it was asked for in. */
export interface Found {
  type: DeclaredType;
  item: Json;
  project: ProjectId | undefined;
}

export class Reading {
  constructor(
    private readonly file: ConnectorFile,
    private readonly api: Api,
    private readonly entities: Entities,
  ) {}

  /** Placeholders of requests for one entity. */
  varsOf({ id, project }: Pick<Whereabouts, 'id' | 'project'>): Record<string, string> {
    const { projects } = this.file;
    const place = project ?? (projects.by === 'one' ? projects.id : undefined);
    return { id, ...(place !== undefined && { project: place }) };
  }

  /**
   * The entity's entry in an answer of its own.
   * @throws SyncError notFound if the system says that there is none, or that it has become another one
   */
  async item(at: Whereabouts): Promise<Found & { etag?: string }> {
    const { read } = at.type;
    const { body, headers } = await this.api.get(read, this.varsOf(at));
    const item = this.api.objectAt(`GET ${read.get}`, body, read.item);
    const known = this.entities.known(at.type, item, this.projectAsked(at));
    const isMoved = known.own !== at.id || (at.project !== undefined && known.project !== at.project);
    if (isMoved || this.entities.isOther(at.type, item) || this.entities.isGone(at.type, item))
      throw new SyncError('notFound', `${this.api.product} no longer has ${at.type.name} ${at.id} there`);
    return { type: at.type, item, project: this.projectAsked(at), ...(headers.etag && { etag: headers.etag }) };
  }

  private projectAsked({ project }: Whereabouts): ProjectId | undefined {
    const { projects } = this.file;
    return project ?? (projects.by === 'one' ? projects.id : undefined);
  }

  /** In the order of `ids`. */
  async read(ids: readonly EntityId[]): Promise<ReadResult[]> {
    const found = await this.find(ids);
    return ids.map((id) => {
      const one = found.get(id);
      return one === undefined || one instanceof SyncError ? one : this.shown(one);
    });
  }

  private shown({ type, item, project }: Found): Entity | SyncError {
    try {
      return this.entities.entity(type, item, project);
    } catch (thrown) {
      return asSyncError(thrown);
    }
  }

  /** Entries by id; what is gone has none. */
  async find(ids: readonly EntityId[]): Promise<Map<EntityId, Found | SyncError>> {
    const results = new Map<EntityId, Found | SyncError>();
    const alone: [EntityId, Whereabouts][] = [];
    const groups = new Map<string, [EntityId, Whereabouts][]>();
    for (const id of new Set(ids)) {
      const at = whereabouts(this.file, id);
      if (!at) continue;
      if (!at.type.read.many) alone.push([id, at]);
      else {
        const key = JSON.stringify([at.type.id, at.project]);
        groups.set(key, [...(groups.get(key) ?? []), [id, at]]);
      }
    }
    for (const group of groups.values()) append(alone, await this.many(group, results));
    for (const [id, at] of alone) {
      const one = await this.one(at);
      if (one) results.set(id, one);
    }
    return results;
  }

  /** @returns those that the answers leave out: they are asked for alone, since only the system's own word means gone */
  private async many(
    group: [EntityId, Whereabouts][],
    results: Map<EntityId, Found | SyncError>,
  ): Promise<[EntityId, Whereabouts][]> {
    const first = group[0]?.[1];
    const many = first?.type.read.many;
    if (!first || !many) return [];
    const { type } = first;
    const byOwn = new Map(group.map(([id, at]) => [at.id, id]));
    for (const some of chunk([...byOwn.keys()], many.max)) {
      const { found, failed } = await readInParts<Json>(
        some,
        async (part) => {
          const vars = { ...this.varsOf(first), id: undefined, ids: part };
          const { body } = await this.api.get({ get: many.get, query: many.query }, vars, many.join);
          return this.api.listAt(`GET ${many.get}`, body, many.items);
        },
        () => this.api.get(this.file.identity, {}),
      );
      const project = this.projectAsked(first);
      for (const item of found) {
        if (this.entities.isOther(type, item)) continue;
        const id = byOwn.get(this.entities.known(type, item, project).own);
        if (id !== undefined && !this.entities.isGone(type, item)) results.set(id, { type, item, project });
      }
      for (const [own, error] of failed) {
        const id = byOwn.get(own);
        if (id !== undefined) results.set(id, error);
      }
    }
    return group.filter(([id]) => !results.has(id));
  }

  private async one(at: Whereabouts): Promise<Found | SyncError | undefined> {
    try {
      return await this.item(at);
    } catch (thrown) {
      const error = asSyncError(thrown);
      if (error.kind === 'notFound') return undefined;
      // neither means gone; all other failures are the system's
      if (error.kind === 'forbidden' || error.detail.malformed || isOfOne(error)) return error;
      throw error;
    }
  }
}
