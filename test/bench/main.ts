/**
 * `npm run bench -- [--json] [--links N] [--updates N] [--changes N] [--backlog N] [--vendors]`: what a landed change costs. The first figures are
 * those by which the project is judged; more follow. A part that this machine can't measure is null, and why is said.
 */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { redmine } from '../support/redmine';
import type { EngineFigures } from './engine';
import { measureMapping } from './mapping';
import { benchRedmine } from './redmine';
import { benchSandbox } from './sandbox';
import { benchRateLimit, benchVendors } from './vendors';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    links: { type: 'string', default: '100000' },
    updates: { type: 'string', default: '20000' },
    changes: { type: 'string', default: '1000' },
    backlog: { type: 'string', default: '200000' },
    vendors: { type: 'boolean', default: false },
  },
});

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** In a process of its own, since its memory is measured too. */
function engine(backlog: string): EngineFigures {
  const script = join(__dirname, 'engine.ts');
  const options = { encoding: 'utf8' as const };
  return JSON.parse(execFileSync(process.execPath, ['--import', 'tsx', script, backlog], options)) as EngineFigures;
}

async function main(): Promise<void> {
  say('mapping …');
  const mapping = measureMapping();
  say(`engine and store alone: a backlog of ${values.backlog} …`);
  const alone = engine(values.backlog);
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
  let vendors: Awaited<ReturnType<typeof benchVendors>> | undefined;
  let limited: Awaited<ReturnType<typeof benchRateLimit>> | undefined;
  if (values.vendors) {
    say(`Jira and Azure DevOps, stand-ins: ${values.changes} changes of each kind …`);
    vendors = await benchVendors(Number(values.changes));
    say('Jira with a rate limit …');
    limited = await benchRateLimit(Math.max(600, Number(values.changes)));
  } else say('Jira and Azure DevOps: not measured without --vendors, since it takes many minutes');
  const figures = {
    landedCreatesPerSecond: sandbox.landedCreatesPerSecond,
    landedUpdatesPerSecond: sandbox.landedUpdatesPerSecond,
    requestsPerLandedChange: onRedmine?.requestsPerLandedChange ?? null,
    mappingMicroseconds: mapping.medianMicroseconds,
    residentMegabytes: sandbox.residentMegabytes,
    storeMegabytes: sandbox.storeMegabytes,
    residentPeakMegabytes: sandbox.residentPeakMegabytes,
    engineLandedPerSecond: alone.engineLandedPerSecond,
    engineResidentPeakMegabytes: alone.engineResidentPeakMegabytes,
    backlog: alone.changes,
    links: sandbox.links,
    redmineChanges: onRedmine?.changes ?? null,
    requests: vendors ?? null,
    rateLimitUse: limited?.rateLimitUse ?? null,
    rateLimitRefusals: limited?.refusals ?? null,
    redmineRequests: onRedmine?.requests ?? null,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(26)} ${JSON.stringify(value)}`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
