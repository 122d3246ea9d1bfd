/** The `twinflow-default-mapper` node: what a target field receives where the source has nothing that it could take. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readDefaultRows, readPairs } from '../../lib/mapping';
import type { DefaultRow } from '../../lib/model/config';
import { DefaultMapperStep } from '../../lib/steps';
import { step } from '../shared/step';

interface DefaultMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: DefaultRow[];
}

export = (RED: NodeAPI): void => {
  function DefaultMapper(this: Node, def: DefaultMapperDef): void {
    RED.nodes.createNode(this, def);
    const mapper = new DefaultMapperStep(readDefaultRows(def.rows));
    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message, integration) =>
      mapper.map(message, integration),
    );
  }

  RED.nodes.registerType('twinflow-default-mapper', DefaultMapper);
};
