/**
 * Versions of Node.js other than the one that runs the tests: npm's `node-<platform>-<architecture>` packages, unpacked
 * into the folder TWINFLOW_NODES (.ci/run fills it), or into the temporary folder on first use.
 */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Needed } from './need';

/** The lowest supported version, the first of the next line, and the newest line. */
export const VERSIONS = ['22.13.0', '24.0.0', '26.12.1'] as const;

const folder = process.env.TWINFLOW_NODES || join(tmpdir(), 'twinflow-nodes');
const system = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;

/** The program of a version, or why it is not available. */
export function otherNode(version: string): Needed<string> {
  const program = join(folder, version, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  try {
    if (!existsSync(program)) fetchNode(version);
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return { there: program };
  } catch {
    return {
      missing: `needs Node.js ${version} (npm package node-${system}), which cannot be fetched or does not run here`,
    };
  }
}

function fetchNode(version: string): void {
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(folder, 'fetching-'));
  try {
    const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
    execFileSync(npm, ['pack', `node-${system}@${version}`, '--silent'], {
      cwd: work,
      timeout: 120_000,
      stdio: 'ignore',
    });
    execFileSync('tar', ['xzf', `node-${system}-${version}.tgz`], { cwd: work });
    renameSync(join(work, 'package'), join(folder, version));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
