/** `npm run connectors` counts each kind of system, and a connector that is a file stays a small one. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { connectors } from '../../lib/connectors/registry';
import { projectRoot } from '../support/node-red';

describe('npm run connectors -- --json', () => {
  it('has lines, hooks and verified of each kind', function () {
    this.timeout(60_000);
    const text = execFileSync(process.execPath, ['scripts/connectors.mjs', '--json'], { cwd: projectRoot });
    const kinds = JSON.parse(text.toString()) as Record<string, { lines: number; hooks: number; verified: string }>;
    assert.deepEqual(Object.keys(kinds).sort(), Object.keys(connectors).sort());
    for (const [kind, { lines, hooks, verified }] of Object.entries(kinds)) {
      assert.ok(lines + hooks > 0, kind);
      assert.ok(verified.length > 10, kind);
    }
    for (const kind of ['github', 'bugzilla']) {
      assert.ok((kinds[kind]?.lines ?? 0) <= 120, `${kind}: ${kinds[kind]?.lines} lines`);
      assert.equal(kinds[kind]?.hooks, 0);
    }
  });
});
