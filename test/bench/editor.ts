/** What the editor loads of Twinflow, and how long a Node-RED with Twinflow takes until it answers. */

import { globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { example } from '../support/examples';
import { NodeRed, projectRoot } from '../support/node-red';

const STARTS = 3;

export interface EditorFigures {
  /** all forms with their code, and the sidebar */
  editorKilobytes: number;
  /** from starting the process to an answer, with an example's flow; the median of three */
  startupMs: number;
}

/** The size of all files with which the editor shows Twinflow's nodes, in kB. */
export function editorKilobytes(): number {
  const files = globSync('dist/nodes/*/*.html', { cwd: projectRoot }).filter((file) => !file.endsWith('page.html'));
  return Math.round(files.reduce((sum, file) => sum + statSync(join(projectRoot, file)).size, 0) / 1000);
}

export async function measureEditor(): Promise<EditorFigures> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    const before = performance.now();
    const red = await NodeRed.start({ flows: example('sandbox-both-ways') });
    times.push(performance.now() - before);
    await red.stop();
  }
  times.sort((a, b) => a - b);
  return { editorKilobytes: editorKilobytes(), startupMs: Math.round(times[1] ?? 0) };
}
