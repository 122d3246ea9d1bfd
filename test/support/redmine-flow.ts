/** The Redmine example, ready to run between two servers. */

import { example } from './examples';
import type { FlowNode } from './node-red';

/** The URL of a side, and its key. */
export interface RedmineEnd {
  url: string;
  key: string;
}

/**
 * @param project the id of the synced project, the same on both sides
 * @param interval seconds between polls; Redmine answers one request at a time, so polls compete with writes
 */
export function redmineFlow(project: number, one: RedmineEnd, two: RedmineEnd, interval = 1): FlowNode[] {
  const ends = [one, two];
  const choice = { id: String(project), name: 'Project' };
  return example('redmine-both-ways', {
    'twinflow-poller': { interval, unit: 'seconds' },
    // failures are in the log
    debug: { console: true },
    'twinflow-integration': { projectPairs: [{ one: choice, two: choice, direction: 'both' }] },
  }).map((node) => {
    const end = node.type === 'twinflow-system' ? ends.shift() : undefined;
    if (!end) return node;
    return { ...node, config: { ...(node.config as object), url: end.url }, credentials: { apiKey: end.key } };
  });
}
