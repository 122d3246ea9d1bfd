/** The `twinflow-value-mapper` node: replaces list values and users of the source by those of the target. */

import type { Node, NodeAPI, NodeDef, NodeStatus } from 'node-red';
import { readPairs, readValueMapper, roundTrip } from '../../lib/mapping';
import type { DomainRule, ValueRow } from '../../lib/model/config';
import type { Direction } from '../../lib/model/entity';
import { ValueMapperStep } from '../../lib/steps';
import { offerTables, withdrawTables } from '../../lib/steps/lent-tables';
import { registerTableRoutes } from '../admin/tables';
import { hostOf } from '../runtime/host';
import { savedStep } from '../runtime/saved';
import { step } from '../runtime/step';
import { tellFindings } from '../runtime/tell-findings';
import { sweepAfterDeploys } from './unused-uploads';

interface ValueMapperDef extends NodeDef {
  integration: string;
  pairs: 'all' | string[];
  rows: ValueRow[];
  domains?: DomainRule[];
}

export = (RED: NodeAPI): void => {
  function ValueMapper(this: Node, saved: ValueMapperDef): void {
    RED.nodes.createNode(this, saved);
    const def = savedStep(RED, this, 'twinflow-value-mapper', saved);
    if (def === undefined) return;
    const settings = readValueMapper(def);

    const restless = roundTrip([], settings.rows);
    let rest: NodeStatus =
      restless.length === 0 ? {} : { fill: 'yellow', shape: 'ring', text: RED._('value-mapper.status.restless') };
    for (const { one, two, round } of restless) {
      const names = { one: one.name, two: two.name, round: round.join(' → ') };
      this.warn(RED._('value-mapper.restless', names));
    }
    this.status(rest);

    const mapper = new ValueMapperStep(settings, { dataFolder: hostOf(RED).dataFolder }, () => {
      offer();
      const problem = mapper.sheets.problem();
      if (problem === undefined) this.status(rest);
      else {
        const text = RED._(`value-mapper.status.${problem.usable ? 'older' : 'unreadable'}`, { name: problem.name });
        this.status({ fill: problem.usable ? 'yellow' : 'red', shape: 'ring', text });
        this.warn(`${problem.name}: ${problem.why}`);
      }
    });
    const offerOf = (direction: Direction) => ({
      tables: mapper.tables(direction),
      rewrite: mapper.rewrite[direction],
      people: () => mapper.people(direction),
    });
    const offer = (): void =>
      offerTables(def.integration, this.id, {
        forward: offerOf('forward'),
        backward: offerOf('backward'),
      });
    offer();
    const pairs = readPairs(def.pairs);
    const { checks } = hostOf(RED);
    const sheets = async () => {
      await mapper.sheets.ready();
      return mapper.sheets.tables();
    };
    checks.add(def.integration, {
      ...{ id: this.id, pairs, mapper: { kind: 'values', sheets, ...settings } },
      report: (findings) =>
        tellFindings(RED, this, findings, (status) => {
          if (restless.length > 0) return;
          rest = status;
          if (mapper.sheets.problem() === undefined) this.status(rest);
        }),
    });
    this.on('close', (done: () => void) => {
      checks.remove(this.id);
      mapper.close();
      withdrawTables(def.integration, this.id);
      done();
    });

    step(RED, this, { integration: def.integration, pairs }, (message, integration) =>
      mapper.map(message, integration),
    );
  }

  RED.nodes.registerType('twinflow-value-mapper', ValueMapper);
  sweepAfterDeploys(RED, () => hostOf(RED).dataFolder);
  // absent if Node-RED runs without its admin API
  if (RED.settings.httpAdminRoot !== false) registerTableRoutes(RED, () => hostOf(RED).dataFolder);
};
