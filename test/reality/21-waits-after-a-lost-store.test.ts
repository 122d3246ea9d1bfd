/** 21: after a lost store, what cannot be recognised waits until somebody says that it may go on; copies as documented. */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandboxes } from '../support/examples';
import { startVendors, type Vendors } from '../support/jira-azure-devops';
import { type FlowNode, NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { addBugs, all, pair, stay } from './shared-systems';

const isStore = (name: string): boolean => /^twinflow\.sqlite(-|$)/.test(name);

function dropStore(red: NodeRed): void {
  for (const name of readdirSync(red.userDir).filter(isStore)) rmSync(join(red.userDir, name));
}

describe('21: an integration whose counterparts cannot be recognised', function () {
  this.timeout(120_000);
  let red: NodeRed;
  let vendors: Vendors;

  before(async () => {
    [red, vendors] = [await NodeRed.start(), await startVendors()];
  });

  after(async () => {
    await red?.stop();
    await vendors?.stop();
  });

  const NO_COUNTERPART = { backlinks: {} };

  function flow(): FlowNode[] {
    const nodes = vendors.flow({
      'twinflow-poller': { interval: 1, unit: 'seconds', start: 'now' },
      'twinflow-integration': NO_COUNTERPART,
    });
    const poller = nodes.find(({ type }) => type === 'twinflow-poller');
    const props = [{ p: 'topic', vt: 'str' }];
    // what stands below the nodes is in the log
    const say = { complete: 'status', targetType: 'msg', active: true, tosidebar: false, console: true };
    const watching = [
      { id: 'watch', type: 'status', z: poller?.z, scope: null, wires: [['say']] },
      { id: 'say', type: 'debug', z: poller?.z, ...say, wires: [] },
    ];
    return [
      ...nodes,
      ...watching,
      { id: 'go', type: 'inject', z: poller?.z, props, topic: 'go on', wires: [[poller?.id ?? '']] },
    ];
  }

  for (const how of ['the topic "go on"', 'the button of the sidebar'] as const) {
    it(`waits after the store has vanished, says so, and goes on by ${how}`, async () => {
      const [first, second] = [`before, ${how}`, `after, ${how}`];
      await red.deploy(flow());
      await sleep(3_000);
      vendors.createIssue({ summary: first });
      await until('it has arrived', () => vendors.item(first) !== undefined, 30_000);
      await sleep(1_500);
      await red.kill('SIGTERM');
      dropStore(red);
      const said = red.log.length;
      await red.restart();
      await until(
        'it says that it waits',
        () => /waits: the store was lost or reset/.test(red.log.slice(said)),
        20_000,
      );
      const below = /fill: 'red',\s+shape: 'ring',\s+text: 'waits: store lost or reset'/g;
      await until(
        'both pollers and the writer are red',
        () => (red.log.slice(said).match(below) ?? []).length >= 3,
        20_000,
      );
      await sleep(2_500);
      vendors.createIssue({ summary: second });
      await sleep(4_000);
      assert.equal(vendors.item(second), undefined);
      if (how === 'the topic "go on"') await red.post('/inject/go', {});
      else await red.post('/twinflow/go-on', {});
      const third = `gone on, ${how}`;
      vendors.createIssue({ summary: third });
      await until('it goes on', () => vendors.item(third) !== undefined, 30_000);
      // its pollers begin where they were deployed
      await until('what came while it waited arrives', () => vendors.item(second) !== undefined, 30_000);
      for (const title of [first, second, third])
        assert.equal(vendors.items().filter((one) => one.fields['System.Title'] === title).length, 1);
    });
  }
});

describe('21: a copy of the store as the troubleshooting page says', function () {
  this.timeout(120_000);

  it('is made by VACUUM INTO while Node-RED runs, and restored: nothing is made twice', async () => {
    const page = readFileSync(join(__dirname, '../../docs/troubleshooting.md'), 'utf8');
    const statement = /`sqlite3 twinflow\.sqlite "(VACUUM INTO 'copy\.sqlite')"`/.exec(page)?.[1] ?? '';
    const red = await NodeRed.start();
    const trackers = sandboxes(red.userDir);
    try {
      addBugs(trackers.jira, 'one', 'two', 'three');
      await red.deploy(pair());
      await until('they have arrived', () => all(trackers.azure).length === 3, 20_000);
      await sleep(1_500);
      const [file, copy] = [join(red.userDir, 'twinflow.sqlite'), join(red.userDir, 'copy.sqlite')];
      const db = new DatabaseSync(file);
      // what the command line does in the user folder
      db.exec(statement.replace("'copy.sqlite'", `'${copy}'`));
      db.close();
      addBugs(trackers.jira, 'four');
      await until('it has arrived', () => all(trackers.azure).length === 4, 20_000);
      await sleep(1_500);
      await red.kill('SIGTERM');
      dropStore(red);
      renameSync(copy, file);
      assert.ok(existsSync(file));
      await red.restart();
      await stay([trackers.jira, trackers.azure], 4, 5);
      const [bug] = all(trackers.jira).filter(({ fields }) => fields.summary === 'one');
      trackers.jira.edit('bob', bug?.id ?? '', { summary: 'one, edited' });
      const isThere = () => all(trackers.azure).some(({ fields }) => fields['System.Title'] === 'one, edited');
      await until('an edit goes on', isThere, 20_000);
    } finally {
      trackers.close();
      await red.stop();
    }
  });
});
