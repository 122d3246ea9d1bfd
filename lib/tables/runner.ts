/**
 * Reads and writes sheets in separate processes. Anything slow, and anything a hostile file may cause, happens there,
 * and the memory is freed when the process ends. Requests of forms and tables of deployed flows have separate queues. A
 * workbook gets only as much time as its size may need, so that no file blocks the others.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { bareEnvironment, processEnded } from '../files/processes';
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
  /** milliseconds; by default as many as a file of that size may need */
  ms: number;
  /** of the process's heap */
  memoryMb: number;
}

const MEMORY_MB = 1_024;
/** for the smallest file, including the start of the process on a slow machine */
const LEAST_MS = 10_000;
const MOST_MS = 60_000;
/** a file of this size in bytes gets the maximum time */
const LARGE = 20_000_000;
const allowance = (bytes: number): number => LEAST_MS + Math.min(1, bytes / LARGE) * (MOST_MS - LEAST_MS);

const extension = extname(__filename);
const WORKER = join(__dirname, `worker${extension}`);

const bad = (message: string): SyncError => new SyncError('invalid', message);

/** Why a process has ended without an answer. */
function ended(code: number | null, signal: string | null, memoryMb: number): SyncError {
  // V8 aborts if there is no memory left; the operating system kills the process
  if (signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134) {
    return bad(`The sheet needs more than ${memoryMb} MB of memory. Make it smaller.`);
  }
  return new SyncError('transient', processEnded('that reads sheets', WORKER, signal ?? code));
}

function once(job: SheetJob, { ms, memoryMb }: SheetJobLimits): Promise<SheetAnswer> {
  return new Promise((resolve, reject) => {
    let child: ChildProcess;
    try {
      child = fork(WORKER, [], {
        execArgv: [`--max-old-space-size=${memoryMb}`, ...(extension === '.ts' ? ['--import', 'tsx'] : [])],
        // sheets must not see anything of Node-RED's environment
        env: bareEnvironment(),
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        serialization: 'advanced',
      });
    } catch (thrown) {
      reject(asSyncError(thrown));
      return;
    }
    let settled = false;
    const end = (settle: () => void): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      child.kill('SIGKILL');
      settle();
    };
    const timer = setTimeout(
      () =>
        end(() => reject(bad(`The sheet could not be read within ${Math.round(ms / 1000)} seconds. Make it smaller.`))),
      ms,
    );
    // only Twinflow's own worker writes to this channel
    child.once('message', (answer) => end(() => resolve(answer as SheetAnswer)));
    child.once('error', (error) => end(() => reject(asSyncError(error))));
    child.once('exit', (code, signal) => end(() => reject(ended(code, signal, memoryMb))));
    // a process that is already gone reports that by its exit
    child.send(job, () => undefined);
  });
}

/** Maximum number of parallel jobs, by who waits for them. */
const AT_A_TIME = 2;
type Queue = { running: number; waiting: (() => void)[] };
const queues: Record<'form' | 'flow', Queue> = { form: { running: 0, waiting: [] }, flow: { running: 0, waiting: [] } };

async function inTurn<T>(queue: Queue, work: () => Promise<T>): Promise<T> {
  if (queue.running >= AT_A_TIME) await new Promise<void>((resolve) => queue.waiting.push(resolve));
  else queue.running += 1;
  try {
    return await work();
  } finally {
    const next = queue.waiting.shift();
    if (next) next();
    else queue.running -= 1;
  }
}

async function run<Kind extends SheetAnswer['kind']>(
  job: SheetJob & { kind: Kind },
  limits: Partial<SheetJobLimits>,
  bytes: number,
  queue: keyof typeof queues = 'form',
): Promise<Extract<SheetAnswer, { kind: Kind }>> {
  const allowed = { ms: allowance(bytes), memoryMb: MEMORY_MB, ...limits };
  const result = await inTurn(queues[queue], () => once(job, allowed));
  if (result.kind === 'failed') throw bad(result.message);
  // a process answers exactly the question it was asked
  return result as Extract<SheetAnswer, { kind: Kind }>;
}

/** The process finds out that a file does not exist. */
const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );

/** @throws SyncError invalid, with the reason, if the file cannot be read */
export const inspectFile = async (file: string, limits: Partial<SheetJobLimits> = {}): Promise<SheetInfo[]> =>
  (await run({ kind: 'inspect', file }, limits, await sizeOf(file))).sheets;

/**
 * @param limits `for` says who waits for it, a form or a deployed flow
 * @throws SyncError invalid if the file cannot be read or has no such sheet or column; transient if no process can be
 * started
 */
export const columnsOfFile = async (
  file: string,
  sheet: string,
  columns: { one: string; two: string },
  { for: queue = 'form', ...limits }: Partial<SheetJobLimits> & { for?: 'form' | 'flow' } = {},
): Promise<SheetColumns> =>
  (await run({ kind: 'columns', file, sheet, columns }, limits, await sizeOf(file), queue)).columns;

/** A workbook (xlsx). */
export const workbookOf = async (table: ExportedTable): Promise<Buffer> =>
  Buffer.from((await run({ kind: 'write', table }, {}, LARGE)).workbook);

/** All sheets of a workbook (xlsx, ods), exactly. @throws SyncError invalid if it cannot be read or is too large */
export const sheetsOfWorkbook = async (bytes: Buffer, limits: Partial<SheetJobLimits> = {}): Promise<TextSheet[]> =>
  (await run({ kind: 'read-sheets', bytes }, limits, bytes.length)).sheets;

/** A workbook (xlsx) with these sheets: every cell is text, whatever it starts with. */
export const workbookOfSheets = async (sheets: TextSheet[]): Promise<Buffer> =>
  Buffer.from((await run({ kind: 'write-sheets', sheets }, {}, LARGE)).workbook);
