/** Several integrations over shared sandboxes in a real Node-RED: flows, and what there is in the end. */

import assert from 'node:assert/strict';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSandbox, type SandboxSpace, sandboxFile } from '../../lib/connectors/sandbox';
import type { Entity } from '../../lib/model/entity';
import { example } from '../support/examples';
import type { FlowNode } from '../support/node-red';

export const DEMO = '10000';
export const BUG = '10101';

/** The sandbox example, read from the beginning every second. */
export const pair = (ignoreOwn = false): FlowNode[] =>
  example('sandbox-both-ways', {
    'twinflow-poller': { interval: 1, unit: 'seconds', start: 'all' },
    'twinflow-system': { ignoreOwn },
  });

/** As an import a second time: fresh ids for all nodes, or for all but those of the types given. */
export function copyOf(flow: FlowNode[], except: string[] = []): FlowNode[] {
  let text = JSON.stringify(flow.filter(({ type }) => !except.includes(type)));
  for (const [index, { id, type }] of flow.entries()) {
    if (!except.includes(type)) text = text.replaceAll(id, `c0ffee${String(index).padStart(10, '0')}`);
  }
  return JSON.parse(text) as FlowNode[];
}

/** One integration of bugs between two sandboxes that speak like Jira, with a tab of its own. */
export function between(name: string, one: string, two: string, set: Record<string, unknown> = {}): FlowNode[] {
  const id = (what: string): string => `${name}-${what}`;
  const choice = { id: BUG, name: 'Bug' };
  const project = { id: DEMO, name: 'Demo' };
  const field = (fieldId: string) => ({ id: fieldId, name: fieldId, type: 'text' });
  const poller = (side: '1' | '2'): FlowNode => ({
    ...{ id: id(`poll${side}`), type: 'twinflow-poller', z: id('tab'), integration: id('integration'), side },
    ...{ schedule: 'interval', interval: 1, unit: 'seconds', start: 'all', version: 1, wires: [[id('map')]] },
  });
  return [
    { id: id('tab'), type: 'tab', label: name },
    {
      ...{ id: id('integration'), type: 'twinflow-integration', name, active: true, system1: one, system2: two },
      projectPairs: [{ one: project, two: project, direction: 'both' }],
      typePairs: [{ id: 'bug', one: choice, two: choice, direction: 'both' }],
      ...{ version: 1, ...set },
    },
    poller('1'),
    poller('2'),
    {
      ...{ id: id('map'), type: 'twinflow-field-mapper', z: id('tab'), integration: id('integration'), pairs: 'all' },
      rows: [{ one: field('summary'), two: field('summary'), direction: 'both' }],
      ...{ version: 1, wires: [[id('write')]] },
    },
    {
      ...{ id: id('write'), type: 'twinflow-writer', z: id('tab'), integration: id('integration'), batchSize: 50 },
      ...{ version: 1, wires: [[]] },
    },
  ];
}

export const system = (id: string, space: string, ignoreOwn = false): FlowNode => ({
  ...{ id, type: 'twinflow-system', name: space, kind: 'sandbox', ignoreOwn, version: 1 },
  config: { space, template: 'jira', user: 'sync' },
});

/** Spaces that speak like Jira in a Node-RED's folder. */
export function spaces(userDir: string, ...names: string[]): SandboxSpace[] {
  return names.map((space) => openSandbox({ file: sandboxFile(userDir), space, template: 'jira' }));
}

/** Another Node-RED's folder has the same sandboxes. */
export function shareSandboxes(from: string, to: string): void {
  symlinkSync(join(from, 'twinflow-sandbox.sqlite'), join(to, 'twinflow-sandbox.sqlite'));
}

export const all = (space: SandboxSpace): Entity[] => space.list({ limit: 1000 }).entities;

export const addBugs = (space: SandboxSpace, ...titles: string[]): void => {
  for (const summary of titles) space.create('alice', { project: DEMO, type: BUG, fields: { summary } });
};

/** The counts stay what they are to be, looked at every half second. @param seconds of wall clock */
export async function stay(trackers: SandboxSpace[], count: number, seconds: number): Promise<void> {
  for (let half = 0; half < seconds * 2; half += 1) {
    const counts = trackers.map((space) => all(space).length);
    assert.ok(
      counts.every((found) => found <= count),
      `there are ${counts.join(', ')} after ${half / 2} s, not ${count}`,
    );
    await sleep(500);
  }
  assert.deepEqual(
    trackers.map((space) => all(space).length),
    trackers.map(() => count),
  );
}
