/** The `twinflow-field-mapper` node: turns a payload of source fields into one of target fields. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readFieldRows, readPairs, roundTrip, rowIssues } from '../../lib/mapping';
import { expressionFault } from '../../lib/mapping/transform-expression';
import type { FieldRow } from '../../lib/model/config';
import { FieldMapperStep } from '../../lib/steps';
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
    const mapper = new FieldMapperStep(rows);
    const handle = integrationOf(RED, def.integration);
    handle?.declare(this.id, mapper.relevant);
    this.on('close', (done: () => void) => {
      handle?.withdraw(this.id);
      mapper.close();
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

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message, integration) =>
      mapper.map(message, integration),
    );
  }

  RED.nodes.registerType('twinflow-field-mapper', FieldMapper);
};
