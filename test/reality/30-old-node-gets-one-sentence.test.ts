/** Somebody installs Twinflow into a Node-RED on an old Node.js: one sentence says so, and nothing is lost. */

import assert from 'node:assert/strict';
import { isTooOld } from '../../nodes/shared/old-node';
import { describeWith } from '../support/need';
import { NodeRed } from '../support/node-red';
import { otherNode } from '../support/other-nodes';
import { nodeRedOf } from '../support/pack';

const VERSION = '20.19.0';

describe('an old Node.js', () => {
  it('is one before 22.13', () => {
    for (const version of ['18.20.4', '20.19.0', '22.12.0']) assert.ok(isTooOld(version), version);
    for (const version of ['22.13.0', '22.20.1', '24.0.0', '26.1.0']) assert.ok(!isTooOld(version), version);
  });
});

describeWith(`Node-RED 4.1 on Node.js ${VERSION}`, otherNode(VERSION), function (node) {
  this.timeout(120_000);

  it('reports in one sentence what it lacks; flows and credentials stay', async () => {
    const system = {
      ...{ id: 'system', type: 'twinflow-system', name: 'S', kind: 'redmine', version: 1 },
      config: { url: 'http://127.0.0.1:1', auth: 'apiKey' },
    };
    const flows = [
      { ...system, credentials: { apiKey: 'secret' } },
      { id: 'tab', type: 'tab', label: 'T' },
      { id: 'poller', z: 'tab', type: 'twinflow-poller', integration: '', side: '1', version: 1, wires: [[]] },
    ];
    const red = await NodeRed.start({ node, nodeRed: nodeRedOf('~4.1.0'), flows });
    try {
      const said = red.log.split('\n').filter((line) => /Twinflow needs Node\.js/.test(line));
      assert.equal(said.length, 1, red.log);
      assert.match(said[0] ?? '', /needs Node\.js 22\.13 or newer; this is 20\.19\.0/);
      assert.doesNotMatch(red.log, /No such built-in module|Require stack|missing types/);
      const deployed = await red.flows();
      assert.ok(deployed.some(({ id }) => id === 'poller'));
      await red.deploy(deployed);
      const kept = await red.get<{ has_apiKey?: boolean }>('/credentials/twinflow-system/system');
      assert.equal(kept.has_apiKey, true);
    } finally {
      await red.stop();
    }
  });
});
