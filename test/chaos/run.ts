/**
 * A real Node-RED is killed with SIGKILL again and again while people work in the systems that it keeps in sync, two or three in a
 * ring: they create and edit items, write, edit and delete comments, attach files. At the end all are compared piece by piece.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SideView } from '../../lib/model/operations';
import { Random } from '../simulation/random';
import { NodeRed } from '../support/node-red';
import { until } from '../support/wait';
import { AzureDevOpsTracker } from './azure-devops';
import { chaosFlow } from './flow';
import { JiraTracker } from './jira';
import { type Counts, People } from './people';
import { RedmineTracker } from './redmine';
import { SandboxTracker } from './sandbox';
import type { Tracker } from './tracker';
import { judge, type Verdict } from './verdict';

/** Two HTTP servers; two trackers in the killed Node-RED itself; a ring of a real Redmine and two HTTP servers of other kinds. */
export const SYSTEMS = ['azure-devops', 'sandbox', 'ring'] as const;
export type Systems = (typeof SYSTEMS)[number];

export interface ChaosReport extends Counts, Verdict {
  systems: Systems;
  kills: number;
  seconds: number;
}

/** How much people do at least; they go on for as long as Node-RED is killed. */
export type Work = Partial<Counts>;

const MOST_ITEMS = 400;

/** Nothing is written for so long: nothing is on its way any more. */
const REST_MS = 20_000;

export async function chaos(systems: Systems, kills: number, seed: number, work: Work = {}): Promise<ChaosReport> {
  const began = Date.now();
  const random = new Random(seed);
  const userDir = mkdtempSync(join(tmpdir(), 'twinflow-chaos-'));
  const trackers = await start(systems, userDir);
  const red = await NodeRed.start({ flows: chaosFlow(trackers), userDir });
  const people = new People(trackers, random, work.created ?? MOST_ITEMS);
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      await sleep(random.int(50, 2_500));
      await red.restart('SIGKILL');
    }
    await people.done(work);
    await people.stop();
    await rest(trackers, red);
    await red.kill('SIGTERM');
    const verdict = await judge(trackers, userDir, people);
    return { systems, kills, ...people.counts, ...verdict, seconds: Math.round((Date.now() - began) / 1000) };
  } finally {
    await people.stop().catch(() => undefined);
    await red.stop();
    for (const tracker of trackers) await tracker.stop();
    rmSync(userDir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function start(systems: Systems, userDir: string): Promise<readonly Tracker[]> {
  switch (systems) {
    case 'azure-devops':
      return [await AzureDevOpsTracker.start(), await AzureDevOpsTracker.start()];
    case 'sandbox':
      return [new SandboxTracker(userDir, 'one'), new SandboxTracker(userDir, 'two')];
    case 'ring':
      return [await RedmineTracker.start(), await JiraTracker.start(), await AzureDevOpsTracker.start()];
  }
}

/** Nobody edits any more: what is on its way arrives, and all systems stay as they are for a while. @throws with what is left */
async function rest(trackers: readonly Tracker[], red: NodeRed): Promise<void> {
  const ended = new Date().toISOString();
  let last = '';
  let since = Date.now();
  await until(
    'all systems are at rest',
    async () => {
      await sleep(2_000);
      const states: string[] = [];
      for (const tracker of trackers) states.push(await tracker.state());
      const now = states.join('\n');
      if (now !== last || !(await isThrough(red, ended))) since = Date.now();
      last = now;
      return Date.now() - since > REST_MS;
    },
    20 * 60_000,
  );
}

/** All sides have been read since, and nothing waits for being sent. */
async function isThrough(red: NodeRed, since: string): Promise<boolean> {
  const { items } = await red.get<{ items: { sides?: [SideView, SideView] }[] }>('/twinflow/operations');
  const sides = items.flatMap((item) => item.sides ?? []);
  return (
    sides.length >= 2 &&
    sides.every(
      ({ counts: { waiting, held, sent, retry }, lastPoll }) =>
        waiting + held + sent + retry === 0 && lastPoll !== undefined && lastPoll.at > since,
    )
  );
}
