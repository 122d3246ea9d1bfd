/** `npm run simulate -- --runs N --seed S --json`: many histories, each with a seed of its own that replays it. */

import { parseArgs } from 'node:util';
import { simulate } from './run';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const runs = Number(values.runs);
const seed = Number(values.seed);

async function main(): Promise<void> {
  const began = performance.now();
  const total = { events: 0, crashes: 0, lostEdits: 0, duplicates: 0, loops: 0, diverged: 0 };
  const failures: string[] = [];
  for (let run = 0; run < runs; run += 1) {
    const report = await simulate(seed + run);
    total.events += report.events;
    total.crashes += report.crashes;
    for (const kind of ['lostEdits', 'duplicates', 'loops', 'diverged'] as const) {
      total[kind] += report[kind].length;
      for (const text of report[kind]) failures.push(`seed ${report.seed}: ${kind}: ${text}`);
    }
  }
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  for (const failure of failures.slice(0, 20)) process.stderr.write(`${failure}\n`);
  const result = { runs, seed, ...total, seconds };
  process.stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, null, 2)}\n`);
  if (failures.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 2;
});
