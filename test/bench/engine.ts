/**
 * What the engine and its store cost alone: a backlog of changes from a system that answers at once to one that does, the
 * mapping left out, the store on disk. Run in a process of its own, so that its memory is told apart:
 * `node --import tsx test/bench/engine.ts [changes = 200000]`
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangePage, Connection, WriteResult } from '../../lib/connectors/connector';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import { openSqliteStore } from '../../lib/store/sqlite';
import { systemClock } from '../../lib/sync/clock';
import { Integration } from '../../lib/sync/integration';
import { System } from '../../lib/sync/system';

export interface EngineFigures {
  changes: number;
  engineLandedPerSecond: number;
  engineResidentPeakMegabytes: number;
}

const choice = { id: 'P', name: 'P' };
const config: IntegrationConfig = {
  id: 'bench',
  name: 'Bench',
  active: true,
  system1: 'one',
  system2: 'two',
  projectPairs: [{ one: choice, two: choice, direction: 'both' }],
  typePairs: [{ id: 'bugs', one: choice, two: choice, direction: 'both' }],
  retries: 3,
  lostAfterMs: 600_000,
};
const FIELDS = Array.from({ length: 10 }, (_, n) => `field${n}`);
const AT = '2026-01-01T00:00:00.000Z';

function entity(number: number): Entity {
  const fields = Object.fromEntries(
    FIELDS.map((field, n) => [field, `Value ${n} of change ${number}, as people write`]),
  );
  return { id: `${number}`, key: `A-${number}`, type: 'P', project: 'P', version: `${number}`, updatedAt: AT, fields };
}

const nothing = async () => [];
const base = {
  identify: async () => ({ user: { id: 'sync' }, server: 'bench', missing: [] }),
  projects: nothing,
  entityTypes: nothing,
  fields: nothing,
  newest: async () => undefined,
  checkpointAt: () => ({ after: 0 }),
  read: nothing,
};

/** Makes its entities as they are asked for, so that the memory measured is the engine's. */
function source(count: number): Connection {
  async function* changes(_scope: unknown, since: unknown, pageSize: number): AsyncIterable<ChangePage> {
    let after = typeof since === 'object' && since !== null && 'after' in since ? Number(since.after) : 0;
    do {
      const page = Array.from({ length: Math.min(pageSize, count - after) }, (_, n) => entity(after + n + 1));
      after += page.length;
      yield { entities: page, checkpoint: { after } };
    } while (after < count);
  }
  return { ...base, changes };
}

function target(): Connection {
  let made = 0;
  async function* changes(): AsyncIterable<ChangePage> {
    yield { entities: [], checkpoint: { after: 0 } };
  }
  return {
    ...base,
    changes,
    write: async (_scope, operations): Promise<WriteResult[]> =>
      operations.map(({ fields }) => {
        made += 1;
        return { ok: true, exact: true, entity: { ...entity(made), key: `B-${made}`, fields } };
      }),
  };
}

export async function benchEngine(changes: number): Promise<EngineFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-bench-'));
  const store = await openSqliteStore({ file: join(folder, 'twinflow.sqlite') });
  let landed = 0;
  let peak = 0;
  // the engine's own timers keep no process alive
  const alive = setInterval(() => undefined, 1_000);
  try {
    const systems = [
      new System('one', 'One', () => source(changes), systemClock),
      new System('two', 'Two', () => target(), systemClock),
    ] as const;
    const began = performance.now();
    await new Promise<void>((resolve, reject) => {
      const integration = new Integration(config, systems, store, systemClock, {
        landed: () => {
          landed += 1;
          if (landed % 1_000 === 0) peak = Math.max(peak, process.memoryUsage.rss());
          if (landed === changes) resolve();
        },
      });
      const relevant = { fields: new Set(FIELDS), always: false };
      integration.declare('mapper', { 1: relevant, 2: relevant });
      const writer = integration.writer({ batchSize: 50 });
      const mapped = Object.fromEntries(FIELDS.map((field) => [field, { from: [field] }]));
      const send = (message: SyncMessage): void => {
        message.sync.mapped = mapped;
        writer.accept(message).catch(reject);
      };
      const options = { pageSize: 100, window: 200, start: { kind: 'all' as const } };
      const reader = integration.reader(1, options, send, reject);
      integration
        .start()
        .then(() => reader.poll())
        .catch(reject);
    });
    const seconds = (performance.now() - began) / 1000;
    return {
      changes,
      engineLandedPerSecond: Math.round(changes / seconds),
      engineResidentPeakMegabytes: Math.round(peak / 1e5) / 10,
    };
  } finally {
    clearInterval(alive);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) {
  benchEngine(Number(process.argv[2] ?? 200_000)).then(
    (figures) => console.log(JSON.stringify(figures)),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
