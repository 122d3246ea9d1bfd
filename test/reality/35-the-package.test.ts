/** What a palette install fetches, and what a release needs. */

import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red';
import { pack } from '../support/pack';

const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
const manifest = JSON.parse(read('package.json')) as {
  dependencies: Record<string, string>;
  publishConfig?: { access?: string };
  scripts: Record<string, string>;
  'node-red': { nodes: Record<string, string> };
};

describe('the package', function () {
  this.timeout(60_000);

  it('depends on nothing that its code does not import', () => {
    const code = globSync('dist/{lib,nodes}/**/*.js', { cwd: projectRoot }).map(read).join('\n');
    const idle = Object.keys(manifest.dependencies).filter((name) => !code.includes(`require("${name}`));
    assert.deepEqual(idle, []);
  });

  it('brings its documentation along', () => {
    const paths = new Set(pack().files.map(({ path }) => path));
    for (const file of readdirSync(join(projectRoot, 'docs'), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.md')) assert.ok(paths.has(`docs/${file}`), file);
  });

  it('can be published by anybody who may, with a tag', () => {
    assert.equal(manifest.publishConfig?.access, 'public');
    assert.match(manifest.scripts.release ?? '', /release/);
  });

  it('has an icon for each node in the palette, and none that nothing shows', () => {
    const shown = Object.values(manifest['node-red'].nodes).flatMap((file) => {
      const form = read(file.replace(/\.js$/, '.html'));
      return [...form.matchAll(/icon:\s*["']([\w-]+\.svg)["']/g)].map(([, icon]) => icon);
    });
    assert.deepEqual(readdirSync(join(projectRoot, 'icons')).sort(), [...new Set(shown)].sort());
  });
});
