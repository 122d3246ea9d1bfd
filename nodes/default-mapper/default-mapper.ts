/** The `twinflow-default-mapper` node: what a target field receives where the source has nothing that it could take. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { compileDefaultRows, mappedFieldsOf, readDefaultRows, readPairs, withMappedFields } from '../../lib/mapping';
import type { DefaultRow } from '../../lib/model/config';
import { step } from '../shared/step';

interface DefaultMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: DefaultRow[];
}

export = (RED: NodeAPI): void => {
  function DefaultMapper(this: Node, def: DefaultMapperDef): void {
    RED.nodes.createNode(this, def);
    const rows = readDefaultRows(def.rows);
    const apply = { forward: compileDefaultRows(rows, 'forward'), backward: compileDefaultRows(rows, 'backward') };

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message) => {
      const { direction, kind } = message.sync;
      return withMappedFields(message, apply[direction](mappedFieldsOf(message, 'default mapper'), kind));
    });
  }

  RED.nodes.registerType('twinflow-default-mapper', DefaultMapper);
};
