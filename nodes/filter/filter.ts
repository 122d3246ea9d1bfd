/** The `twinflow-filter` node: passes on items that are to be synced. */

import type { Node, NodeAPI, NodeDef } from 'node-red';
import { readPairs } from '../../lib/mapping';
import { explainedIn } from '../../lib/mapping/explain-conditions';
import { readFilterSettings } from '../../lib/mapping/node-settings';
import type { SyncMessage } from '../../lib/model/message';
import { type FilterDecision, FilterStep, readFilter } from '../../lib/steps';
import type { IntegrationRuntime } from '../runtime/host';
import { savedStep } from '../runtime/saved';
import { type StepResult, step } from '../runtime/step';

interface FilterDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  /** 2: items that do not match leave through the second output, otherwise their event ends here */
  outputs: number;
}

export = (RED: NodeAPI): void => {
  function Filter(this: Node, saved: FilterDef): void {
    RED.nodes.createNode(this, saved);
    const def = savedStep(RED, this, 'twinflow-filter', saved);
    if (def === undefined) return;
    const filter = new FilterStep(readFilter(def), def.integration);
    const twoOutputs = readFilterSettings(def).outputs === 2;

    const leave = async (message: SyncMessage, integration: IntegrationRuntime, why = ''): Promise<undefined> => {
      const filteredOut = RED._('filter.reason', { name: def.name || def.id });
      await integration.skip(message, why === '' ? filteredOut : `${filteredOut}: ${why}`);
      return undefined;
    };

    step(RED, this, { integration: def.integration, pairs: readPairs(def.pairs) }, (message, integration) => {
      const follow = (decision: FilterDecision): StepResult | Promise<StepResult> => {
        if (decision.passes) return twoOutputs ? [message, null] : message;
        return twoOutputs ? [null, withReason(message, decision)] : leave(message, integration, decision.reason);
      };
      const decision = filter.decide(message, integration);
      return decision instanceof Promise ? decision.then(follow) : follow(decision);
    });

    this.on('close', () => filter.close());
  }

  RED.nodes.registerType('twinflow-filter', Filter);
};

/** `msg.filter` says why: a sentence, and each condition with its outcome. */
function withReason(message: SyncMessage, { reason, explained }: FilterDecision): SyncMessage {
  const conditions = explained ? explainedIn(explained).map(({ met, words }) => ({ met, words })) : [];
  const filter = { reason, conditions };
  return { ...message, ...{ filter } };
}
