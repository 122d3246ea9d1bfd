/** Short ways to do in a check what the engine does with a connection. */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint, Connection, FindQuery, WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import type { Entity, Field } from '../../../lib/model/entity';
import { SyncError, type SyncErrorKind } from '../../../lib/model/errors';
import type { FieldId, Fields, Value } from '../../../lib/model/values';
import { foundIn, readNow } from '../../support/delivered';
import type { Capability, ConnectorHarness, SystemUnderTest } from './harness';

/** What one poll brought. */
export interface Reading {
  entities: Entity[];
  pages: { entities: Entity[]; checkpoint: Checkpoint }[];
  checkpoint: Checkpoint;
}

const KINDS: Record<SyncErrorKind, true> = {
  auth: true,
  forbidden: true,
  notFound: true,
  rateLimited: true,
  invalid: true,
  conflict: true,
  transient: true,
  fatal: true,
};

let titles = 0;
/** A title that no other entity of this run has. */
export const newTitle = (about: string): string => `${about} #${++titles}-${Date.now().toString(36)}`;

export class Probe {
  private started: SystemUnderTest | undefined;
  private fieldList: Field[] | undefined;

  constructor(private readonly harness: ConnectorHarness) {}

  async start(): Promise<void> {
    this.started = await this.harness.start();
  }

  async stop(): Promise<void> {
    if (this.started) await this.harness.stop();
  }

  get system(): SystemUnderTest {
    assert.ok(this.started, 'the system has not been started');
    return this.started;
  }

  /** @returns why the connector lacks this, undefined where it has it. Known before the system is started */
  lacks(capability: Capability): string | undefined {
    return this.harness.lacks?.[capability];
  }

  get connection(): Connection {
    return this.system.connection;
  }

  get pageSize(): number {
    return this.system.pageSize ?? 6;
  }

  get many(): number {
    return this.system.many ?? 30;
  }

  get person() {
    return this.system.person;
  }

  async fields(): Promise<Field[]> {
    this.fieldList ??= await this.connection.fields(this.system.project, this.system.type);
    return this.fieldList;
  }

  async field(id: FieldId): Promise<Field> {
    const field = (await this.fields()).find((one) => one.id === id);
    assert.ok(field, `fields() does not list "${id}"`);
    return field;
  }

  normalised(text: string, field: FieldId): string {
    return this.system.normalise?.(text, field) ?? text;
  }

  titleOf(entity: Entity): Value | undefined {
    return entity.fields[this.system.title];
  }

  // --- writing ---

  async write(operations: WriteOperation[]): Promise<WriteResult[]> {
    assert.ok(this.connection.write, 'the connection cannot write');
    const results = await this.connection.write(this.system.scope, operations);
    assert.equal(results.length, operations.length, 'one result per operation');
    return results;
  }

  creation(fields: Fields, marker?: string): WriteOperation {
    const { project, type, title, required } = this.system;
    const operation = {
      kind: 'create' as const,
      project,
      type,
      fields: { [title]: newTitle('Made'), ...required, ...fields },
    };
    return marker === undefined ? operation : { ...operation, marker };
  }

  async create(fields: Fields = {}, marker?: string): Promise<Entity> {
    const [result] = await this.write([this.creation(fields, marker)]);
    return written(result);
  }

  async update(id: string, fields: Fields): Promise<Entity> {
    const [result] = await this.write([{ kind: 'update', id, fields }]);
    return written(result);
  }

  // --- reading ---

  async read(id: string): Promise<Entity> {
    const [entity] = await readNow(this.connection, this.system.scope, [id]);
    assert.ok(entity, `read() does not find ${id}`);
    return entity;
  }

  /** From where on everything that is still to come will be read. */
  async now(): Promise<Checkpoint | undefined> {
    return roundTrip(await this.connection.newest(this.system.scope));
  }

  /** One poll, to its end. */
  async poll(
    since: Checkpoint | undefined,
    { connection = this.connection, onPage }: { connection?: Connection; onPage?: () => Promise<void> } = {},
  ): Promise<Reading> {
    const pages: Reading['pages'] = [];
    for await (const page of connection.changes(this.system.scope, since, this.pageSize)) {
      assert.ok(page.entities.length <= this.pageSize, 'a page holds at most as many entities as asked for');
      pages.push({ entities: page.entities, checkpoint: roundTrip(page.checkpoint) });
      await onPage?.();
    }
    const last = pages.at(-1);
    assert.ok(last, 'a poll yields at least one page');
    return { pages, entities: pages.flatMap((page) => page.entities), checkpoint: last.checkpoint };
  }

  /** Polls, each time from the last checkpoint, until `seen` holds or the system has had its time to settle. */
  async pollUntil(
    since: Checkpoint | undefined,
    seen: (entities: Entity[]) => boolean,
    connection: Connection = this.connection,
  ): Promise<Reading> {
    const until = Date.now() + (this.system.settleMs ?? 0);
    let reading = await this.poll(since, { connection });
    while (!seen(reading.entities) && Date.now() <= until) {
      await sleep(Math.min(250, Math.max(10, (this.system.settleMs ?? 0) / 5)));
      const next = await this.poll(reading.checkpoint, { connection });
      reading = {
        pages: [...reading.pages, ...next.pages],
        entities: [...reading.entities, ...next.entities],
        checkpoint: next.checkpoint,
      };
    }
    return reading;
  }

  /** Polls until each id has been seen; fails where one is missing. */
  async pollFor(since: Checkpoint | undefined, ids: string[], connection?: Connection): Promise<Reading> {
    const reading = await this.pollUntil(since, (entities) => missing(ids, entities).length === 0, connection);
    assert.deepEqual(missing(ids, reading.entities), [], 'entities that changes() did not yield');
    return reading;
  }

  /** Polls until the entity has been seen in this version. */
  async pollForVersion(since: Checkpoint | undefined, entity: Entity): Promise<Entity> {
    const same = (one: Entity) => one.id === entity.id && one.version === entity.version;
    const reading = await this.pollUntil(since, (entities) => entities.some(same));
    const found = reading.entities.find(same);
    const versions = reading.entities.filter((one) => one.id === entity.id).map((one) => one.version);
    assert.ok(
      found,
      `${entity.key} did not come in version ${entity.version}; it came as: ${versions.join(', ') || 'nothing'}`,
    );
    return found;
  }

  async find(query: Omit<FindQuery, 'project' | 'type'>, limit = 10): Promise<Entity[]> {
    assert.ok(this.connection.find, 'the connection cannot find');
    return foundIn(
      await this.connection.find({ project: this.system.project, type: this.system.type, ...query }, limit),
    );
  }

  /** Runs `work` with a connection as another process would make it. */
  async elsewhere<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.system.reconnect();
    try {
      return await work(connection);
    } finally {
      await connection.close?.();
    }
  }
}

/** Ids that are not among the entities. */
export function missing(ids: string[], entities: Entity[]): string[] {
  const seen = new Set(entities.map((entity) => entity.id));
  return ids.filter((id) => !seen.has(id));
}

/** The newest state of an entity among those read. */
export const lastOf = (entities: Entity[], id: string): Entity | undefined =>
  entities.filter((entity) => entity.id === id).at(-1);

export function written(result: WriteResult | undefined): Entity {
  assert.ok(result, 'a write without result');
  if (!result.ok) assert.fail(`the write failed: ${result.error.message}`);
  return result.entity;
}

/** The error of a refused operation, its kind being one of those given. */
export function refused(result: WriteResult | undefined, ...kinds: SyncErrorKind[]): SyncError {
  assert.ok(result, 'a write without result');
  if (result.ok) assert.fail('the write should have been refused');
  assertSyncError(result.error, ...kinds);
  return result.error;
}

export function assertSyncError(error: unknown, ...kinds: SyncErrorKind[]): asserts error is SyncError {
  assert.ok(error instanceof SyncError, `not a SyncError: ${String(error)}`);
  assert.ok(KINDS[error.kind], `no such kind: ${error.kind}`);
  assert.ok(error.message.trim().length > 0, 'an error says what failed');
  if (kinds.length > 0)
    assert.ok(kinds.includes(error.kind), `${error.kind} (${error.message}) is not one of ${kinds}`);
}

/** What a stored checkpoint looks like when it is used again. */
export function roundTrip<T>(value: T): T {
  if (value === undefined) return value;
  const copy: T = JSON.parse(JSON.stringify(value));
  assert.deepEqual(copy, value, 'survives JSON');
  return copy;
}
