/**
 * How the nodes' saved properties came to what they are. A new shape is a new step at the end of its list – and a frozen
 * flow of the shape before it in test/saved/flows. Steps are never changed once released: flows in the field rely on them.
 */

import type { History, Step } from './versions';

export const NODE_TYPES = [
  'twinflow-system',
  'twinflow-integration',
  'twinflow-poller',
  'twinflow-filter',
  'twinflow-field-mapper',
  'twinflow-value-mapper',
  'twinflow-default-mapper',
  'twinflow-writer',
] as const;

export type NodeType = (typeof NODE_TYPES)[number];

export const isNodeType = (type: unknown): type is NodeType => NODE_TYPES.some((known) => known === type);

/** Number inputs were saved as the texts that stood in them. What is no number stays, for the reader's preset. */
const numbers =
  (...properties: string[]): Step =>
  (saved) => {
    const changed = properties.flatMap((property): [string, number][] => {
      const text = saved[property];
      return typeof text === 'string' && text.trim() !== '' && Number.isFinite(Number(text))
        ? [[property, Number(text)]]
        : [];
    });
    return { ...saved, ...Object.fromEntries(changed) };
  };

/** Sides were saved as the values of a drop-down: '1' and '2'. */
const sidesOfRows: Step = (saved) => {
  const { rows } = saved;
  if (!Array.isArray(rows)) return saved;
  const side = (row: unknown): unknown =>
    typeof row === 'object' && row !== null && 'side' in row && (row.side === '1' || row.side === '2')
      ? { ...row, side: Number(row.side) }
      : row;
  return { ...saved, rows: rows.map(side) };
};

const unchanged: Step = (saved) => saved;

export const HISTORIES: Readonly<Record<NodeType, History>> = {
  'twinflow-system': { steps: [numbers('maxRequestsPerSecond', 'maxConcurrent')] },
  'twinflow-integration': { steps: [numbers('retries', 'lostAfterMs')] },
  'twinflow-poller': { steps: [numbers('interval', 'pageSize', 'window')] },
  'twinflow-filter': { steps: [numbers('outputs')] },
  'twinflow-field-mapper': { steps: [unchanged] },
  'twinflow-value-mapper': { steps: [unchanged] },
  'twinflow-default-mapper': { steps: [sidesOfRows] },
  'twinflow-writer': { steps: [numbers('batchSize')] },
};
