/**
 * Comments, sandbox to sandbox, through the complete chain of the example in a real Node-RED: how many land per second, and what
 * each leaves in the store.
 */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteOperation } from '../../lib/connectors/connector';
import type { SandboxSpace } from '../../lib/connectors/sandbox';
import { example, sandboxes } from '../support/examples';
import { NodeRed } from '../support/node-red';

const PROJECT = '10000';
const BUG = '10101';
const BATCH = 500;
const LONGEST_MS = 10 * 60_000;

export interface PartFigures {
  parts: number;
  /** comments of linked items, of many owners at once */
  partsLandedPerSecond: number;
  /** bytes of the store's file that are in use, more than before, for each comment of 300 characters */
  storeBytesPerPart: number;
}

/** As people write: no two are the same. */
function words(number: number): string {
  const said = `I could see it again in build ${number}: after a reload the cart is empty, and the second item is gone for good. `;
  const more = `The log says that session ${number * 7} was closed by the server before the answer came, so it may well be the timeout that `;
  return `${said}${more}we have changed last week. Should I try with the old value of ${number % 90} seconds?`;
}

function inBatches(space: SandboxSpace, operations: WriteOperation[]): string[] {
  const ids: string[] = [];
  for (let at = 0; at < operations.length; at += BATCH) {
    for (const result of space.write('alice', operations.slice(at, at + BATCH))) {
      if (!result.ok) throw result.error;
      ids.push(result.entity.id);
    }
  }
  return ids;
}

async function until(done: () => boolean, what: string): Promise<void> {
  const end = Date.now() + LONGEST_MS;
  while (!done()) {
    if (Date.now() > end) throw new Error(`${what} did not happen`);
    await sleep(50);
  }
}

/** Bytes of the pages that hold something. */
function usedBytes(file: string): number {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const pragma = (name: string): number => Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (pragma('page_count') - pragma('freelist_count')) * pragma('page_size');
  } finally {
    db.close();
  }
}

/** The example, with the comments of its first type pair. */
function withComments() {
  const flow = example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds', pageSize: 500, window: 2000 },
    'twinflow-writer': { batchSize: 500 },
    debug: { active: false },
  });
  const comment = { id: 'comment', name: 'Comment' };
  const parts = [{ id: 'comments', role: 'comment', one: comment, two: comment, direction: 'both' }];
  return flow.map((node) => {
    if (node.type !== 'twinflow-integration' || !Array.isArray(node.typePairs)) return node;
    return { ...node, typePairs: node.typePairs.map((pair: object) => ({ ...pair, parts })) };
  });
}

/** @param owners items that are synced before the clock starts @param each comments on each of them */
export async function benchParts(owners: number, each: number): Promise<PartFigures> {
  const red = await NodeRed.start();
  const trackers = sandboxes(red.userDir);
  try {
    const { jira, azure } = trackers;
    const before = azure.list({ limit: 1 }).total;
    const bugs = inBatches(
      jira,
      Array.from({ length: owners }, (_, n) => ({
        ...({ kind: 'create', type: BUG, project: PROJECT } as const),
        fields: { summary: `The cart loses item ${n}` },
      })),
    );
    await red.deploy(withComments());
    await until(() => azure.list({ limit: 1 }).total - before >= owners, 'the sync of the items');
    // echoes have been read, and what was asked for
    await sleep(5_000);
    const file = join(red.userDir, 'twinflow.sqlite');
    const empty = usedBytes(file);
    const revision = azure.revision();
    // a comment is one write, and moves its owner by another
    const landed = (): number => Math.floor((azure.revision() - revision) / 2);
    const count = owners * each;
    const comments = Array.from({ length: count }, (_, n): WriteOperation => {
      const text = { format: 'markdown', content: words(n) } as const;
      return { kind: 'create', type: 'comment', project: PROJECT, owner: bugs[n % owners], fields: { text } };
    });
    inBatches(jira, comments);
    await until(() => landed() > 0, 'the first comment');
    const first = { at: performance.now(), landed: landed() };
    await until(() => landed() >= count, `the landing of ${count} comments`);
    const seconds = (performance.now() - first.at) / 1_000;
    await sleep(8_000);
    if (landed() !== count) throw new Error(`${landed()} comments were written for ${count}`);
    return {
      parts: count,
      partsLandedPerSecond: Math.round((count - first.landed) / seconds),
      storeBytesPerPart: Math.round((usedBytes(file) - empty) / count),
    };
  } finally {
    trackers.close();
    await red.stop();
  }
}
