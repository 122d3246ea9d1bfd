/** Two sandbox trackers with comments, and the real engine between them. */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import { openSandbox, type SandboxSpace, type SandboxTemplate, sandbox, templates } from '../../lib/connectors/sandbox';
import { Integration } from '../../lib/engine/integration';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { Writer } from '../../lib/engine/write/writer';
import { isRichText } from '../../lib/merge/mentions';
import type { IntegrationConfig, PartPair } from '../../lib/model/config';
import type { Entity, Side } from '../../lib/model/entity';
import type { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { convert } from '../../lib/richtext';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

export const BUG = { id: '10101', name: 'Bug' };
export const DEMO = { id: '10000', name: 'Demo' };
export const COMMENTS: PartPair = {
  id: 'comments',
  role: 'comment',
  one: { id: 'comment', name: 'Comment' },
  two: { id: 'comment', name: 'Comment' },
  direction: 'both',
};
/** A tracker that shows its comments to everybody. */
export function openToAll(): SandboxTemplate {
  const jira = templates.get('jira');
  assert.ok(jira);
  const types = jira.types.map((type) => ({ ...type, fields: type.fields.filter(({ id }) => id !== 'visibility') }));
  return { ...jira, types };
}

/** What copies of people's comments begin with. */
export const AUTHOR_LINE = /^\[\*\*[^\n]*\*\* wrote on [-\d]+ [:\d]+ UTC:\]\([^\n]*\)\n\n/;
export const words = (content: string): Fields => ({ text: { format: 'markdown', content } });

export interface Over {
  bench?: Pick<Bench, 'store' | 'clock'>;
  /** of the integration */
  id?: string;
  /** names of spaces */
  one?: string;
  two?: string;
  /** of space two; by default one that tells internal comments from public ones */
  template?: SandboxTemplate;
  /** what stands between space two and the engine */
  through?(connection: Connection): Connection;
  /** where the spaces' pages are */
  pageRoot?: string;
  /** descriptions of bugs are synced, too; edits of both sides are merged */
  describes?: boolean;
}

export class Bench {
  /** spaces in memory outlive a test */
  private static count = 0;
  readonly results: SyncResult[] = [];
  /** by dry runs */
  readonly told: SyncResult[] = [];
  readonly failures: SyncError[] = [];
  readonly sent: SyncMessage[] = [];
  flow: (message: SyncMessage) => boolean = () => true;
  /** how long a message is on its way, in ms */
  delay: (message: SyncMessage) => number = () => 0;
  private readonly readers: Reader[] = [];
  private writer: Writer | undefined;

  private fields: readonly string[] = ['summary'];

  private constructor(
    readonly integration: Integration,
    readonly one: SandboxSpace,
    readonly two: SandboxSpace,
    readonly store: Store,
    readonly clock: SimulatedClock,
  ) {}

  /** @param over a bench that goes on with its store, its clock and its spaces, or some of them */
  static async start(parts: PartPair[] = [COMMENTS], dryRun = false, over: Over = {}): Promise<Bench> {
    const store = over.bench?.store ?? (await openSqliteStore({ file: ':memory:' }));
    const clock = over.bench?.clock ?? new SimulatedClock(Date.UTC(2026, 5, 1, 12), new Random(1));
    Bench.count += 1;
    const id = over.id ?? 'integration';
    const names = { one: over.one ?? `one ${Bench.count}`, two: over.two ?? `two ${Bench.count}` };
    const one = openSandbox({ space: names.one, template: 'jira' });
    const two = openSandbox({ space: names.two, template: over.template ?? 'jira' });
    const { pageRoot } = over;
    const { through = (connection) => connection } = over;
    const connect = (space: string) => () => {
      const connection = sandbox.connect({ space, user: 'sync' }, { pageRoot });
      return space === names.two ? through(connection) : connection;
    };
    const config: IntegrationConfig = {
      ...{ id, name: 'One ↔ Two', active: true, system1: names.one, system2: names.two, retries: 1 },
      projectPairs: [{ one: DEMO, two: DEMO, direction: 'both' }],
      typePairs: [{ id: 'bugs', one: BUG, two: BUG, direction: 'both', parts }],
      lostAfterMs: 600_000,
    };
    const systems = [
      new System(names.one, 'One', connect(names.one), clock),
      new System(names.two, 'Two', connect(names.two), clock),
    ] as const;
    let bench: Bench | undefined;
    const integration = new Integration(config, systems, store, clock, {
      landed: (result) => void bench?.results.push(result),
      failed: (_event, error) => void bench?.failures.push(error),
    });
    bench = new Bench(integration, one, two, store, clock);
    if (over.describes) bench.fields = ['summary', 'description'];
    await bench.begin(dryRun);
    return bench;
  }

  private async begin(dryRun: boolean): Promise<void> {
    const { integration } = this;
    await integration.start();
    const relevant = { fields: new Set(this.fields), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    this.writer = integration.writer({ batchSize: 10, dryRun });
    for (const side of [1, 2] as const) {
      const options = { pageSize: 100, window: 10, start: { kind: 'all' } } as const;
      const send = (message: SyncMessage): void => {
        this.sent.push(structuredClone(message));
        if (!message.sync.entity.owner) {
          this.map(message, side);
        }
        const arrive = (): void => {
          if (!this.flow(message)) void integration.skip(message, 'filtered out');
          else
            void this.writer?.accept(message).then(
              (result) => result?.dryRun && this.told.push(result),
              () => undefined,
            );
        };
        const ms = this.delay(message);
        if (ms === 0) arrive();
        else this.clock.after(ms, arrive);
      };
      this.readers.push(integration.reader(side, options, send, () => undefined));
    }
  }

  private map(message: SyncMessage, side: Side): void {
    const { payload, sync } = message;
    const target = side === 1 ? this.two : this.one;
    message.payload = {};
    sync.mapped = {};
    for (const id of this.fields) {
      const value = payload[id] ?? null;
      const field = target.fields(sync.target.project, sync.target.type).find((one) => one.id === id);
      message.payload[id] =
        field?.format && isRichText(value) ? convert(value, field.format, { into: field.dialect }).text : value;
      sync.mapped[id] = { from: [id], ...(field && { type: field.type }), conflict: 'merge' };
    }
  }

  async sync(ms = 10_000): Promise<void> {
    for (let round = 0; round < 3; round += 1) {
      for (const reader of this.readers) void reader.poll().catch(() => undefined);
      await this.clock.runUntil(this.clock.now() + ms);
    }
  }

  bug(space: SandboxSpace, summary: string): string {
    return space.create('alice', { project: DEMO.id, type: BUG.id, fields: { summary } }).id;
  }

  /** The comments of the bug with this title. */
  parts(space: SandboxSpace, summary: string): Entity[] {
    return space.partsOf(this.find(space, summary)) ?? [];
  }

  comment(space: SandboxSpace, owner: string, content: string, more: Fields = {}): string {
    const fields = { ...words(content), ...more };
    return space.create('alice', { project: DEMO.id, type: 'comment', owner, fields }).id;
  }

  /** The bug with this title. */
  find(space: SandboxSpace, summary: string): string {
    const found = space.list().entities.filter((entity) => entity.fields.summary === summary);
    assert.equal(found.length, 1, `${found.length} bugs are called ${summary}`);
    return found[0]?.id ?? '';
  }

  /** Texts of the comments of the bug with this title, in their order, as they are stored. */
  stored(space: SandboxSpace, summary: string): string[] {
    const parts = space.partsOf(this.find(space, summary)) ?? [];
    return parts.map(({ fields: { text } }) =>
      typeof text === 'object' && text && 'content' in text ? text.content : '',
    );
  }

  /** The same, without the author lines of copies. */
  texts(space: SandboxSpace, summary: string): string[] {
    return this.stored(space, summary).map((text) => text.replace(AUTHOR_LINE, ''));
  }

  /** Ends the engine alone. */
  async rest(): Promise<void> {
    const stopped = this.integration.stop();
    await this.clock.runUntil(this.clock.now() + 10_000);
    await stopped;
  }

  async stop(): Promise<void> {
    await this.rest();
    await this.store.close();
    this.one.close();
    this.two.close();
  }
}
