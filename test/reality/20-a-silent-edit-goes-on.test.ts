/**
 * 20: a ring of three real kinds of systems, killed again and again: an edit of a comment in Jira reached Redmine, which does not move
 * an issue whose note is edited, and reached Azure DevOps over it only when the integration of the two looked there by itself, two
 * minutes or hours later.
 */

import assert from 'node:assert/strict';
import { CommentBench, words } from './comment-bench';

describe('20: what one integration writes without a sign', () => {
  let bench: CommentBench;

  afterEach(async () => {
    await bench.close();
  });

  for (const verb of ['edit', 'delete'] as const) {
    it(`is seen by the next integration at once: ${verb}`, async () => {
      bench = new CommentBench(['AB', 'BC']);
      bench.space('B').silenceParts('edit', 'delete');
      await bench.start();
      const bug = bench.bug('A', 'Crash');
      await bench.sync();
      bench.comment('A', bug, 'It hangs');
      await bench.sync();
      assert.deepEqual(bench.says('C'), ['It hangs']);
      const id = bench.idOf('A', 'It hangs');
      if (verb === 'edit') bench.space('A').edit('alice', id, words('It waits'));
      else bench.space('A').removeParts('alice', [id]);
      await bench.sync();
      assert.deepEqual([bench.says('B'), bench.says('C')], verb === 'edit' ? [['It waits'], ['It waits']] : [[], []]);
    });
  }
});
