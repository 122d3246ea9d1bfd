/**
 * The lowest Node.js that is promised, an early one of the next line and the newest line: store, package and a whole flow run
 * on each. What SQLite's binding took by position, or ignored, in the older ones was seen nowhere else.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describeWith } from '../support/need';
import { projectRoot } from '../support/node-red';
import { otherNode, VERSIONS } from '../support/other-nodes';

const run = promisify(execFile);
const mocha = join(projectRoot, 'node_modules', 'mocha', 'bin', 'mocha.js');

/** What is run, and a part of its titles. */
const PARTS = {
  'the store': { files: ['test/store'], grep: 'SQLite store file|SQLite file of|rule by rule' },
  'the package': { files: ['test/package/contents.test.ts', 'test/package/forms.test.ts'], grep: '' },
  'a flow in a real Node-RED': { files: ['test/e2e/sandbox.test.ts'], grep: 'both ways' },
};

for (const version of VERSIONS) {
  describeWith(`Node.js ${version}`, otherNode(version), function (node) {
    this.timeout(240_000);
    for (const [what, { files, grep }] of Object.entries(PARTS)) {
      it(`runs ${what}`, async () => {
        const args = [mocha, '--exit', '--reporter', 'json', ...(grep === '' ? [] : ['--grep', grep]), ...files];
        const env = { ...process.env, NODE_OPTIONS: '', PATH: `${dirname(node)}:${process.env.PATH}` };
        const { stdout } = await run(node, args, { cwd: projectRoot, env, maxBuffer: 1e8 }).catch((thrown: unknown) => {
          const output: unknown = Reflect.get(Object(thrown), 'stdout');
          return { stdout: String(output) };
        });
        const report = JSON.parse(stdout.slice(stdout.indexOf('{\n'))) as {
          stats: { passes: number; failures: number };
          failures: { fullTitle: string; err: { message?: string } }[];
        };
        assert.deepEqual(
          report.failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message}`),
          [],
        );
        assert.ok(report.stats.passes > 0, 'nothing ran');
      });
    }
  });
}

describe('the lowest Node.js', () => {
  it('is the one that package, README and build name', () => {
    const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');
    const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
    const lowest = engines.node.replace('>=', '');
    assert.equal(lowest, VERSIONS[0].replace(/\.0$/, ''));
    assert.match(read('README.md'), new RegExp(`Node\\.js ${lowest} or newer`));
    assert.doesNotMatch(read('README.md'), /Node\.js 20 or newer/);
    assert.match(read('scripts/build.mjs'), new RegExp(`node${lowest}`));
  });
});
