import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red';

/** What the script writes into, and what the checks need. */
const COPIED = [
  'lib',
  'docs/architecture.md',
  'nodes/system/locales',
  'scripts/new-connector.mjs',
  'test/conformance',
  'test/support',
  'package.json',
  'tsconfig.base.json',
];

describe('npm run new:connector', function () {
  this.timeout(180_000);
  const root = mkdtempSync(join(tmpdir(), 'twinflow-new-'));
  const run = (command: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, command, {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, TWINFLOW_ROOT: root },
    });
    return { status, said: `${stdout}${stderr}` };
  };
  const script = (...args: string[]) => run(['scripts/new-connector.mjs', ...args]);

  before(() => {
    for (const path of COPIED) cpSync(join(projectRoot, path), join(root, path), { recursive: true });
    symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'));
  });

  after(() => rmSync(root, { recursive: true, force: true }));

  it('wants a kind in small letters, and overwrites nothing', () => {
    assert.equal(script().status, 2);
    assert.equal(script('Git Lab').status, 2);
    assert.match(script('redmine').said, /is there already/);
  });

  it('writes a connector that the registry knows, whose types fit, and whose conformance checks are red', () => {
    assert.equal(script('my-tracker', 'My Tracker').status, 0);
    const registry = readFileSync(join(root, 'lib/connectors/registry.ts'), 'utf8');
    assert.match(registry, /'my-tracker': myTracker,/);
    assert.match(readFileSync(join(root, 'docs/architecture.md'), 'utf8'), /\| `lib\/connectors\/my-tracker\/` \|/);

    const options = { noEmit: true, types: ['node', 'mocha'] };
    const include = ['lib/connectors/registry.ts', 'test/connectors/my-tracker/conformance.test.ts'];
    const config = JSON.stringify({ extends: './tsconfig.base.json', compilerOptions: options, include });
    writeFileSync(join(root, 'tsconfig.json'), config);
    const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
    assert.deepEqual(run([tsc, '-p', '.']), { status: 0, said: '' });

    const mocha = join(projectRoot, 'node_modules/mocha/bin/mocha.js');
    const tested = run(['--import', 'tsx', mocha, '--exit', 'test/connectors/my-tracker/conformance.test.ts']);
    assert.notEqual(tested.status, 0);
    assert.match(tested.said, /My Tracker: projects is not written yet/);
  });
});
