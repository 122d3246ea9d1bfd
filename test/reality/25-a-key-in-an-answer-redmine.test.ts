/** A refusal that echoes the key, in a real Node-RED: neither store nor sidebar, debug nodes or log may show it. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSandbox, type SandboxSpace, sandboxFile } from '../../lib/connectors/sandbox';
import { AdminView } from '../e2e/bad-input/admin-view';
import { chain, field, row, spaceOf, tracker } from '../e2e/bad-input/chain';
import { NodeRed } from '../support/node-red';
import { type RecordingProxy, recordingProxy } from '../support/proxy';
import { describeWithRedmine } from '../support/redmine';

describeWithRedmine('a key that Redmine’s refusal echoes', (_a, b) => {
  let proxy: RecordingProxy;
  let red: NodeRed;
  let view: AdminView;
  let space: SandboxSpace;

  before(async () => {
    proxy = await recordingProxy(b.url);
    proxy.interfere = (method) =>
      method === 'POST'
        ? { status: 422, body: JSON.stringify({ errors: [`Subject must not be ${b.key('sync')}`] }) }
        : undefined;
    red = await NodeRed.start();
    view = await AdminView.open(red);
    space = openSandbox({ file: sandboxFile(red.userDir), space: spaceOf('echo', 1), template: tracker() });
    const config = { url: proxy.url, auth: 'apiKey', textFormatting: 'textile', concurrency: '2' };
    const credentials = { apiKey: b.key('sync') };
    const system = { kind: 'redmine', config, credentials, project: '1', type: '1' };
    const rows = [row('title', { ...field('title'), id: 'subject', name: 'Subject' })];
    await red.deploy(chain('echo', { systems: [undefined, system], rows, poller2: { start: 'newest', interval: 60 } }));
    space.create('alice', { project: 'p', type: 'bug', fields: { title: 'Refused' } });
  });

  after(async () => {
    view?.close();
    space?.close();
    await red?.stop();
    await proxy?.stop();
  });

  it('is in nothing that a person may see, and not in the store', async function () {
    this.timeout(40_000);
    await view.problemLike('echo', /Subject must not be \*\*\*/);
    await view.statusLike('echo-poller1', /1 parked/);
    const key = b.key('sync');
    const parked = await red.get('/twinflow/parked?integration=echo-integration');
    assert.match(JSON.stringify(parked), /"subject":"Subject must not be \*\*\*"/);
    assert.ok(!JSON.stringify(parked).includes(key));
    assert.ok(!view.everything().includes(key));
    assert.ok(!red.log.includes(key));
    for (const file of readdirSync(red.userDir).filter((name) => name.startsWith('twinflow')))
      assert.ok(!readFileSync(join(red.userDir, file)).includes(key), file);
  });
});
