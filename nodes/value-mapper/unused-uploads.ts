/**
 * Uploaded sheets that no node uses: deleted after a full deploy, if none has used them for thirty days. Only at a full
 * deploy every node of the flow is known, including disabled ones and subflows.
 */

import type { NodeAPI } from 'node-red';
import { readValueRows } from '../../lib/mapping';
import { isObject } from '../../lib/model/shape';
import { upgradeNode } from '../../lib/saved';
import { sweepUploads } from '../../lib/tables/files';

/** The used part of Node-RED's API. */
export interface SweepHost {
  events: Pick<NodeAPI['events'], 'on'>;
  nodes: { eachNode(visit: (node: object) => void): void };
  log: { info(text: string): void; warn(text: string): void };
  settings: object;
}

/** Ids of the uploads used by the flow's value mappers; undefined if a later Twinflow has saved one of them. */
function usedUploads({ nodes }: SweepHost): Set<string> | undefined {
  const used = new Set<string>();
  let readable = true;
  nodes.eachNode((node) => {
    if (!isObject(node) || node.type !== 'twinflow-value-mapper') return;
    const upgraded = upgradeNode('twinflow-value-mapper', node);
    if (upgraded.is === 'newer') readable = false;
    else
      for (const { sheet } of readValueRows(upgraded.saved.rows))
        if (sheet?.from.kind === 'upload') used.add(sheet.from.id);
  });
  return readable ? used : undefined;
}

/** With Node-RED's projects, another project's flow may use them: then nothing is ever deleted. */
function hasProjects(settings: unknown): boolean {
  const theme = isObject(settings) ? settings.editorTheme : undefined;
  const projects = isObject(theme) ? theme.projects : undefined;
  return isObject(projects) && projects.enabled === true;
}

const listening = new WeakSet<object>();

/** Once for each Node-RED, however often it is called. @param dataFolder the folder for uploads; read at each deploy */
export function sweepAfterDeploys(RED: SweepHost, dataFolder: () => string): void {
  // each node module gets a RED object of its own, but all share one emitter
  if (listening.has(RED.events)) return;
  listening.add(RED.events);
  RED.events.on('flows:started', (deployed: unknown) => {
    if (!isObject(deployed) || deployed.type !== 'full' || hasProjects(RED.settings)) return;
    const used = usedUploads(RED);
    if (used === undefined) return;
    sweepUploads(dataFolder(), used).then(
      (names) => {
        for (const name of names)
          RED.log.info(`Twinflow: the uploaded sheet ${name}, not used for 30 days, was deleted`);
      },
      (thrown: unknown) => RED.log.warn(`Twinflow: unused sheets could not be looked for: ${String(thrown)}`),
    );
  });
}
