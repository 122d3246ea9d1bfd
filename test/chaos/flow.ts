/** The flow of the chaos run: bugs of two systems, or of three in a ring, with three fields, comments and files, both ways. */

import type { FieldRow, PartPair, ValueRow } from '../../lib/model/config';
import type { PartRole } from '../../lib/model/entity';
import type { FlowNode } from '../support/node-red';
import { type Kind, ROLES, type Tracker } from './tracker';

const z = 'c4a0500000000000';

/** The places of the two systems that each integration keeps in sync. */
export function pairsOf(trackers: readonly Tracker[]): [number, number][] {
  const line = trackers.slice(1).map((_tracker, index): [number, number] => [index, index + 1]);
  return trackers.length > 2 ? [...line, [trackers.length - 1, 0]] : line;
}

/** @param nth its place in `pairsOf` */
export const integrationId = (nth: number): string => `c4a05000000000a${nth}`;
const systemId = (nth: number): string => `c4a05000000000f${nth}`;

const parts = (role: PartRole, name: string): PartPair => ({
  id: role,
  role,
  one: { id: role, name },
  two: { id: role, name },
  direction: 'both',
});

export function chaosFlow(trackers: readonly Tracker[]): FlowNode[] {
  return [
    { id: z, type: 'tab', label: 'Chaos' },
    ...trackers.map(
      ({ node }, nth): FlowNode => ({
        id: systemId(nth),
        name: `System ${nth + 1}`,
        type: 'twinflow-system',
        ...node,
        proxy: '',
        tls: '',
        ignoreOwn: false,
        version: 1,
      }),
    ),
    ...pairsOf(trackers).flatMap((pair, nth) => integration(nth, pair, trackers)),
  ];
}

function integration(nth: number, [first, second]: [number, number], trackers: readonly Tracker[]): FlowNode[] {
  const [one, two] = [trackers[first]?.kind, trackers[second]?.kind];
  if (!one || !two) throw new Error('a pair names a system that is not there');
  const integrationNode = integrationId(nth);
  const idOf = (number: number): string => `c4a0500000000${nth}1${number}`;
  const node = (number: number, type: string, rest: Record<string, unknown>): FlowNode => ({
    id: idOf(number),
    ...{ type, z, x: 100, y: 100, integration: integrationNode, version: 1 },
    ...rest,
  });
  const hasFiles = one.hasFiles && two.hasFiles;
  const content = [parts('comment', 'Comment'), ...(hasFiles ? [parts('attachment', 'Attachment')] : [])];
  const rows = ROLES.map((role): FieldRow => ({ one: one.fields[role], two: two.fields[role], direction: 'both' }));
  return [
    {
      id: integrationNode,
      type: 'twinflow-integration',
      name: `${first + 1} ↔ ${second + 1}`,
      active: true,
      system1: systemId(first),
      system2: systemId(second),
      projectPairs: [{ one: one.project, two: two.project, direction: 'both' }],
      typePairs: [{ id: 'bug', one: one.type, two: two.type, direction: 'both', parts: content }],
      retries: 3,
      lostAfterMs: 20_000,
      version: 1,
    },
    ...([1, 2] as const).map((side) =>
      node(side, 'twinflow-poller', {
        side: `${side}`,
        schedule: 'interval',
        interval: 1,
        unit: 'seconds',
        start: 'all',
        pageSize: 50,
        window: 50,
        wires: [[idOf(3)]],
      }),
    ),
    node(3, 'twinflow-field-mapper', { pairs: 'all', rows, wires: [[idOf(4)]] }),
    node(4, 'twinflow-value-mapper', { pairs: 'all', rows: [priorities(one, two)], wires: [[idOf(5)]] }),
    node(5, 'twinflow-writer', { batchSize: 20, wires: [[]] }),
  ];
}

function priorities(one: Kind, two: Kind): ValueRow {
  const pairs = one.priorities.map((name, index): ValueRow['pairs'][number] => ({
    one: { name },
    two: { name: two.priorities[index] ?? name },
    direction: 'both',
  }));
  return { one: one.fields.priority, two: two.fields.priority, pairs };
}
