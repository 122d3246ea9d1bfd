/**
 * `npm run bench -- [--json] [--links N] [--updates N] [--changes N] [--backlog N] [--vendors]`: what a landed change
 * costs. The first figures are those by which the project is judged; more follow. A part that this machine can't measure
 * is null, and why is said. `--vendors`: only what goes between Jira and Azure DevOps; the rest is null.
 */

import { parseArgs } from 'node:util';
import { redmine } from '../support/redmine';
import type { EngineFigures } from './engine';
import { measureExpressions, measureMapping } from './mapping';
import { runPlain } from './plain';
import { benchRedmine } from './redmine';
import { benchSandbox } from './sandbox';
import { measureTables } from './tables';
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

/** Everything that needs no vendor. */
async function own() {
  say('mapping …');
  const mapping = measureMapping();
  const expressions = await measureExpressions();
  say('a value table from a sheet of 100,000 rows …');
  const tables = await measureTables();
  say('rich text of 48 kB …');
  const richText = (await runPlain('richtext.ts')) as { read48kMs: number; merge48kMs: number };
  say(`engine and store alone: a backlog of ${values.backlog} …`);
  const alone = (await runPlain('engine.ts', values.backlog)) as EngineFigures;
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
  return { mapping, expressions, tables, richText, alone, sandbox, onRedmine };
}

async function main(): Promise<void> {
  const { mapping, expressions, tables, richText, alone, sandbox, onRedmine } = values.vendors ? {} : await own();
  say(`Jira and Azure DevOps, stand-ins: ${values.changes} changes of each kind, six to nine minutes …`);
  const vendors = await benchVendors(Number(values.changes));
  say('Jira with a rate limit, about five minutes …');
  // several windows of the limit, however many changes are asked for
  const limited = await benchRateLimit(1_100);
  const figures = {
    landedCreatesPerSecond: sandbox?.landedCreatesPerSecond ?? null,
    landedUpdatesPerSecond: sandbox?.landedUpdatesPerSecond ?? null,
    requestsPerLandedChange: onRedmine?.requestsPerLandedChange ?? null,
    mappingMicroseconds: mapping?.medianMicroseconds ?? null,
    residentMegabytes: sandbox?.residentMegabytes ?? null,
    storeMegabytes: sandbox?.storeMegabytes ?? null,
    residentPeakMegabytes: sandbox?.residentPeakMegabytes ?? null,
    engineLandedPerSecond: alone?.engineLandedPerSecond ?? null,
    engineUpdatesPerSecond: alone?.engineUpdatesPerSecond ?? null,
    queueMicrosecondsPerChange: alone?.queueMicrosecondsPerChange ?? null,
    engineResidentPeakMegabytes: alone?.engineResidentPeakMegabytes ?? null,
    backlog: alone?.changes ?? null,
    expressionMicroseconds: expressions?.concurrentMicroseconds ?? null,
    expressionMicrosecondsAlone: expressions?.sequentialMicroseconds ?? null,
    richText: richText ?? null,
    table: tables ?? null,
    links: sandbox?.links ?? null,
    redmineChanges: onRedmine?.changes ?? null,
    requests: vendors,
    rateLimitUse: limited.rateLimitUse,
    rateLimitRefusals: limited.refusals,
    rateLimitedPerSecond: limited.landedPerSecond,
    redmineRequests: onRedmine?.requests ?? null,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(26)} ${JSON.stringify(value)}`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
