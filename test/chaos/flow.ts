/** The flow that chaos is brought upon: two Azure DevOps stand-ins, bugs both ways, three fields. */

import type { FieldChoice, FieldRow } from '../../lib/model/config';
import type { FlowNode } from '../support/node-red';

export const INTEGRATION = 'c4a0500000000003';
export const PROJECT = '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c';
export const TITLE = 'System.Title';
export const EXTERNAL = 'Custom.ExternalId';
export const PRIORITY = 'Microsoft.VSTS.Common.Priority';

const z = 'c4a0500000000000';
const ends = [
  { id: 'c4a0500000000001', name: 'One' },
  { id: 'c4a0500000000002', name: 'Two' },
];

const row = (field: FieldChoice): FieldRow => ({ one: field, two: field, direction: 'both' });

/** @param systems address and token of each side */
export function chaosFlow(systems: { url: string; token: string }[]): FlowNode[] {
  const project = { id: PROJECT, name: 'Fabrikam' };
  const bug = { id: 'Bug', name: 'Bug' };
  const node = (id: string, type: string, rest: Record<string, unknown>): FlowNode => ({
    id: `c4a050000000001${id}`,
    type,
    z,
    x: 100,
    y: 100,
    integration: INTEGRATION,
    version: 1,
    ...rest,
  });
  return [
    { id: z, type: 'tab', label: 'Chaos' },
    ...systems.map(({ url, token }, index) => ({
      ...ends[index],
      id: ends[index]?.id ?? '',
      type: 'twinflow-system',
      kind: 'azure-devops',
      config: { url, auth: 'pat' },
      credentials: { token },
      proxy: '',
      tls: '',
      ignoreOwn: false,
      version: 1,
    })),
    {
      id: INTEGRATION,
      type: 'twinflow-integration',
      name: 'One ↔ Two',
      active: true,
      system1: ends[0]?.id,
      system2: ends[1]?.id,
      projectPairs: [{ one: project, two: project, direction: 'both' }],
      typePairs: [{ id: 'bug', one: bug, two: bug, direction: 'both' }],
      retries: 3,
      lostAfterMs: 20_000,
      version: 1,
    },
    ...(['1', '2'] as const).map((side) =>
      node(side, 'twinflow-poller', {
        side,
        schedule: 'interval',
        interval: 1,
        unit: 'seconds',
        start: 'all',
        pageSize: 50,
        window: 50,
        wires: [['c4a0500000000013']],
      }),
    ),
    node('3', 'twinflow-field-mapper', {
      pairs: 'all',
      rows: [
        row({ id: TITLE, name: 'Title', type: 'text' }),
        row({ id: EXTERNAL, name: 'External id', type: 'text' }),
        row({ id: PRIORITY, name: 'Priority', type: 'lookup' }),
      ],
      wires: [['c4a0500000000014']],
    }),
    node('4', 'twinflow-writer', { batchSize: 20, wires: [[]] }),
  ];
}
