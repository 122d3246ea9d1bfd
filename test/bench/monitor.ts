/**
 * How long the monitor's views take on the server with many links, failures and entries, and how long one step of them keeps
 * Node-RED from everything else; printed as JSON.
 *
 * node test/bench/monitor.ts [links = 100000] [failures = 10000] [entries = 1000000]
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Integration } from '../../lib/engine/integration';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, EntityRef } from '../../lib/model/entity';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Landing, LinkEnd } from '../../lib/store/store';

const ID = 'integration';
const config: IntegrationConfig = {
  ...{ id: ID, name: 'One ↔ Two', active: true, system1: 's1', system2: 's2', retries: 0, lostAfterMs: 600_000 },
  projectPairs: [{ one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' }],
};
const TEXT = 'an ordinary description of a few lines, as people write them. '.repeat(5);
const fields = (number: number) => ({
  ...{ title: `Title ${number}`, description: { format: 'html' as const, content: TEXT } },
  ...{ priority: { id: '1', name: 'High' }, state: 'New', due: '2026-06-01', points: number },
});

function entity(number: number): Entity {
  return {
    ...{ id: String(10_000 + number), key: `DEMO-${number}`, url: `https://one.example.org/browse/DEMO-${number}` },
    ...{ type: 'Bug', project: 'P', version: '1', updatedAt: '2026-06-01T12:00:00.000Z', fields: fields(number) },
  };
}

const end = (system: string, { id, key, url, type, project }: EntityRef, number: number): LinkEnd => ({
  ...{ system, ref: { id, key, url, type, project }, version: '1', baseline: fields(number) },
});

async function bench(links: number, failures: number, entries: number) {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-monitor-'));
  const store = await openSqliteStore({ file: join(folder, 'store.db') });
  // the engine's clock keeps no process alive
  const alive = setInterval(() => undefined, 1_000);
  try {
    for (let from = 0; from < links; from += 500) {
      const landings = Array.from({ length: Math.min(500, links - from) }, (_, index): Landing => {
        const number = from + index;
        const one = entity(number);
        const two = { ...one, id: String(number), key: String(number), url: `https://two.example.org/${number}` };
        return { integration: ID, event: 0, delivery: 0, ends: [end('s1', one, number), end('s2', two, number)] };
      });
      await store.land(landings);
    }
    const flow = { integration: ID, side: 1 as const };
    const parked = Array.from({ length: failures }, (_, index) => entity(links + index));
    for (let from = 0; from < failures; from += 500) {
      await store.record(flow, 's1', parked.slice(from, from + 500), await store.sequence(), {});
      const claimed = await store.claim(flow, 500, 0);
      await store.fail(
        claimed.map(({ seq, delivery, entity: { key } }) => ({
          ...{ event: seq, delivery, to: 'parked' as const, mapped: fields(seq) },
          error: {
            ...{
              kind: 'invalid',
              message: `Bug ${key} → Two: State: "${seq}" is not in the list`,
              at: '2026-06-01T12:00:00.000Z',
            },
            fields: { [`field${seq % 12}`]: `"${seq}" is not in the list` },
            answer: TEXT,
          },
        })),
      );
    }
    const keep = { entries: entries * 2, since: 0 };
    for (let from = 0; from < entries; from += 500) {
      const batch = Array.from({ length: Math.min(500, entries - from) }, (_, index) => ({
        ...{
          at: new Date(1.75e12 + (from + index) * 1_000).toISOString(),
          integration: ID,
          outcome: 'updated',
          side: 1 as const,
        },
        ...{ source: entity(from + index), target: entity(from + index), written: ['title', 'state'] },
      }));
      const refs = batch.map(({ source, target, ...rest }) => ({
        ...rest,
        source: { key: source.key, url: source.url, type: source.type },
        target: { key: target.key, url: target.url, type: target.type },
      }));
      await store.note(refs, keep);
    }
    const nobody = () => {
      throw new Error('no system is asked');
    };
    const systems = [
      new System('s1', 'One', nobody, systemClock),
      new System('s2', 'Two', nobody, systemClock),
    ] as const;
    const { commands, links: linked } = new Integration(config, systems, store, systemClock);
    const [first] = await commands.failures();
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const took = async (work: () => Promise<unknown>): Promise<number> => {
      const times: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        const before = performance.now();
        await work();
        times.push(performance.now() - before);
      }
      return Math.round((times.sort((a, b) => a - b)[2] ?? 0) * 10) / 10;
    };
    const figures = {
      overviewMs: await took(() => commands.overview()),
      failuresMs: await took(() => commands.failures()),
      causeMs: await took(() => commands.parkedBy(first?.cause ?? '', 0, 20)),
      linksMs: await took(() => linked.find('', undefined, 50)),
      linkByKeyMs: await took(() => linked.find('DEMO-77', undefined, 50)),
      noLinkMs: await took(() => linked.find('there is no such key', undefined, 50)),
      linkDetailMs: await took(() => linked.detail(entity(Math.floor(links / 2)).id)),
      activityMs: await took(() => store.journal({}, undefined, 50, 10_000)),
      hoursMs: await took(() => store.hours(0)),
      longestStepMs: Math.round(delay.max / 1e5) / 10,
    };
    delay.disable();
    return { links, failures, entries, ...figures };
  } finally {
    clearInterval(alive);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const [links, failures, entries] = process.argv.slice(2).map(Number);
bench(links ?? 100_000, failures ?? 10_000, entries ?? 1_000_000).then(
  (figures) => console.log(JSON.stringify(figures)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
