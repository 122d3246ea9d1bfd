/** The default mapper: sets target fields that have no usable source value. */

import { Declared } from '../engine/declared-fields';
import { compileDefaultRows, type DefaultMapping, hasUnknownPeople, resolveDefaultPeople } from '../mapping/defaults';
import type { MappedFields } from '../mapping/fields';
import { fitFields } from '../mapping/fit';
import { mappedFieldsOf, withMappedFields } from '../mapping/message';
import type { Trace } from '../mapping/trace';
import { plainTextOf } from '../merge/bounded-texts';
import type { DefaultRow } from '../model/config';
import { type Direction, type Side, targetSide } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId } from '../model/values';
import type { StepHost } from './host';

export class DefaultMapperStep {
  private readonly rows: DefaultRow[];
  private readonly sided: Record<Direction, boolean>;
  private readonly declared = new Map<Side, Declared>();
  private readonly apply: Record<Direction, DefaultMapping>;
  /** some default is a user given by name, who must be looked up in the target */
  private readonly asks: boolean;

  constructor(rows: DefaultRow[]) {
    this.rows = rows;
    this.apply = { forward: compileDefaultRows(rows, 'forward'), backward: compileDefaultRows(rows, 'backward') };
    const isFor = (direction: Direction): boolean => rows.some((row) => row.side === targetSide(direction));
    this.sided = { forward: isFor('forward'), backward: isFor('backward') };
    this.asks = hasUnknownPeople(rows);
  }

  /**
   * Returns at once if no row applies to the direction.
   * @throws SyncError if no field mapper has mapped the message, or if the target is in trouble when a user is looked
   * up
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
      // values that do not fit the target are decided by the rows, like a value without a match
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
