/** The package as npm would publish it, and how it is installed: for the tests in test/package. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './node-red';

/** Runs npm quietly. @returns its output; @throws with its errors */
export function npm(folder: string, ...args: string[]): string {
  return execFileSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1e8,
  });
}

interface Packed {
  filename: string;
  size: number;
  unpackedSize: number;
  files: { path: string; size: number }[];
}

/** The content of the tarball that `npm pack` makes, and the tarball itself if a folder for it is given. dist/ must
 * be built. */
export function pack(folder?: string): Packed {
  const target = folder === undefined ? ['--dry-run'] : ['--pack-destination', folder];
  const [packed] = JSON.parse(npm(projectRoot, 'pack', '--json', '--ignore-scripts', ...target)) as Packed[];
  if (!packed) throw new Error('npm pack made nothing');
  return packed;
}

/** A Node-RED of a version other than the project's own, installed once on this machine. @returns its folder */
export function nodeRedOf(range: string): string {
  const home = join(tmpdir(), `twinflow-node-red-${range.replace(/[^\d.]/g, '')}-${process.getuid?.() ?? 0}`);
  const red = join(home, 'node_modules', 'node-red');
  if (existsSync(join(red, 'red.js'))) return red;
  // installed next to its final place and then moved, so that a partial installation is never used
  const making = mkdtempSync(`${home}-`);
  writeFileSync(join(making, 'package.json'), '{ "private": true }\n');
  npm(making, 'install', `node-red@${range}`, '--prefer-offline', '--omit=optional');
  if (existsSync(home)) rmSync(making, { recursive: true });
  else renameSync(making, home);
  return red;
}

/** A user folder with the tarball installed as by the palette manager. */
export function installTarball(tarball: string): string {
  const userDir = mkdtempSync(join(tmpdir(), 'twinflow-palette-'));
  mkdirSync(userDir, { recursive: true });
  writeFileSync(join(userDir, 'package.json'), '{ "name": "node-red-project", "version": "0.0.1", "private": true }\n');
  npm(userDir, 'install', '--save', '--save-prefix=~', '--omit=dev', '--prefer-offline', tarball);
  return userDir;
}
