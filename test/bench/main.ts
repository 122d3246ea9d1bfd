/**
 * `npm run bench -- [--json] [--links N] [--updates N] [--changes N]`: what a landed change costs. The first figures are
 * those by which the project is judged; more follow. A part that this machine can't measure is null, and why is said.
 */

import { parseArgs } from 'node:util';
import { redmine } from '../support/redmine';
import { measureMapping } from './mapping';
import { benchRedmine } from './redmine';
import { benchSandbox } from './sandbox';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    links: { type: 'string', default: '100000' },
    updates: { type: 'string', default: '20000' },
    changes: { type: 'string', default: '1000' },
  },
});

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

async function main(): Promise<void> {
  say('mapping …');
  const mapping = measureMapping();
  say(`sandbox: ${values.links} creates, ${values.updates} updates …`);
  const sandbox = await benchSandbox(Number(values.links), Number(values.updates));
  const [a, b] = [redmine('a'), redmine('b')];
  let onRedmine: Awaited<ReturnType<typeof benchRedmine>> | undefined;
  if ('missing' in a) say(`Redmine: not measured, ${a.missing}`);
  else if ('missing' in b) say(`Redmine: not measured, ${b.missing}`);
  else {
    say(`Redmine: ${values.changes} changes …`);
    onRedmine = await benchRedmine(a.there, b.there, Number(values.changes));
  }
  const figures = {
    landedCreatesPerSecond: sandbox.landedCreatesPerSecond,
    landedUpdatesPerSecond: sandbox.landedUpdatesPerSecond,
    requestsPerLandedChange: onRedmine?.requestsPerLandedChange ?? null,
    mappingMicroseconds: mapping.medianMicroseconds,
    residentMegabytes: sandbox.residentMegabytes,
    storeMegabytes: sandbox.storeMegabytes,
    residentPeakMegabytes: sandbox.residentPeakMegabytes,
    links: sandbox.links,
    redmineChanges: onRedmine?.changes ?? null,
    redmineRequests: onRedmine?.requests ?? null,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(26)} ${JSON.stringify(value)}`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
