/** The write loop: what is sent, in which order, what stops it, and what it says afterwards. */

import assert from 'node:assert/strict';
import type { WriteOperation, WriteResult } from '../../../lib/connectors/connector';
import { Halt, inQueues, type Sent, writeEach } from '../../../lib/connectors/kit/writes';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';

const update = (id: string, fields: Fields): WriteOperation => ({ kind: 'update', id, fields });
const create = (fields: Fields): WriteOperation => ({ kind: 'create', project: 'p', type: 't', fields });
const entity = (id: string, fields: Fields): Entity => ({
  ...{ id, key: id, type: 't', project: 'p', version: 'v', updatedAt: '2026-01-01T00:00:00Z', fields },
});
const errorOf = (result: WriteResult | undefined): SyncError =>
  result && !result.ok ? result.error : assert.fail('should have failed');
const ignoredOf = (result: WriteResult | undefined) => (result?.ok ? result.ignored : assert.fail('should be written'));

/** A system of texts; what it does to a write is for each test to say. */
class System {
  readonly stored = new Map<string, Fields>();
  readonly sent: string[] = [];
  readonly read: string[][] = [];
  atATime = 0;
  most = 0;
  refuse: (operation: WriteOperation) => SyncError | undefined = () => undefined;
  take: (fields: Fields) => Fields = (fields) => fields;
  /** creates answer with what they made */
  tells = false;
  breaksReading: SyncError | undefined;
  /** nothing is shown any more */
  hides = false;

  write(operations: WriteOperation[]): Promise<WriteResult[]> {
    return writeEach<Fields>(
      {
        product: 'The system',
        thing: 'Thing ',
        concurrency: 2,
        prepare: async ({ fields }) => {
          if ('bad' in fields) throw new SyncError('invalid', 'bad is bad', { fields: { bad: 'is bad' } });
          const { fixed, ...request } = fields;
          return { request, expected: request, ...(fixed !== undefined && { ignored: { fixed: 'cannot be set' } }) };
        },
        send: (operation, request) => this.send(operation, request),
        describe: async (shown) => shown,
        readBack: async (ids) => {
          this.read.push(ids);
          if (this.breaksReading) throw this.breaksReading;
          return ids.map((id) => this.shown(id));
        },
        tolerance: (field) => (field === 'hours' ? 5 : undefined),
      },
      operations,
    );
  }

  private shown(id: string): Entity | undefined {
    const fields = this.stored.get(id);
    return this.hides || !fields ? undefined : entity(id, fields);
  }

  private async send(operation: WriteOperation, request: Fields): Promise<Sent> {
    const isNew = operation.kind === 'create';
    const id = isNew ? `n${this.stored.size + 1}` : operation.id;
    this.sent.push(id);
    this.atATime += 1;
    this.most = Math.max(this.most, this.atATime);
    await new Promise((resolve) => setImmediate(resolve));
    this.atATime -= 1;
    const refusal = this.refuse(operation);
    if (refusal) throw refusal;
    this.stored.set(id, { ...this.stored.get(id), ...this.take(request) });
    return { id, ...(isNew && this.tells && { shown: entity(id, request), exact: true }) };
  }
}

describe('connector kit: writes', () => {
  let system: System;
  beforeEach(() => {
    system = new System();
    for (const id of ['1', '2', '3']) system.stored.set(id, {});
  });

  it('of one entity go out in their order, of different ones a few at a time; all are read back at once', async () => {
    const results = await system.write([
      update('1', { a: 'x' }),
      update('1', { a: 'y' }),
      update('2', { a: 'z' }),
      update('3', { a: 'z' }),
    ]);
    assert.deepEqual(system.sent.filter((id) => id === '1').length, 2);
    assert.equal(system.stored.get('1')?.a, 'y');
    assert.equal(system.most, 2);
    assert.deepEqual(system.read, [['1', '2', '3']]);
    assert.deepEqual(
      results.map(ignoredOf),
      [undefined, undefined, undefined, undefined],
      'what a later one sets is its own',
    );
  });

  it('name what cannot be set, and what was not taken, and forgive blanks and rounding', async () => {
    system.take = ({ a, ...fields }) => ({
      ...fields,
      a: 'as it was',
      ...(typeof fields.hours === 'number' && { hours: fields.hours + 3 }),
    });
    const [result] = await system.write([update('1', { a: 'new', b: ' kept ', hours: 100, fixed: 'x' })]);
    assert.deepEqual(ignoredOf(result), {
      fixed: 'cannot be set',
      a: 'The system did not accept the value and shows "as it was"',
    });
  });

  it('that cannot be sent are reported, and hold up no other', async () => {
    const results = await system.write([update('1', { bad: 1 }), update('2', { a: 'x' })]);
    assert.deepEqual(errorOf(results[0]).detail.fields, { bad: 'is bad' });
    assert.equal(ignoredOf(results[1]), undefined);
    assert.deepEqual(system.sent, ['2']);
  });

  it('stop where the account is refused: the rest was certainly not sent', async () => {
    system.refuse = () => new SyncError('rateLimited', 'slowly', { retryAfterMs: 9_000, uncertain: true });
    const results = await system.write([update('1', {}), update('1', {}), update('1', {})]);
    assert.equal(system.sent.length, 1);
    assert.deepEqual(
      results.map((result) => errorOf(result).kind),
      ['rateLimited', 'rateLimited', 'rateLimited'],
    );
    assert.equal(errorOf(results[2]).detail.uncertain, false);
    assert.match(errorOf(results[2]).message, /^Not sent, because the previous one failed: slowly/);
    system.refuse = ({ fields }) => ('no' in fields ? new SyncError('invalid', 'not that') : undefined);
    const others = await system.write([update('1', { no: 1 }), update('1', { a: 'x' })]);
    assert.equal(ignoredOf(others[1]), undefined, 'one that is refused itself stops nothing');
  });

  it('whose answer shows the entity are not read back, and say that it is exact', async () => {
    system.tells = true;
    const [made, changed] = await system.write([create({ a: 'x' }), update('1', { a: 'y' })]);
    assert.ok(made?.ok && made.exact === true && changed?.ok && changed.exact === undefined);
    assert.deepEqual(system.read, [['1']]);
  });

  it('that cannot be read back are uncertain, not undone', async () => {
    system.breaksReading = new SyncError('transient', 'down', { status: 503 });
    const [result] = await system.write([create({ a: 'x' })]);
    assert.deepEqual([errorOf(result).kind, errorOf(result).detail.uncertain], ['transient', true]);
    assert.match(errorOf(result).message, /^Thing n4 was written, but could not be read back: down/);
  });

  it('of an entity that is gone afterwards are reported as such', async () => {
    system.hides = true;
    const [result] = await system.write([update('1', { a: 'x' }), update('2', { a: 'x' })]);
    assert.match(
      errorOf(result).message,
      /Thing 1 was written, but could not be read back: The system does not show it/,
    );
  });
});

describe('connector kit: parts of the write loop', () => {
  it('run jobs of one key in order, those of others beside them', async () => {
    const log: string[] = [];
    const jobs = ['a1', 'b1', 'a2', 'c1', 'b2'];
    await inQueues(
      jobs,
      (job) => job[0] ?? '',
      2,
      async (job) => {
        await new Promise((resolve) => setTimeout(resolve, job === 'a1' ? 20 : 1));
        log.push(job);
      },
    );
    assert.deepEqual([...log].sort(), [...jobs].sort());
    assert.ok(log.indexOf('a1') < log.indexOf('a2') && log.indexOf('b1') < log.indexOf('b2'));
    assert.equal(log[0], 'b1', 'one that takes long holds up its own key only');
  });

  it('halt for what concerns the account, and for nothing else', () => {
    const halt = new Halt();
    for (const kind of ['invalid', 'transient', 'notFound', 'forbidden', 'conflict'] as const)
      halt.learn(new SyncError(kind, ''));
    halt.check();
    halt.learn(new SyncError('auth', 'first'));
    halt.learn(new SyncError('auth', 'second'));
    assert.throws(() => halt.check(), /first/);
  });
});
