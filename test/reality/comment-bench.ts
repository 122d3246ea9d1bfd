/** Comments of bugs in several sandboxes, by integrations of the real engine over one store, which can get lost. Time is the test's. */

import { randomUUID } from 'node:crypto';
import type { Connection } from '../../lib/connectors/connector';
import { openSandbox, type SandboxSpace, sandbox } from '../../lib/connectors/sandbox';
import { Integration } from '../../lib/engine/integration';
import { Peers } from '../../lib/engine/peers/peers';
import type { Reader } from '../../lib/engine/read/reader';
import { System } from '../../lib/engine/system';
import type { IntegrationConfig, PartPair } from '../../lib/model/config';
import type { Entity, EntityId } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage, SyncResult } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { Store } from '../../lib/store/store';
import { AUTHOR_LINE } from '../engine/comment-bench';
import { FILES } from '../engine/file-bench';
import { SimulatedClock } from '../simulation/clock';
import { Random } from '../simulation/random';

const BUG = { id: '10101', name: 'Bug' };
const DEMO = { id: '10000', name: 'Demo' };
/** where a bug shows its counterpart's key */
const KEY = 'customfield_10050';
const COMMENT = { id: 'comment', name: 'Comment' };

export const words = (content: string): Fields => ({ text: { format: 'markdown', content } });

/** The system holds no markers. */
export function withoutMarkers(connection: Connection): void {
  const find = connection.find?.bind(connection);
  Object.defineProperty(connection, 'keepsMarkers', { value: undefined });
  Object.defineProperty(connection, 'markersOf', { value: undefined });
  connection.find = async (query, limit) => {
    if (query.marker !== undefined) throw new SyncError('invalid', 'no markers here');
    return find ? find(query, limit) : [];
  };
}

/** A system of the bench: A, B … */
export type Name = 'A' | 'B' | 'C' | 'D';

export class CommentBench {
  readonly results: SyncResult[] = [];
  readonly failures: SyncError[] = [];
  /** how long a message is on its way, in ms */
  delay: (message: SyncMessage) => number = () => 0;
  private readonly name = randomUUID();
  private readonly clock = new SimulatedClock(Date.UTC(2026, 5, 1, 12), new Random(1));
  private readonly spaces = new Map<Name, SandboxSpace>();
  private readonly connected = new Map<Name, (connection: Connection) => void>();
  private running: Integration[] = [];
  private readers: Reader[] = [];
  private current: Store | undefined;

  private peers = new Peers();

  /** @param pairs of systems that are synced: "AB" both ways, "A>B" one way */
  constructor(
    private readonly pairs: readonly string[],
    private readonly deletions: Partial<Record<string, PartPair['deletions']>> = {},
    private readonly more: Pick<PartPair, 'authorLine' | 'internal'> = {},
    /** attachments are synced as well */
    private readonly files?: Pick<PartPair, 'refused'>,
  ) {
    for (const one of new Set(pairs.join('').replaceAll('>', ''))) {
      const name = one as Name;
      this.spaces.set(name, openSandbox({ space: `${this.name} ${name}`, template: 'jira' }));
    }
  }

  /** What a system can, and how its calls go. @param change called with each connection */
  connection(name: Name, change: (connection: Connection) => void): void {
    const before = this.connected.get(name);
    this.connected.set(name, (connection) => {
      before?.(connection);
      change(connection);
    });
  }

  /** The systems hold no markers. */
  withoutMarkers(...names: Name[]): void {
    for (const name of names) this.connection(name, withoutMarkers);
  }

  space(name: Name): SandboxSpace {
    const found = this.spaces.get(name);
    if (!found) throw new Error(`there is no system ${name}`);
    return found;
  }

  /** @param pairs that go now; default: all */
  async start(...pairs: string[]): Promise<void> {
    this.current ??= await openSqliteStore({ file: ':memory:' });
    for (const pair of pairs.length > 0 ? pairs : this.pairs) await this.run(pair);
  }

  private system(name: Name): System {
    const connect = (): Connection => {
      const connection = sandbox.connect({ space: `${this.name} ${name}`, template: 'jira', user: 'sync' }, {});
      this.connected.get(name)?.(connection);
      return connection;
    };
    return new System(`s${name}`, name, connect, this.clock);
  }

  private async run(pair: string): Promise<void> {
    const [one, two] = [...pair.replace('>', '')] as [Name, Name];
    const both = { direction: pair.includes('>') ? ('forward' as const) : ('both' as const) };
    const deletions = this.deletions[pair];
    const comments: PartPair = { id: 'comments', role: 'comment', one: COMMENT, two: COMMENT, ...both };
    const config: IntegrationConfig = {
      ...{ id: pair, name: pair, active: true, system1: `s${one}`, system2: `s${two}`, retries: 1 },
      projectPairs: [{ one: DEMO, two: DEMO, ...both }],
      typePairs: [
        {
          id: 'bugs',
          one: BUG,
          two: BUG,
          ...both,
          parts: [
            { ...comments, ...this.more, ...(deletions && { deletions }) },
            ...(this.files ? [{ ...FILES, ...this.files, ...both }] : []),
          ],
        },
      ],
      backlinks: { 1: { key: KEY, back: true }, 2: { key: KEY, back: true } },
      lostAfterMs: 600_000,
    };
    this.peers.know(config);
    const systems = [this.system(one), this.system(two)] as const;
    const heard = {
      landed: (result: SyncResult) => void this.results.push(result),
      failed: (_event: unknown, error: SyncError) => void this.failures.push(error),
    };
    const integration = new Integration(config, systems, this.store, this.clock, heard, this.peers);
    await integration.start();
    const relevant = { fields: new Set(['summary']), always: false };
    integration.declare('mapper', { 1: relevant, 2: relevant });
    const writer = integration.writer({ batchSize: 10 });
    for (const side of [1, 2] as const) {
      const options = { pageSize: 100, window: 10, start: { kind: 'all' } } as const;
      const send = (message: SyncMessage): void => {
        if (!message.sync.entity.owner) {
          message.payload = { summary: message.payload.summary ?? null };
          message.sync.mapped = { summary: { from: ['summary'] } };
        }
        const accept = (): void => void writer.accept(message).catch(() => undefined);
        const ms = this.delay(message);
        if (ms === 0) accept();
        else this.clock.after(ms, accept);
      };
      this.readers.push(integration.reader(side, options, send, () => undefined));
    }
    this.running.push(integration);
  }

  get store(): Store {
    if (!this.current) throw new Error('nothing runs');
    return this.current;
  }

  /** All is polled and synced until it rests. */
  async sync(rounds = 4): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const reader of this.readers) void reader.poll().catch(() => undefined);
      await this.clock.runUntil(this.clock.now() + 10_000);
    }
  }

  /** The store is gone: all begins with an empty one, which knows that there was another. */
  async lose(): Promise<void> {
    await this.stop();
    this.current = undefined;
    const store = await openSqliteStore({ file: ':memory:' });
    await store.setDoubt('9999');
    this.current = store;
  }

  /** Ends the engine alone. */
  async rest(): Promise<void> {
    for (const integration of this.running) {
      const stopped = integration.stop();
      await this.clock.runUntil(this.clock.now() + 1_000);
      await stopped;
    }
    [this.running, this.readers] = [[], []];
    this.peers = new Peers();
  }

  private async stop(): Promise<void> {
    await this.rest();
    await this.current?.close();
  }

  async close(): Promise<void> {
    await this.stop();
    for (const space of this.spaces.values()) space.close();
  }

  bug(name: Name, summary: string): EntityId {
    return this.space(name).create('alice', { project: DEMO.id, type: BUG.id, fields: { summary } }).id;
  }

  comment(name: Name, owner: EntityId, content: string, by = 'alice'): EntityId {
    return this.space(name).create(by, { project: DEMO.id, type: COMMENT.id, owner, fields: words(content) }).id;
  }

  /** The one bug of a system. */
  only(name: Name): EntityId {
    const [bug, ...others] = this.space(name).list({ limit: 10 }).entities;
    if (!bug || others.length > 0) throw new Error(`there are ${others.length + 1} bugs in ${name}, not 1`);
    return bug.id;
  }

  comments(name: Name): Entity[] {
    return this.parts(name).filter(({ type }) => type === COMMENT.id);
  }

  private parts(name: Name): Entity[] {
    return this.space(name).partsOf(this.only(name)) ?? [];
  }

  /** Of attachments: ids by names. */
  fileIds(name: Name): [unknown, EntityId][] {
    return this.parts(name).flatMap(({ type, id, fields }) => (type === COMMENT.id ? [] : [[fields.name, id]]));
  }

  /** With their author lines. */
  texts(name: Name): string[] {
    return this.comments(name).map(({ fields: { text } }) => {
      return typeof text === 'object' && text !== null && 'content' in text ? text.content : '';
    });
  }

  /** Without their author lines. */
  says(name: Name): string[] {
    return this.texts(name).map((text) => text.replace(AUTHOR_LINE, ''));
  }

  /** The comment of a system that says this. */
  idOf(name: Name, content: string): EntityId {
    const found = this.comments(name)[this.says(name).indexOf(content)];
    if (!found) throw new Error(`${name} has ${this.texts(name).join(', ')}`);
    return found.id;
  }
}
