/** The default mapper: what a target field receives where the source has nothing that it could take. Pure. */

import { compileDefaultRows, type DefaultMapping } from '../mapping/defaults';
import { mappedFieldsOf, withMappedFields } from '../mapping/message';
import type { Trace } from '../mapping/trace';
import type { DefaultRow } from '../model/config';
import type { Direction } from '../model/entity';
import type { SyncMessage } from '../model/message';

export class DefaultMapperStep {
  private readonly apply: Record<Direction, DefaultMapping>;

  constructor(rows: DefaultRow[]) {
    this.apply = { forward: compileDefaultRows(rows, 'forward'), backward: compileDefaultRows(rows, 'backward') };
  }

  /** @throws SyncError fatal – no field mapper has mapped the message */
  map(message: SyncMessage, trace?: Trace): SyncMessage {
    const { direction, kind } = message.sync;
    return withMappedFields(message, this.apply[direction](mappedFieldsOf(message, 'default mapper'), kind, trace));
  }
}
