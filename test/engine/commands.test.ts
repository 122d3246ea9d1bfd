import assert from 'node:assert/strict';
import type { WriteOperation } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { unresolved, Workbench } from './workbench';

const tooHigh = ({ fields }: WriteOperation) =>
  fields.priority === 'Highest' ? { priority: '"Highest" is not a priority' } : undefined;

describe('Parked changes', () => {
  let bench: Workbench;
  const start = async (options?: Parameters<typeof Workbench.start>[0]) => {
    bench = await Workbench.start(options);
    return bench;
  };
  afterEach(() => bench.stop());

  /** A pair that is in sync; then the source gets a value that the target refuses. */
  async function refused(options?: Parameters<typeof Workbench.start>[0]): Promise<string> {
    await start(options);
    const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low', note: 'a' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'Low');
    bench.two.refuses = tooHigh;
    bench.one.save(id, { priority: 'Highest' });
    await bench.sync();
    return id;
  }

  it('are shown with what failed, on which entity, and what the system answered', async () => {
    const id = await refused();
    const item = await bench.parked();
    assert.deepEqual(
      [item.side, item.to, item.entity.key, item.counterpart?.id, item.attempts, item.corrected],
      [1, 'Two', id, 'two-1', 2, []],
    );
    assert.equal(item.error.kind, 'invalid');
    assert.match(item.error.message, /Bug one-1 → Two: "Highest" is not a priority/);
    const detail = await bench.integration.commands.detail(item.event);
    assert.equal(detail.source.fields.priority, 'Highest');
    assert.deepEqual(detail.mapped, { title: 'Crash', priority: 'Highest', note: 'a' });
    assert.deepEqual(detail.error.fields, { priority: '"Highest" is not a priority' });
    assert.equal(detail.error.answer, '{"priority":"\\"Highest\\" is not a priority"}');
    assert.deepEqual(detail.target, { system: 's2', project: 'P', type: 'Bug' });
  });

  it('are listed page by page, by side and by text', async () => {
    await start({ retries: 0 });
    bench.two.refuses = () => ({ title: 'no' });
    bench.one.refuses = () => ({ title: 'never' });
    for (const title of ['A', 'B', 'C']) bench.one.save(undefined, { title });
    await bench.sync();
    bench.two.save(undefined, { title: 'D' });
    await bench.sync();
    const { commands } = bench.integration;
    const keys = async (...page: Parameters<typeof commands.parked>) => {
      const { items, more } = await commands.parked(...page);
      return [items.map(({ entity }) => entity.key).join(), more];
    };
    assert.deepEqual(await keys(0, 2), ['one-1,one-2', true]);
    assert.deepEqual(await keys(2, 2), ['one-3,two-1', false]);
    assert.deepEqual(await keys(0, 9, { side: 2 }), ['two-1', false]);
    assert.deepEqual(await keys(0, 9, { search: 'NEVER' }), ['two-1', false]);
    const [one, two] = await commands.overview();
    assert.deepEqual([one.counts.parked, two.counts.parked], [3, 1]);
  });

  it('3: go on when they are retried, and what came after them follows', async () => {
    const id = await refused();
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'note'), 'a', 'held back behind the parked change');
    bench.two.refuses = () => undefined;
    const { event } = await bench.parked();
    assert.equal(await bench.integration.commands.retry([event]), 1);
    await bench.wait();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['Highest', 'b']);
    assert.equal(await bench.integration.commands.retry(), 0);
  });

  it('8: are retried in portions where they are many, each once, also those that fail again meanwhile', async () => {
    await start({ retries: 0 });
    bench.two.refuses = () => ({ title: 'no' });
    for (let n = 0; n < 450; n += 1) bench.one.save(undefined, { title: `Bug ${n}` });
    await bench.sync();
    assert.equal((await bench.integration.commands.overview())[0].counts.parked, 450);
    const before = bench.two.asked.length;
    const unparked: number[] = [];
    const unpark = bench.store.unpark.bind(bench.store);
    bench.store.unpark = async (integration, events) => {
      unparked.push(events?.length ?? Number.POSITIVE_INFINITY);
      return unpark(integration, events);
    };
    const retried = bench.integration.commands.retry();
    await bench.wait();
    assert.equal(await retried, 450);
    assert.deepEqual(unparked, [200, 200, 50]);
    assert.equal(bench.two.asked.length - before, 450);
    assert.equal((await bench.integration.commands.overview())[0].counts.parked, 450);
  });

  it('are written with what a person corrected, for exactly those fields', async () => {
    const id = await refused();
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    const { event } = await bench.parked();
    await bench.integration.commands.correct(event, { priority: 'High' });
    await bench.wait();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['High', 'b']);
    const [landed] = bench.results.slice(-1);
    assert.deepEqual([landed?.outcome, landed?.written], ['updated', ['priority', 'note']]);
    assert.deepEqual((await bench.integration.commands.parked(0, 9)).items, []);
    // the source keeps its own value, and nothing comes back
    await bench.sync();
    assert.equal(bench.one.valueOf('Crash', 'priority'), 'Highest');
    bench.one.save(id, { priority: 'Low' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'Low', 'the next change is written as mapped');
  });

  it('are corrected in fields that the flow does not map, and where nothing had a value', async () => {
    await refused();
    bench.two.refuses = ({ fields }) => (fields.area ? undefined : { area: 'cannot be blank' });
    await bench.integration.commands.retry();
    await bench.wait();
    const { event } = await bench.parked();
    await bench.integration.commands.correct(event, { area: 'Shop' });
    await bench.wait();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'area')], ['Highest', 'Shop']);
  });

  it('are created with what a person corrected', async () => {
    await start({ retries: 0 });
    bench.two.refuses = tooHigh;
    bench.one.save(undefined, { title: 'New', priority: 'Highest' });
    await bench.sync();
    const { event, counterpart } = await bench.parked();
    assert.equal(counterpart, undefined);
    await bench.integration.commands.correct(event, { priority: 'High' });
    await bench.wait();
    assert.deepEqual([bench.two.entities.size, bench.two.valueOf('New', 'priority')], [1, 'High']);
  });

  it('drop a correction that the source has overtaken, and say so', async () => {
    const id = await refused();
    bench.one.save(id, { priority: 'Medium' });
    await bench.sync();
    const { event } = await bench.parked();
    await bench.integration.commands.correct(event, { priority: 'High' });
    await bench.wait();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'Medium');
    assert.match(
      bench.results
        .at(-1)
        ?.warnings.map(({ reason }) => reason)
        .join() ?? '',
      /Correction ignored/,
    );
  });

  it('keep a correction that was refused too, until another takes its place', async () => {
    await refused();
    bench.two.refuses = ({ fields }) => (fields.priority === 'Normal' ? undefined : { priority: 'not a priority' });
    const first = await bench.parked();
    await bench.integration.commands.correct(first.event, { priority: 'High' });
    await bench.wait();
    const again = await bench.parked();
    assert.deepEqual(again.corrected, ['priority']);
    const detail = await bench.integration.commands.detail(again.event);
    assert.equal(detail.mapped?.priority, 'Highest', 'as the flow mapped it');
    assert.deepEqual(detail.corrections, { priority: { value: 'High', instead: 'Highest' } });
    await bench.integration.commands.correct(again.event, { priority: 'Normal' });
    await bench.wait();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'Normal');
  });

  it('cannot be corrected where they failed before they were mapped, nor once they are gone', async () => {
    await start({ retries: 0 });
    bench.flow = (message) => {
      message.sync.mapped = undefined;
    };
    bench.one.save(undefined, { title: 'Unmapped' });
    await bench.sync();
    const { event } = await bench.parked();
    const { commands } = bench.integration;
    await assert.rejects(commands.correct(event, { title: 'x' }), /failed before it was mapped/);
    await commands.skip([event], 'a test');
    await assert.rejects(commands.detail(event), (error: SyncError) => error.kind === 'notFound');
    await assert.rejects(commands.correct(event, { title: 'x' }), /no longer parked/);
  });

  it('6: are skipped with a reason that is reported, and later changes do not bring the skipped value along', async () => {
    const id = await refused();
    const { event } = await bench.parked();
    const { commands } = bench.integration;
    await assert.rejects(commands.skip([event], ' '), /Enter the reason/);
    assert.equal(await commands.skip([event, event], 'not wanted there', 'anna'), 1);
    const result = bench.results.at(-1);
    assert.deepEqual([result?.outcome, result?.source.key, result?.target?.key], ['skipped', id, 'two-1']);
    assert.match(result?.warnings[0]?.reason ?? '', /^skipped by anna: not wanted there \(it had failed: .*Highest/);
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['Low', 'b']);
    assert.equal(bench.one.valueOf('Crash', 'priority'), 'Highest');
    bench.one.save(id, { priority: 'Medium' });
    await bench.sync();
    assert.equal(bench.two.valueOf('Crash', 'priority'), 'Medium');
  });

  it('3: let the change that waited behind a skipped one go', async () => {
    const id = await refused();
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    await bench.integration.commands.skip([(await bench.parked()).event], 'no');
    await bench.wait();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['Low', 'b']);
  });

  it('9: are none where the system is in trouble: it pauses, and the overview says until when and why', async () => {
    await start();
    const { id } = bench.one.save(undefined, { title: 'Crash', note: 'a' });
    await bench.sync();
    bench.two.fault = new SyncError('transient', 'Two does not answer');
    bench.one.save(id, { note: 'b' });
    await bench.sync(1_000);
    const [one, two] = await bench.integration.commands.overview();
    assert.equal(one.system.pausedUntil, undefined);
    assert.ok(two.system.pausedUntil);
    assert.match(two.system.why ?? '', /does not answer/);
    assert.equal(one.lastPoll?.read, 1);
    assert.deepEqual([one.counts.parked, one.counts.retry + one.counts.waiting], [0, 1]);
    bench.two.fault = undefined;
    await bench.wait(600_000);
    assert.equal(bench.two.valueOf('Crash', 'note'), 'b');
  });
});

describe('Holding only the field', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  async function pair(): Promise<string> {
    bench = await Workbench.start({ parkFields: true });
    const { id } = bench.one.save(undefined, { title: 'Crash', priority: 'Low', note: 'a' });
    await bench.sync();
    return id;
  }

  it('writes the rest of an update after its retries, warns, and tries the field again with the next change', async () => {
    const id = await pair();
    bench.two.refuses = tooHigh;
    bench.one.save(id, { priority: 'Highest', note: 'b' });
    await bench.sync();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['Low', 'b']);
    assert.deepEqual(
      bench.failures.map(({ parked }) => parked),
      [false],
      'it was retried first',
    );
    const result = bench.results.at(-1);
    assert.deepEqual([result?.outcome, result?.written], ['updated', ['note']]);
    assert.deepEqual(result?.warnings, [{ field: 'priority', reason: '"Highest" is not a priority' }]);
    assert.deepEqual((await bench.integration.commands.parked(0, 9)).items, []);
    bench.two.refuses = () => undefined;
    bench.one.save(id, { note: 'c' });
    await bench.sync();
    assert.deepEqual([bench.two.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'note')], ['Highest', 'c']);
  });

  it('lands an update of which nothing is left, and does not take the present value back to the source', async () => {
    const id = await pair();
    bench.two.refuses = tooHigh;
    bench.one.save(id, { priority: 'Highest' });
    await bench.sync();
    await bench.sync();
    assert.deepEqual(
      [bench.results.at(-1)?.outcome, bench.results.at(-1)?.warnings.map(({ field }) => field)],
      ['unchanged', ['priority']],
    );
    assert.deepEqual(
      [bench.one.valueOf('Crash', 'priority'), bench.two.valueOf('Crash', 'priority')],
      ['Highest', 'Low'],
    );
  });

  it('parks an update of which a field is refused that is not even written, instead of sending it again without end', async () => {
    const id = await pair();
    bench.flow = (message) => {
      if (message.sync.direction === 'backward') return;
      message.sync.unresolved = { priority: { ...unresolved('"Low" has no counterpart', 'Low'), policy: 'leave' } };
      delete message.payload.priority;
    };
    bench.two.refuses = (operation) =>
      'priority' in operation.fields ? undefined : { priority: 'Priority is required' };
    const before = bench.two.asked.length;
    bench.one.save(id, { note: 'b' });
    await bench.sync();
    await bench.wait(3_600_000);
    const sent = bench.two.asked.length - before;
    assert.ok(sent > 1 && sent <= 4, `it was written ${sent} times`);
    const { items } = await bench.integration.commands.parked(0, 9);
    assert.deepEqual(
      items.map(({ error }) => error.fields),
      [{ priority: '"Low" has no counterpart (Priority is required)' }],
    );
  });

  it('goes on without a field that has no counterpart and whose row parks, and without one that is silently ignored', async () => {
    const id = await pair();
    bench.flow = (message) => {
      if (message.sync.direction === 'backward') return;
      message.sync.unresolved = { priority: unresolved('"Urgent" has no counterpart', 'Urgent') };
      delete message.payload.priority;
    };
    bench.two.ignores = { title: 'title is read-only' };
    bench.one.save(id, { priority: 'Urgent', note: 'b', title: 'Crash!' });
    await bench.sync();
    const result = bench.results.at(-1);
    assert.deepEqual(result?.warnings.map(({ field }) => field).sort(), ['priority', 'title']);
    assert.equal(bench.two.valueOf('Crash', 'note'), 'b');
  });

  it('parks what it cannot write without: creates, and refusals that name no field of the update', async () => {
    const id = await pair();
    bench.two.refuses = () => ({ area: 'cannot be blank' });
    bench.one.save(id, { note: 'b' });
    bench.one.save(undefined, { title: 'New' });
    await bench.sync();
    assert.equal((await bench.integration.commands.parked(0, 9)).items.length, 2);
  });
});

describe('A counterpart that was deleted', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  async function deleted(options: Parameters<typeof Workbench.start>[0]): Promise<string> {
    bench = await Workbench.start({ retries: 0, ...options });
    const { id } = bench.one.save(undefined, { title: 'Crash', note: 'a' });
    await bench.sync();
    bench.two.entities.clear();
    bench.one.save(id, { note: 'b' });
    return id;
  }

  it('parks its changes unless something else was chosen', async () => {
    await deleted({});
    await bench.sync();
    const { error } = await bench.parked();
    assert.equal(error.kind, 'notFound');
    assert.match(error.message, /two-1 no longer exists/);
    assert.equal(bench.one.entities.size, 1, 'nothing is ever deleted by us');
  });

  it('6: is left alone where that was chosen, and each change says so', async () => {
    await deleted({ targetDeleted: 'ignore' });
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, (await bench.integration.commands.parked(0, 9)).items.length], [0, 0]);
    const result = bench.results.at(-1);
    assert.deepEqual([result?.outcome, result?.target?.key], ['skipped', 'two-1']);
    assert.match(result?.warnings[0]?.reason ?? '', /no longer exists/);
  });

  it('2: is created again once, through the flow as a create, and stays linked', async () => {
    const id = await deleted({ targetDeleted: 'create' });
    await bench.sync();
    assert.equal(bench.sent.at(-1)?.sync.kind, 'create');
    assert.deepEqual([bench.two.entities.size, bench.two.valueOf('Crash', 'note')], [1, 'b']);
    assert.equal(bench.results.at(-1)?.outcome, 'created');
    bench.one.save(id, { note: 'c' });
    await bench.sync();
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, bench.two.valueOf('Crash', 'note')], [1, 'c']);
    assert.equal(bench.one.entities.size, 1);
    const back = [...bench.two.entities.keys()][0];
    assert.equal((await bench.store.linkOf('integration', 1, id))?.ends[1].ref.id, back);
  });

  it('2: is not created twice where the answer to the create was lost', async () => {
    await deleted({ targetDeleted: 'create' });
    const connection = bench.integration.systems[2].connection();
    const write = connection.write?.bind(connection);
    assert.ok(write);
    connection.write = async (scope, operations) => {
      connection.write = write;
      await write(scope, operations);
      throw new SyncError('transient', 'the answer was lost', { uncertain: true });
    };
    connection.find = async () => [...bench.two.entities.values()];
    await bench.sync();
    await bench.wait(600_000);
    assert.equal(bench.two.entities.size, 1);
    assert.equal(bench.results.at(-1)?.outcome, 'adopted');
  });
});
