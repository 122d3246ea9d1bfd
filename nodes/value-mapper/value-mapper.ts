/** The `twinflow-value-mapper` node: list entries and people of the source become those of the target. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import {
  compileUserRows,
  compileValueRows,
  type MappedFields,
  mappedFieldsOf,
  readPairs,
  readValueRows,
  resolveUsers,
  withMappedFields,
} from '../../lib/mapping';
import type { ValueRow } from '../../lib/model/config';
import { type Direction, type Side, targetSide } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import type { IntegrationRuntime } from '../shared/host';
import { step } from '../shared/step';
import { KnownLists } from './known-values';

interface ValueMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: ValueRow[];
}

export = (RED: NodeAPI): void => {
  function ValueMapper(this: Node, def: ValueMapperDef): void {
    RED.nodes.createNode(this, def);
    const rows = readValueRows(def.rows);
    const compile = (direction: Direction) => ({
      mapValues: compileValueRows(rows, direction),
      tables: compileUserRows(rows, direction),
      /** target fields whose values may be found by name in the target's list */
      byName: rows
        .filter((row) => row.sameName !== false)
        .map((row) => (direction === 'forward' ? row.two : row.one))
        .filter((field) => field.type !== 'user')
        .map((field) => field.id),
    });
    const compiled = { forward: compile('forward'), backward: compile('backward') };
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
      const mapped = await mapLookups(message, integration);
      const { direction } = message.sync;
      const users = integration.users(targetSide(direction));
      const resolved = await resolveUsers(mapped, compiled[direction].tables, (by) => users.find(by));
      return withMappedFields(message, resolved);
    });
  }

  RED.nodes.registerType('twinflow-value-mapper', ValueMapper);
};
