/** The default mapper: what a target field receives where the source has nothing that it could take. */

import { compileDefaultRows, type DefaultMapping, hasUnknownPeople, resolveDefaultPeople } from '../mapping/defaults';
import type { MappedFields } from '../mapping/fields';
import { mappedFieldsOf, withMappedFields } from '../mapping/message';
import type { Trace } from '../mapping/trace';
import type { DefaultRow } from '../model/config';
import { type Direction, targetSide } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId } from '../model/values';
import type { StepHost } from './host';

export class DefaultMapperStep {
  private readonly rows: DefaultRow[];
  private readonly apply: Record<Direction, DefaultMapping>;
  /** some default is a person by name only, whom the target is to be asked for */
  private readonly asks: boolean;

  constructor(rows: DefaultRow[]) {
    this.rows = rows;
    this.apply = { forward: compileDefaultRows(rows, 'forward'), backward: compileDefaultRows(rows, 'backward') };
    this.asks = hasUnknownPeople(rows);
  }

  /**
   * At once where nobody has to be looked up.
   * @throws SyncError – no field mapper has mapped the message; or the target, asked for a person, is in trouble
   */
  map(message: SyncMessage, host: Pick<StepHost, 'users'>, trace?: Trace): SyncMessage | Promise<SyncMessage> {
    const { direction, kind, changed } = message.sync;
    const used = new Set<FieldId>();
    const heard: Trace = (field, origin, row) => {
      used.add(field);
      trace?.(field, origin, row);
    };
    const mapped = this.apply[direction](mappedFieldsOf(message, 'default mapper'), kind, { trace: heard, changed });
    const put = (fields: MappedFields): SyncMessage => withMappedFields(message, fields);
    if (!this.asks || used.size === 0) return put(mapped);
    const users = host.users(targetSide(direction));
    return resolveDefaultPeople(mapped, this.rows, direction, used, (by) => users.find(by)).then(put);
  }
}
