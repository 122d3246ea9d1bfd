/** Maps parts that no mapper has mapped, by the standard rows. The writer and the plan map with it. */

import { compileFieldRows, type FieldMapping } from '../../mapping/fields';
import type { DeclaredFields } from '../../mapping/fit';
import { withMappedFields } from '../../mapping/message';
import { standardRows } from '../../mapping/standard-rows';
import { boundedConverter, settledTexts } from '../../merge/bounded-texts';
import { type Direction, type Entity, sourceSide, targetSide } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import type { Sides } from '../../model/sides';
import type { Declared } from '../declared-fields';

export interface StandardAsking {
  readonly declared: Sides<Pick<Declared, 'of'>>;
  readonly systems: Sides<{ readonly name: string }>;
}

export class StandardMapping {
  private readonly compiled = new Map<string, { from: DeclaredFields; to: DeclaredFields; mapping: FieldMapping }>();

  constructor(private readonly context: StandardAsking) {}

  /**
   * @param entity as it was read: nodes on the way may have changed the message's
   * @throws SyncError – a system does not say what fields its parts have
   */
  async map(message: SyncMessage, entity: Entity): Promise<SyncMessage> {
    const { direction, target } = message.sync;
    // what is deleted has no fields
    if (entity.deleted) return withMappedFields(message, { fields: {}, mapped: {}, unresolved: {} });
    const mapping = await this.mapping(direction, { project: entity.project, type: entity.type }, target);
    return withMappedFields(message, await settledTexts(() => mapping(message.payload, { entity })));
  }

  private async mapping(
    direction: Direction,
    from: { project: string; type: string },
    to: { project: string; type: string },
  ): Promise<FieldMapping> {
    const { declared, systems } = this.context;
    const [side, other] = [sourceSide(direction), targetSide(direction)];
    const [source, target] = await Promise.all([declared[side].of(from), declared[other].of(to)]);
    for (const [fields, where] of [
      [source, side],
      [target, other],
    ] as const) {
      if (!fields)
        throw new SyncError('transient', `${systems[where].name} does not say what fields its comments have`);
    }
    const key = JSON.stringify([direction, from, to]);
    const known = this.compiled.get(key);
    if (known && known.from === source && known.to === target) return known.mapping;
    const rows = standardRows(source, target, direction);
    const mapping = compileFieldRows(rows, direction, { richText: boundedConverter });
    this.compiled.set(key, { from: source, to: target, mapping });
    return mapping;
  }
}
