/** The package as a user gets it: its tarball, installed in the user folder of a Node-RED, as the palette manager does. */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeRed, projectRoot } from '../support/node-red';
import { installTarball, nodeRedOf, pack } from '../support/pack';

interface NodeSet {
  id: string;
  module: string;
  types: string[];
  enabled: boolean;
  err?: string;
}

const manifest = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as {
  name: string;
  'node-red': { nodes: Record<string, string> };
};
const types = Object.keys(manifest['node-red'].nodes).sort();

describe('package/install from the tarball', function () {
  this.timeout(180_000);
  let folder = '';
  let userDir = '';

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-pack-'));
    userDir = installTarball(join(folder, pack(folder).filename));
  });

  after(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(userDir, { recursive: true, force: true });
  });

  for (const { name, nodeRed } of [
    { name: 'Node-RED 5', nodeRed: () => join(projectRoot, 'node_modules', 'node-red') },
    { name: 'Node-RED 4.1', nodeRed: () => nodeRedOf('~4.1.0') },
  ]) {
    describe(name, () => {
      let red: NodeRed;
      before(async () => {
        red = await NodeRed.start({ nodeRed: nodeRed(), userDir, link: false });
      });
      after(() => red?.stop());

      it('loads all node types without an error', async () => {
        const sets = (await red.get<NodeSet[]>('/nodes')).filter(({ module }) => module === manifest.name);
        assert.deepEqual(
          sets.filter(({ err, enabled }) => err !== undefined || !enabled),
          [],
        );
        assert.deepEqual(sets.flatMap((set) => set.types).sort(), types);
        assert.doesNotMatch(red.log, /\[(error|warn)\].*twinflow/);
      });

      it('serves forms, words and icons to the editor', async () => {
        const html = String(await red.get('/nodes', { Accept: 'text/html' }));
        for (const type of types) assert.ok(html.includes(`data-template-name="${type}"`), type);
        for (const type of types) {
          const words = await red.get<object>(`/locales/${manifest.name}/${type}?lng=en-US`);
          assert.ok(Object.keys(words).length > 0, `words of ${type}`);
          const form = String(await red.get(`/nodes/${manifest.name}/${type}`, { Accept: 'text/html' }));
          for (const [, icon] of form.matchAll(/icon:["']([\w-]+\.svg)["']/g)) {
            const response = await fetch(`${red.url}/icons/${manifest.name}/${icon}`);
            assert.match(await response.text(), /<svg/, icon);
          }
        }
      });
    });
  }
});
