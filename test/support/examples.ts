/** The example flows of the package, for tests that run them. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSandbox, type SandboxSpace, sandboxFile } from '../../lib/connectors/sandbox';
import { type FlowNode, projectRoot } from './node-red';

const folder = join(projectRoot, 'examples');

export const exampleNames = (): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));

/** An example as it is imported, with some properties of some node types replaced. */
export function example(name: string, set: Record<string, Record<string, unknown>> = {}): FlowNode[] {
  const flow = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as FlowNode[];
  return flow.map((node) => ({ ...node, ...set[node.type] }));
}

/**
 * The two trackers of the sandbox examples, in a Node-RED's user folder; changes made through them are users' changes.
 * @param prefix of the spaces' names
 */
export function sandboxes(userDir: string, prefix = ''): { jira: SandboxSpace; azure: SandboxSpace; close(): void } {
  const file = sandboxFile(userDir);
  const jira = openSandbox({ file, space: `${prefix}jira`, template: 'jira' });
  const azure = openSandbox({ file, space: `${prefix}azure-devops`, template: 'azure-devops' });
  return {
    jira,
    azure,
    close() {
      jira.close();
      azure.close();
    },
  };
}
