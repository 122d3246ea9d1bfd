/** The `twinflow-filter` node: lets through what is to be synced. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type Condition, readPairs } from '../../lib/mapping';
import { filterMessage, readFilter } from '../../lib/steps';
import { savedStep } from '../shared/saved';
import { step } from '../shared/step';

interface FilterDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  /** whose changes are filtered; those of the other side pass */
  side: '1' | '2';
  mode: 'all' | 'any';
  conditions: Condition[];
  matchCase: boolean;
  /** false: an entity that is in sync stays in sync, whatever its fields say later */
  live: boolean;
  /** 2: what doesn't match leaves by the second output, else its event ends here */
  outputs: number;
}

export = (RED: NodeAPI): void => {
  function Filter(this: Node, saved: FilterDef): void {
    RED.nodes.createNode(this, saved);
    const def = savedStep(RED, this, 'twinflow-filter', saved);
    if (def === undefined) return;
    const filter = readFilter(def);
    const twoOutputs = Number(def.outputs) === 2;

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, async (message, integration) => {
      if (filterMessage(filter, message).passes) return twoOutputs ? [message, null] : message;
      if (twoOutputs) return [null, message];
      await integration.skip(message, RED._('filter.reason', { name: def.name || def.id }));
      return undefined;
    });
  }

  RED.nodes.registerType('twinflow-filter', Filter);
};
