/** The real engine in real time, between a tracker in memory and the stand-in for Jira. The flow copies the title. */

import type { Connection } from '../../lib/connectors/connector';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import { systemClock } from '../../lib/model/clock';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { BUG, connect, DEMO, SUPP, start } from '../connectors/jira/server';
import { Tracker } from '../engine/workbench';
import type { Jira, JiraOptions } from '../systems/jira';

const TITLES: Record<Side, string> = { 1: 'title', 2: 'summary' };

export class JiraBench {
  readonly tracker = new Tracker('one', Date.now);
  readonly failures: { error: SyncError; parked: boolean }[] = [];
  private readonly readers: Reader[] = [];

  private constructor(
    readonly jira: Jira,
    readonly store: Store,
    readonly integration: Integration,
  ) {}

  /** System 1 is the tracker, System 2 Jira. */
  static async start(options: Partial<IntegrationConfig> = {}, site: JiraOptions = {}): Promise<JiraBench> {
    const jira = await start(site);
    const store = await openSqliteStore({ file: ':memory:' });
    let bench: JiraBench | undefined;
    const tracker = (): Connection => {
      if (!bench) throw new Error('The bench is not there yet');
      return bench.tracker.connection();
    };
    const systems = [
      new System('s1', 'Tracker', tracker, systemClock),
      new System('s2', 'Jira', () => connect(jira), systemClock),
    ] as const;
    const place = (id: string) => ({ id, name: id });
    const config: IntegrationConfig = {
      ...{ id: 'integration', name: 'Tracker ↔ Jira', active: true, system1: 's1', system2: 's2', retries: 0 },
      projectPairs: [
        { one: place('P'), two: place(DEMO), direction: 'both' },
        { one: place('P'), two: place(SUPP), direction: 'backward' },
      ],
      typePairs: [{ id: 'bugs', one: place('Bug'), two: place(BUG), direction: 'both' }],
      lostAfterMs: 600_000,
      ...options,
    };
    const integration = new Integration(config, systems, store, systemClock, {
      failed: (_event, error, parked) => bench?.failures.push({ error, parked }),
    });
    bench = new JiraBench(jira, store, integration);
    await integration.start();
    const relevant = (side: Side) => ({ fields: new Set([TITLES[side]]), always: false });
    integration.declare('mapper', { 1: relevant(1), 2: relevant(2) });
    const writer = integration.writer({ batchSize: 50 });
    for (const side of [1, 2] as const) {
      const other = side === 1 ? 2 : 1;
      bench.readers.push(
        integration.reader(
          side,
          { pageSize: 50, window: 50, start: side === 1 ? { kind: 'all' } : { kind: 'newest' } },
          (message) => {
            message.payload = { [TITLES[other]]: message.payload[TITLES[side]] ?? null };
            message.sync.mapped = { [TITLES[other]]: { from: [TITLES[side]] } };
            writer.accept(message).catch(() => undefined);
          },
          () => undefined,
        ),
      );
    }
    return bench;
  }

  /** Reads one side to its end. @throws SyncError */
  async poll(side: Side): Promise<void> {
    await this.readers[side - 1]?.poll();
  }

  /** Titles of the site's bugs that this integration has made. */
  made(): string[] {
    const own = this.jira.site.all().filter(({ creator }) => creator === 'sync');
    return own.map(({ values }) => String(values.summary)).sort();
  }

  async stop(): Promise<void> {
    await this.integration.stop();
    for (const side of [1, 2] as const) await this.integration.systems[side].close();
    await this.store.close();
    await this.jira.stop();
  }
}
