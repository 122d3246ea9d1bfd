/**
 * `npm run bench -- [--json] [--only PART,…] [--links N] [--updates N] [--changes N] [--backlog N]`: what a landed change costs. The
 * first figures are those by which the project is judged; more follow. A part that was not asked for, that this machine can't
 * measure, or that fails is null, and why is said.
 */

import { parseArgs } from 'node:util';
import { type RedmineServer, redmine } from '../support/redmine';
import type { AdoptionFigures } from './adoption';
import { measureEditor } from './editor';
import type { EngineFigures } from './engine';
import { benchVendorFiles } from './files';
import { measureExpressions, measureMapping } from './mapping';
import { benchParts } from './parts';
import { runPlain } from './plain';
import { benchRedmine, benchRedmineComments } from './redmine';
import { benchVendorRelations } from './relations';
import { benchSandbox } from './sandbox';
import { benchSql } from './sql';
import { measureTables } from './tables';
import { benchRateLimit, benchVendorComments, benchVendors } from './vendors';
import { measureVocabulary } from './vocabulary';

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    only: { type: 'string' },
    links: { type: 'string', default: '100000' },
    updates: { type: 'string', default: '20000' },
    changes: { type: 'string', default: '1000' },
    backlog: { type: 'string', default: '200000' },
    parts: { type: 'string', default: '20' },
    pairs: { type: 'string', default: '20000' },
    help: { type: 'boolean', default: false },
  },
});

/** Items that are commented on. */
const OWNERS = 1_000;

/** Bytes of the file that is carried. */
const FILE = 1024 ** 3;

interface FileFigures {
  attachmentPeakMegabytes: number;
  megabytesPerSecond: number;
}

const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

const changes = Number(values.changes);
const few = Math.min(200, changes);

/** What can be measured alone: what it is, about how long it takes, and how. In the order in which they run. */
const PARTS = {
  mapping: part('rows and tables of one message', '10 s', async () => measureMapping()),
  expressions: part('JSONata rows', '10 s', () => measureExpressions()),
  tables: part('a value table from a sheet of 100,000 rows', '10 s', () => measureTables()),
  editor: part('size of the forms, start of Node-RED', '15 s', () => measureEditor()),
  vocabulary: part('auto map between twelve pairs of trackers', '1 s', async () => measureVocabulary()),
  monitor: part('views of the monitor with 100,000 links, 10,000 failures and 1,000,000 entries', '1 min', () =>
    runPlain('monitor.ts'),
  ),
  'rich-text': part('a text of 48 kB', '15 s', () => runPlain('richtext.ts')),
  engine: part(
    `engine and store alone: a backlog of ${values.backlog}`,
    '1 min',
    async () => (await runPlain('engine.ts', values.backlog)) as EngineFigures,
  ),
  sandbox: part(`sandbox: ${values.links} creates, ${values.updates} updates`, '2 min', () =>
    benchSandbox(Number(values.links), Number(values.updates)),
  ),
  adoption: part(
    `${values.pairs} existing pairs in two sandboxes`,
    '1 min',
    async () => (await runPlain('adoption.ts', values.pairs)) as AdoptionFigures,
  ),
  lag: part('1, 100 and 1,000 integrations on one system, ten on a project', '4 min', () => measureLag()),
  comments: part(`sandbox: ${values.parts} comments on each of ${OWNERS} items`, '1 min', () =>
    benchParts(OWNERS, Number(values.parts)),
  ),
  file: part(
    'a file of 1 GB between two servers',
    '30 s',
    async () => (await runPlain('attachment.ts', String(FILE))) as FileFigures,
  ),
  sql: part('rows that are committed late in PostgreSQL and MariaDB', '30 s', () => benchSql(say)),
  redmine: part(`Redmine: ${values.changes} changes`, '5 min', () => {
    const [a, b] = bothRedmines();
    return benchRedmine(a, b, changes);
  }),
  'redmine-comments': part('Redmine: comments', '1 min', () => benchRedmineComments(...bothRedmines(), 20)),
  vendors: part(`Jira and Azure DevOps, stand-ins: ${values.changes} changes of each kind`, '9 min', () =>
    benchVendors(changes),
  ),
  'vendor-comments': part('comments between them', '5 min', () => benchVendorComments(changes)),
  'vendor-relations': part('relations between them', '4 min', () => benchVendorRelations(few)),
  'vendor-files': part('attachments between them', '3 min', () => benchVendorFiles(few)),
  // several windows of the limit, however many changes are asked for
  'rate-limit': part('Jira with a rate limit', '5 min', () => benchRateLimit(1_100)),
};

interface LagFigures {
  /** of the polled system, while nothing changes */
  idlePerMinute: number;
  /** milliseconds from a change until it has landed; the interval is ten seconds */
  median: number;
  p95: number;
}

/** The system that is polled answers at once, or after 100 ms. */
async function measureLag() {
  const measure = async (integrations: number, answerMs: number) =>
    (await runPlain('lag.ts', String(integrations), String(answerMs))) as LagFigures;
  return {
    one: await measure(1, 0),
    hundred: await measure(100, 0),
    hundredSlow: await measure(100, 100),
    thousand: await measure(1_000, 0),
    thousandSlow: await measure(1_000, 100),
  };
}

interface Part<Figures> {
  title: string;
  duration: string;
  measure: () => Promise<Figures>;
}

function part<Figures>(title: string, duration: string, measure: () => Promise<Figures>): Part<Figures> {
  return { title, duration, measure };
}

function bothRedmines(): [RedmineServer, RedmineServer] {
  const [a, b] = [redmine('a'), redmine('b')];
  if ('missing' in a) throw new Error(a.missing);
  if ('missing' in b) throw new Error(b.missing);
  return [a.there, b.there];
}

const HELP = `npm run bench -- [options]
  --json         one line of JSON
  --only A,B     only these parts; the rest is null
  --links N      creates in the sandbox; by default 100000
  --updates N    updates in the sandbox; by default 20000
  --parts N      comments on each of a thousand items; by default 20
  --pairs N      existing pairs that are adopted; by default 20000
  --changes N    changes of each kind with Redmine, Jira and Azure DevOps; by default 1000
  --backlog N    changes that wait in the store; by default 200000

Parts:
${Object.entries(PARTS)
  .map(([name, { title, duration }]) => `  ${name.padEnd(17)}${title}: ${duration}`)
  .join('\n')}
`;

/** The parts to be measured. @throws Error that names one that is not there */
function wanted(): ReadonlySet<string> {
  const names = Object.keys(PARTS);
  const only = values.only?.split(',').map((name) => name.trim()) ?? names;
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`There is no part "${unknown}". There are: ${names.join(', ')}`);
  return new Set(only);
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const chosen = wanted();
  /** What fails costs its own figures and no others. */
  const measured = async <Figures>(name: keyof typeof PARTS, { title, duration, measure }: Part<Figures>) => {
    if (!chosen.has(name)) return undefined;
    say(`${title}: ${duration} …`);
    return measure().catch((error: unknown) => {
      say(`${name}: not measured, ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    });
  };
  const mapping = await measured('mapping', PARTS.mapping);
  const expressions = await measured('expressions', PARTS.expressions);
  const tables = await measured('tables', PARTS.tables);
  const editor = await measured('editor', PARTS.editor);
  const vocabulary = await measured('vocabulary', PARTS.vocabulary);
  const monitor = await measured('monitor', PARTS.monitor);
  const richText = await measured('rich-text', PARTS['rich-text']);
  const alone = await measured('engine', PARTS.engine);
  const sandbox = await measured('sandbox', PARTS.sandbox);
  const adoption = await measured('adoption', PARTS.adoption);
  const lag = await measured('lag', PARTS.lag);
  const parts = await measured('comments', PARTS.comments);
  const file = await measured('file', PARTS.file);
  const late = await measured('sql', PARTS.sql);
  const onRedmine = await measured('redmine', PARTS.redmine);
  const commentsOnRedmine = await measured('redmine-comments', PARTS['redmine-comments']);
  const vendors = await measured('vendors', PARTS.vendors);
  const comments = await measured('vendor-comments', PARTS['vendor-comments']);
  const relations = await measured('vendor-relations', PARTS['vendor-relations']);
  const files = await measured('vendor-files', PARTS['vendor-files']);
  const limited = await measured('rate-limit', PARTS['rate-limit']);
  const figures = {
    landedCreatesPerSecond: sandbox?.landedCreatesPerSecond ?? null,
    landedUpdatesPerSecond: sandbox?.landedUpdatesPerSecond ?? null,
    cpuSecondsPer1000Creates: sandbox?.cpuSecondsPer1000Creates ?? null,
    cpuSecondsPer1000Updates: sandbox?.cpuSecondsPer1000Updates ?? null,
    partsLandedPerSecond: parts?.partsLandedPerSecond ?? null,
    storeBytesPerPart: parts?.storeBytesPerPart ?? null,
    attachmentPeakMegabytes: file?.attachmentPeakMegabytes ?? null,
    requestsPerLandedChange: onRedmine?.requestsPerLandedChange ?? null,
    mappingMicroseconds: mapping?.medianMicroseconds ?? null,
    residentMegabytes: sandbox?.residentMegabytes ?? null,
    storeMegabytes: sandbox?.storeMegabytes ?? null,
    residentPeakMegabytes: sandbox?.residentPeakMegabytes ?? null,
    engineLandedPerSecond: alone?.engineLandedPerSecond ?? null,
    engineUpdatesPerSecond: alone?.engineUpdatesPerSecond ?? null,
    engineCpuSecondsPer1000Creates: alone?.engineCpuSecondsPer1000Creates ?? null,
    engineCpuSecondsPer1000Updates: alone?.engineCpuSecondsPer1000Updates ?? null,
    queueMicrosecondsPerChange: alone?.queueMicrosecondsPerChange ?? null,
    engineResidentPeakMegabytes: alone?.engineResidentPeakMegabytes ?? null,
    backlog: alone?.changes ?? null,
    expressionMicroseconds: expressions?.concurrentMicroseconds ?? null,
    expressionMicrosecondsAlone: expressions?.sequentialMicroseconds ?? null,
    richText: richText ?? null,
    table: tables ?? null,
    editorKilobytes: editor?.editorKilobytes ?? null,
    startupMs: editor?.startupMs ?? null,
    autoMapPrecision: vocabulary?.autoMapPrecision ?? null,
    autoMapRecall: vocabulary?.autoMapRecall ?? null,
    autoMapHeldOut: vocabulary?.autoMapHeldOut ?? null,
    monitor: monitor ?? null,
    sql: late ?? null,
    links: sandbox?.links ?? null,
    redmineChanges: onRedmine?.changes ?? null,
    adoption: adoption ?? null,
    lag: lag ?? null,
    requests: {
      adoptedPair: adoption?.requestsPerPair ?? null,
      idlePerMinute1: lag?.one.idlePerMinute ?? null,
      idlePerMinute100: lag?.hundred.idlePerMinute ?? null,
      idlePerMinute1000: lag?.thousand.idlePerMinute ?? null,
      ...vendors,
      ...comments,
      ...relations,
      ...files,
      redmine: commentsOnRedmine ?? null,
    },
    rateLimitUse: limited?.rateLimitUse ?? null,
    rateLimitRefusals: limited?.refusals ?? null,
    rateLimitedPerSecond: limited?.landedPerSecond ?? null,
    redmineRequests: onRedmine?.requests ?? null,
  };
  if (values.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
  else for (const [name, value] of Object.entries(figures)) say(`${name.padEnd(26)} ${JSON.stringify(value)}`);
}

main().catch((error: unknown) => {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.exitCode = 1;
});
