/**
 * Landed changes per second, sandbox to sandbox, through the complete chain of the example in a real Node-RED with its
 * store on disk; then what that process and its store have grown to.
 */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteOperation } from '../../lib/connectors/connector';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { openSqliteStore } from '../../lib/store/sqlite';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';

const PROJECT = '10000';
const BUG = '10101';
const BATCH = 500;
const EVERYDAY = 100;
const EVERYDAY_TURNS = 20;
const LONGEST_MS = 10 * 60_000;

export interface SandboxFigures {
  links: number;
  landedCreatesPerSecond: number;
  landedUpdatesPerSecond: number;
  /** CPU seconds of the Node-RED process, all its threads, for a thousand of each: steadier than the rates above */
  cpuSecondsPer1000Creates: number;
  cpuSecondsPer1000Updates: number;
  /** of the Node-RED process, started afresh with all links, after some everyday syncing */
  residentMegabytes: number;
  /** the highest while the whole backlog went through */
  residentPeakMegabytes: number;
  storeMegabytes: number;
}

const DESCRIPTION = 'Open the **cart**, add two books and reload.\n\n- the first stays\n- the second is gone\n'.repeat(
  4,
);

function bug(number: number): WriteOperation {
  return {
    kind: 'create',
    type: BUG,
    project: PROJECT,
    fields: {
      summary: `The cart loses item ${number} after a reload`,
      description: { format: 'markdown', content: DESCRIPTION },
      priority: { name: ['Highest', 'High', 'Medium', 'Low', 'Lowest'][number % 5] ?? 'Medium' },
      assignee: { email: number % 2 ? 'alice@example.com' : 'bob@example.com' },
      labels: ['shop', `area-${number % 20}`],
    },
  };
}

function inBatches(space: SandboxSpace, operations: WriteOperation[]): void {
  for (let at = 0; at < operations.length; at += BATCH) {
    for (const result of space.write('alice', operations.slice(at, at + BATCH))) if (!result.ok) throw result.error;
  }
}

/** Changes per second between the moments at which `done` passes the first and the last of `count`. */
async function rate(done: () => number, count: number): Promise<number> {
  const end = Date.now() + LONGEST_MS;
  let first: { at: number; done: number } | undefined;
  for (;;) {
    const now = { at: performance.now(), done: done() };
    if (now.done > 0) first ??= now;
    if (first && now.done >= count) return Math.round((now.done - first.done) / ((now.at - first.at) / 1000));
    if (Date.now() > end) throw new Error(`only ${now.done} of ${count} changes have landed`);
    await sleep(100);
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10;

function memory(red: NodeRed, name: 'VmRSS' | 'VmHWM'): number {
  const { pid } = red;
  if (pid === undefined) throw new Error('Node-RED has ended');
  const kilobytes = new RegExp(`${name}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return megabytes(Number(kilobytes) * 1024);
}

/** CPU time of the process so far, of all its threads, seconds. Linux counts it in hundredths. */
function cpuSeconds({ pid }: NodeRed): number {
  // the name, in brackets, may contain spaces
  const counters = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(counters[11]) + Number(counters[12])) / 100;
}

const per1000 = (seconds: number, count: number): number => Math.round((seconds / count) * 1e6) / 1e3;

/**
 * @param links entities that are created on one side before the clock starts, and synced
 * @param updates of them, changed afterwards
 */
export async function benchSandbox(links: number, updates: number): Promise<SandboxFigures> {
  const red = await NodeRed.start();
  const trackers = sandboxes(red.userDir);
  try {
    const { jira, azure } = trackers;
    const before = azure.list({ limit: 1 }).total;
    inBatches(
      jira,
      Array.from({ length: links }, (_, n) => bug(n)),
    );
    await red.deploy(
      example('sandbox-both-ways', {
        'twinflow-poller': { interval: 1, unit: 'seconds', pageSize: 500, window: 2000 },
        'twinflow-writer': { batchSize: 500 },
        // a debug node sends every message to the editor: not what is measured
        debug: { active: false },
      }),
    );
    const idle = cpuSeconds(red);
    const created = await rate(() => azure.list({ limit: 1 }).total - before, links);

    // the target's echoes have been read before the updates begin
    await sleep(3_000);
    const between = cpuSeconds(red);
    const revision = azure.revision();
    const bugs = jira.list({ limit: updates, type: BUG }).entities;
    inBatches(
      jira,
      bugs.map(({ id }, n) => ({ kind: 'update', id, fields: { summary: `The cart loses item ${n}, again` } })),
    );
    const updated = await rate(() => azure.revision() - revision, bugs.length);
    await sleep(3_000);
    const after = cpuSeconds(red);

    const residentPeakMegabytes = memory(red, 'VmHWM');
    // what an integration of this size takes in everyday work: started afresh, with changes coming in
    await red.restart();
    const everyday = azure.revision();
    for (let turn = 0; turn < EVERYDAY_TURNS; turn += 1) {
      const some = bugs.slice(turn * EVERYDAY, (turn + 1) * EVERYDAY);
      inBatches(
        jira,
        some.map(({ id }) => ({ kind: 'update', id, fields: { priority: { name: turn % 2 ? 'High' : 'Low' } } })),
      );
      await sleep(1_000);
    }
    await sleep(2_000);
    if (azure.revision() === everyday) throw new Error('nothing was synced after the restart');
    const residentMegabytes = memory(red, 'VmRSS');
    await red.kill('SIGTERM');
    const file = join(red.userDir, 'twinflow.sqlite');
    const store = await openSqliteStore({ file });
    const integration = example('sandbox-both-ways').find((node) => node.type === 'twinflow-integration')?.id ?? '';
    const [side] = await store.counts(integration);
    await store.close();
    if (side.links < links) throw new Error(`only ${side.links} of ${links} entities are linked`);
    return {
      links: side.links,
      landedCreatesPerSecond: created,
      landedUpdatesPerSecond: updated,
      cpuSecondsPer1000Creates: per1000(between - idle, links),
      cpuSecondsPer1000Updates: per1000(after - between, bugs.length),
      residentMegabytes,
      residentPeakMegabytes,
      storeMegabytes: megabytes(statSync(file).size),
    };
  } finally {
    trackers.close();
    await red.stop();
  }
}
