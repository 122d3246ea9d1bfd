/** `npm run chaos -- --kills N --seed S --json` */

import { parseArgs } from 'node:util';
import { chaos } from './run';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

chaos(Number(values.kills), Number(values.seed)).then(
  (report) => {
    const { details, ...numbers } = report;
    for (const detail of details) process.stderr.write(`${detail}\n`);
    process.stdout.write(`${JSON.stringify(numbers, null, values.json ? 0 : 2)}\n`);
    if (report.duplicates + report.lost + report.differences > 0) process.exitCode = 1;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 2;
  },
);
