/**
 * A project or type that a system does not show any more is told where people look: below the poller and in the sidebar, by the
 * name that they chose, until it is back.
 */

import assert from 'node:assert/strict';
import type { MissingMember } from '../../lib/connectors/connector';
import { Workbench } from '../engine/workbench';

describe('A project that a system no longer shows', () => {
  let bench: Workbench;
  let missing: MissingMember[] | undefined;

  beforeEach(async () => {
    bench = await Workbench.start({
      projectPairs: [
        { one: { id: 'P', name: 'Payroll' }, two: { id: 'P', name: 'P' }, direction: 'both' },
        { one: { id: 'Q', name: 'Quality' }, two: { id: 'P', name: 'P' }, direction: 'both' },
      ],
    });
    missing = undefined;
    const connection = bench.integration.systems[1].connection();
    const changes = connection.changes.bind(connection);
    connection.changes = async function* (...args) {
      for await (const page of changes(...args)) yield { ...page, ...(missing && { missing }) };
    };
  });
  afterEach(() => bench.stop());

  const shown = async () => (await bench.integration.commands.overview())[0].missing;

  it('is named in the state that the sidebar shows, and no longer once it is back', async () => {
    await bench.sync();
    assert.equal(await shown(), undefined);
    missing = [
      { kind: 'project', id: 'Q', why: 'Tracker has no project Q any more, or does not show it to this account' },
    ];
    await bench.sync();
    assert.deepEqual(await shown(), [
      '"Quality": Tracker has no project Q any more, or does not show it to this account',
    ]);
    missing = undefined;
    await bench.sync();
    assert.equal(await shown(), undefined);
  });
});
