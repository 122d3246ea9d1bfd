/**
 * Has sheets read and written by a process of their own, one at a time: what takes seconds, and what a hostile file may
 * do, happens there, and its memory is given back when it ends.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import type { TextSheet } from '../mapping/exchange/sheets';
import type { ExportedTable, SheetColumns, SheetInfo } from '../mapping/tables/shapes';
import { asSyncError, SyncError } from '../model/errors';

export type SheetJob =
  | { kind: 'inspect'; file: string }
  | { kind: 'columns'; file: string; sheet: string; columns: { one: string; two: string } }
  | { kind: 'write'; table: ExportedTable }
  | { kind: 'read-sheets'; bytes: Uint8Array }
  | { kind: 'write-sheets'; sheets: TextSheet[] };

export type SheetAnswer =
  | { kind: 'inspect'; sheets: SheetInfo[] }
  | { kind: 'columns'; columns: SheetColumns }
  | { kind: 'write'; workbook: Uint8Array }
  | { kind: 'read-sheets'; sheets: TextSheet[] }
  | { kind: 'write-sheets'; workbook: Uint8Array }
  | { kind: 'failed'; message: string };

export interface SheetJobLimits {
  ms: number;
  /** of the process's heap */
  memoryMb: number;
}

const LIMITS: SheetJobLimits = { ms: 60_000, memoryMb: 1_024 };

const extension = extname(__filename);
const WORKER = join(__dirname, `worker${extension}`);

const bad = (message: string): SyncError => new SyncError('invalid', message);

function once(job: SheetJob, { ms, memoryMb }: SheetJobLimits): Promise<SheetAnswer> {
  return new Promise((resolve, reject) => {
    let child: ChildProcess;
    try {
      child = fork(WORKER, [], {
        execArgv: [`--max-old-space-size=${memoryMb}`, ...(extension === '.ts' ? ['--import', 'tsx'] : [])],
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
    } catch (thrown) {
      reject(asSyncError(thrown));
      return;
    }
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(bad(`The sheet could not be read within ${ms / 1000} seconds: make it smaller.`));
    }, ms);
    const end = (): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
    };
    child.once('message', (answer) => {
      end();
      // only our own file speaks on this channel
      resolve(answer as SheetAnswer);
    });
    child.once('error', (error) => {
      end();
      reject(asSyncError(error));
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(bad(`The sheet needs more than ${memoryMb} MB of memory to be read: make it smaller.`));
    });
    child.send(job);
  });
}

let last: Promise<unknown> = Promise.resolve();

/** One after the other, so that ten tables do not read ten files at a time. */
async function run<Kind extends SheetAnswer['kind']>(
  job: SheetJob & { kind: Kind },
  limits: Partial<SheetJobLimits>,
): Promise<Extract<SheetAnswer, { kind: Kind }>> {
  const answer = last.then(() => once(job, { ...LIMITS, ...limits }));
  last = answer.catch(() => undefined);
  const result = await answer;
  if (result.kind === 'failed') throw bad(result.message);
  // a process answers the question it was asked
  return result as Extract<SheetAnswer, { kind: Kind }>;
}

/** @throws SyncError invalid – the file can't be read, and why */
export const inspectFile = async (file: string, limits: Partial<SheetJobLimits> = {}): Promise<SheetInfo[]> =>
  (await run({ kind: 'inspect', file }, limits)).sheets;

/** @throws SyncError invalid – the file can't be read, or has no such sheet or column */
export const columnsOfFile = async (
  file: string,
  sheet: string,
  columns: { one: string; two: string },
  limits: Partial<SheetJobLimits> = {},
): Promise<SheetColumns> => (await run({ kind: 'columns', file, sheet, columns }, limits)).columns;

/** A workbook (xlsx). */
export const workbookOf = async (table: ExportedTable): Promise<Buffer> =>
  Buffer.from((await run({ kind: 'write', table }, {})).workbook);

/** All sheets of a workbook (xlsx, ods) to the letter. @throws SyncError invalid – it can't be read, or is too large */
export const sheetsOfWorkbook = async (bytes: Buffer, limits: Partial<SheetJobLimits> = {}): Promise<TextSheet[]> =>
  (await run({ kind: 'read-sheets', bytes }, limits)).sheets;

/** A workbook (xlsx) with these sheets: every cell a text, whatever it begins with. */
export const workbookOfSheets = async (sheets: TextSheet[]): Promise<Buffer> =>
  Buffer.from((await run({ kind: 'write-sheets', sheets }, {})).workbook);
