/** Comments in previews and plans: what would become of them, and that it is what the chain then does. */

import assert from 'node:assert/strict';
import type { ChangePage, Connection } from '../../lib/connectors/connector';
import type { PartPair } from '../../lib/model/config';
import type { Side } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Counts, GroupSurvey, PartsSurvey } from '../../lib/plan';
import { startRuntime, stopRuntime, unload } from '../nodes/filter/harness';
import { until } from '../support/wait';
import { DEFAULTS, FIELDS, VALUES } from './chain';
import { Flow, PAIRS, type StepNode } from './flow';

const COMMENTS: PartPair = {
  id: 'comments',
  role: 'comment',
  one: { id: 'comment', name: 'Comment' },
  two: { id: 'comment', name: 'Comment' },
  direction: 'both',
};

const deploy = (parts: PartPair = COMMENTS, steps: StepNode[] = [FIELDS, VALUES, DEFAULTS]): Promise<Flow> =>
  Flow.deploy(steps, { typePairs: PAIRS.typePairs.map((pair) => ({ ...pair, parts: [parts] })) });

async function groups(flow: Flow, ...args: Parameters<Flow['surveying']>): Promise<GroupSurvey[]> {
  const run = await flow.surveying(...args);
  await run.run(new AbortController().signal);
  return run.result().groups;
}

async function partsFrom(side: Side, flow: Flow, ...args: Parameters<Flow['surveying']>): Promise<PartsSurvey> {
  const found = (await groups(flow, ...args)).find((group) => group.side === side);
  assert.ok(found?.parts);
  return found.parts;
}

const contentOf = (value: unknown): unknown => Reflect.get(Object(value), 'content');
const happening = (counts: Counts | undefined) =>
  Object.fromEntries(Object.entries(counts?.outcomes ?? {}).filter(([, count]) => count > 0));

/** Polls both sides until the bug with this title has these comments on the other side. */
async function synced(flow: Flow, id: string, count: number): Promise<string> {
  return until(`${count} comments are there`, async () => {
    await flow.sync(1);
    await flow.sync(2);
    const copy = await flow.counterpart(1, id);
    return copy !== undefined && (await flow.comments(2, copy)).length === count ? copy : undefined;
  });
}

describe('plan: comments', function () {
  this.timeout(60_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('are counted with their items, also of items that would be created, and just that happens', async () => {
    const flow = await deploy();
    const linked = await flow.create(1, { summary: 'Linked' });
    const [first, , third] = [
      await flow.comment(1, linked.id, 'first'),
      await flow.comment(1, linked.id, 'second'),
      await flow.comment(1, linked.id, 'third'),
    ];
    const copy = await synced(flow, linked.id, 3);
    await flow.edit(1, first.id, { text: { format: 'markdown', content: 'first, edited' } });
    await flow.removeComments(1, third.id);
    await flow.comment(1, linked.id, 'fourth');
    await flow.comment(2, copy, 'from there');
    const fresh = await flow.create(1, { summary: 'New' });
    await flow.comment(1, fresh.id, 'of a new one');

    const before = [await flow.comments(1, linked.id), await flow.comments(2, copy)];
    const parts = await partsFrom(1, flow, 'all');
    assert.deepEqual([await flow.comments(1, linked.id), await flow.comments(2, copy)], before, 'nothing was written');
    assert.deepEqual([parts.owners, parts.left, parts.pairs.length], [2, 0, 1]);
    const [counts] = parts.pairs;
    assert.deepEqual([counts?.type, counts?.read], [{ id: 'comment', name: 'Comment' }, 5]);
    assert.deepEqual(happening(counts), { create: 2, update: 1, delete: 1, nothing: 1 });
    assert.deepEqual(
      counts?.samples.create?.map(({ part }) => part),
      [
        { type: 'Comment', owner: linked.key, by: 'Alice Archer', words: 'fourth' },
        { type: 'Comment', owner: fresh.key, by: 'Alice Archer', words: 'of a new one' },
      ],
    );
    assert.match(counts?.samples.create?.[1]?.warnings.join() ?? '', new RegExp(`once ${fresh.key} has a counterpart`));
    assert.deepEqual(
      counts?.samples.delete?.map(({ part }) => part?.owner),
      [linked.key],
    );
    assert.deepEqual(happening((await partsFrom(2, flow, 'all')).pairs[0]), { create: 1, nothing: 2, skipped: 1 });

    await until('it is as planned', async () => {
      await flow.sync(1);
      const texts = await flow.texts(2, copy);
      return texts.join() === 'first, edited,second,from there,fourth' ? true : undefined;
    });
    await synced(flow, fresh.id, 1);
  });

  it('of items that are not synced are not asked for', async () => {
    const filter = {
      ...{ id: 'filter', type: 'twinflow-filter', side: '1', mode: 'all', live: false, outputs: 1 },
      conditions: [{ field: { id: 'summary', name: 'Summary', type: 'text' }, operator: 'is', value: 'Yes' }],
    };
    const flow = await deploy(COMMENTS, [filter, FIELDS, VALUES, DEFAULTS]);
    const asked: string[][] = [];
    const counting: Connection = Object.create(flow.people[1], {
      parts: {
        value: (...[scope, owners, types]: Parameters<NonNullable<Connection['parts']>>) => {
          asked.push(owners);
          return flow.people[1].parts?.(scope, owners, types);
        },
      },
    });
    const [yes, no] = [await flow.create(1, { summary: 'Yes' }), await flow.create(1, { summary: 'No' })];
    await flow.comment(1, yes.id, 'said');
    await flow.comment(1, no.id, 'said');
    const parts = await partsFrom(1, flow, 'all', { connections: [counting, flow.people[2]] });
    assert.deepEqual(asked, [[yes.id]]);
    assert.deepEqual(happening(parts.pairs[0]), { create: 1 });
  });

  it('of many items are looked at in the first hundred, and how many are left is said', async () => {
    const flow = await deploy();
    const owner = await flow.create(1, { summary: 'One of many' });
    await flow.comment(1, owner.id, 'said');
    const [comment] = (await flow.comments(1, owner.id)) ?? [];
    let most = 0;
    let read = 0;
    async function* changes(): AsyncGenerator<ChangePage> {
      for (let page = 0; page < 3; page += 1) {
        const entities = Array.from({ length: 100 }, (_, n) => ({
          ...owner,
          id: `x${page}-${n}`,
          key: `X-${page}-${n}`,
        }));
        yield { entities, checkpoint: { page } };
      }
    }
    const its = async (_scope: unknown, owners: string[]) => {
      read += owners.length;
      most = Math.max(most, owners.length);
      return owners.map((id) => [{ ...comment, id: `${id}#1`, owner: { id, key: id, type: owner.type } }]);
    };
    const many: Connection = Object.create(flow.people[1], { changes: { value: changes }, parts: { value: its } });
    const parts = await partsFrom(1, flow, 'all', { connections: [many, flow.people[2]] });
    assert.deepEqual([read, most, parts.owners, parts.left], [100, 20, 100, 200]);
    assert.equal(parts.pairs[0]?.outcomes.create, 100);
  });

  it('that are not delivered are reported; a system that shows none ends the look at parts alone', async () => {
    const flow = await deploy();
    const bug = await flow.create(1, { summary: 'Crash' });
    await flow.comment(1, bug.id, 'said');
    const failing = (answer: () => Promise<unknown>): Connection =>
      Object.create(flow.people[1], { parts: { value: answer } });
    const late = failing(async () => [new SyncError('transient', 'HTTP 500')]);
    assert.deepEqual((await partsFrom(1, flow, 'all', { connections: [late, flow.people[2]] })).undelivered, {
      ...{ count: 1, why: 'HTTP 500' },
    });
    const none: Connection = Object.create(flow.people[1], { parts: { value: undefined } });
    const [group] = await groups(flow, 'all', { connections: [none, flow.people[2]] });
    assert.deepEqual([group?.outcomes.create, group?.fault, group?.parts?.left], [1, undefined, 1]);
    assert.match(group?.parts?.fault ?? '', /does not show comments/);
  });

  it('that alone go a way are planned without their items', async () => {
    const flow = await Flow.deploy([FIELDS, VALUES, DEFAULTS], {
      typePairs: PAIRS.typePairs.map((pair) => ({ ...pair, direction: 'forward', parts: [COMMENTS] })),
    });
    const bug = await flow.create(1, { summary: 'Crash' });
    await flow.comment(1, bug.id, 'said');
    const copy = await synced(flow, bug.id, 1);
    await flow.comment(2, copy, 'answered');
    const back = (await groups(flow, 'all')).find(({ side }) => side === 2);
    assert.deepEqual([back?.only, back?.read, happening(back)], ['parts', 1, {}]);
    assert.deepEqual(happening(back?.parts?.pairs[0]), { create: 1, nothing: 1 });
  });

  it('one alone is shown field by field, as the standard rows map it, with the author line that it gets', async () => {
    const flow = await deploy();
    const bug = await flow.create(1, { summary: 'Crash' });
    const comment = await flow.comment(1, bug.id, 'I see it, too');
    const plan = await flow.plan(1, comment.id);
    assert.deepEqual([plan.outcome, plan.part?.owner], [{ kind: 'create' }, bug.key]);
    const text = plan.fields.find(({ field }) => field === 'text');
    const [line, ...rest] = String(contentOf(text?.after)).split('\n\n');
    assert.match(line ?? '', /Alice Archer.* wrote on/);
    assert.deepEqual(
      [text?.effect, rest.join(), text?.how, text?.sources.map(({ name }) => name)],
      ['write', 'I see it, too', [{ origin: 'standard' }], ['Text']],
    );
  });

  it('go by a mapper that was given them', async () => {
    const text = { id: 'text', name: 'Text', type: 'richtext', format: 'markdown' };
    const mapper = {
      ...{ id: 'mapper', type: 'twinflow-field-mapper', pairs: ['comments'] },
      rows: [
        {
          one: text,
          two: text,
          direction: 'both',
          transform: { forward: { kind: 'template', template: 'Said: {{text}}' } },
        },
      ],
    };
    const flow = await deploy(COMMENTS, [FIELDS, mapper, VALUES, DEFAULTS]);
    const bug = await flow.create(1, { summary: 'Crash' });
    const comment = await flow.comment(1, bug.id, 'hello');
    const [field] = (await flow.plan(1, comment.id)).fields;
    assert.match(String(contentOf(field?.after)), /Alice Archer.*\n\nSaid: hello$/);
    assert.deepEqual(field?.how, [{ origin: 'template', step: 'mapper', row: 0 }]);
    const copy = await synced(flow, bug.id, 1);
    assert.deepEqual(await flow.texts(2, copy), ['Said: hello']);
  });

  it('that are deleted pass filters and mappers: there is nothing in them to look at', async () => {
    const text = { id: 'text', name: 'Text', type: 'richtext', format: 'markdown' };
    const pairs = ['comments'];
    const steps = [
      {
        ...{ id: 'filter', type: 'twinflow-filter', pairs, side: '1', mode: 'all', live: true, outputs: 1 },
        conditions: [{ field: text, operator: 'contains', value: 'public' }],
      },
      {
        ...{ id: 'mapper', type: 'twinflow-field-mapper', pairs },
        rows: [
          {
            ...{ one: text, two: text, direction: 'both' },
            transform: { forward: { kind: 'jsonata', expression: '$uppercase(text.content)' } },
          },
        ],
      },
      { ...{ id: 'default', type: 'twinflow-default-mapper', pairs }, rows: [{ field: text, side: 2, empty: 'park' }] },
    ];
    const flow = await deploy(COMMENTS, [FIELDS, VALUES, DEFAULTS, ...steps]);
    const bug = await flow.create(1, { summary: 'Crash' });
    const comment = await flow.comment(1, bug.id, 'public');
    await flow.comment(1, bug.id, 'private');
    const copy = await synced(flow, bug.id, 1);
    assert.deepEqual(await flow.texts(2, copy), ['PUBLIC']);
    await flow.removeComments(1, comment.id);
    assert.deepEqual(happening((await partsFrom(1, flow, 'all')).pairs[0]), { delete: 1, filtered: 1 });
    await synced(flow, bug.id, 0);
  });

  it('are filtered by author, visibility and text', async () => {
    const visibility = { id: 'visibility', name: 'Visibility', type: 'lookup' };
    const author = { id: 'createdBy', name: 'Author', type: 'user' };
    const text = { id: 'text', name: 'Text', type: 'richtext' };
    const filter = {
      ...{
        id: 'filter',
        type: 'twinflow-filter',
        pairs: ['comments'],
        side: '1',
        mode: 'all',
        live: false,
        outputs: 1,
      },
      conditions: [
        { field: visibility, operator: 'is', value: { name: 'Public' } },
        { field: author, operator: 'is', value: { name: 'Alice Archer' } },
        { field: text, operator: 'contains', value: 'crash' },
      ],
    };
    const flow = await deploy(COMMENTS, [filter, FIELDS, VALUES, DEFAULTS]);
    const bug = await flow.create(1, { summary: 'Crash' });
    const comments = [
      await flow.comment(1, bug.id, 'It will crash again'),
      await flow.comment(1, bug.id, 'It will crash again', { visibility: { name: 'Internal' } }),
      await flow.comment(1, bug.id, 'It works'),
    ];
    const met: unknown[] = [];
    for (const { id } of comments) {
      const plan = await flow.plan(1, id);
      met.push([plan.outcome.kind, ...plan.criteria.map((criterion) => criterion.met)]);
    }
    assert.deepEqual(met, [
      ['create', true, true, true],
      ['filtered', false, true, true],
      ['filtered', true, true, false],
    ]);
    const copy = await synced(flow, bug.id, 1);
    assert.deepEqual(await flow.texts(2, copy), ['It will crash again']);
  });
});

describe('plan: attachments', function () {
  this.timeout(60_000);
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  for (const refused of ['leaveOut', 'link'] as const)
    it(`that the target does not take are reported beforehand: ${refused}`, async () => {
      const type = { id: 'attachment', name: 'Attachment' };
      const flow = await deploy({ id: 'files', role: 'attachment', one: type, two: type, direction: 'both', refused });
      const bug = await flow.create(1, { summary: 'Crash' });
      await flow.sync(1);
      flow.limitFiles(2, { maxBytes: 200 });
      const large = await flow.attach(1, bug.id, 'large.mp4', 300);
      const plan = await flow.plan(1, large.id);
      const name = plan.fields.find(({ field }) => field === 'name');
      if (refused === 'leaveOut') {
        const reason = 'the file is left out: it has 300 bytes, and at most 200 are taken';
        assert.deepEqual(plan.outcome, { kind: 'skipped', reason });
        return;
      }
      assert.deepEqual([plan.outcome, name?.after], [{ kind: 'create' }, 'large.mp4.txt']);
      assert.match(plan.warnings.at(-1) ?? '', /not copied: it has 300 bytes, and at most 200 are taken\. A text file/);
    });
});
