/** The process that reads and writes sheets: one job, one answer. It is ended from outside when it takes too long. */

import { readFile } from 'node:fs/promises';
import { inspectSheets, readColumns, writeTable } from '../mapping/tables/sheets';
import { readWorkbook, writeWorkbook } from '../mapping/tables/workbook';
import { asSyncError } from '../model/errors';
import type { SheetAnswer, SheetJob } from './runner';

async function answer(job: SheetJob): Promise<SheetAnswer> {
  switch (job.kind) {
    case 'inspect':
      return { kind: 'inspect', sheets: inspectSheets(await readFile(job.file)) };
    case 'columns': {
      return { kind: 'columns', columns: readColumns(await readFile(job.file), job.sheet, job.columns) };
    }
    case 'write':
      return { kind: 'write', workbook: writeTable(job.table) };
    case 'read-sheets':
      return { kind: 'read-sheets', sheets: readWorkbook(Buffer.from(job.bytes)) };
    case 'write-sheets':
      return { kind: 'write-sheets', workbook: writeWorkbook(job.sheets) };
  }
}

process.on('disconnect', () => process.exit());
process.on('message', (job: SheetJob) => {
  answer(job)
    .catch((thrown: unknown): SheetAnswer => ({ kind: 'failed', message: asSyncError(thrown).message }))
    .then((result) => process.send?.(result))
    .catch(() => process.exit(1)); // Node-RED has ended
});
