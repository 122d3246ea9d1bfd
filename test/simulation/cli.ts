/**
 * `npm run simulate -- --runs N --seed S --jobs J --json`: many histories, each with a seed of its own that replays it. Many
 * of them are shared out between J processes; default: one for each core. Failures are printed to stderr at once.
 * `--storm`: fewer entities, more faults and crashes. `--shape NAME`: how the integrations lie to each other (shapes.ts).
 * `--comments`, `--no-comments`: people comment wherever the shape allows it, or never.
 * `--files`: people attach files (only then: the histories of all seeds stay what they are).
 * `--trace` prints all that happens, for one seed. `--digest` prints a digest of each history, and one of all in the result:
 * the same before and after a restructuring (digest.ts); `--digest-file FILE` writes them there, a line each. `--apart`: answers
 * come apart, so that a change in the number of the engine's promises alone changes no history (answers.ts).
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { digestOf, type SeedDigest } from './digest';
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
    comments: { type: 'boolean', default: false },
    'no-comments': { type: 'boolean', default: false },
    apart: { type: 'boolean', default: false },
    files: { type: 'boolean', default: false },
    digest: { type: 'boolean', default: false },
    'digest-file': { type: 'string' },
    /** for a process that was given a share */
    share: { type: 'boolean', default: false },
  },
});

/** Fewer than that are not worth the start of another process. */
const LEAST_SHARE = 25;
/** of each process */
const MOST_SHOWN = 20;

const KINDS = [
  'lostEdits',
  'duplicates',
  'loops',
  'diverged',
  'dryRunWrites',
  'unshown',
  'wrongReferences',
  'lostComments',
  'duplicateComments',
  'disorderedComments',
  'wrongAuthors',
  'wrongVisibility',
  'lostFiles',
  'duplicateFiles',
] as const;
const COUNTS = ['events', 'crashes', 'dryRuns', 'merged', 'contested'] as const;
type Total = Record<(typeof KINDS)[number] | (typeof COUNTS)[number], number> & {
  failures: number;
  digests: SeedDigest[];
};

const shape = SHAPES.find((name) => name === values.shape);

/** In all histories whose shape allows it, in none, or as drawn. */
const comments = values.comments ? true : values['no-comments'] ? false : undefined;

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
  lostComments: 0,
  duplicateComments: 0,
  disorderedComments: 0,
  wrongAuthors: 0,
  wrongVisibility: 0,
  lostFiles: 0,
  duplicateFiles: 0,
  failures: 0,
  digests: [],
});

function add(total: Total, report: RunReport): void {
  total.digests.push([report.seed, report.digest]);
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
  for (let run = 0; run < runs; run += 1)
    add(
      total,
      await simulate(seed + run, {
        trace,
        shape,
        comments,
        files: values.files,
        storm: values.storm,
        apart: values.apart,
      }),
    );
  return total;
}

async function inProcess(runs: number, seed: number): Promise<Total> {
  const args = [
    ...process.execArgv,
    __filename,
    '--share',
    ...(values.storm ? ['--storm'] : []),
    ...(values.apart ? ['--apart'] : []),
    ...(values.comments ? ['--comments'] : []),
    ...(values['no-comments'] ? ['--no-comments'] : []),
    ...(values.files ? ['--files'] : []),
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
    total.digests.push(...part.digests);
  }
  return total;
}

/** @returns the digest of all, where digests are wanted */
function tellDigests(digests: SeedDigest[]): string | undefined {
  const file = values['digest-file'];
  if (!values.digest && file === undefined) return undefined;
  const lines = digests.map(([seed, digest]) => `${seed} ${digest}\n`).join('');
  if (file !== undefined) writeFileSync(file, lines);
  else if (!values.json) process.stdout.write(lines);
  return digestOf(digests);
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
  const { failures, digests, ...total } = await sharedOut(runs, seed, jobs);
  const spent = (performance.now() - began) / 1_000;
  const seconds = Math.round(spent * 10) / 10;
  const runsPerSecond = Math.round((runs / spent) * 10) / 10;
  const digest = tellDigests(digests);
  const result = { runs, seed, ...total, ...(digest && { digest }), seconds, runsPerSecond };
  process.stdout.write(`${JSON.stringify(result, null, values.json ? undefined : 2)}\n`);
  if (failures > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
