/**
 * Prepares a bare clone: dependencies installed, dist/ built. Runs under Node 20 or newer, with npm only.
 *
 * `node` is a development dependency: it provides the Node.js under which everything else runs.
 */

import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The project's own Node.js. */
export const node = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');

/** The environment for programs under that Node.js, so that their children find the same one. */
export const environment = (extra = {}) => ({
  ...process.env,
  PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  ...extra,
});

/** True if node_modules contains exactly the packages in package-lock.json, except those for other platforms. */
function installed() {
  const read = (file) => JSON.parse(readFileSync(join(root, file), 'utf8')).packages;
  try {
    const there = read('node_modules/.package-lock.json');
    return (
      existsSync(node) &&
      Object.entries(read('package-lock.json')).every(
        ([path, { version, optional }]) => path === '' || optional || there[path]?.version === version,
      )
    );
  } catch {
    return false;
  }
}

/** Runs a command to its end and settles with its exit code. Its output is returned, or shown with `show`. */
export function run(command, args, { show = false, env = environment() } = {}) {
  return new Promise((settle) => {
    const child = spawn(command, args, {
      cwd: root,
      env,
      stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'],
    });
    let output = '';
    child.stdout?.on('data', (data) => {
      output += data;
    });
    child.stderr?.on('data', (data) => {
      output += data;
    });
    child.on('error', (error) => settle({ code: 1, output: error.message }));
    child.on('close', (code, signal) =>
      settle({ code: code ?? 1, output: signal ? `${output}\nended by ${signal}` : output }),
    );
  });
}

/** Installs the dependencies if they are missing or do not match package-lock.json. Ends the process if that fails. */
export async function install() {
  if (installed()) return;
  // a missing folder is filled from the lock file; an outdated one gets only the difference
  const command = existsSync(join(root, 'node_modules')) ? 'install' : 'ci';
  console.log(`Installing the dependencies (npm ${command}, about half a minute) …`);
  const args = [command, '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const { code, output } = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args], { env: process.env })
    : await run('npm', args, { env: process.env });
  if (code === 0 && existsSync(node)) return;
  console.error(output.trim());
  console.error(
    code === 0
      ? 'npm did not run the install script of the package "node". Allow it (npm config set ignore-scripts false) and try again.'
      : `npm ${command} failed. Is the npm registry reachable?`,
  );
  process.exit(1);
}

/** Updates dist/. @returns the errors, an empty text if there are none */
export async function buildAll() {
  const { build } = await import('./build.mjs');
  const { errors } = await build();
  return errors;
}
