/** The default mapper: what a target field receives where the source has nothing that it could take. */

import { compileDefaultRows, type DefaultMapping, hasUnknownPeople, resolveDefaultPeople } from '../mapping/defaults';
import type { MappedFields } from '../mapping/fields';
import { fitFields } from '../mapping/fit';
import { mappedFieldsOf, withMappedFields } from '../mapping/message';
import type { Trace } from '../mapping/trace';
import type { DefaultRow } from '../model/config';
import { type Direction, type Side, targetSide } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId } from '../model/values';
import { plainTextOf } from '../sync/bounded-texts';
import { Declared } from '../sync/declared';
import type { StepHost } from './host';

export class DefaultMapperStep {
  private readonly rows: DefaultRow[];
  private readonly sided: Record<Direction, boolean>;
  private readonly declared = new Map<Side, Declared>();
  private readonly apply: Record<Direction, DefaultMapping>;
  /** some default is a person by name only, whom the target is to be asked for */
  private readonly asks: boolean;

  constructor(rows: DefaultRow[]) {
    this.rows = rows;
    this.apply = { forward: compileDefaultRows(rows, 'forward'), backward: compileDefaultRows(rows, 'backward') };
    const isFor = (direction: Direction): boolean => rows.some((row) => row.side === targetSide(direction));
    this.sided = { forward: isFor('forward'), backward: isFor('backward') };
    this.asks = hasUnknownPeople(rows);
  }

  /**
   * At once where no row is for the direction.
   * @throws SyncError – no field mapper has mapped the message; or the target, asked for a person, is in trouble
   */
  map(
    message: SyncMessage,
    host: Pick<StepHost, 'users'> & Partial<Pick<StepHost, 'connection'>>,
    trace?: Trace,
  ): SyncMessage | Promise<SyncMessage> {
    const { direction, target } = message.sync;
    const input = mappedFieldsOf(message, 'default mapper');
    const connection = host.connection?.bind(host);
    if (!this.sided[direction] || !connection) return this.withDefaults(message, input, host, trace);
    const side = targetSide(direction);
    const declared = this.declared.get(side) ?? new Declared(() => connection(side));
    this.declared.set(side, declared);
    const plainText = plainTextOf;
    return declared.of(target).then((fields) => {
      // what the target cannot hold is for the rows to decide, like a value without counterpart
      return this.withDefaults(message, fitFields(input, fields, plainText), host, trace);
    });
  }

  private withDefaults(
    message: SyncMessage,
    input: MappedFields,
    host: Pick<StepHost, 'users'>,
    trace?: Trace,
  ): SyncMessage | Promise<SyncMessage> {
    const { direction, kind, changed } = message.sync;
    const used = new Set<FieldId>();
    const heard: Trace = (field, origin, row) => {
      used.add(field);
      trace?.(field, origin, row);
    };
    const mapped = this.apply[direction](input, kind, { trace: heard, changed });
    const put = (fields: MappedFields): SyncMessage => withMappedFields(message, fields);
    if (!this.asks || used.size === 0) return put(mapped);
    const users = host.users(targetSide(direction));
    return resolveDefaultPeople(mapped, this.rows, direction, used, (by) => users.find(by)).then(put);
  }
}
