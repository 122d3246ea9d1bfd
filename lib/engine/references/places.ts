/** Project and type of entities to which others refer, asked for once in a while: many changes name the same few. */

import type { ReadResult } from '../../connectors/connector';
import type { Entity, EntityId } from '../../model/entity';
import type { SyncError } from '../../model/errors';

export type Place = Pick<Entity, 'id' | 'key' | 'project' | 'type'>;

const KEPT_MS = 10 * 60_000;
const MOST = 5_000;

export class Places {
  /** undefined = it is out of sight */
  private readonly kept = new Map<EntityId, { at: number; place: Place | undefined }>();

  constructor(
    private readonly read: (ids: EntityId[]) => Promise<ReadResult[]>,
    private readonly now: () => number,
  ) {}

  /** In order; what was not delivered is an error, and asked for again. @throws SyncError */
  async of(ids: EntityId[]): Promise<(Place | SyncError | undefined)[]> {
    const since = this.now() - KEPT_MS;
    const unknown = ids.filter((id) => (this.kept.get(id)?.at ?? 0) < since);
    const answers = new Map<EntityId, ReadResult>();
    if (unknown.length > 0) {
      const read = await this.read(unknown);
      for (const [index, id] of unknown.entries()) answers.set(id, read[index]);
    }
    const result = ids.map((id) => (answers.has(id) ? answers.get(id) : this.kept.get(id)?.place));
    for (const [id, entity] of answers) if (!(entity instanceof Error)) this.keep(id, entity);
    return result;
  }

  private keep(id: EntityId, entity: Entity | undefined): void {
    const place = entity && { id, key: entity.key, project: entity.project, type: entity.type };
    this.kept.delete(id);
    this.kept.set(id, { at: this.now(), place });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= MOST) break;
      this.kept.delete(oldest);
    }
  }
}
