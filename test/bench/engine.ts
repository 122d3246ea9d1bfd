/**
 * What the engine and its store cost alone: a backlog of new entities from a system that answers at once to one that does,
 * then a change of each of them; the mapping left out, the store on disk, the presets of the nodes. Run in a process of its
 * own, so that its memory is told apart: @see plain.ts. Arguments: [changes = 200000]
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChangePage, Connection, WriteResult } from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { SyncMessage } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';

export interface EngineFigures {
  changes: number;
  /** new entities, and changes of linked ones */
  engineLandedPerSecond: number;
  engineUpdatesPerSecond: number;
  /** CPU seconds of the process, threads of SQLite and garbage collection included, for a thousand of each */
  engineCpuSecondsPer1000Creates: number;
  engineCpuSecondsPer1000Updates: number;
  /** µs that the store takes for each landed change, waiting for the disk included, of both kinds together */
  queueMicrosecondsPerChange: number;
  /** the highest of the whole process */
  engineResidentPeakMegabytes: number;
}

/** As in the forms of poller and writer. */
const PRESETS = { pageSize: 100, window: 200, batchSize: 50 };
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

/** @param edition counts the entity's changes, each of which gives one field another value */
function entity(number: number, edition: number): Entity {
  const fields: Fields = Object.fromEntries(
    FIELDS.map((field, n) => [field, `Value ${n} of entity ${number}, as people write`]),
  );
  if (edition > 1) fields.field3 = `Value 3 of entity ${number}, changed for the ${edition}th time`;
  const key = `A-${number}`;
  return { id: `${number}`, key, type: 'P', project: 'P', version: `${edition}`, updatedAt: AT, fields };
}

const nothing = async () => [];
const base = {
  identify: async () => ({ user: { id: 'sync' }, server: 'bench', missing: [] }),
  projects: nothing,
  entityTypes: nothing,
  fields: nothing,
  newest: async () => undefined,
  checkpointAt: () => ({ after: 0 }),
};

/** Makes its entities as they are asked for, so that the memory measured is the engine's. */
class Source {
  /** how many changes there are to be read: all entities once, then all of them again */
  there = 0;

  constructor(private readonly entities: number) {}

  connection(): Connection {
    return { ...base, read: nothing, changes: (_scope, since, pageSize) => this.changes(since?.after, pageSize) };
  }

  private async *changes(since: unknown, pageSize: number): AsyncIterable<ChangePage> {
    let after = Number(since ?? 0);
    do {
      const length = Math.min(pageSize, this.there - after);
      const page = Array.from({ length }, (_, n) => this.change(after + n));
      after += page.length;
      yield { entities: page, checkpoint: { after } };
    } while (after < this.there);
  }

  private change(index: number): Entity {
    return entity((index % this.entities) + 1, Math.floor(index / this.entities) + 1);
  }
}

/** Takes what it is given; an entity has the number of the one that it was made from. */
const target: Connection = {
  ...base,
  async *changes(): AsyncIterable<ChangePage> {
    yield { entities: [], checkpoint: { after: 0 } };
  },
  read: async (_scope, ids) => ids.map((id) => entity(Number(id), 1)),
  write: async (_scope, operations): Promise<WriteResult[]> =>
    operations.map((operation) => {
      const made = operation.kind === 'create';
      const number = Number(made ? /entity (\d+)/.exec(String(operation.fields.field0))?.[1] : operation.id);
      const shown = made ? entity(number, 1) : entity(number, 2);
      return {
        ok: true,
        exact: true,
        entity: { ...shown, key: `B-${number}`, fields: { ...shown.fields, ...operation.fields } },
      };
    }),
};

/** The store, and how long its calls have taken. SQLite answers while it is called. */
function timed(store: Store): { store: Store; spent: () => number } {
  let ms = 0;
  const proxy = new Proxy(store, {
    get: (object, name, receiver) => {
      const method: unknown = Reflect.get(object, name, receiver);
      if (typeof method !== 'function') return method;
      return (...args: unknown[]): unknown => {
        const began = performance.now();
        try {
          return Reflect.apply(method, object, args);
        } finally {
          ms += performance.now() - began;
        }
      };
    },
  });
  return { store: proxy, spent: () => ms };
}

async function benchEngine(changes: number): Promise<EngineFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-bench-'));
  const { store, spent } = timed(await openSqliteStore({ file: join(folder, 'twinflow.sqlite') }));
  // the engine's own timers keep no process alive
  const alive = setInterval(() => undefined, 1_000);
  try {
    const source = new Source(changes);
    const systems = [
      new System('one', 'One', () => source.connection(), systemClock),
      new System('two', 'Two', () => target, systemClock),
    ] as const;
    let landed = 0;
    let ended = (): void => undefined;
    let failed = (_error: unknown): void => undefined;
    const integration = new Integration(config, systems, store, systemClock, {
      landed: ({ outcome }) => {
        if (outcome === 'created' || outcome === 'updated') landed += 1;
        if (landed === source.there) ended();
      },
    });
    const relevant = { fields: new Set(FIELDS), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: PRESETS.batchSize });
    const mapped = Object.fromEntries(FIELDS.map((field) => [field, { from: [field] }]));
    const send = (message: SyncMessage): void => {
      message.sync.mapped = mapped;
      writer.accept(message).catch((error: unknown) => failed(error));
    };
    const { pageSize, window } = PRESETS;
    const reader = integration.reader(1, { pageSize, window, start: { kind: 'all' } }, send, (error) => failed(error));
    await integration.start();
    const work = async (): Promise<{ perSecond: number; cpuSeconds: number }> => {
      source.there += changes;
      const [began, cpu] = [performance.now(), process.cpuUsage()];
      await new Promise<void>((resolve, reject) => {
        [ended, failed] = [resolve, reject];
        reader.poll().catch(reject);
      });
      const { user, system } = process.cpuUsage(cpu);
      return {
        perSecond: Math.round(changes / ((performance.now() - began) / 1_000)),
        // in microseconds, so per change it is milliseconds, as seconds per thousand are
        cpuSeconds: Math.round((user + system) / changes) / 1_000,
      };
    };
    const creates = await work();
    const updates = await work();
    const queue = spent();
    await integration.stop();
    return {
      changes,
      engineLandedPerSecond: creates.perSecond,
      engineUpdatesPerSecond: updates.perSecond,
      engineCpuSecondsPer1000Creates: creates.cpuSeconds,
      engineCpuSecondsPer1000Updates: updates.cpuSeconds,
      queueMicrosecondsPerChange: Math.round((queue * 1_000) / landed),
      // in kilobytes
      engineResidentPeakMegabytes: Math.round((process.resourceUsage().maxRSS * 1_024) / 1e5) / 10,
    };
  } finally {
    clearInterval(alive);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

benchEngine(Number(process.argv[2] ?? 200_000)).then(
  (figures) => console.log(JSON.stringify(figures)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
