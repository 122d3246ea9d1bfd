/** The `twinflow-field-mapper` node: turns a payload of source fields into one of target fields. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import {
  compileFieldRows,
  type FieldMapping,
  readFieldRows,
  readPairs,
  relevantFields,
  rowIssues,
  withMappedFields,
} from '../../lib/mapping';
import type { FieldRow } from '../../lib/model/config';
import type { Direction } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import { richTextConverter } from '../../lib/richtext';
import { integrationOf } from '../shared/host';
import { step } from '../shared/step';

interface FieldMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: FieldRow[];
}

export = (RED: NodeAPI): void => {
  function FieldMapper(this: Node, def: FieldMapperDef): void {
    RED.nodes.createNode(this, def);
    const rows = readFieldRows(def.rows);
    const mappings: Record<Direction, FieldMapping> = {
      forward: compileFieldRows(rows, 'forward', richTextConverter),
      backward: compileFieldRows(rows, 'backward', richTextConverter),
    };

    const handle = integrationOf(RED, def.integration);
    handle?.declare(this.id, relevantFields(rows));
    this.on('close', (done: () => void) => {
      handle?.withdraw(this.id);
      done();
    });

    const broken = rows.filter((row) => rowIssues(row, rows, {}).some(({ level }) => level === 'error')).length;
    if (rows.length === 0) this.status({ fill: 'yellow', shape: 'ring', text: RED._('field-mapper.status.empty') });
    else if (broken > 0) {
      this.status({ fill: 'yellow', shape: 'ring', text: RED._('field-mapper.status.broken', { count: broken }) });
    }

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message) => {
      if (message.sync.mapped !== undefined) {
        throw new SyncError(
          'fatal',
          'Two field mappers work on the same entity-type pair: choose other pairs in one of them, or remove it',
        );
      }
      return withMappedFields(message, mappings[message.sync.direction](message.payload));
    });
  }

  RED.nodes.registerType('twinflow-field-mapper', FieldMapper);
};
