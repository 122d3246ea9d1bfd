/**
 * `npm run figures`: what the structure is like. Import circles, imports against the rooms table, lines of each connector and
 * of the kit (at an earlier commit and now), files in which something is called while one changed field is polled, written and
 * landed.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Workbench } from '../engine/workbench';
import { projectRoot } from '../support/node-red';
import { brokenRooms, importCircles, sources } from '../support/rooms';

/** The last commit before connectors had a kit. */
const BEFORE_THE_KIT = '324a530';

const { values } = parseArgs({
  options: { since: { type: 'string', default: BEFORE_THE_KIT }, json: { type: 'boolean', default: false } },
});

/** What a happy update passed through before the engine had rooms, by the same measure: commit 324a530, `lib/sync` and all. */
const PASSED_BEFORE = { engine: 30, all: 56 };
/** What was `lib/sync` then. */
const ENGINE = ['lib/engine/', 'lib/merge/', 'lib/budget/'];

interface Size {
  files: number;
  lines: number;
}

/** Folders of connectors and of what they share → their size. */
function sizes(files: readonly string[], read: (file: string) => string): Record<string, Size> {
  const result: Record<string, Size> = {};
  for (const file of files) {
    const folder = file.endsWith('.ts') ? /^lib\/connectors\/([^/]+)\//.exec(file)?.[1] : undefined;
    if (folder === undefined) continue;
    const size = result[folder] ?? { files: 0, lines: 0 };
    result[folder] = { files: size.files + 1, lines: size.lines + read(file).split('\n').length - 1 };
  }
  return result;
}

const git = (...args: string[]): string =>
  execFileSync('git', args, {
    ...{ cwd: projectRoot, encoding: 'utf8', maxBuffer: 100_000_000 },
    stdio: ['ignore', 'pipe', 'ignore'],
  });

const sizesNow = (): Record<string, Size> => sizes(sources(), (file) => readFileSync(join(projectRoot, file), 'utf8'));

/** Undefined without Git, or in a clone that does not have the commit. */
function sizesAt(commit: string): Record<string, Size> | undefined {
  try {
    const files = git('ls-tree', '-r', '--name-only', commit, 'lib/connectors').split('\n');
    return sizes(files, (file) => git('show', `${commit}:${file}`));
  } catch {
    return undefined;
  }
}

/** Files of lib/ in which something is called while one changed field of a linked item is polled, written and landed. */
async function happyUpdate(): Promise<string[]> {
  const bench = await Workbench.start();
  const { id } = bench.one.save(undefined, { title: 'Cart loses items' });
  await bench.sync();
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  bench.one.save(id, { title: 'Cart loses items twice' });
  await bench.sync();
  const { result } = await session.post('Profiler.takePreciseCoverage');
  session.disconnect();
  if (bench.results.at(-1)?.outcome !== 'updated') throw new Error('the change was not carried over');
  await bench.stop();
  const lib = join(projectRoot, 'lib');
  return result
    .filter(({ url }) => url.startsWith('file:') || url.startsWith('/'))
    .map(({ url, functions }) => ({ file: url.startsWith('file:') ? fileURLToPath(url) : url, functions }))
    .filter(({ file }) => dirname(file).startsWith(lib))
    .filter(({ functions }) =>
      functions.some(({ functionName, ranges }) => functionName !== '' && (ranges[0]?.count ?? 0) > 0),
    )
    .map(({ file }) => file.slice(projectRoot.length + 1))
    .sort();
}

async function main(): Promise<void> {
  const passes = await happyUpdate();
  const figures = {
    importCircles: importCircles().length,
    roomsBroken: brokenRooms().length,
    connectors: sizesNow(),
    connectorsBefore: sizesAt(values.since),
    filesOfAHappyUpdate: {
      engine: passes.filter((file) => ENGINE.some((room) => file.startsWith(room))).length,
      all: passes.length,
    },
    filesBefore: PASSED_BEFORE,
  };
  if (values.json) {
    console.log(JSON.stringify(figures, null, 2));
    return;
  }
  console.log(`import circles ${figures.importCircles}, rooms broken ${figures.roomsBroken}`);
  const { connectorsBefore: before, filesOfAHappyUpdate: now } = figures;
  console.log(before ? `lines of connectors, ${values.since} → now` : 'lines of connectors');
  for (const [folder, { files, lines }] of Object.entries(figures.connectors)) {
    const { files: filesThen = 0, lines: linesThen = 0 } = before?.[folder] ?? {};
    const then = before ? `${linesThen} (${filesThen} files) → ` : '';
    console.log(`  ${folder}: ${then}${lines} (${files} files)`);
  }
  console.log(
    `a happy update passes through ${now.engine} files of engine, merge and budget (before: ${PASSED_BEFORE.engine})`,
  );
  console.log(`and ${now.all} of lib/ in all (before: ${PASSED_BEFORE.all}):\n  ${passes.join('\n  ')}`);
}

main().catch((thrown: unknown) => {
  console.error(thrown);
  process.exitCode = 1;
});
