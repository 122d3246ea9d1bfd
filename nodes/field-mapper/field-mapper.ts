/** The `twinflow-field-mapper` node: converts a payload of source fields to one of target fields. */

import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';
import { readFieldRows, readPairs, roundTrip, rowIssues } from '../../lib/mapping';
import { expressionCheck } from '../../lib/mapping/transform-expression';
import type { FieldRow } from '../../lib/model/config';
import { FieldMapperStep } from '../../lib/steps';
import { hostOf, integrationOf } from '../runtime/host';
import { savedStep } from '../runtime/saved';
import { step } from '../runtime/step';
import { tellFindings } from '../runtime/tell-findings';

interface FieldMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: FieldRow[];
}

export = (RED: NodeAPI): void => {
  function FieldMapper(this: Node, saved: FieldMapperDef): void {
    RED.nodes.createNode(this, saved);
    const def = savedStep(RED, this, 'twinflow-field-mapper', saved);
    if (def === undefined) return;
    const [rows, pairs] = [readFieldRows(def.rows), readPairs(def.pairs)];
    const mapper = new FieldMapperStep(rows, def.integration);
    const { checks } = hostOf(RED);
    const handle = integrationOf(RED, def.integration);
    handle?.declare(this.id, mapper.relevant);
    this.on('close', (done: () => void) => {
      handle?.withdraw(this.id);
      checks.remove(this.id);
      mapper.close();
      done();
    });

    const broken = rows.filter((row) =>
      rowIssues(row, rows, {}, expressionCheck).some(({ level }) => level === 'error'),
    ).length;
    let shown: NodeStatus | undefined;
    const show = (text: string): void => {
      shown = { fill: 'yellow', shape: 'ring', text };
      this.status(shown);
    };
    if (rows.length === 0) show(RED._('field-mapper.status.empty'));
    else if (broken > 0) show(RED._('field-mapper.status.broken', { count: broken }));
    for (const { round } of roundTrip(rows, [])) {
      this.warn(RED._('field-mapper.restless', { round: round.join(' → ') }));
      show(RED._('field-mapper.status.restless'));
    }
    checks.add(def.integration, {
      ...{ id: this.id, pairs, mapper: { kind: 'fields', rows } },
      report: (findings) => tellFindings(RED, this, findings, (status) => this.status(shown ?? status)),
    });

    step(RED, this, { integration: def.integration, pairs }, (message, integration) =>
      mapper.map(message, integration),
    );
  }

  RED.nodes.registerType('twinflow-field-mapper', FieldMapper);
};
