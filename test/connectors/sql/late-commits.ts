/**
 * Writers whose transactions take their time, and two readers: ours, and one that asks for what is later than the last time that it has
 * seen. In the end, what each has missed, or knows in an old state, is counted.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint, Connection, Scope } from '../../../lib/connectors/connector';

export interface Transaction {
  /** @returns the key of the new row */
  insert(title: string): Promise<string>;
  update(key: string, title: string): Promise<void>;
  commit(): Promise<void>;
}

export interface Writers {
  scope: Scope;
  begin(): Promise<Transaction>;
  /** key, title and time of rows later than a time, oldest first; without a time: all */
  later(time?: string): Promise<{ key: string; title: string; time: string }[]>;
}

export interface LateFigures {
  rows: number;
  changes: number;
  polls: number;
  missed: number;
  stale: number;
  /** rows that the other reader has missed, or knows in an old state */
  missedNaive: number;
}

const WRITERS = 6;
const EVERY_MS = 40;

/** A fixed sequence of numbers from 0 to 1. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

/** @param rows how many rows are made, and about as often one is changed */
export async function measureLateCommits(connection: Connection, writers: Writers, rows: number): Promise<LateFigures> {
  const keys: string[] = [];
  let changes = 0;
  const write = async (writer: number): Promise<void> => {
    const random = numbers(writer + 1);
    for (let n = 0; keys.length < rows; n += 1) {
      const transaction = await writers.begin();
      // a transaction gets its number only when it writes
      if (random() < 0.2) await sleep(random() * 300);
      const old = keys[Math.floor(random() * keys.length)];
      const title = `${writer}-${n}`;
      const made = old === undefined || random() < 0.5 ? await transaction.insert(title) : undefined;
      if (made === undefined && old !== undefined) await transaction.update(old, title);
      await sleep(random() < 0.1 ? 300 + random() * 700 : random() * 30);
      await transaction.commit();
      if (made !== undefined) keys.push(made);
      changes += 1;
      await sleep(random() * 40);
    }
  };
  let checkpoint: Checkpoint | undefined = await connection.newest(writers.scope);
  const seen = new Map<string, string>();
  const naive = new Map<string, string>();
  let last = '';
  let polls = 0;
  const poll = async (): Promise<void> => {
    const since: Checkpoint | undefined = checkpoint && JSON.parse(JSON.stringify(checkpoint));
    for await (const page of connection.changes(writers.scope, since, 100)) {
      for (const { id, fields } of page.entities) seen.set(id.slice(id.indexOf('#') + 1), String(fields.title));
      checkpoint = page.checkpoint;
    }
    for (const { key, title, time } of await writers.later(last || undefined)) {
      naive.set(key, title);
      if (time > last) last = time;
    }
    polls += 1;
  };
  let isWriting = true;
  const reading = (async () => {
    while (isWriting) {
      await poll();
      await sleep(EVERY_MS);
    }
    await poll();
  })();
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  isWriting = false;
  await reading;
  const all = await writers.later();
  return {
    ...{ rows: all.length, changes, polls },
    missed: all.filter(({ key }) => !seen.has(key)).length,
    stale: all.filter(({ key, title }) => seen.has(key) && seen.get(key) !== title).length,
    missedNaive: all.filter(({ key, title }) => naive.get(key) !== title).length,
  };
}
