/** The real engine and the real mappers between two systems whose texts mention people: polls, and waits until all has landed. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import { compileUserRows } from '../../lib/mapping/users';
import { systemClock } from '../../lib/model/clock';
import type { FieldRow, IntegrationConfig, PartPair, ValueRow } from '../../lib/model/config';
import { type Side, sourceSide } from '../../lib/model/entity';
import type { SyncResult } from '../../lib/model/message';
import { FieldMapperStep } from '../../lib/steps';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { until } from '../support/wait';

export interface BenchEnd {
  name: string;
  connection: () => Connection;
  project: string;
  type: string;
}

export class MentionBench {
  readonly results: SyncResult[] = [];
  readonly failures: string[] = [];
  private store: Store | undefined;
  private integration: Integration | undefined;
  private readers: Reader[] = [];

  constructor(
    private readonly ends: [BenchEnd, BenchEnd],
    private readonly rows: FieldRow[],
    private readonly people: ValueRow[] = [],
    /** the addresses that a person of a side may have on the other one */
    private readonly addresses: (side: Side, email: string) => string[] = () => [],
    /** where the store is; by default nothing of it survives an end */
    private readonly file = ':memory:',
    private readonly parts: PartPair[] = [],
  ) {}

  async start(): Promise<void> {
    const [one, two] = this.ends;
    const choice = (id: string) => ({ id, name: id });
    const config: IntegrationConfig = {
      ...{ id: 'mentions', name: 'Mentions', active: true, system1: 'one', system2: 'two' },
      projectPairs: [{ one: choice(one.project), two: choice(two.project), direction: 'both' }],
      typePairs: [{ id: 'pair', one: choice(one.type), two: choice(two.type), direction: 'both', parts: this.parts }],
      ...{ retries: 0, lostAfterMs: 600_000 },
    };
    this.store = await openSqliteStore({ file: this.file });
    const systems = [
      new System('one', one.name, one.connection, systemClock),
      new System('two', two.name, two.connection, systemClock),
    ] as const;
    const events = {
      landed: (result: SyncResult) => void this.results.push(result),
      failed: (_event: unknown, error: Error) => void this.failures.push(error.message),
    };
    const tables = (side: Side) => ({
      tables: [compileUserRows(this.people, side === 1 ? 'forward' : 'backward')],
      rewrite: (email: string) => this.addresses(side, email),
    });
    const integration = new Integration(
      ...([config, systems, this.store, systemClock, events, undefined, tables] as const),
    );
    this.integration = integration;
    await integration.start();
    const mapper = new FieldMapperStep(this.rows, Symbol('mentions'));
    integration.declare('mapper', mapper.relevant);
    const writer = integration.writer({ batchSize: 10 });
    this.readers = ([1, 2] as const).map((side) =>
      integration.reader(
        side,
        { pageSize: 50, window: 50, start: { kind: 'newest' } },
        (message) => {
          assert.equal(sourceSide(message.sync.direction), side);
          // parts need no mapper
          const mapped = message.sync.entity.owner ? message : mapper.map(message, undefined);
          Promise.resolve(mapped)
            .then((ready) => writer.accept(ready))
            .catch((error: unknown) => this.failures.push(String(error)));
        },
        () => undefined,
      ),
    );
    await this.poll();
  }

  private async poll(): Promise<void> {
    for (const reader of this.readers) await reader.poll();
  }

  /** Polls until nothing has landed for a few rounds. @returns what has */
  async settle(): Promise<SyncResult[]> {
    this.results.length = 0;
    for (let quiet = 0, seen = 0; quiet < 4; quiet++) {
      await this.poll();
      await new Promise((resolve) => setTimeout(resolve, 120));
      if (this.results.length > seen) quiet = 0;
      seen = this.results.length;
    }
    assert.deepEqual(this.failures, []);
    return [...this.results];
  }

  /** As after a restart: what is not in the store is gone. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** Polls until one change has landed, and then twice more: nothing else may. */
  async sync(): Promise<SyncResult> {
    this.results.length = 0;
    await until(`a change has landed; ${this.failures.join('; ')}`, async () => {
      await this.poll();
      return this.results.length > 0 || this.failures.length > 0;
    });
    await this.rest();
    assert.deepEqual(this.failures, []);
    const [result, ...more] = this.results;
    assert.ok(result);
    assert.deepEqual(more, [], 'both sides rest');
    return result;
  }

  private async rest(): Promise<void> {
    for (let round = 0; round < 2; round++) {
      await this.poll();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
  }

  async stop(): Promise<void> {
    await this.integration?.stop();
    await this.store?.close();
  }
}
