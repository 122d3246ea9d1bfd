import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import fieldMapper from '../../../nodes/field-mapper/field-mapper';
import { hostOf } from '../../../nodes/runtime/host';
import { deploy, logged, message, startRuntime, stopRuntime, unload } from '../filter/harness';

const rows = [
  {
    one: { id: 'summary', name: 'Summary', type: 'text' },
    two: { id: 'System.Title', name: 'Title', type: 'text', maxLength: 20 },
    direction: 'both',
  },
  { two: { id: 'Custom.Team', name: 'Team', type: 'text' }, direction: 'forward', constant: 'Platform' },
];
const mapper = { type: 'twinflow-field-mapper', pairs: 'all', rows };

describe('twinflow-field-mapper', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('maps forward and backward, and says where each field comes from', async () => {
    const step = await deploy(fieldMapper, mapper);
    const forward = (await step.send(message({ summary: 'Login fails', other: 1 }))).out[0][0];
    assert.deepEqual(forward?.payload, { 'System.Title': 'Login fails', 'Custom.Team': 'Platform' });
    assert.deepEqual(forward?.sync.mapped?.['System.Title']?.from, ['summary']);
    assert.equal(forward?.sync.unresolved, undefined);
    const backward = (await step.send(message({ 'System.Title': 'Login works' }, { direction: 'backward' }))).out[0][0];
    assert.deepEqual(backward?.payload, { summary: 'Login works' });
  });

  it('keeps what it cannot convert out of the payload and says why', async () => {
    const step = await deploy(fieldMapper, mapper);
    const sent = (await step.send(message({ summary: 'far more than twenty characters' }))).out[0][0];
    assert.equal('System.Title' in (sent?.payload ?? {}), false);
    assert.match(sent?.sync.unresolved?.['System.Title']?.reason ?? '', /has 31 characters; Title allows 20/);
  });

  it('leaves messages of pairs that it is not for to the next mapper', async () => {
    const step = await deploy(fieldMapper, { ...mapper, pairs: ['story'] });
    const sent = (await step.send(message({ summary: 'a' }))).out[0][0];
    assert.deepEqual(sent?.payload, { summary: 'a' });
    assert.equal(sent?.sync.mapped, undefined);
  });

  it('fails the change where another field mapper was there before', async () => {
    const step = await deploy(fieldMapper, mapper);
    const { failed, out } = await step.send(message({ summary: 'a' }, { mapped: {} }));
    assert.match(failed[0] ?? '', /Two field mappers handle the same type pair/);
    assert.deepEqual(out, [[], []]);
  });

  it('reports a node without integration', async () => {
    const step = await deploy(fieldMapper, { ...mapper, integration: '' });
    const { errors } = await step.send(message({ summary: 'a' }));
    assert.match(errors[0] ?? '', /no integration/);
  });

  it('runs with rows that an older version or a hand has left incomplete', async () => {
    const step = await deploy(fieldMapper, { ...mapper, rows: [null, {}, { one: { id: 'x' } }, ...rows] });
    assert.match(logged(), /"the step": Row 1 cannot be read.*\n.*"the step": Row 2 cannot be read/);
    const sent = (await step.send(message({ summary: 'a' }))).out[0][0];
    assert.deepEqual(sent?.payload, { 'System.Title': 'a', 'Custom.Team': 'Platform' });
  });

  it('warns at deploy where fields hand their values round without end', async () => {
    const [a, b] = ['a', 'b'].map((id) => ({ id, name: id.toUpperCase(), type: 'text' }));
    const [x, y] = ['x', 'y'].map((id) => ({ id, name: id.toUpperCase(), type: 'text' }));
    await deploy(fieldMapper, {
      ...mapper,
      rows: [
        { one: a, two: x, direction: 'forward' },
        { one: b, two: x, direction: 'backward' },
        { one: b, two: y, direction: 'forward' },
        { one: a, two: y, direction: 'backward' },
      ],
    });
    assert.match(logged(), /A → X → B → Y → A|field-mapper\.restless/);
    await unload();
    await deploy(fieldMapper, mapper);
    assert.doesNotMatch(logged(), /restless|→/);
  });

  describe('with transforms', function () {
    this.timeout(30_000);
    const transformed = (forward: object, backward?: object) => ({
      ...mapper,
      rows: [{ ...rows[0], transform: { forward, ...(backward && { backward }) } }],
    });
    const expression = (text: string) => transformed({ kind: 'jsonata', expression: text });

    it('fills a template with fields and the key of the entity', async () => {
      const step = await deploy(
        fieldMapper,
        transformed({ kind: 'template', template: '{{Summary}} ({{entity.key}})' }),
      );
      const sent = (await step.send(message({ summary: 'Login' }))).out[0][0];
      assert.deepEqual(sent?.payload, { 'System.Title': 'Login (DEMO-7)' });
      assert.deepEqual(sent?.sync.mapped?.['System.Title']?.from, ['summary']);
    });

    it('evaluates an expression, with the people of the target at hand', async () => {
      const step = await deploy(
        fieldMapper,
        expression('summary & " " & $user("bob@example.com").email & $old("summary")'),
      );
      const sent = (await step.send(message({ summary: 'by' }))).out[0][0];
      assert.deepEqual(sent?.payload, { 'System.Title': 'by bob@example.com' });
    });

    it('knows the values when last in sync and the counterpart, on either side', async () => {
      let red: NodeAPI | undefined;
      const capture = (RED: NodeAPI): void => {
        red = RED;
        fieldMapper(RED);
      };
      const text = '$old("summary") & "→" & $new("summary") & " " & $linked().key';
      const back = '$old("System.Title") & "/" & $linked().key';
      const step = await deploy(
        capture,
        transformed({ kind: 'jsonata', expression: text }, { kind: 'jsonata', expression: back }),
      );
      assert.ok(red);
      const end = (key: string, baseline: object) => ({ ref: { id: key, key, type: 'bug', project: 'p' }, baseline });
      const ends = [end('DEMO-7', { summary: 'one' }), end('#9', { 'System.Title': 'two' })];
      const asked: unknown[] = [];
      const linkOf = async (...question: unknown[]) => {
        asked.push(question);
        return { ends };
      };
      Object.defineProperty(hostOf(red).integration('integration'), 'ready', {
        value: Promise.resolve({ store: { linkOf }, stop: async () => undefined }),
      });
      const forward = (await step.send(message({ summary: 'now' }))).out[0][0];
      assert.deepEqual(forward?.payload, { 'System.Title': 'one→now #9' });
      const backward = (await step.send(message({ 'System.Title': 'x' }, { direction: 'backward' }))).out[0][0];
      assert.deepEqual(backward?.payload, { summary: 'two/DEMO-7' });
      assert.deepEqual(asked, [
        ['integration', 1, '7'],
        ['integration', 2, '7'],
      ]);
    });

    it('leaves a field unresolved, with row, expression and reason, and goes on, where an expression hangs', async () => {
      const step = await deploy(fieldMapper, expression('$replace(summary, /(a+)+$/, "")'));
      assert.deepEqual(step.status(), undefined);
      const sent = (await step.send(message({ summary: `${'a'.repeat(40)}!` }))).out[0][0];
      assert.deepEqual(sent?.payload, {});
      assert.match(
        sent?.sync.unresolved?.['System.Title']?.reason ?? '',
        /^Summary → Title: the expression "\$replace.*" failed: it took longer than 500 ms$/,
      );
      const next = (await step.send(message({ summary: 'baaa' }))).out[0][0];
      assert.deepEqual(next?.payload, { 'System.Title': 'b' });
    });

    it('reports an invalid expression, and a table that no value mapper has', async () => {
      const broken = await deploy(fieldMapper, expression('summary &'));
      const none = (await broken.send(message({ summary: 'a' }))).out[0][0];
      assert.match(none?.sync.unresolved?.['System.Title']?.reason ?? '', /"summary &" failed: .*(expected|end)/i);
      await unload();
      const step = await deploy(fieldMapper, expression('$lookup("Teams", summary)'));
      const sent = (await step.send(message({ summary: 'a' }))).out[0][0];
      assert.match(sent?.sync.unresolved?.['System.Title']?.reason ?? '', /no table "Teams" in this direction/);
    });

    it('does not go the way that has no transform', async () => {
      const step = await deploy(fieldMapper, transformed({ kind: 'template', template: '{{summary}}!' }));
      const back = (await step.send(message({ 'System.Title': 'x' }, { direction: 'backward' }))).out[0][0];
      assert.deepEqual(back?.payload, {});
    });
  });
});
