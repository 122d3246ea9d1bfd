/** What exists need not be there to be chosen: a test case keeps a milestone that is closed, and no other is given it. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from '../../lib/connectors/connector';
import { sandbox } from '../../lib/connectors/sandbox';

describe('reality 16: a closed milestone of the sandbox', () => {
  let dataFolder: string;
  let connection: Connection;
  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'twinflow-closed-'));
    connection = sandbox.connect({ space: 'cases', template: 'test-management', user: 'sync' }, { dataFolder });
  });
  afterEach(async () => {
    await connection.close?.();
    rmSync(dataFolder, { recursive: true });
  });

  it('is listed as such, and refused for a new case by its field', async () => {
    const fields = await connection.fields('1', 'case');
    const milestone = fields.find(({ id }) => id === 'milestone_id');
    assert.deepEqual(
      milestone?.values?.map(({ name, selectable }) => [name, selectable ?? true]),
      [
        ['1.0', false],
        ['1.1', true],
        ['2.0', true],
      ],
    );
    const create = (name: string) => ({
      kind: 'create' as const,
      ...{ project: '1', type: 'case' },
      fields: { title: name, section_id: { name: 'Login' }, milestone_id: { name } },
    });
    const scope = { projects: ['1'], types: ['case'] };
    const results = await connection.write?.(scope, [create('1.0'), create('1.1')]);
    assert.deepEqual(
      results?.map((result) => (result.ok ? 'made' : Object.keys(result.error.detail.fields ?? {}))),
      [['milestone_id'], 'made'],
    );
  });
});
