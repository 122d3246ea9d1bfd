/**
 * The history of the nodes' saved properties. A new shape needs a new step at the end of its list and a frozen flow of
 * the previous shape in test/saved/flows. Steps are never changed once released, because existing flows rely on them.
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

/** Number inputs were saved as their texts. A text that is not a number stays, for the reader's default. */
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

const FLAT = { key: 'remoteKeyField', url: 'remoteUrlField', link: 'remoteLink', back: 'remoteBack' } as const;
const FLAT_NAMES = Object.values(FLAT).flatMap((name) => [`${name}1`, `${name}2`]);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The properties for backlinks were saved as four properties per side, with the side's number at the end. */
const backlinksBySide: Step = (saved) => {
  const rest = Object.entries(saved).filter(([name]) => !FLAT_NAMES.includes(name));
  const given = isObject(saved.backlinks) ? saved.backlinks : {};
  const sides = ['1', '2'].flatMap((side): [string, object][] => {
    const all = Object.entries(FLAT).map(([setting, name]): [string, unknown] => [setting, saved[`${name}${side}`]]);
    const settings = all.filter(([, value]) => Boolean(value));
    if (settings.length === 0) return [];
    return [[side, { ...(isObject(given[side]) && given[side]), ...Object.fromEntries(settings) }]];
  });
  return { ...Object.fromEntries(rest), backlinks: { ...given, ...Object.fromEntries(sides) } };
};

const unchanged: Step = (saved) => saved;

/**
 * Filters had a list of conditions for all changes of their side; now also groups of them, an expression, and kinds of changes. The
 * editor gives a node every property that its form names: undefined, if the flow has none.
 */
const filterInFull: Step = (saved) => ({
  ...saved,
  by: saved.by ?? 'conditions',
  expression: saved.expression ?? '',
  kinds: saved.kinds ?? 'both',
});

export const HISTORIES: Readonly<Record<NodeType, History>> = {
  'twinflow-system': { steps: [numbers('maxRequestsPerSecond', 'maxConcurrent')] },
  'twinflow-integration': { steps: [numbers('retries', 'lostAfterMs'), backlinksBySide], former: FLAT_NAMES },
  'twinflow-poller': { steps: [numbers('interval', 'pageSize', 'window')] },
  'twinflow-filter': { steps: [numbers('outputs'), filterInFull] },
  'twinflow-field-mapper': { steps: [unchanged] },
  'twinflow-value-mapper': { steps: [unchanged] },
  'twinflow-default-mapper': { steps: [sidesOfRows] },
  'twinflow-writer': { steps: [numbers('batchSize')] },
};
