/**
 * Pairs that exist on both sides already, adopted by a look-up of their titles while they are brought over: two sandboxes, the real
 * engine, its store on disk. Run in a process of its own: @see plain.ts. Arguments: [pairs = 20000]
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from '../../lib/connectors/connector';
import { openSandbox, sandbox, sandboxFile } from '../../lib/connectors/sandbox';
import { Integration } from '../../lib/engine/integration';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import { openSqliteStore } from '../../lib/store/sqlite';

export interface AdoptionFigures {
  pairs: number;
  pairsPerSecond: number;
  /** calls that a system with batches would answer with one request each, of both sides */
  requestsPerPair: number;
  /** writes of a second run, which has nothing to do */
  secondRunWrites: number;
  duplicates: number;
}

const [PROJECT, BUG] = ['10000', '10101'];
const BATCH = 500;
const PAIRS = Number(process.argv[2] ?? 20_000);
const choice = { id: PROJECT, name: 'Demo' };
const type = { id: BUG, name: 'Bug' };
const title = { id: 'summary', name: 'Summary', type: 'text' as const };
const config: IntegrationConfig = {
  ...{ id: 'adoption', name: 'Adoption', active: true, system1: 's1', system2: 's2', retries: 3, lostAfterMs: 600_000 },
  projectPairs: [{ one: choice, two: choice, direction: 'both' }],
  typePairs: [
    {
      ...{ id: 'bugs', one: type, two: type, direction: 'both' },
      lookUp: {
        fields: [{ one: title, two: title, how: 'equal' }],
        ...{ none: 'create', one: 'adopt', several: 'park', differing: 'rows' },
      },
    },
  ],
};

async function measure(): Promise<AdoptionFigures> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'twinflow-adoption-'));
  const spaces = ['one', 'two'].map((space) => openSandbox({ file: sandboxFile(dataFolder), space, template: 'jira' }));
  const counts = { requests: 0, writes: 0 };
  const counted = (space: string): Connection =>
    new Proxy(sandbox.connect({ space, template: 'jira', user: 'sync' }, { dataFolder }), {
      get(target, name): unknown {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]): unknown => {
          if (['find', 'read', 'write'].includes(String(name))) counts.requests += 1;
          if (name === 'write' && Array.isArray(given[1])) counts.writes += given[1].length;
          const answer: unknown = value.apply(target, given);
          return name === 'changes' ? pages(answer as AsyncIterable<unknown>, () => (counts.requests += 1)) : answer;
        };
      },
    });
  try {
    for (const space of spaces) {
      for (let at = 0; at < PAIRS; at += BATCH) {
        const operations = Array.from({ length: Math.min(BATCH, PAIRS - at) }, (_, n) => ({
          ...{ kind: 'create' as const, project: PROJECT, type: BUG },
          fields: { summary: `The cart loses item ${at + n} "after" 100% of (re)loads`, labels: ['shop'] },
        }));
        for (const result of space.write('alice', operations)) if (!result.ok) throw result.error;
      }
    }
    const store = await openSqliteStore({ file: join(dataFolder, 'store.sqlite') });
    const systems = ['one', 'two'].map(
      (name, index) => new System(`s${index + 1}`, name, () => counted(name), systemClock),
    );
    const [one, two] = systems;
    if (!one || !two) throw new Error('two systems');
    const integration = new Integration(config, [one, two], store, systemClock);
    await integration.start();
    const relevant = { fields: new Set(['summary', 'labels']), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: 50, dryRun: false });
    const reader = integration.reader(
      1,
      { pageSize: 100, window: 200, start: { kind: 'newest' } },
      (message) => {
        message.payload = { summary: message.payload.summary ?? null, labels: message.payload.labels ?? null };
        message.sync.mapped = {
          summary: { from: ['summary'], type: 'text' },
          labels: { from: ['labels'], type: 'text' },
        };
        writer.accept(message).catch(() => undefined);
      },
      (error) => {
        throw error;
      },
    );
    await reader.poll();
    counts.requests = 0;
    const run = async (): Promise<void> => {
      await integration.existing.start(1);
      for (;;) {
        const [{ waiting, sent, retry, held }] = await integration.counts();
        if (integration.existing.view(1)?.state === 'done' && waiting + sent + retry + held === 0) return;
        await sleep(50);
      }
    };
    const begun = performance.now();
    await run();
    const seconds = (performance.now() - begun) / 1_000;
    const { requests } = counts;
    const [{ links }] = await integration.counts();
    counts.writes = 0;
    await run();
    const figures = {
      pairs: links,
      pairsPerSecond: Math.round(links / seconds),
      requestsPerPair: Math.round((1_000 * requests) / links) / 1_000,
      secondRunWrites: counts.writes,
      duplicates: spaces.reduce((sum, space) => sum + space.list({ limit: 1 }).total, 0) - 2 * PAIRS,
    };
    await integration.stop();
    await store.close();
    return figures;
  } finally {
    for (const space of spaces) space.close();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

async function* pages(all: AsyncIterable<unknown>, count: () => void): AsyncIterable<unknown> {
  for await (const page of all) {
    count();
    yield page;
  }
}

measure().then(
  (figures) => process.stdout.write(JSON.stringify(figures)),
  (error: unknown) => {
    process.stderr.write(error instanceof Error ? `${error.stack}\n` : String(error));
    process.exitCode = 1;
  },
);
