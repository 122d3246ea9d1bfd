/**
 * `npm run fuzz -- --seconds N --seed S --json`: hostile texts of all formats through reading, converting and merging. `--cases`
 * instead of `--seconds` for a number of them; `--size` for other sizes than up to 60,000 characters. One case is run again
 * with `--seed S --cases 1`. Ends with code 1 where something stalled longer than half a second, crashed or was unsafe.
 */

import { parseArgs } from 'node:util';
import { fuzz } from './run';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    cases: { type: 'string' },
    seed: { type: 'string', default: '1' },
    size: { type: 'string', default: '60000' },
    json: { type: 'boolean', default: false },
  },
});

const MOST_STALL_MS = 500;

async function main(): Promise<void> {
  const seconds = values.seconds ?? (values.cases === undefined ? '60' : undefined);
  const report = await fuzz({
    seed: Number(values.seed),
    size: Number(values.size),
    ...(seconds !== undefined && { ms: Number(seconds) * 1000 }),
    ...(values.cases !== undefined && { cases: Number(values.cases) }),
  });
  if (values.json) console.log(JSON.stringify(report));
  else
    console.log(
      `${report.cases} cases, worst stall ${report.worstStallMs} ms (seed ${report.seeds.worstStall}), ` +
        `${report.crashes} crashes, ${report.unsafe} unsafe, ${report.shown} shown as they stand`,
    );
  process.exit(report.worstStallMs > MOST_STALL_MS || report.crashes > 0 || report.unsafe > 0 ? 1 : 0);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(2);
});
