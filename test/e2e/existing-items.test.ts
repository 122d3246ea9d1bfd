import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sandbox } from '../../lib/connectors/sandbox';
import { type ExistingEnd, existingRules } from './existing-rules';

describe('Existing items of two sandboxes', function () {
  this.timeout(60_000);
  const dataFolder = mkdtempSync(join(tmpdir(), 'twinflow-existing-'));
  after(() => rmSync(dataFolder, { recursive: true, force: true }));

  existingRules(() => {
    const end = (space: string): ExistingEnd => {
      const as = (user: string) => sandbox.connect({ space, template: 'jira', user }, { dataFolder });
      return { sync: as('sync'), person: as('alice'), project: '10000', type: '10101' };
    };
    const second = { id: 'priority', type: 'lookup' } as const;
    return { one: end('one'), two: end('two'), title: 'summary', second, values: [{ name: 'Low' }, { name: 'High' }] };
  });
});
