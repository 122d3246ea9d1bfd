/**
 * Runs a measurement on what is installed: in a process of its own, under plain Node.js without a loader of TypeScript, with
 * the library from dist/. So memory and speed are those of the package.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { build } from 'esbuild';
import { projectRoot } from '../support/node-red';

/**
 * @param script of this folder; prints its figures as JSON
 * @returns what it printed
 */
export async function runPlain(script: string, ...args: string[]): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-bench-'));
  const outfile = join(folder, `${basename(script, '.ts')}.cjs`);
  try {
    await build({
      entryPoints: [join(__dirname, script)],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'warning',
      plugins: [
        {
          name: 'lib from dist',
          setup: ({ onResolve }) =>
            onResolve({ filter: /^\.\.\/\.\.\/lib\// }, ({ path, resolveDir }) => ({
              path: join(projectRoot, 'dist', relative(projectRoot, join(resolveDir, path))),
              external: true,
            })),
        },
      ],
    });
    return JSON.parse(execFileSync(process.execPath, [outfile, ...args], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
