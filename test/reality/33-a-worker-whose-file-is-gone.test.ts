/** The palette manager exchanges a package's files while the old code runs: the process that was to start is not there. */

import assert from 'node:assert/strict';
import childProcess from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock } from 'node:test';
import { openSandbox } from '../../lib/connectors/sandbox';
import { ExpressionRunner } from '../../lib/mapping/transform-runner';
import { SyncError } from '../../lib/model/errors';
import { inspectFile } from '../../lib/tables/runner';

const original = childProcess.fork;

/** Has every process start from a file that is not there. */
const withoutFiles = () =>
  mock.method(childProcess, 'fork', (_file: string, args: string[], options: object) =>
    original(join(tmpdir(), 'twinflow-gone', 'worker.js'), args, options),
  );

describe('a process whose file is gone', function () {
  this.timeout(20_000);
  const helpers = { user: () => null, lookup: () => null, text: () => null };

  it('is no fault of an expression: the change waits, and reports why', async () => {
    const fork = withoutFiles();
    const runner = new ExpressionRunner();
    const evaluated = runner
      .evaluate(['1 + 1'], { payload: {}, names: [] }, helpers)
      .catch((thrown: unknown) => thrown);
    try {
      const thrown = await evaluated;
      assert.ok(thrown instanceof SyncError, String(thrown));
      assert.equal(thrown.kind, 'transient');
      assert.match(thrown.message, /process that evaluates expressions cannot run .* restart Node-RED/);
      assert.doesNotMatch(thrown.message, /MB|memory/);
      fork.mock.restore();
      // back again: nothing has to be deployed
      assert.deepEqual(await runner.evaluate(['1 + 1'], { payload: {}, names: [] }, helpers), [{ value: 2 }]);
    } finally {
      fork.mock.restore();
      runner.close();
    }
  });

  it('is no fault of a sheet', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'twinflow-sheet-'));
    const file = join(folder, 'a.csv');
    writeFileSync(file, 'a;b\n1;2\n');
    const fork = withoutFiles();
    try {
      await assert.rejects(inspectFile(file), (thrown: unknown) => {
        assert.ok(thrown instanceof SyncError);
        assert.equal(thrown.kind, 'transient');
        assert.match(thrown.message, /process that reads sheets cannot run .* restart Node-RED/);
        return true;
      });
    } finally {
      fork.mock.restore();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the address of an entity in the sandbox', () => {
  it('leads to the page below Node-RED’s admin root', () => {
    const addressOf = (pageRoot?: string): string | undefined => {
      const space = openSandbox({
        space: `root ${pageRoot}`,
        template: 'jira',
        ...(pageRoot !== undefined && { pageRoot }),
      });
      const [project] = space.template.projects;
      const [type] = space.template.types;
      const made = space.create('alice', {
        project: project?.id ?? '',
        type: type?.id ?? '',
        fields: { summary: 'x' },
      });
      space.close();
      return made.url?.replace(/#.*/, '');
    };
    assert.equal(addressOf(), '/twinflow/sandbox/');
    assert.equal(addressOf('/'), '/twinflow/sandbox/');
    assert.equal(addressOf('/admin'), '/admin/twinflow/sandbox/');
    assert.equal(addressOf('/admin/'), '/admin/twinflow/sandbox/');
  });
});
