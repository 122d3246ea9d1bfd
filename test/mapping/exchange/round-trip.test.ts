import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromJson, fromSheets, toJson, toSheets } from '../../../lib/mapping/exchange';
import { readWorkbook, writeWorkbook } from '../../../lib/mapping/tables/workbook';
import { anyMapping } from './arbitrary';

describe('mapping/exchange: a mapping that is exported and imported again', () => {
  it('is the same mapping, as JSON', () => {
    fc.assert(
      fc.property(anyMapping, (mapping) => {
        assert.deepEqual(fromJson(toJson(mapping)), { document: mapping, problems: [], remarks: [] });
      }),
    );
  });

  for (const language of ['en-US', 'de'] as const) {
    it(`is the same mapping, as sheets in ${language}`, () => {
      fc.assert(
        fc.property(anyMapping, (mapping) => {
          const { document, problems } = fromSheets(toSheets(mapping, language));
          assert.deepEqual(problems, []);
          assert.deepEqual(document, mapping);
        }),
        { numRuns: 300 },
      );
    });
  }

  it('is the same mapping, as a workbook of Excel', function () {
    this.timeout(60_000);
    fc.assert(
      fc.property(anyMapping, (mapping) => {
        const { document, problems } = fromSheets(readWorkbook(writeWorkbook(toSheets(mapping, 'en-US'))));
        assert.deepEqual(problems, []);
        assert.deepEqual(document, mapping);
      }),
      { numRuns: 60 },
    );
  });
});
