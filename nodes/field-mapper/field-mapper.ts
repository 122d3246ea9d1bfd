/** The `twinflow-field-mapper` node: turns a payload of source fields into one of target fields. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readFieldRows, readPairs, relevantFields, roundTrip, rowIssues, withMappedFields } from '../../lib/mapping';
import { expressionFault, expressionReads } from '../../lib/mapping/transform-expression';
import { type CompiledMapping, compileMapping, type EvaluateAll } from '../../lib/mapping/transform-mapping';
import { acquireRunner } from '../../lib/mapping/transform-runner';
import type { FieldRow } from '../../lib/model/config';
import type { Direction } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import { richTextConverter } from '../../lib/richtext';
import { integrationOf } from '../shared/host';
import { step } from '../shared/step';
import { mapWithExpressions } from './expressions';

interface FieldMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: FieldRow[];
}

export = (RED: NodeAPI): void => {
  function FieldMapper(this: Node, def: FieldMapperDef): void {
    RED.nodes.createNode(this, def);
    const rows = readFieldRows(def.rows);
    let runner: ReturnType<typeof acquireRunner> | undefined;
    const evaluate: EvaluateAll = (expressions, payload, context, names) => {
      runner ??= acquireRunner();
      const { entity, old, linked, helpers } = context;
      if (helpers === undefined) return Promise.resolve([]);
      return runner.runner.evaluate(expressions, { payload, entity, old, linked, names }, helpers);
    };
    const options = { richText: richTextConverter, expressionReads };
    const mappings: Record<Direction, CompiledMapping> = {
      forward: compileMapping(rows, 'forward', options, evaluate),
      backward: compileMapping(rows, 'backward', options, evaluate),
    };

    const handle = integrationOf(RED, def.integration);
    handle?.declare(this.id, relevantFields(rows, expressionReads));
    this.on('close', (done: () => void) => {
      handle?.withdraw(this.id);
      runner?.release();
      done();
    });

    const broken = rows.filter((row) =>
      rowIssues(row, rows, {}, expressionFault).some(({ level }) => level === 'error'),
    ).length;
    if (rows.length === 0) this.status({ fill: 'yellow', shape: 'ring', text: RED._('field-mapper.status.empty') });
    else if (broken > 0) {
      this.status({ fill: 'yellow', shape: 'ring', text: RED._('field-mapper.status.broken', { count: broken }) });
    }
    for (const { round } of roundTrip(rows, [])) {
      this.warn(RED._('field-mapper.restless', { round: round.join(' → ') }));
      this.status({ fill: 'yellow', shape: 'ring', text: RED._('field-mapper.status.restless') });
    }

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message) => {
      if (message.sync.mapped !== undefined) {
        throw new SyncError(
          'fatal',
          'Two field mappers work on the same entity-type pair: choose other pairs in one of them, or remove it',
        );
      }
      const mapping = mappings[message.sync.direction];
      const { entity } = message.sync;
      if (mapping.expressions.length === 0 || handle === undefined) {
        const mapped = mapping.map(message.payload, { entity });
        return mapped instanceof Promise
          ? mapped.then((fields) => withMappedFields(message, fields))
          : withMappedFields(message, mapped);
      }
      return mapWithExpressions(message, handle, mapping);
    });
  }

  RED.nodes.registerType('twinflow-field-mapper', FieldMapper);
};
