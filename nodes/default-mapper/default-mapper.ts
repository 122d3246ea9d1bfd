/** The `twinflow-default-mapper` node: sets target fields that have no usable source value. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readDefaultRows, readPairs } from '../../lib/mapping';
import type { DefaultRow } from '../../lib/model/config';
import { DefaultMapperStep } from '../../lib/steps';
import { hostOf } from '../runtime/host';
import { savedStep } from '../runtime/saved';
import { step } from '../runtime/step';
import { tellFindings } from '../runtime/tell-findings';

interface DefaultMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: DefaultRow[];
}

export = (RED: NodeAPI): void => {
  function DefaultMapper(this: Node, saved: DefaultMapperDef): void {
    RED.nodes.createNode(this, saved);
    const def = savedStep(RED, this, 'twinflow-default-mapper', saved);
    if (def === undefined) return;
    const [rows, pairs] = [readDefaultRows(def.rows), readPairs(def.pairs)];
    const mapper = new DefaultMapperStep(rows);
    const { checks } = hostOf(RED);
    checks.add(def.integration, {
      ...{ id: this.id, pairs, mapper: { kind: 'defaults', rows } },
      report: (findings) => tellFindings(RED, this, findings, (status) => this.status(status)),
    });
    this.on('close', () => checks.remove(this.id));
    step(RED, this, { integration: def.integration, pairs }, (message, integration) =>
      mapper.map(message, integration),
    );
  }

  RED.nodes.registerType('twinflow-default-mapper', DefaultMapper);
};
