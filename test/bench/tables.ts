/**
 * What a value table from a sheet costs: reading 100,000 rows, by the process that reads sheets, as CSV and as xlsx; the
 * memory that the table then takes in Node-RED; a look-up; and for how long Node-RED stands still meanwhile. Run
 * directly (`node --expose-gc --import tsx test/bench/tables.ts`), it prints one line of JSON.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { indexSheet } from '../../lib/mapping/tables/sheet-index';
import { columnsOfFile, workbookOf } from '../../lib/tables/runner';

export interface TableTime {
  rows: number;
  csvSeconds: number;
  xlsxSeconds: number;
  xlsxFileMegabytes: number;
  /** of both directions, with the texts */
  tableMegabytes: number;
  /** microseconds */
  lookUpMicroseconds: number;
  /** milliseconds: the longest that this process was busy while the sheet was read and the table made */
  longestStandstill: number;
}

const memory = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

export async function measureTables(rows = 100_000): Promise<TableTime> {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-bench-tables-'));
  try {
    const pairs = Array.from({ length: rows }, (_, n): [string, string] => [`user.${n}@customer.example`, `u${n}`]);
    const columns = { one: 'Customer', two: 'Account' };
    const [csv, xlsx] = [join(folder, 'users.csv'), join(folder, 'users.xlsx')];
    writeFileSync(csv, ['Customer;Account', ...pairs.map((pair) => pair.join(';'))].join('\n'));
    const book = await workbookOf({ heads: ['Customer', 'Account'], pairs, values: [[], []] });
    writeFileSync(xlsx, book);
    pairs.length = 0;
    const before = memory();
    let longest = 0;
    let last = performance.now();
    const beat = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 2);
    const timed = async (file: string, sheet: string) => {
      const begun = performance.now();
      const table = indexSheet(await columnsOfFile(file, sheet, columns));
      return { table, seconds: (performance.now() - begun) / 1000 };
    };
    const ofCsv = (await timed(csv, '')).seconds;
    const { table, seconds } = await timed(xlsx, 'Table');
    clearInterval(beat);
    const tableMegabytes = (memory() - before) / 1e6;
    const begun = performance.now();
    let found = 0;
    for (let n = 0; n < rows; n += 1) {
      if (table.forward?.find({ name: `Name ${n}`, email: `USER.${n}@customer.example` })?.name === `u${n}`) found += 1;
    }
    const lookUp = ((performance.now() - begun) * 1000) / rows;
    if (found !== rows) throw new Error(`${found} of ${rows} values were found`);
    const round = (value: number): number => Math.round(value * 100) / 100;
    return {
      rows,
      csvSeconds: round(ofCsv),
      xlsxSeconds: round(seconds),
      xlsxFileMegabytes: round(book.length / 1e6),
      tableMegabytes: round(tableMegabytes),
      lookUpMicroseconds: round(lookUp),
      longestStandstill: Math.round(longest),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) {
  measureTables(Number(process.argv[2] ?? 100_000)).then(
    (result) => console.log(JSON.stringify(result)),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
    },
  );
}
