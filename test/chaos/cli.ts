/** `npm run chaos -- --kills N --seed S --systems azure-devops|sandbox|ring --items N --comments N --files N --json` */

import { parseArgs } from 'node:util';
import { chaos, SYSTEMS } from './run';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
    systems: { type: 'string', default: 'azure-devops' },
    // people do at least so much
    items: { type: 'string' },
    comments: { type: 'string', default: '0' },
    files: { type: 'string', default: '0' },
    json: { type: 'boolean', default: false },
  },
});

const systems = SYSTEMS.find((known) => known === values.systems);
if (systems === undefined) {
  process.stderr.write(`--systems: one of ${SYSTEMS.join(', ')}\n`);
  process.exit(2);
}

const work = {
  ...(values.items !== undefined && { created: Number(values.items) }),
  ...{ said: Number(values.comments), attached: Number(values.files) },
};

chaos(systems, Number(values.kills), Number(values.seed), work).then(
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
