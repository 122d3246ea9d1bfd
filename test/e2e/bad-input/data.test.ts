/**
 * Values that a target doesn't take, and flows that are drawn wrong: what a person sees, that the other entities go on,
 * and that the change lands once the cause is gone. All cases run side by side, each in an integration of its own.
 */

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  listOf,
  openSandbox,
  type SandboxSpace,
  type SandboxTemplate,
  sandboxFile,
} from '../../../lib/connectors/sandbox';
import type { Entity } from '../../../lib/model/entity';
import type { Fields } from '../../../lib/model/values';
import { NodeRed } from '../../support/node-red';
import { until } from '../../support/wait';
import { AdminView } from './admin-view';
import { type ChainOptions, chain, field, press, row, spaceOf, tracker } from './chain';

interface Case {
  /** ends the sentence "parks …" */
  what: string;
  wrong: ChainOptions;
  /** what a person changes in the flow */
  right: ChainOptions;
  /** the entity that can't be synced; its title is "Bad" unless given. Another one with the title "Good" can. */
  bad: Fields;
  good?: Fields;
  source?: SandboxTemplate;
  target?: SandboxTemplate;
  /** the node that reports it, and what it says */
  node: string;
  says: RegExp;
  /** another one that is reported as well */
  also?: RegExp;
}

const markdown = (content: string) => ({ format: 'markdown' as const, content });
const FIVE_MB = 5_000_000;
const without = (login: string): SandboxTemplate => {
  const template = tracker();
  return { ...template, people: template.people.filter((person) => person.login !== login) };
};
const withUrgencies = (...names: string[]) =>
  tracker((fields) => {
    for (const one of fields) if (one.id === 'urgency') one.values = listOf(names);
  });
const limited = (id: string, maxLength: number) =>
  tracker((fields) => {
    for (const one of fields) if (one.id === id) one.maxLength = maxLength;
  });
const strict = tracker((fields) => fields.push({ id: 'area', name: 'Area', type: 'text', required: true }));
const urgency = { one: field('urgency'), two: field('urgency'), pairs: [] };
const soon = { lostAfterMs: 10_000 };
const ifBad = (statement: string) => `if (msg.payload.title === 'Bad') { ${statement} } return msg;`;

const cases: Record<string, Case> = {
  vanished: {
    what: 'what goes to a field that the target no longer has',
    wrong: { rows: [row('title'), row('note', field('gone'))] },
    right: { rows: [row('title'), row('note')] },
    bad: { note: 'to nowhere' },
    node: 'writer',
    says: /bug T-1 → vanished 2: .*no field "gone"/,
  },
  required: {
    what: 'an entity without a value for a required field',
    wrong: { rows: [row('title'), row('note', field('area'))] },
    right: {
      rows: [row('title'), row('note', field('area'))],
      defaults: [{ field: field('area'), side: 2, value: 'somewhere' }],
    },
    bad: {},
    good: { note: 'Berlin' },
    target: strict,
    node: 'writer',
    says: /bug T-1 → required 2: .*Area is required/,
  },
  long: {
    what: 'a text of 5 MB that is too long for the target',
    wrong: {
      rows: [row('title'), row('text')],
      defaults: [{ field: field('text'), side: 2, unresolved: 'park' }],
    },
    // now the form knows the field's length: the field is left out, and the result says so
    right: { rows: [row('title'), row('text', field('text', { maxLength: 32_767 }))] },
    bad: { text: markdown('x'.repeat(FIVE_MB)) },
    target: limited('text', 32_767),
    node: 'writer',
    says: /bug T-1 → long 2: .*5,?000,?000 characters.*32,?767/,
  },
  value: {
    what: 'a list value that the target does not have, where its row parks it',
    wrong: {
      rows: [row('title'), row('urgency')],
      values: [urgency],
      defaults: [{ field: field('urgency'), side: 2, unresolved: 'park' }],
    },
    right: {
      rows: [row('title'), row('urgency')],
      values: [{ ...urgency, pairs: [{ one: { name: 'Critical' }, two: { name: 'High' }, direction: 'both' }] }],
    },
    bad: { urgency: { name: 'Critical' } },
    good: { urgency: { name: 'Low' } },
    source: withUrgencies('Low', 'Critical'),
    node: 'writer',
    says: /bug T-1 → value 2: urgency: Urgency: "Critical" has no match/,
  },
  unlisted: {
    what: 'a list value that the target does not have, without a value mapper',
    wrong: { rows: [row('title'), row('urgency')] },
    right: { rows: [row('title'), row('urgency')], values: [urgency] },
    bad: { urgency: { name: 'Critical' } },
    source: withUrgencies('Low', 'Critical'),
    node: 'writer',
    says: /bug T-1 → unlisted 2: .*Urgency has no value "Critical"\. It has: Low, High/,
  },
  person: {
    what: 'a person whom the target does not know, where the row parks it',
    wrong: { rows: [row('title'), row('owner')], defaults: [{ field: field('owner'), side: 2, unresolved: 'park' }] },
    right: { rows: [row('title'), row('owner')], defaults: [{ field: field('owner'), side: 2, unresolved: 'leave' }] },
    bad: { owner: { login: 'bob' } },
    good: { owner: { login: 'alice' } },
    target: without('bob'),
    node: 'writer',
    says: /bug T-1 → person 2: owner: .*"bob" \(bob@example\.com\) is not a user of the target system/,
  },
  types: {
    what: 'values to which a function node has given another type',
    wrong: {
      rows: [row('title'), row('points')],
      func: ifBad("msg.payload.title = { a: 1 }; msg.payload.points = 'abc';"),
    },
    right: { rows: [row('title'), row('points')] },
    bad: { points: 3 },
    node: 'writer',
    says: /bug T-1 → types 2: .*Title takes a text, not \{"a":1\}.*Points takes a number, not abc/,
  },
  payload: {
    what: 'a message whose payload a function node has replaced',
    wrong: { func: ifBad("msg.payload = 'done';") },
    right: {},
    bad: {},
    node: 'writer',
    says: /^bug T-1: A node before this one broke msg\.payload\./,
  },
  early: {
    what: 'a message whose payload and entity a function node has taken away before the mappers',
    wrong: { early: ifBad('msg.payload = null; msg.sync.entity = null;') },
    right: {},
    bad: {},
    node: 'fields',
    says: /A node before this one broke msg\.payload, msg\.sync\.entity\./,
  },
  header: {
    what: 'a message whose msg.sync a function node has taken away, after the time limit',
    wrong: { integration: soon, func: ifBad('delete msg.sync;') },
    right: {},
    bad: {},
    node: 'writer',
    says: /The message has no msg\.sync/,
    also: /The message for T-1 .*never reached a writer.*\(parked/,
  },
  swallowed: {
    what: 'a message that a function node has thrown away, after the time limit',
    wrong: { integration: soon, func: ifBad('return null;') },
    right: {},
    bad: {},
    node: 'poller1',
    says: /The message for T-1 \(sent 20.*\) never reached a writer\. Check the nodes.*\(parked/,
  },
  thrown: {
    what: 'a message in which a function node failed, after the time limit',
    wrong: { integration: soon, func: ifBad("throw new Error('my own mistake');") },
    right: {},
    bad: {},
    node: 'function',
    says: /my own mistake/,
    also: /The message for T-1 .*never reached a writer/,
  },
  unmapped: {
    what: 'a message that no field mapper has mapped',
    wrong: { func: ifBad('delete msg.sync.mapped;') },
    right: {},
    bad: {},
    node: 'writer',
    says: /T-1: No field mapper handles this item type/,
  },
};

describe('e2e/bad input: values and flows', function () {
  this.timeout(60_000);
  let red: NodeRed;
  let view: AdminView;
  const spaces = new Map<string, [SandboxSpace, SandboxSpace]>();

  const space = (name: string, side: 1 | 2): SandboxSpace => {
    const found = spaces.get(name)?.[side - 1];
    assert.ok(found);
    return found;
  };
  const inTarget = (name: string, title: string): Entity | undefined =>
    space(name, 2)
      .list({ limit: 1000 })
      .entities.find((entity) => entity.fields.title === title);
  const create = (name: string, title: string, fields: Fields = {}): Entity =>
    space(name, 1).create('alice', { project: 'p', type: 'bug', fields: { title, ...fields } });
  /** These stand beside the cases of the table. */
  const others = (mended: boolean) => [
    ...chain('tidy', {
      rows: [row('title'), row('text'), row('owner'), row('urgency'), row(field('gone'), field('note'))],
      values: [urgency],
    }),
    ...chain('stray', mended ? {} : { writer: 'tidy-writer' }),
    ...chain('asleep', { integration: { active: mended } }),
    ...chain('nowhere', {
      systems: [
        undefined,
        { kind: 'sandbox', config: { space: 'nowhere-2', template: '' }, project: mended ? 'p' : 'q' },
      ],
    }),
    ...chain('halved', mended ? {} : { integration: { system2: '' } }),
    ...chain('twice', mended ? {} : { rows: [row('title')] }).map((node) =>
      // a second field mapper in a row, as after an unlucky paste
      !mended && node.id === 'twice-values' ? { ...node, type: 'twinflow-field-mapper', rows: [row('title')] } : node,
    ),
    {
      ...{ id: 'tidy-inject', z: 'tidy-tab', type: 'inject', props: [{ p: 'payload', v: 'hello', vt: 'str' }] },
      wires: [['tidy-fields', 'tidy-writer']],
    },
  ];

  before(async () => {
    red = await NodeRed.start();
    view = await AdminView.open(red);
    const file = sandboxFile(red.userDir);
    const open = (name: string, source = tracker(), target = tracker()) =>
      spaces.set(name, [
        openSandbox({ file, space: spaceOf(name, 1), template: source }),
        openSandbox({ file, space: spaceOf(name, 2), template: target }),
      ]);
    for (const [name, { source, target }] of Object.entries(cases)) open(name, source, target);
    open('tidy', withUrgencies('Low', 'Critical'), without('bob'));
    for (const name of ['stray', 'asleep', 'nowhere', 'halved', 'twice']) open(name);
    await red.deploy([...Object.entries(cases).flatMap(([name, { wrong }]) => chain(name, wrong)), ...others(false)]);
    for (const [name, { bad, good }] of Object.entries(cases)) {
      create(name, 'Bad', bad);
      create(name, 'Good', good);
    }
    for (const name of ['stray', 'asleep', 'nowhere', 'halved', 'twice']) create(name, 'Bad');
  });

  after(async () => {
    view?.close();
    for (const pair of spaces.values()) for (const one of pair) one.close();
    await red?.stop();
  });

  describe('parks', () => {
    for (const [name, { what, node, says, also }] of Object.entries(cases)) {
      it(what, async () => {
        const problem = await view.problemLike(name, says);
        assert.equal(problem.source.id, `${name}-${node}`);
        if (also) await view.problemLike(name, also);
        await until('the good one has landed', () => inTarget(name, 'Good'));
        await view.statusLike(`${name}-poller1`, /1 linked \(1 parked\)$/);
        assert.equal(inTarget(name, 'Bad'), undefined);
        assert.equal(view.problems(name).length, also ? 2 : 1, 'each is told once');
      });
    }

    it('a message that came to the writer of another integration, and writes it to neither', async () => {
      const { source, message } = await view.problemLike('tidy', /belongs to the integration "stray"/);
      assert.equal(source.id, 'tidy-writer');
      assert.match(message, /bug T-1: .*this writer to "tidy"\. Connect it to that integration's writer/);
      await view.statusLike('stray-poller1', /1 parked\)$/);
      assert.deepEqual([inTarget('stray', 'Bad'), inTarget('tidy', 'Bad')], [undefined, undefined]);
    });

    it('what goes to a project that is not there, and says so on the poller of that side too', async () => {
      const { source } = await view.problemLike('nowhere', /^bug T-1 → nowhere 2: .*no project "q"/);
      assert.equal(source.id, 'nowhere-writer');
      await view.statusLike('nowhere-poller2', /has no project "q"/);
      await view.statusLike('nowhere-poller1', /1 parked\)$/);
    });

    it('what passes two field mappers', async () => {
      const { source } = await view.problemLike('twice', /bug T-1: Two field mappers handle the same/);
      assert.equal(source.id, 'twice-values');
    });

    it('a change whose counterpart was deleted, and leaves the deleted one deleted', async () => {
      const bug = create('tidy', 'Counterpart deleted');
      const there = await until('it is there', () => inTarget('tidy', 'Counterpart deleted'));
      space('tidy', 2).remove('alice', there.id);
      space('tidy', 1).edit('alice', bug.id, { title: 'Changed after that' });
      const { message, source } = await view.problemLike('tidy', /Counterpart .* no longer exists/);
      assert.match(message, new RegExp(`bug ${bug.key} → tidy 2: Counterpart ${there.key} `));
      assert.equal(source.id, 'tidy-writer');
      create('tidy', 'After the deleted one');
      await until('the next one is there', () => inTarget('tidy', 'After the deleted one'));
      assert.equal(space('tidy', 2).get(there.id), undefined);
    });
  });

  describe('lets through, with a warning in the result,', () => {
    it('an entity with a value and a person that the target lacks, and without a field that its own system lacks', async () => {
      const bug = create('tidy', 'Values unknown', { urgency: { name: 'Critical' }, owner: { login: 'bob' } });
      const { outcome, warnings } = await view.resultOf('tidy', bug.key);
      assert.equal(outcome, 'created');
      assert.deepEqual(warnings.map((warning) => warning.field).sort(), ['owner', 'urgency']);
      assert.match(JSON.stringify(warnings), /Critical.* has no match/);
      assert.match(JSON.stringify(warnings), /bob@example\.com.* is not a user of the target system/);
      const there = inTarget('tidy', 'Values unknown');
      assert.deepEqual([there?.fields.urgency, there?.fields.owner], [null, null]);
    });
  });

  it('brings a text of 5 MB across where the target takes it', async () => {
    create('tidy', 'Five megabytes', { text: markdown('y'.repeat(FIVE_MB)) });
    const there = await until('it is there', () => inTarget('tidy', 'Five megabytes'));
    assert.deepEqual(there.fields.text, markdown('y'.repeat(FIVE_MB)));
  });

  it('refuses what an inject node sends, in the mapper and in the writer', async () => {
    await press(red, 'tidy-inject');
    const refusals = () => view.problems('tidy').filter(({ message }) => /has no msg\.sync/.test(message));
    await until('both have refused it', () => refusals().length === 2);
    assert.deepEqual(
      refusals()
        .map(({ source }) => source.id)
        .sort(),
      ['tidy-fields', 'tidy-writer'],
    );
  });

  it('reads and writes nothing for an integration that is inactive, and shows that', async () => {
    await view.statusLike('asleep-poller1', /^inactive$/);
    assert.equal(inTarget('asleep', 'Bad'), undefined);
  });

  it('says on the pollers that an integration lacks a system', async () => {
    await view.statusLike('halved-poller1', /^The integration has no System 1 or System 2: choose both and deploy$/);
    await view.problemLike('halved', /has no System 1 or System 2/);
  });

  describe('once the flow is put right and "retry" is sent, brings across', () => {
    before(async () => {
      await red.deploy([...Object.entries(cases).flatMap(([name, { right }]) => chain(name, right)), ...others(true)]);
      for (const name of spaces.keys()) await press(red, `${name}-retry1`);
    });

    for (const [name, { what }] of Object.entries(cases)) {
      it(what, async () => {
        await until('it has landed', () => inTarget(name, 'Bad'));
        await view.statusLike(`${name}-poller1`, /^0 pending, 2 linked$/);
        assert.equal(space(name, 2).list().total, 2, 'nothing came twice');
      });
    }

    for (const name of ['stray', 'asleep', 'nowhere', 'halved', 'twice']) {
      it(`what waited in the integration "${name}"`, async () => {
        await until('it has landed', () => inTarget(name, 'Bad'));
      });
    }
  });

  describe('at the end', () => {
    it('Node-RED runs as it did, and its log holds no more than what failed before Catch nodes were there', async () => {
      await sleep(1_000);
      await red.get('/settings');
      assert.doesNotMatch(red.log, /unhandled|uncaught|TypeError|at .*\.js:\d+/i);
      const errors = red.log.split('\n').filter((line) => line.includes('[error]'));
      assert.deepEqual(
        errors.map((line) => line.replace(/^.*\[error\] /, '')),
        ['[twinflow-integration:halved] halved: The integration has no System 1 or System 2: choose both and deploy'],
      );
    });
  });
});
