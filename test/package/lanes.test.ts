/** `npm test` runs two processes of tests at once; only one of them may use the real servers, which it tells by path. */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/node-red';

const USES = /\/(support\/redmine|redmine\/server|support\/request-tracker|support\/buildbot)'/;
const SAYS = /redmine|request-tracker|buildbot/;

describe('package/lanes', () => {
  it('a test that needs a real server names it in its path', () => {
    const folder = join(projectRoot, 'test');
    const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.test.ts'),
    );
    const users = tests.filter((file) => USES.test(readFileSync(join(folder, file), 'utf8')));
    assert.ok(users.length > 6, 'the pattern finds them');
    assert.deepEqual(
      users.filter((file) => !SAYS.test(file)),
      [],
    );
  });
});
