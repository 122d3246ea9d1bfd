/** The `twinflow-value-mapper` node: list entries and people of the source become those of the target. */

import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';
import {
  compileTable,
  compileUserRows,
  compileValueRows,
  type MappedFields,
  mappedFieldsOf,
  readPairs,
  readValueRows,
  resolveUsers,
  roundTrip,
  type SheetTables,
  withMappedFields,
} from '../../lib/mapping';
import type { ValueRow } from '../../lib/model/config';
import { type Direction, type Side, targetSide } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import { registerTableRoutes } from '../admin/tables';
import { hostOf, type IntegrationRuntime } from '../shared/host';
import { step } from '../shared/step';
import { KnownLists } from './known-values';
import { type NamedTable, offerTables, withdrawTables } from './lookup-tables';
import { RowSheets, sheetName } from './sheets';

interface ValueMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: ValueRow[];
}

export = (RED: NodeAPI): void => {
  function ValueMapper(this: Node, def: ValueMapperDef): void {
    RED.nodes.createNode(this, def);
    const rows = readValueRows(def.rows);
    const compile = (direction: Direction, tables: SheetTables) => ({
      mapValues: compileValueRows(rows, direction, tables),
      tables: compileUserRows(rows, direction, tables),
      /** target fields whose values may be found by name in the target's list */
      byName: rows
        .filter((row) => row.sameName !== false || row.sheet !== undefined)
        .map((row) => (direction === 'forward' ? row.two : row.one))
        .filter((field) => field.type !== 'user')
        .map((field) => field.id),
      named: rows.map((row): NamedTable => {
        const { id, name } = direction === 'forward' ? row.one : row.two;
        const names = [name, id, sheetName(row)].map((word) => word.trim().toLowerCase());
        return { names: names.filter((word) => word !== ''), index: compileTable(row, direction, tables) };
      }),
    });
    const both = (tables: SheetTables) => ({
      forward: compile('forward', tables),
      backward: compile('backward', tables),
    });
    let compiled = both(new Map());
    const offer = (): void => {
      const { forward, backward } = compiled;
      offerTables(def.integration, this.id, { forward: forward.named, backward: backward.named });
    };
    offer();

    const restless = roundTrip([], rows);
    const rest: NodeStatus =
      restless.length === 0 ? {} : { fill: 'yellow', shape: 'ring', text: RED._('value-mapper.status.restless') };
    for (const { one, two, round } of restless) {
      const names = { one: one.name, two: two.name, round: round.join(' → ') };
      this.warn(RED._('value-mapper.restless', names));
    }
    this.status(rest);

    const sheets = new RowSheets(rows, hostOf(RED).dataFolder, () => {
      compiled = both(sheets.tables());
      offer();
      const problem = sheets.problem();
      if (problem === undefined) this.status(rest);
      else {
        const text = RED._(`value-mapper.status.${problem.usable ? 'older' : 'unreadable'}`, { name: problem.name });
        this.status({ fill: problem.usable ? 'yellow' : 'red', shape: 'ring', text });
        this.warn(`${problem.name}: ${problem.why}`);
      }
    });
    this.on('close', (done: () => void) => {
      sheets.close();
      withdrawTables(def.integration, this.id);
      done();
    });

    const lists = new Map<Side, KnownLists>();

    const mapLookups = async (message: SyncMessage, runtime: IntegrationRuntime): Promise<MappedFields> => {
      const { direction, target } = message.sync;
      const { mapValues, byName } = compiled[direction];
      const input = mappedFieldsOf(message, 'value mapper');
      const concerned = byName.some((id) => Object.hasOwn(input.fields, id) || Object.hasOwn(input.unresolved, id));
      if (!concerned) return mapValues(input);
      const side = targetSide(direction);
      const known = lists.get(side) ?? new KnownLists(() => runtime.connection(side));
      lists.set(side, known);
      const present = await known.of(target);
      const output = mapValues(input, present);
      const missed = byName.some((id) => present.has(id) && Object.hasOwn(output.unresolved, id));
      if (!missed) return output;
      const anew = await known.of(target, true);
      return anew === present ? output : mapValues(input, anew);
    };

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, async (message, integration) => {
      if (sheets.any) {
        await sheets.ready();
        sheets.check();
      }
      const mapped = await mapLookups(message, integration);
      const { direction } = message.sync;
      const users = integration.users(targetSide(direction));
      const resolved = await resolveUsers(mapped, compiled[direction].tables, (by) => users.find(by));
      return withMappedFields(message, resolved);
    });
  }

  RED.nodes.registerType('twinflow-value-mapper', ValueMapper);
  // absent where Node-RED runs without its admin API
  if (RED.settings.httpAdminRoot !== false) registerTableRoutes(RED, () => hostOf(RED).dataFolder);
};
