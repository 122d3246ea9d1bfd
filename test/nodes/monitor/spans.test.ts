import assert from 'node:assert/strict';
import { spansOf } from '../../../nodes/monitor/spans';

const NOW = Date.UTC(2026, 5, 3, 12, 30);
const at = (hoursBack: number, outcome: string, count: number) => ({
  ...{ integration: 'i', outcome, count },
  hour: new Date(Math.floor(NOW / 3_600_000 - hoursBack) * 3_600_000).toISOString(),
});

describe("the overview's plots", () => {
  it('count results and parked changes by hour and by day, and leave out what is older and what people did', () => {
    const counts = [
      at(0, 'created', 3),
      at(0, 'updated', 2),
      at(1, 'parked', 1),
      at(1, 'action', 9),
      at(25, 'created', 7),
    ];
    assert.deepEqual(spansOf(counts, 1, 3, NOW), [
      { synced: 0, parked: 0 },
      { synced: 0, parked: 1 },
      { synced: 5, parked: 0 },
    ]);
    assert.deepEqual(spansOf(counts, 24, 2, NOW), [
      { synced: 7, parked: 0 },
      { synced: 5, parked: 1 },
    ]);
    assert.deepEqual(spansOf([], 1, 1, NOW), [{ synced: 0, parked: 0 }]);
  });
});
