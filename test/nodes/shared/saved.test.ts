import assert from 'node:assert/strict';
import type { FieldRow } from '../../../lib/model';
import defaultMapper from '../../../nodes/default-mapper/default-mapper';
import fieldMapper from '../../../nodes/field-mapper/field-mapper';
import filter from '../../../nodes/filter/filter';
import { deploy, logged, message, startRuntime, stopRuntime, unload } from '../filter/harness';

const summary = { id: 'summary', name: 'Summary', type: 'text' };
const title = { id: 'System.Title', name: 'Title', type: 'text' };
const rows: FieldRow[] = [{ one: summary, two: title, direction: 'both' } as FieldRow];

describe('nodes: saved by another version', () => {
  before(startRuntime);
  after(stopRuntime);
  afterEach(unload);

  it('an older one works as it was saved, without its form having been opened', async () => {
    const step = await deploy(filter, {
      ...{ type: 'twinflow-filter', pairs: 'all', side: '1', mode: 'all', matchCase: false, live: true, outputs: '2' },
      conditions: [{ field: summary, operator: 'contains', value: 'cart' }],
    });
    const { out } = await step.send(message({ summary: 'Invoice lacks tax' }));
    assert.deepEqual([out[0]?.length ?? 0, out[1]?.length ?? 0], [0, 1]);
    await unload();
    const mapper = await deploy(defaultMapper, {
      ...{ type: 'twinflow-default-mapper', pairs: 'all' },
      rows: [{ field: title, side: '2', value: 'untitled' }],
    });
    const mapped = { [title.id]: { from: ['summary'], type: 'text' as const } };
    const sent = (await mapper.send(message({ [title.id]: null }, { mapped }))).out[0][0];
    assert.equal(sent?.payload[title.id], 'untitled');
  });

  it('one of a later Twinflow fails what comes in, with the reason, and maps nothing', async () => {
    const step = await deploy(fieldMapper, { type: 'twinflow-field-mapper', pairs: 'all', rows, version: 99 });
    assert.match(logged(), /newer/);
    const { out, failed } = await step.send(message({ summary: 'Cart loses items' }));
    assert.equal(out[0].length, 0);
    assert.match(failed[0] ?? '', /newer/);
  });

  it('and lets pass what is for other entity types', async () => {
    const later = { type: 'twinflow-field-mapper', pairs: ['another'], rows: { shape: 'unheard of' }, version: 99 };
    const step = await deploy(fieldMapper, later);
    const { out } = await step.send(message({ summary: 'Cart loses items' }));
    assert.equal(out[0].length, 1);
  });
});
