import assert from 'node:assert/strict';
import defaultMapper from '../../../nodes/default-mapper/default-mapper';
import { deploy, message, startRuntime, stopRuntime, unload } from '../filter/harness';

const AREA = 'System.AreaPath';
const mapper = {
  type: 'twinflow-default-mapper',
  pairs: 'all',
  rows: [
    { field: { id: AREA, name: 'Area Path', type: 'lookup' }, side: 2, value: { id: '100', name: 'Fabrikam' } },
    { field: { id: 'assignee', name: 'Assignee', type: 'user' }, side: 1, unresolved: 'park' },
  ],
};

describe('twinflow-default-mapper', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('fills what is empty or missing on create', async () => {
    const step = await deploy(defaultMapper, mapper);
    const sent = (await step.send(message({ [AREA]: null }, { mapped: { [AREA]: { from: ['component'] } } })))
      .out[0][0];
    assert.deepEqual(sent?.payload, { [AREA]: { id: '100', name: 'Fabrikam' } });
    const created = (await step.send(message({}, { mapped: {}, kind: 'create' }))).out[0][0];
    assert.deepEqual(created?.payload, { [AREA]: { id: '100', name: 'Fabrikam' } });
  });

  it('hands on what is to become of a value without counterpart', async () => {
    const step = await deploy(defaultMapper, mapper);
    const unresolved = { assignee: { reason: 'nobody', value: { name: 'No Body' } } };
    const sent = (await step.send(message({}, { mapped: {}, unresolved, direction: 'backward' }))).out[0][0];
    assert.equal(sent?.sync.unresolved?.assignee?.policy, 'park');
  });

  it('wants a field mapper before it', async () => {
    const step = await deploy(defaultMapper, mapper);
    assert.match(
      (await step.send(message({}))).failed[0] ?? '',
      /default mapper got a message that no field mapper has mapped/,
    );
  });
});
