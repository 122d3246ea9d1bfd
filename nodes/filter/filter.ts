/** The `twinflow-filter` node: lets through what is to be synced. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { type Condition, matches, readConditions, readPairs } from '../../lib/mapping';
import { sourceSide } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
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
  function Filter(this: Node, def: FilterDef): void {
    RED.nodes.createNode(this, def);
    const conditions = readConditions(def.conditions);
    const mode = def.mode === 'any' ? 'any' : 'all';
    const side = def.side === '2' ? 2 : 1;
    const options = { matchCase: def.matchCase === true };
    const twoOutputs = Number(def.outputs) === 2;

    const passes = (message: SyncMessage): boolean => {
      const { sync, payload } = message;
      if (sourceSide(sync.direction) !== side) return true;
      if (sync.mapped !== undefined) {
        throw new SyncError('fatal', 'The filter compares source fields: put it before the field mapper');
      }
      if (sync.kind === 'update' && def.live !== true) return true;
      return matches(conditions, mode, payload, sync.changed, options);
    };

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, async (message, integration) => {
      if (passes(message)) return twoOutputs ? [message, null] : message;
      if (twoOutputs) return [null, message];
      await integration.skip(message, RED._('filter.reason', { name: def.name || def.id }));
      return undefined;
    });
  }

  RED.nodes.registerType('twinflow-filter', Filter);
};
