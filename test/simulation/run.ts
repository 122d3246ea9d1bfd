/**
 * One simulated history: two systems, the real engine over the real store, people who edit, a process that dies at any
 * await, and in some histories deploys that switch a dry run on and off. At the end the weather clears, and both sides must
 * rest, agree, and show every edit that nobody replaced.
 */

import type { Side } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import { check, type RunReport } from './check';
import { addEnd } from './digest';
import { openEmpty, World, type WorldOptions } from './world';

export type { RunReport } from './check';

export interface RunOptions extends WorldOptions {
  /** what each system itself makes of our writes, a moment later */
  automation?: Partial<Record<Side, (fields: Fields) => Fields | undefined>>;
}

/** Runs one history. The same seed gives the same history. */
export async function simulate(seed: number, options: RunOptions = {}): Promise<RunReport> {
  const store = await (options.open ?? openEmpty)();
  const world = new World(seed, store, options);
  const report: RunReport = {
    seed,
    digest: '',
    events: 0,
    crashes: 0,
    merged: 0,
    contested: 0,
    lostEdits: [],
    duplicates: [],
    loops: [],
    diverged: [],
    dryRunWrites: world.dryRunWrites,
    dryRuns: 0,
    unshown: [],
    wrongReferences: [],
    lostComments: [],
    duplicateComments: [],
    disorderedComments: [],
    wrongAuthors: [],
    wrongVisibility: [],
    lostFiles: [],
    duplicateFiles: [],
  };
  for (const [index, system] of world.systems.entries()) system.automation = options.automation?.[index === 0 ? 1 : 2];
  try {
    await world.live();
    const before = world.writes;
    await world.clock.runUntil(world.clock.now() + 60_000);
    const after = world.writes;
    if (after !== before) report.loops.push(`${after - before} writes in the last minute, with nobody editing`);
    await check(world, world.store, report);
    await addEnd(world.digest, world, world.store);
    report.digest = world.digest.end();
    report.events = world.systems.reduce((sum, { edits }) => sum + edits.length, 0);
    report.crashes = world.crashes;
    report.dryRuns = world.dryRuns;
  } finally {
    world.end();
    await world.store.close();
  }
  return report;
}

/** All that is wrong with a history. */
export const faultsOf = ({
  lostEdits,
  duplicates,
  loops,
  diverged,
  dryRunWrites,
  unshown,
  wrongReferences,
  lostComments,
  duplicateComments,
  disorderedComments,
  wrongAuthors,
  wrongVisibility,
  lostFiles,
  duplicateFiles,
}: RunReport): string[] => [
  ...lostEdits,
  ...duplicates,
  ...loops,
  ...diverged,
  ...dryRunWrites,
  ...unshown,
  ...wrongReferences,
  ...lostComments,
  ...duplicateComments,
  ...disorderedComments,
  ...wrongAuthors,
  ...wrongVisibility,
  ...lostFiles,
  ...duplicateFiles,
];
