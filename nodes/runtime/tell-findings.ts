/** Shows the findings of a check after a deploy, below the node and in the debug sidebar. */

import type { Node, NodeAPI, NodeStatus } from 'node-red';
import { type Say, sentence } from '../../lib/checks';
import type { PlacedFinding } from './deploy-checks';

/** The field mapper's catalog has the texts for all mappers. */
const CATALOGUE = '@twinflow/node-red-sync/twinflow-field-mapper:mapping';
const MOST_LINES = 20;

/** @param show shows the status, unless the node has something more important to show; not called for notes only */
export function tellFindings(
  RED: Pick<NodeAPI, '_'>,
  node: Pick<Node, 'warn'>,
  findings: PlacedFinding[],
  show: (status: NodeStatus) => void,
): void {
  const say: Say = (key, variables) => RED._(`${CATALOGUE}.${key}`, variables);
  const lines = findings.slice(0, MOST_LINES).map((finding) => `${finding.where}: ${sentence(finding, say)}`);
  if (findings.length > MOST_LINES) lines.push(`… + ${findings.length - MOST_LINES}`);
  node.warn([say('checks.found', { count: String(findings.length) }), ...lines].join('\n'));
  const serious = findings.filter(({ level }) => level !== 'note').length;
  if (serious === 0) return;
  show({ fill: 'yellow', shape: 'ring', text: say('checks.status', { count: String(serious) }) });
}
