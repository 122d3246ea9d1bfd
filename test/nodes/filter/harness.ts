/**
 * One node between poller and writer in a Node-RED runtime, with an integration of two sandboxes: what goes in, what comes
 * out of each output, what fails and what is skipped.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Node, NodeAPI } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { Direction, SyncMessage } from '../../../lib/model';
import integrationNode from '../../../nodes/integration/integration';
import { hostOf } from '../../../nodes/runtime/host';
import { isSyncMessage } from '../../../nodes/runtime/step';
import systemNode from '../../../nodes/system/system';
import { until } from '../../support/wait';

type NodeModule = (RED: NodeAPI) => void;

export interface Step {
  /** sends a message and waits until it has come out, was skipped or has failed */
  send(message: SyncMessage): Promise<Outcome>;
  status: () => unknown;
}

export interface Outcome {
  /** by output */
  out: [SyncMessage[], SyncMessage[]];
  skipped: string[];
  failed: string[];
  /** what Catch nodes are told */
  errors: string[];
}

/** A message as a poller of the Jira sandbox (forward) or the Azure DevOps sandbox (backward) sends it. */
export function message(payload: SyncMessage['payload'], more: Partial<SyncMessage['sync']> = {}): SyncMessage {
  const direction: Direction = more.direction ?? 'forward';
  const jira = { type: '10101', project: '10000' };
  const azure = { type: 'Bug', project: '6ce954b1-0001' };
  const [source, target] = direction === 'forward' ? [jira, azure] : [azure, jira];
  return {
    topic: 'Jira ↔ Azure DevOps',
    payload,
    sync: {
      integration: 'integration',
      direction,
      event: '1.1',
      kind: 'update',
      entity: { id: '7', key: 'DEMO-7', updatedAt: '2024-05-01T10:00:00Z', ...source },
      changed: Object.keys(payload),
      pair: 'bug',
      target,
      ...more,
    },
  };
}

const system = (id: string, template: string) => ({
  ...{ id, type: 'twinflow-system', name: template, kind: 'sandbox' },
  config: { space: `mapping-${template}`, template, user: 'sync' },
});

const both = 'both' as const;
const INTEGRATION = {
  ...{ id: 'integration', type: 'twinflow-integration', name: 'Jira ↔ Azure DevOps', active: true },
  ...{ system1: 'one', system2: 'two', retries: 3, lostAfterMs: 600_000 },
  projectPairs: [
    { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0001', name: 'Fabrikam' }, direction: both },
  ],
  typePairs: [
    { id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: both },
    {
      id: 'story',
      one: { id: '10102', name: 'Story' },
      two: { id: 'User Story', name: 'User Story' },
      direction: both,
    },
  ],
};

/** One folder for all suites: the host lives as long as the runtime's emitter, and remembers its folder. */
const folder = mkdtempSync(join(tmpdir(), 'twinflow-step-'));
const storeBefore = process.env.TWINFLOW_STORE;
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));

export async function startRuntime(): Promise<void> {
  process.env.TWINFLOW_STORE = join(folder, 'store.sqlite');
  helper.init(require.resolve('node-red'));
  helper.settings({ userDir: folder });
  await new Promise<void>((started) => helper.startServer(() => started()));
}

export async function stopRuntime(): Promise<void> {
  await helper.unload();
  await new Promise<void>((stopped) => helper.stopServer(() => stopped()));
  if (storeBefore === undefined) delete process.env.TWINFLOW_STORE;
  else process.env.TWINFLOW_STORE = storeBefore;
}

/** What nodes have warned of since they were deployed. */
export function logged(): string {
  return helper
    .log()
    .args.flat()
    .filter(({ type }) => type?.startsWith('twinflow-'))
    .map(({ msg }) => String(msg))
    .join('\n');
}

export const unload = (): Promise<void> => helper.unload();

/** Deploys the node under test. */
export async function deploy(module: NodeModule, node: Record<string, unknown> & { type: string }): Promise<Step> {
  let red: NodeAPI | undefined;
  const capture: NodeModule = (RED) => {
    red = RED;
  };
  const integration = 'integration' in node ? {} : { integration: 'integration' };
  await helper.load(
    [capture, systemNode, integrationNode, module],
    [
      { id: 'tab', type: 'tab', label: 'test' },
      system('one', 'jira'),
      system('two', 'azure-devops'),
      INTEGRATION,
      { id: 'step', z: 'tab', name: 'the step', ...integration, ...node, wires: [['out1'], ['out2']] },
      { id: 'out1', z: 'tab', type: 'helper' },
      { id: 'out2', z: 'tab', type: 'helper' },
    ],
  );
  const step = helper.getNode('step');
  const outcome: Outcome = { out: [[], []], skipped: [], failed: [], errors: [] };
  outcome.out.forEach((received, index) => {
    helper.getNode(`out${index + 1}`).on('input', (sent, _send, done) => {
      if (isSyncMessage(sent)) received.push(sent);
      done();
    });
  });
  if (red === undefined) throw new Error('The runtime has loaded no module');
  const handle = hostOf(red).integration('integration');
  if (handle !== undefined) {
    handle.skip = async (_message, reason) => {
      outcome.skipped.push(reason);
    };
    handle.fail = async (_message, error) => {
      outcome.failed.push(error instanceof Error ? error.message : String(error));
    };
  }
  let status: unknown;
  watch(step, outcome, (shown) => {
    status = shown;
  });
  return {
    status: () => status,
    async send(sent) {
      for (const list of [...outcome.out, outcome.skipped, outcome.failed, outcome.errors]) list.length = 0;
      // the runtime adds a message id to what it is given
      step.receive(structuredClone(sent));
      const count = () =>
        outcome.out[0].length + outcome.out[1].length + outcome.skipped.length + outcome.errors.length;
      await until('the message was handled', () => (count() > 0 ? true : undefined));
      return structuredClone(outcome);
    },
  };
}

/** node-red-node-test-helper makes spies of a node's methods and emits an event for each call. */
function watch(step: Node, outcome: Outcome, onStatus: (status: unknown) => void): void {
  const events: NodeJS.EventEmitter = step;
  events.on('call:error', (call: { args: unknown[] }) => {
    const [error] = call.args;
    outcome.errors.push(error instanceof Error ? error.message : String(error));
  });
  events.on('call:status', (call: { args: unknown[] }) => onStatus(call.args[0]));
}
