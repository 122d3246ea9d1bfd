import assert from 'node:assert/strict';
import type { NodeAPI } from 'node-red';
import type { MappedField, SyncMessage, Value } from '../../../lib/model';
import { hostOf } from '../../../nodes/runtime/host';
import valueMapper from '../../../nodes/value-mapper/value-mapper';
import { deploy, logged, message, startRuntime, stopRuntime, unload } from '../filter/harness';

const STATE = 'System.State';
const OWNER = 'System.AssignedTo';
const mapper = {
  type: 'twinflow-value-mapper',
  pairs: 'all',
  rows: [
    {
      one: { id: 'status', name: 'Status', type: 'lookup' },
      two: { id: STATE, name: 'State', type: 'lookup' },
      pairs: [{ one: { id: '10000', name: 'To Do' }, two: { id: '1', name: 'New' }, direction: 'both' }],
    },
  ],
};
const mapped: Record<string, MappedField> = {
  [STATE]: { from: ['status'], type: 'lookup', source: { id: '10000', name: 'To Do' } },
  [OWNER]: { from: ['assignee'], type: 'user' },
};
const partOf = (value: Value | undefined, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
const mappedMessage = (payload: SyncMessage['payload']): SyncMessage => message(payload, { mapped });

describe('twinflow-value-mapper', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('replaces list entries by the table and people by their e-mail address', async () => {
    const step = await deploy(valueMapper, mapper);
    const sent = (
      await step.send(
        mappedMessage({ [STATE]: { name: 'To Do' }, [OWNER]: { name: 'Alice Archer', email: 'alice@example.com' } }),
      )
    ).out[0][0];
    assert.deepEqual(sent?.payload[STATE], { id: '1', name: 'New' });
    assert.equal(partOf(sent?.payload[OWNER], 'id'), 'aad.YWxpY2U');
    assert.equal(sent?.sync.unresolved, undefined);
  });

  it('takes a value of the same name only if the target has it', async () => {
    const step = await deploy(valueMapper, mapper);
    const closed = (await step.send(mappedMessage({ [STATE]: { name: 'closed' } }))).out[0][0];
    assert.equal(partOf(closed?.payload[STATE], 'name'), 'Closed');
    const unknown = (await step.send(mappedMessage({ [STATE]: { name: 'Somewhere' } }))).out[0][0];
    assert.equal(unknown?.payload[STATE], undefined);
    assert.equal(unknown?.sync.unresolved?.[STATE]?.reason, 'Status: "Somewhere" has no match in State');
  });

  it('names a person whom the target does not know', async () => {
    const step = await deploy(valueMapper, mapper);
    const sent = (await step.send(mappedMessage({ [OWNER]: { name: 'No Body', email: 'nobody@example.com' } })))
      .out[0][0];
    assert.equal(OWNER in (sent?.payload ?? {}), false);
    assert.match(sent?.sync.unresolved?.[OWNER]?.reason ?? '', /"No Body" \(nobody@example.com\) is not a user/);
  });

  it('finds people under the domain that they have in the target, and lends its rules to expressions', async () => {
    let red: NodeAPI | undefined;
    const capture = (RED: NodeAPI): void => {
      red = RED;
      valueMapper(RED);
    };
    const domains = [
      { one: '@Corp.example', two: 'example.com', direction: 'both' },
      { one: 'no domain', two: '', direction: 'both' },
    ];
    const step = await deploy(capture, { ...mapper, domains });
    const person = { name: 'A. Archer', email: 'alice@corp.example' };
    const sent = (await step.send(mappedMessage({ [OWNER]: person }))).out[0][0];
    assert.equal(partOf(sent?.payload[OWNER], 'id'), 'aad.YWxpY2U');
    assert.ok(red);
    const handle = hostOf(red).integration('integration');
    assert.deepEqual(handle?.addresses('forward', 'bob@corp.example'), ['bob@example.com']);
    assert.deepEqual(handle?.addresses('backward', 'bob@example.com'), ['bob@corp.example']);
    await unload();
    assert.deepEqual(handle?.addresses('forward', 'bob@corp.example'), []);
  });

  it('wants a field mapper before it', async () => {
    const step = await deploy(valueMapper, mapper);
    const { failed } = await step.send(message({ status: { name: 'To Do' } }));
    assert.match(failed[0] ?? '', /Put the field mapper of this item type before it/);
  });

  it('warns at deploy where values come round without end', async () => {
    const pair = (one: string, two: string, direction: string) => ({
      one: { name: one },
      two: { name: two },
      direction,
    });
    const field = (id: string) => ({ id, name: id, type: 'lookup' });
    const pairs = [
      pair('New', 'Open', 'forward'),
      pair('Active', 'Open', 'backward'),
      pair('Active', 'Working', 'forward'),
      pair('New', 'Working', 'backward'),
    ];
    await deploy(valueMapper, { ...mapper, rows: [{ one: field('status'), two: field(STATE), pairs }] });
    assert.match(logged(), /New → Open → Active → Working → New|value-mapper\.restless/);
    await unload();
    await deploy(valueMapper, mapper);
    assert.doesNotMatch(logged(), /restless|→/);
  });
});
