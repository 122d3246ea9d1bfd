/** The value mapper: replaces list values and users of the source with those of the target. */

import { compileDomains, type RewriteAddress } from '../mapping/domains';
import type { MappedFields } from '../mapping/fields';
import { mappedFieldsOf, withMappedFields } from '../mapping/message';
import type { ValueMapperSettings } from '../mapping/saved';
import type { Trace } from '../mapping/trace';
import { compileUserRows, resolveUsers, type UserTables } from '../mapping/users';
import { compileValueRows, type SheetTables, type ValueMapping } from '../mapping/values';
import type { ValueRow } from '../model/config';
import { type Direction, type Side, targetSide } from '../model/entity';
import type { SyncMessage } from '../model/message';
import type { FieldId } from '../model/values';
import type { StepHost } from './host';
import { KnownLists } from './known-lists';
import { type NamedTable, namedTables } from './named-tables';
import { RowSheets, type SheetOptions } from './row-sheets';

interface Compiled {
  mapValues: ValueMapping;
  users: UserTables;
  /** target fields whose values may have to be found by name in the target's list */
  byName: FieldId[];
  named: NamedTable[];
}

/** The table was filled from one project's list: another project may have other ids for the same names. */
const namesIds = (row: ValueRow, direction: Direction): boolean =>
  row.pairs.some((pair) => (direction === 'forward' ? pair.two : pair.one).id !== undefined);

function compile(rows: ValueRow[], direction: Direction, sheets: SheetTables): Compiled {
  return {
    mapValues: compileValueRows(rows, direction, sheets),
    users: compileUserRows(rows, direction, sheets),
    byName: rows
      .filter((row) => row.sameName !== false || row.sheet !== undefined || namesIds(row, direction))
      .map((row) => (direction === 'forward' ? row.two : row.one))
      .filter((field) => field.type !== 'user')
      .map((field) => field.id),
    named: namedTables(rows, direction, sheets),
  };
}

export class ValueMapperStep {
  readonly sheets: RowSheets;
  /** the domain rules by direction */
  readonly rewrite: Record<Direction, RewriteAddress>;
  private readonly rows: ValueRow[];
  private compiled: Record<Direction, Compiled>;
  private readonly lists = new Map<Side, KnownLists>();

  /** @param onSheets called when a sheet's table or its problem has changed */
  constructor({ rows, domains }: ValueMapperSettings, options: SheetOptions, onSheets: () => void = () => undefined) {
    this.rewrite = { forward: compileDomains(domains, 'forward'), backward: compileDomains(domains, 'backward') };
    this.rows = rows;
    this.compiled = this.compileWith(new Map());
    this.sheets = new RowSheets(rows, options, () => {
      this.compiled = this.compileWith(this.sheets.tables());
      onSheets();
    });
  }

  private compileWith(sheets: SheetTables): Record<Direction, Compiled> {
    return { forward: compile(this.rows, 'forward', sheets), backward: compile(this.rows, 'backward', sheets) };
  }

  /** The current tables, for expressions to look up in. */
  tables(direction: Direction): NamedTable[] {
    return this.compiled[direction].named;
  }

  /** The current tables of users. */
  people(direction: Direction): UserTables {
    return this.compiled[direction].users;
  }

  /**
   * @throws SyncError if no field mapper has mapped the message, a sheet could never be read, or the target system is
   * in trouble when its users are looked up
   */
  async map(message: SyncMessage, host: StepHost, trace?: Trace): Promise<SyncMessage> {
    if (this.sheets.any) {
      await this.sheets.ready();
      this.sheets.check();
    }
    const mapped = await this.mapLookups(message, host, trace);
    const { direction } = message.sync;
    const users = host.users(targetSide(direction));
    const tables = this.compiled[direction].users;
    const resolved = await resolveUsers(mapped, tables, (by) => users.find(by), trace, this.rewrite[direction]);
    return withMappedFields(message, resolved);
  }

  private async mapLookups(message: SyncMessage, host: StepHost, trace?: Trace): Promise<MappedFields> {
    const { direction, target } = message.sync;
    const { mapValues, byName } = this.compiled[direction];
    const input = mappedFieldsOf(message, 'value mapper');
    const concerned = byName.some((id) => Object.hasOwn(input.fields, id) || Object.hasOwn(input.unresolved, id));
    if (!concerned) return mapValues(input, undefined, trace);
    const side = targetSide(direction);
    const known = this.lists.get(side) ?? new KnownLists(() => host.connection(side));
    this.lists.set(side, known);
    const present = await known.of(target);
    const output = mapValues(input, present, trace);
    const missed = byName.some((id) => present.has(id) && Object.hasOwn(output.unresolved, id));
    if (!missed) return output;
    const anew = await known.of(target, true);
    return anew === present ? output : mapValues(input, anew, trace);
  }

  close(): void {
    this.sheets.close();
  }
}
