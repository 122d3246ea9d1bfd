import assert from 'node:assert/strict';
import { SyncError } from '../../lib/model/errors';
import type { DryRun, SyncResult } from '../../lib/model/message';
import { unresolved, Workbench } from './workbench';

/** What was told of the entity with this key, oldest first. */
const told = (bench: Workbench, key: string): SyncResult[] => bench.dryRuns.filter(({ source }) => source.key === key);
const dryRunsOf = (bench: Workbench, key: string): (DryRun | undefined)[] =>
  told(bench, key).map(({ dryRun }) => dryRun);

async function counts(bench: Workbench): Promise<{ shown: number[]; open: number; links: number }> {
  const [one, two] = await bench.integration.counts();
  const open = [one, two].reduce((sum, { waiting, held, sent, retry, parked }) => {
    return sum + waiting + held + sent + retry + parked;
  }, 0);
  return { shown: [one.shown, two.shown], open, links: one.links };
}

describe('Dry run', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  describe('with two systems that were never synced', () => {
    beforeEach(async () => {
      bench = await Workbench.start({}, true);
    });

    it('reports the complete fields of what it would create, both ways, and writes nothing', async () => {
      const bug = bench.one.save(undefined, { title: 'Cart loses items', priority: 'High' });
      const story = bench.two.save(undefined, { title: 'Pay by invoice', note: null });
      await bench.sync();
      assert.deepEqual([bench.one.asked, bench.two.asked, bench.results], [[], [], []]);
      assert.deepEqual(await counts(bench), { shown: [1, 1], open: 0, links: 0 });
      assert.deepEqual(told(bench, bug.key), [
        {
          outcome: 'dryRun',
          integration: 'integration',
          direction: 'forward',
          source: { id: bug.id, key: bug.key, url: bug.url, type: 'Bug', project: 'P' },
          written: [],
          warnings: [],
          dryRun: {
            outcome: 'created',
            target: { type: 'Bug', project: 'P' },
            changes: {
              title: { before: null, after: 'Cart loses items' },
              priority: { before: null, after: 'High' },
            },
            conflicts: {},
          },
        },
      ]);
      assert.deepEqual(Object.keys(dryRunsOf(bench, story.key)[0]?.changes ?? {}), ['title']);
    });

    it('reports it once, however often is polled, and again when the entity has changed', async () => {
      const { id, key } = bench.one.save(undefined, { title: 'Cart loses items' });
      await bench.sync();
      await bench.sync();
      await bench.sync();
      assert.equal(bench.sent.length, 1);
      bench.one.save(id, { title: 'Cart loses everything' });
      await bench.sync();
      assert.deepEqual(
        dryRunsOf(bench, key).map((dryRun) => dryRun?.changes.title?.after),
        ['Cart loses items', 'Cart loses everything'],
      );
      assert.deepEqual((await counts(bench)).shown, [1, 0]);
    });

    it('brings everything over exactly once when it ends, as it is then', async () => {
      const { id } = bench.one.save(undefined, { title: 'Cart loses items' });
      for (const title of ['A', 'B', 'C']) bench.one.save(undefined, { title });
      bench.two.save(undefined, { title: 'Pay by invoice' });
      await bench.sync();
      bench.one.save(id, { title: 'Cart loses everything' });
      await bench.sync();
      await bench.setDryRun(false);
      await bench.sync();
      const titles = (tracker: typeof bench.one) => [...tracker.entities.values()].map(({ fields }) => fields.title);
      const all = ['A', 'B', 'C', 'Cart loses everything', 'Pay by invoice'];
      assert.deepEqual([titles(bench.one).sort(), titles(bench.two).sort()], [all, all]);
      assert.deepEqual(await counts(bench), { shown: [0, 0], open: 0, links: 5 });
      assert.equal(bench.two.asked.length, 4);
      assert.equal(bench.results.length, 5);
    });

    it('reports everything once more on request, as the flow maps it now', async () => {
      const { key } = bench.one.save(undefined, { title: 'Cart loses items' });
      await bench.sync();
      bench.flow = (message) => {
        message.payload.title = `Shop: ${message.payload.title}`;
      };
      assert.equal(await bench.integration.commands.showAgain(), 1);
      await bench.wait();
      assert.equal(dryRunsOf(bench, key)[1]?.changes.title?.after, 'Shop: Cart loses items');
      assert.deepEqual((await counts(bench)).shown, [1, 0]);
    });

    it('shows again what was on its way when the process died', async () => {
      bench.one.save(undefined, { title: 'Cart loses items' });
      bench.flow = () => {
        throw new Error('the process dies');
      };
      await bench.sync(500);
      bench.flow = () => undefined;
      assert.equal(bench.dryRuns.length, 0);
      await bench.integration.start();
      await bench.sync();
      assert.equal(bench.dryRuns.length, 1);
      assert.deepEqual((await counts(bench)).shown, [1, 0]);
    });

    it('leaves no trace of a create: other new entities go on', async () => {
      bench.one.save(undefined, { title: 'Cart loses items' });
      await bench.sync();
      bench.two.save(undefined, { title: 'Made since' });
      await bench.sync();
      assert.deepEqual((await counts(bench)).shown, [1, 1]);
    });

    it('reports what a person would have to decide, charges nothing and parks nothing', async () => {
      const { key } = bench.one.save(undefined, { title: 'Cart loses items', note: 'x' });
      bench.flow = ({ sync }) => {
        sync.unresolved = { note: unresolved('no such note', 'x') };
      };
      await bench.sync();
      const [dryRun] = dryRunsOf(bench, key);
      assert.equal(dryRun?.outcome, 'parked');
      assert.deepEqual(dryRun?.failed, {
        kind: 'invalid',
        message: `Bug ${key} → Two: note: no such note`,
        fields: { note: 'no such note' },
      });
      assert.deepEqual(await counts(bench), { shown: [1, 0], open: 0, links: 0 });
      bench.flow = () => undefined;
      await bench.setDryRun(false);
      await bench.wait();
      assert.equal(bench.two.valueOf('Cart loses items', 'note'), 'x');
    });
  });

  describe('with entities that are linked', () => {
    let key: string;
    let id: string;
    let other: string;
    beforeEach(async () => {
      bench = await Workbench.start();
      ({ id, key } = bench.one.save(undefined, { title: 'Cart loses items', priority: 'Low', note: 'n' }));
      await bench.sync();
      const [counterpart] = [...bench.two.entities.values()];
      assert.ok(counterpart);
      other = counterpart.id;
      bench.two.asked.splice(0);
      bench.results.splice(0);
      await bench.setDryRun(true);
    });

    it('reports before and after of the fields that it would write, and no others', async () => {
      bench.one.save(id, { priority: 'High', note: null });
      await bench.sync();
      const [result] = told(bench, key);
      assert.equal(result?.target?.id, other);
      assert.deepEqual(result?.dryRun, {
        outcome: 'updated',
        target: { type: 'Bug', project: 'P' },
        changes: { priority: { before: 'Low', after: 'High' }, note: { before: 'n', after: null } },
        conflicts: {},
      });
      assert.deepEqual([bench.two.asked, bench.results], [[], []]);
    });

    it('keeps the merge base: a person’s edit in the target meanwhile is a conflict when the dry run ends', async () => {
      bench.one.save(id, { priority: 'High' });
      await bench.sync();
      bench.two.save(other, { priority: 'Highest' });
      bench.flow = ({ sync }) => {
        for (const how of Object.values(sync.mapped ?? {})) how.conflict = 'system2';
      };
      await bench.sync();
      await bench.integration.commands.showAgain();
      await bench.wait();
      const again = told(bench, key).at(-1);
      assert.deepEqual(again?.dryRun?.conflicts, {
        priority: { present: 'Highest', wanted: 'High', decision: 'kept' },
      });
      assert.deepEqual(again?.warnings, [
        { field: 'priority', reason: 'Changed on both sides; the target value is kept' },
      ]);
      assert.deepEqual(dryRunsOf(bench, other).at(-1)?.changes, { priority: { before: 'High', after: 'Highest' } });
      await bench.setDryRun(false);
      await bench.sync();
      assert.equal(bench.one.entities.get(id)?.fields.priority, 'Highest');
      assert.equal(bench.two.entities.get(other)?.fields.priority, 'Highest');
    });

    it('names a conflict that the row parks, with both values', async () => {
      bench.flow = ({ sync }) => {
        for (const how of Object.values(sync.mapped ?? {})) how.conflict = 'park';
      };
      bench.one.save(id, { priority: 'High' });
      bench.two.save(other, { priority: 'Highest' });
      await bench.sync();
      const [dryRun] = dryRunsOf(bench, key);
      assert.equal(dryRun?.outcome, 'parked');
      assert.deepEqual(dryRun?.conflicts, { priority: { present: 'Highest', wanted: 'High', decision: 'parked' } });
      assert.equal(dryRun?.failed?.kind, 'conflict');
      assert.deepEqual(await counts(bench), { shown: [1, 1], open: 0, links: 1 });
    });

    it('reports that both sides agree already, and takes no note of it', async () => {
      bench.one.save(id, { priority: 'High' });
      bench.two.save(other, { priority: 'High' });
      const before = await bench.store.linkOf('integration', 1, id);
      await bench.sync();
      assert.deepEqual([dryRunsOf(bench, key)[0]?.outcome, dryRunsOf(bench, key)[0]?.changes], ['unchanged', {}]);
      assert.deepEqual(await bench.store.linkOf('integration', 1, id), before);
    });

    it('reports a counterpart that is gone', async () => {
      bench.two.entities.delete(other);
      bench.one.save(id, { priority: 'High' });
      await bench.sync();
      const [dryRun] = dryRunsOf(bench, key);
      assert.deepEqual([dryRun?.outcome, dryRun?.failed?.kind], ['parked', 'notFound']);
    });

    it('waits while the target is away, and shows when it is back', async () => {
      bench.two.fault = new SyncError('transient', 'connection refused');
      bench.one.save(id, { priority: 'High' });
      await bench.sync(10_000);
      assert.deepEqual([bench.dryRuns.length, (await counts(bench)).shown], [0, [0, 0]]);
      bench.two.fault = undefined;
      await bench.sync(120_000);
      assert.equal(dryRunsOf(bench, key)[0]?.outcome, 'updated');
    });
  });

  it('reports the fields of a counterpart that is gone and would be created again', async () => {
    bench = await Workbench.start({ targetDeleted: 'create' });
    const { id, key } = bench.one.save(undefined, { title: 'Cart loses items', priority: 'Low' });
    await bench.sync();
    bench.two.entities.clear();
    await bench.setDryRun(true);
    bench.one.save(id, { priority: 'High' });
    await bench.sync();
    const dryRun = dryRunsOf(bench, key).at(-1);
    assert.deepEqual([dryRun?.outcome, Object.keys(dryRun?.changes ?? {})], ['created', ['title', 'priority']]);
    assert.equal(bench.two.entities.size, 0);
    await bench.setDryRun(false);
    await bench.wait();
    assert.equal(bench.two.valueOf('Cart loses items', 'priority'), 'High');
  });

  it('reports what it would write to a counterpart that an earlier attempt has made, and does not link it yet', async () => {
    bench = await Workbench.start();
    const { id, key } = bench.one.save(undefined, { title: 'Cart loses items', priority: 'Low' });
    bench.two.work = () => Promise.reject(new SyncError('transient', 'the answer was lost', { uncertain: true }));
    await bench.sync(1_000);
    await bench.setDryRun(true);
    bench.two.work = async () => undefined;
    const made = bench.two.save(undefined, { title: 'Cart loses items', priority: 'Low' });
    bench.two.found = [made];
    bench.one.save(id, { priority: 'High' });
    await bench.sync();
    const last = told(bench, key).at(-1);
    assert.deepEqual([last?.dryRun?.outcome, last?.target?.id], ['adopted', made.id]);
    assert.deepEqual(last?.dryRun?.changes, { priority: { before: 'Low', after: 'High' } });
    assert.equal(await bench.store.linkOf('integration', 1, id), undefined);
    await bench.setDryRun(false);
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, bench.two.entities.get(made.id)?.fields.priority], [1, 'High']);
  });

  it('shows no entity its counterpart either, until it ends', async () => {
    bench = await Workbench.start({ backlinks: { 1: { key: 'remote', back: true } } });
    bench.one.save(undefined, { title: 'Cart loses items' });
    await bench.sync(1_000);
    assert.deepEqual([bench.two.asked.length, bench.one.asked.length], [1, 0]);
    await bench.setDryRun(true);
    await bench.sync();
    assert.deepEqual([bench.one.asked.length, (await bench.store.owedCounts('integration'))[0].due], [0, 1]);
    await bench.setDryRun(false);
    await bench.wait();
    assert.equal(bench.one.valueOf('Cart loses items', 'remote'), 'two-1');
  });

  it('ends when a writer that writes is started while the store is away for a moment', async () => {
    bench = await Workbench.start({}, true);
    bench.one.save(undefined, { title: 'Cart loses items' });
    await bench.sync();
    const { unshow } = bench.store;
    bench.store.unshow = () => Promise.reject(new Error('the disk is full'));
    await bench.setDryRun(false);
    bench.store.unshow = unshow;
    await bench.sync(120_000);
    assert.equal(bench.two.entities.size, 1);
  });
});
