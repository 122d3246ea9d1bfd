/**
 * Random histories: people create, edit, delete and import while an index lags, differently for each write; polls end, are
 * interrupted, and go on in another process. When all has settled, the last state of every issue has been read.
 */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Checkpoint } from '../../../lib/connectors/connector';
import type { Jira, JiraOptions } from '../../systems/jira';
import { assertContract, checked, connect, type Deployment, edit, make, scope, start } from './server';

type Step =
  | { kind: 'create'; count: number; lagS: number }
  | { kind: 'edit'; which: number; lagS: number }
  | { kind: 'remove'; which: number }
  | { kind: 'wait'; ms: number }
  /** breaks off after so many pages; in its middle somebody edits */
  | { kind: 'poll'; pageSize: number; pages: number; restart: boolean; editing: number };

// within what the connector promises: later than a newer write by ten minutes at most
const lagS = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 590 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('create' as const), count: fc.integer({ min: 1, max: 12 }), lagS }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('edit' as const), which: fc.nat(), lagS }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), which: fc.nat() }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 240_000 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('poll' as const),
      pageSize: fc.integer({ min: 1, max: 10 }),
      pages: fc.integer({ min: 1, max: 8 }),
      restart: fc.boolean(),
      editing: fc.nat(),
    }),
  },
);

/** @param mostLagS the index is never further behind, seconds */
async function run(options: JiraOptions, mostLagS: number, steps: Step[]): Promise<void> {
  let clock = Date.parse('2026-10-24T23:10:00.500Z');
  let lag = 0;
  const jira: Jira = await start({ ...options, now: () => clock, indexLagMs: () => lag * 1_000 });
  let connection = connect(jira);
  const read = new Map<string, string>();
  let checkpoint: Checkpoint | undefined;
  const ours = () =>
    jira.site.all().filter(({ project, type }) => scope.projects.includes(project) && scope.types.includes(type));
  let titles = 0;
  const touch = (which: number) => {
    const issues = ours();
    const issue = issues[which % Math.max(1, issues.length)];
    if (issue) edit(jira, issue.id, { summary: `Edit ${++titles}` });
  };
  const poll = async (pageSize: number, pages: number, editing = 0) => {
    let count = 0;
    for await (const page of connection.changes(scope, checkpoint, pageSize)) {
      for (const { id, fields } of page.entities) read.set(id, String(fields.summary));
      checkpoint = JSON.parse(JSON.stringify(page.checkpoint));
      if (++count >= pages) break;
      clock += 700;
      if (editing % 3 === 0) touch(editing + count);
    }
  };
  try {
    for (const one of steps) {
      clock += 50;
      if ('lagS' in one) lag = Math.min(one.lagS, mostLagS);
      if (one.kind === 'create') for (let n = 0; n < one.count; n++) make(jira, `Made ${++titles}`);
      else if (one.kind === 'edit') touch(one.which);
      else if (one.kind === 'wait') clock += one.ms;
      else if (one.kind === 'remove') {
        const issues = ours();
        const issue = issues[one.which % Math.max(1, issues.length)];
        if (issue) jira.site.remove(issue);
      } else {
        if (one.restart) {
          await connection.close?.();
          connection = connect(jira);
        }
        lag = 0;
        await poll(one.pageSize, one.pages, one.editing);
      }
    }
    clock += 660_000;
    await poll(50, Number.POSITIVE_INFINITY, 1);
    const wrong = ours().filter(({ id, values }) => read.get(id) !== values.summary);
    assert.deepEqual(
      wrong.map(({ id, values }) => [id, values.summary, read.get(id)]),
      [],
    );
  } finally {
    await connection.close?.();
    await jira.stop();
    assertContract(jira);
  }
}

const runs = Number(process.env.TWINFLOW_RUNS ?? 25);

for (const [deployment, mostLagS, options] of [
  ['cloud', 600, { searchCap: 6, grainMs: 60_000, timeZone: 'Europe/Berlin' }],
  ['cloud', 600, {}],
  ['datacenter', 600, { searchCap: 6 }],
  // two changes in one second look the same, so an index must not be far behind
  ['datacenter', 50, { searchCap: 6, clockMs: 1_000 }],
] as [Deployment, number, JiraOptions][]) {
  describe(`Histories of ${checked(deployment)}, up to ${mostLagS} s behind, ${JSON.stringify(options)}`, function () {
    this.timeout(30_000 + runs * 1_000);
    it('end with every issue read as it is', async () => {
      const history = fc.array(step, { minLength: 5, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(history, (steps) => run({ deployment, ...options }, mostLagS, steps)),
        { numRuns: runs },
      );
    });
  });
}
