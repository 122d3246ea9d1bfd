/**
 * Many integrations on one system: how long it takes from a person's change until it has landed, and what the system is asked when
 * nothing changes; printed as JSON. Each item is for one of the integrations that read its project, as filters have it: the others skip it.
 * The engine and the store are the real ones, so are the pollers' schedule and the request budget;
 * the systems are kept in memory, and the one that is polled takes its time for each answer.
 *
 * node test/bench/lag.ts [integrations = 100] [answer = 0 ms] [interval = 10 s] [seconds = 40] [integrations on a project = 10]
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangePage, Connection, WriteResult } from '../../lib/connectors/connector';
import type { RequestGate } from '../../lib/connectors/http/options';
import { Integration } from '../../lib/engine/integration';
import { Peers } from '../../lib/engine/peers/peers';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import { append } from '../../lib/model/lists';
import { openSqliteStore } from '../../lib/store/sqlite';
import { startSchedule } from '../../nodes/poller/schedule';

/** Between two changes of a person; no divisor of an interval. */
const CHANGE_MS = 3_700;

const [integrations = 100, answerMs = 0, seconds = 10, duration = 40, share = 10] = process.argv.slice(2).map(Number);

/** A tracker that is asked over a gate, one request for each page, read and write. */
class Tracker {
  requests = 0;
  readonly entities: Entity[] = [];
  readonly changedAt = new Map<string, number>();

  constructor(
    private readonly name: string,
    private readonly answerMs: number,
  ) {}

  change(project: string, owner: number): void {
    const number = this.entities.length + 1;
    const at = new Date().toISOString();
    const id = `${this.name}-${number}`;
    this.changedAt.set(id, Date.now());
    this.entities.push({
      ...{ id, key: id, url: `https://${this.name}.example.org/${number}`, type: 'Bug', project, version: '1' },
      ...{ updatedAt: at, createdAt: at, fields: { title: `Title ${number}`, owner } },
    });
  }

  open = (gate: RequestGate): Connection => {
    const request = async (): Promise<void> => {
      const pass = await gate.enter('GET /');
      this.requests += 1;
      if (this.answerMs > 0) await sleep(this.answerMs);
      pass.done(200);
    };
    const { entities } = this;
    const pages = async function* (projects: string[], from: number): AsyncGenerator<ChangePage> {
      await request();
      const found = entities.slice(from).filter(({ project }) => projects.includes(project));
      yield { entities: found, checkpoint: { from: entities.length } };
    };
    return {
      identify: async () => ({ user: { id: 'sync' }, server: this.name, missing: [] }),
      projects: async () => [],
      entityTypes: async () => [{ id: 'Bug', name: 'Bug' }],
      fields: async () => [{ id: 'title', name: 'Title', type: 'text' }],
      changes: ({ projects }, since) => pages(projects, Number(since?.from ?? 0)),
      newest: async () => {
        await request();
        return { from: entities.length };
      },
      checkpointAt: () => ({ from: 0 }),
      read: async (_scope, ids) => {
        await request();
        return ids.map((id) => entities.find((one) => one.id === id));
      },
      find: async () => {
        await request();
        return [];
      },
      write: async (_scope, operations) => {
        await request();
        return operations.map((operation): WriteResult => {
          const at = new Date().toISOString();
          const id = `${this.name}-${entities.length + 1}`;
          const fields = operation.fields;
          const entity = { id, key: id, type: 'Bug', project: 'P', version: '1', updatedAt: at, createdAt: at, fields };
          entities.push(entity);
          return { ok: true, entity, exact: true };
        });
      },
    };
  };
}

const configOf = (index: number): IntegrationConfig => ({
  ...{ id: `i${index}`, name: `Integration ${index}`, active: true, system1: 'source', system2: `target${index}` },
  ...{ retries: 3, lostAfterMs: 600_000 },
  projectPairs: [{ one: { id: projectOf(index), name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'forward' }],
  typePairs: [{ id: 'bugs', one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'forward' }],
});
const projectOf = (index: number): string => `P${Math.floor(index / share)}`;
const percentile = (sorted: number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

async function bench() {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-lag-'));
  const store = await openSqliteStore({ file: join(folder, 'store.db') });
  const source = new Tracker('source', answerMs);
  const from = new System('source', 'Source', source.open, systemClock);
  const peers = new Peers();
  const lags: number[] = [];
  const stops: (() => unknown)[] = [];
  const alive = setInterval(() => undefined, 1_000);
  const intervalMs = seconds * 1_000;
  try {
    for (let index = 0; index < integrations; index++) {
      const target = new System(`target${index}`, 'Target', new Tracker(`t${index}`, 0).open, systemClock);
      const config = configOf(index);
      const landed = ({ source: { id } }: { source: { id: string } }): void => {
        lags.push(Date.now() - (source.changedAt.get(id) ?? 0));
      };
      peers.know(config);
      const integration = new Integration(config, [from, target], store, systemClock, { landed }, peers);
      await integration.start();
      const relevant = { fields: new Set(['title', 'owner']), always: false };
      integration.declare('mapper', { 1: relevant, 2: relevant });
      const writer = integration.writer({ batchSize: 50, dryRun: false });
      const reader = integration.reader(
        1,
        { pageSize: 100, window: 200, start: { kind: 'newest' }, shared: { freshMs: intervalMs / 2, wakes: true } },
        (message) => {
          if (message.payload.owner !== index) {
            integration.skip(message, 'it is for another one').catch(() => undefined);
            return;
          }
          message.payload = { title: message.payload.title ?? null };
          message.sync.mapped = { title: { from: ['title'] } };
          writer.accept(message).catch(() => undefined);
        },
        () => undefined,
      );
      const poll = (): void => void reader.pollInTurn().catch(() => undefined);
      const schedule = startSchedule(
        { schedule: 'interval', interval: seconds, unit: 'seconds' },
        `node${index}`,
        poll,
      );
      stops.push(
        () => schedule.stop(),
        () => integration.stop(),
      );
    }
    await sleep(2 * intervalMs);
    const before = source.requests;
    await sleep(2 * intervalMs);
    const idle = ((source.requests - before) / (2 * intervalMs)) * 60_000;
    const projects = Math.ceil(integrations / share);
    const changes = Math.floor((duration * 1_000) / CHANGE_MS);
    for (let change = 0; change < changes; change++) {
      const owner = (change * 37) % integrations;
      source.change(projectOf(owner), owner);
      await sleep(CHANGE_MS);
    }
    const expected = changes;
    for (let waited = 0; lags.length < expected && waited < 60; waited++) await sleep(1_000);
    const sorted = [...lags].sort((one, other) => one - other);
    return {
      ...{ integrations, projects, answerMs, intervalMs, changes, landed: lags.length, expected },
      idlePerMinute: Math.round(idle),
      median: percentile(sorted, 0.5),
      p95: percentile(sorted, 0.95),
    };
  } finally {
    clearInterval(alive);
    const stopped: unknown[] = [];
    append(
      stopped,
      stops.map((stop) => stop()),
    );
    await Promise.allSettled(stopped);
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

bench().then(
  (figures) => process.stdout.write(`${JSON.stringify(figures)}\n`),
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exitCode = 1;
  },
);
