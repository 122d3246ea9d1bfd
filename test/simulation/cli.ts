/**
 * `npm run simulate -- --runs N --seed S --jobs J --json`: many histories, each with a seed of its own that replays it. Many
 * of them are shared out between J processes; preset: one for each core. What fails is told on stderr as soon as it does.
 * `--storm`: fewer entities, more faults and crashes. `--shape NAME`: how the integrations lie to each other (shapes.ts).
 * `--trace` prints all that happens, for one seed.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { type RunReport, simulate } from './run';
import { SHAPES } from './shapes';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: `${availableParallelism()}` },
    json: { type: 'boolean', default: false },
    storm: { type: 'boolean', default: false },
    shape: { type: 'string' },
    trace: { type: 'boolean', default: false },
    /** for a process that was given a share */
    share: { type: 'boolean', default: false },
  },
});

/** Fewer than that are not worth the start of another process. */
const LEAST_SHARE = 100;
/** of each process */
const MOST_SHOWN = 20;

const KINDS = ['lostEdits', 'duplicates', 'loops', 'diverged', 'dryRunWrites', 'unshown', 'wrongReferences'] as const;
const COUNTS = ['events', 'crashes', 'dryRuns', 'merged', 'contested'] as const;
type Total = Record<(typeof KINDS)[number] | (typeof COUNTS)[number], number> & { failures: number };

const shape = SHAPES.find((name) => name === values.shape);

const none = (): Total => ({
  events: 0,
  crashes: 0,
  dryRuns: 0,
  merged: 0,
  contested: 0,
  lostEdits: 0,
  duplicates: 0,
  loops: 0,
  diverged: 0,
  dryRunWrites: 0,
  unshown: 0,
  wrongReferences: 0,
  failures: 0,
});

function add(total: Total, report: RunReport): void {
  for (const count of COUNTS) total[count] += report[count];
  for (const kind of KINDS) {
    total[kind] += report[kind].length;
    for (const what of report[kind]) {
      total.failures += 1;
      if (total.failures <= MOST_SHOWN) process.stderr.write(`seed ${report.seed}: ${kind}: ${what}\n`);
    }
  }
}

async function here(runs: number, seed: number): Promise<Total> {
  const total = none();
  const trace = values.trace ? (line: string) => process.stdout.write(`${line}\n`) : undefined;
  for (let run = 0; run < runs; run += 1) add(total, await simulate(seed + run, { trace, shape, storm: values.storm }));
  return total;
}

async function inProcess(runs: number, seed: number): Promise<Total> {
  const args = [
    ...process.execArgv,
    __filename,
    '--share',
    ...(values.storm ? ['--storm'] : []),
    ...(values.shape ? ['--shape', values.shape] : []),
    '--runs',
    `${runs}`,
    '--seed',
    `${seed}`,
  ];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  if (code !== 0) throw new Error(`the histories from seed ${seed} on ended with code ${code}`);
  return JSON.parse(printed) as Total;
}

async function sharedOut(runs: number, seed: number, jobs: number): Promise<Total> {
  const shares = values.trace ? 1 : Math.max(1, Math.min(jobs, Math.floor(runs / LEAST_SHARE)));
  if (shares === 1) return here(runs, seed);
  const starts = Array.from({ length: shares + 1 }, (_, share) => Math.round((runs * share) / shares));
  const totals = await Promise.all(
    starts.slice(1).map((end, share) => inProcess(end - (starts[share] ?? 0), seed + (starts[share] ?? 0))),
  );
  const total = none();
  for (const part of totals) {
    for (const name of [...COUNTS, ...KINDS, 'failures'] as const) total[name] += part[name];
  }
  return total;
}

async function main(): Promise<void> {
  const [runs, seed, jobs] = [Number(values.runs), Number(values.seed), Number(values.jobs)];
  const isCount = (count: number): boolean => Number.isInteger(count) && count >= 1;
  if (!isCount(runs) || !isCount(jobs) || !Number.isInteger(seed)) {
    throw new Error('--runs and --jobs must be whole numbers from 1, --seed a whole number');
  }
  if (values.shape && !shape) throw new Error(`--shape must be one of ${SHAPES.join(', ')}`);
  if (values.share) {
    process.stdout.write(JSON.stringify(await here(runs, seed)));
    return;
  }
  const began = performance.now();
  const { failures, ...total } = await sharedOut(runs, seed, jobs);
  const spent = (performance.now() - began) / 1_000;
  const seconds = Math.round(spent * 10) / 10;
  const runsPerSecond = Math.round((runs / spent) * 10) / 10;
  const result = { runs, seed, ...total, seconds, runsPerSecond };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);
  if (failures > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
