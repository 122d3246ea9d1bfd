/**
 * `npm test`: checks, build and tests, with the result in the last line: `N passed, N failed, N skipped`.
 *
 *   npm test                           everything, in the order of `groups`; what needs the real servers, of which there is
 *                                      one each, in a process beside all the rest
 *   npm test -- test/mapping           only these files or folders, one after the other
 *   npm test -- --grep "two ways"      other arguments go to mocha
 *
 * A failed check (types, style, build) counts as one failure; so does a group of tests that ends before it has
 * reported. Everything that failed is listed once more at the end, right before the result.
 *
 * TWINFLOW_SECOND_RUN=1 (CI): if only a few files fail, each runs once more, whole, with nothing beside it. A test that
 * passes then counts as passed and is listed as unsteady, with the error of its first run: these are faults to mend, in
 * the test or in what it tests, but no reason to refuse the rest.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { buildAll, environment, node, root, run } from './prepare.mjs';

/** Slower ones last, so that a mistake shows early. Every other folder of test/ with tests belongs to `unit`. */
const groups = ['unit', 'conformance', 'nodes', 'reality', 'simulation', 'package', 'e2e', 'editor'];

const bin = (name) => join(root, 'node_modules', '.bin', name);
const seconds = (since) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
const total = { passes: 0, failures: 0, pending: 0 };
const failed = [];
/** what failed and passed when it ran again */
const unsteady = [];

async function check(name, work) {
  const since = Date.now();
  const complaints = await work();
  if (complaints) {
    total.failures += 1;
    failed.push({ title: name, error: complaints.slice(0, 1_500) });
    console.log(`✗ ${name}\n${complaints.replace(/^/gm, '    ')}`);
  } else {
    console.log(`✓ ${name}  ${seconds(since)}`);
  }
}

const silent = async (command, ...args) => {
  const { code, output } = await run(command, args);
  return code === 0 ? '' : output.trim() || `${command} ended with code ${code}`;
};

/** A folder means the test files in it. */
const testsIn = (path) => (/\.[cm]?ts$/.test(path) ? path : `${path.replace(/\/+$/, '')}/**/*.test.ts`);

/** The test files of a group. */
function filesOf(group) {
  const all = readdirSync(join(root, 'test'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return all
    .filter(({ name }) => (group === 'unit' ? !groups.includes(name) : name === group))
    .flatMap(({ name }) =>
      readdirSync(join(root, 'test', name), { recursive: true }).map(
        (file) => `test/${name}/${file.split(sep).join('/')}`,
      ),
    )
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
}

/** Tests that need the real servers say so in their path: a test of the package checks that. */
const needsServers = (file) => /redmine|request-tracker|buildbot/.test(file);

/**
 * In lanes these are run in portions of this many files, so that two processes share them evenly: those in which each
 * file has servers of its own, file by file.
 */
const portions = { e2e: 1, editor: 1, reality: 6 };

/** The unit of work in lanes: a portion, or the files of one folder. */
function portionsOf(group, files) {
  const size = portions[group];
  if (size === undefined) {
    const folders = new Map();
    for (const file of files) {
      const folder = file.split('/').slice(0, 2).join('/');
      folders.set(folder, [...(folders.get(folder) ?? []), file]);
    }
    return [...folders].map(([name, some]) => ({ name, files: some }));
  }
  return Array.from({ length: Math.ceil(files.length / size) }, (_, n) => {
    const some = files.slice(n * size, (n + 1) * size);
    return { name: size === 1 ? some[0] : `${group} ${n + 1}`, files: some };
  });
}

/** The units of work, in order: of tests that need the servers, or of all others. */
function tasks(isOurs, prefix = '') {
  return groups.flatMap((group) => {
    const files = filesOf(group).filter(isOurs);
    if (inLanes) return portionsOf(group, files).map(({ name, ...rest }) => ({ name: prefix + name, ...rest }));
    return files.length > 0 ? [{ name: prefix + group, files }] : [];
  });
}

/** Runs one after the other, as long as there is one that nobody has started. */
async function work(list) {
  for (let task = list.shift(); task !== undefined; task = list.shift()) await mocha(task.name, task.files, options);
}

/** More failing files than this are no accident: none runs again. */
const FEW = 5;

/** Runs the files that failed once more, and takes back the failures of those that pass. */
async function runAgain() {
  const files = [...new Set(failed.map(({ file }) => file))];
  if (failed.length === 0 || files.length > FEW || files.includes(undefined)) return;
  const first = failed.splice(0);
  total.failures -= first.length;
  for (const file of files) {
    const before = { ...total };
    const ofFile = first.filter((one) => one.file === file);
    await mocha(`again: ${relative(root, file)}`, [relative(root, file)], options);
    const steady = total.failures === before.failures;
    // its other tests were counted in the first run
    Object.assign(total, before);
    if (steady) {
      total.passes += ofFile.length;
      unsteady.push(...ofFile);
    } else {
      total.failures += ofFile.length;
      for (let at = failed.length - 1; at >= 0; at--) if (failed[at].file === file) failed.splice(at, 1);
      failed.push(...ofFile);
    }
  }
}

/** Runs mocha on files and folders and adds its counts to the total. */
async function mocha(name, specs, args) {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-test-'));
  const counts = join(folder, 'counts.json');
  const since = Date.now();
  console.log(`\n${name} …`);
  const { code, output } = await run(
    node,
    [bin('mocha'), '--exit', '--reporter', 'test/support/reporter.cjs', ...args, ...specs.map(testsIn)],
    { show: !inLanes, env: environment({ TWINFLOW_TEST_COUNTS: counts }) },
  );
  if (inLanes) console.log(`\n${name}\n${output.trimEnd()}`);
  try {
    const { passes, failures, pending, failed: some } = JSON.parse(readFileSync(counts, 'utf8'));
    failed.push(...some);
    total.passes += passes;
    total.failures += failures;
    total.pending += pending;
    if (code !== 0 && failures === 0) {
      total.failures += 1;
      failed.push({ title: name, error: `mocha ended with code ${code}` });
      console.log(`  ✗ mocha ended with code ${code}`);
    }
    console.log(`  ${passes} passed, ${failures} failed, ${pending} skipped  ${seconds(since)}`);
  } catch {
    total.failures += 1;
    failed.push({ title: name, error: `ended with code ${code} before it had reported:\n${output.slice(-1_000)}` });
    console.log(`  ✗ ended with code ${code} before it had reported`);
  }
  rmSync(folder, { recursive: true, force: true });
}

const args = process.argv.slice(2);
const specs = args.filter((arg) => existsSync(join(root, arg)));
const options = args.filter((arg) => !specs.includes(arg));
/** two parallel test processes: the output of each is shown when it ends */
const inLanes = specs.length === 0 && availableParallelism() > 1;

await check('build, types of lib and nodes', buildAll);
await Promise.all([
  check('types of the forms', () => silent(bin('tsc'), '-p', 'tsconfig.editor.json')),
  check('types of the tests', () => silent(bin('tsc'), '-p', 'tsconfig.test.json')),
  check('style', () => silent(bin('biome'), 'check', '--reporter=summary', '.')),
]);
if (specs.length > 0) await mocha('tests', specs, options);
else {
  const rest = tasks((file) => !needsServers(file));
  const onServers = tasks(needsServers, 'on real servers: ');
  if (inLanes) await Promise.all([work(rest), work(onServers).then(() => work(rest))]);
  else await work([...rest, ...onServers]);
}
if (process.env.TWINFLOW_SECOND_RUN === '1') await runAgain();
const list = (heading, tests) => {
  if (tests.length > 0) console.log(`\n${heading}`);
  for (const { title, error } of tests) console.log(`  ✗ ${title}\n${error.replace(/^/gm, '      ')}`);
};
list('Unsteady (failed, and passed when their file ran again):', unsteady);
list('Failed:', failed);
console.log(`\n${total.passes} passed, ${total.failures} failed, ${total.pending} skipped`);
process.exitCode = total.failures > 0 ? 1 : 0;
