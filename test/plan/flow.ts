/**
 * A whole chain of real nodes between two sandboxes (one speaks like Jira, one like Azure DevOps), and a planner that is
 * given the very same nodes: what is planned can be compared with what the chain then does.
 */

import type { EventEmitter } from 'node:events';
import type { NodeAPI } from 'node-red';
import helper from 'node-red-node-test-helper';
import type { Connection, FileRules } from '../../lib/connectors/connector';
import { openSandbox, sandbox, sandboxFile } from '../../lib/connectors/sandbox';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, Side } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { SyncResult } from '../../lib/model/message';
import type { Fields } from '../../lib/model/values';
import { type EntityPlan, planEntity, readStep, type SurveyInput, SurveyRun } from '../../lib/plan';
import defaultMapper from '../../nodes/default-mapper/default-mapper';
import fieldMapper from '../../nodes/field-mapper/field-mapper';
import filter from '../../nodes/filter/filter';
import integrationNode from '../../nodes/integration/integration';
import poller from '../../nodes/poller/poller';
import { hostOf, type IntegrationHandle } from '../../nodes/runtime/host';
import systemNode from '../../nodes/system/system';
import valueMapper from '../../nodes/value-mapper/value-mapper';
import writer from '../../nodes/writer/writer';
import { fileOf } from '../engine/file-bench';
import { readNow } from '../support/delivered';
import { until } from '../support/wait';

export type StepNode = { id: string; type: string } & Record<string, unknown>;

export const SCOPES = {
  1: { projects: ['10000'], types: ['10101'] },
  2: { projects: ['6ce954b1-0001'], types: ['Bug'] },
} as const;

const both = 'both' as const;
export const PAIRS = {
  projectPairs: [
    { one: { id: '10000', name: 'Demo' }, two: { id: '6ce954b1-0001', name: 'Fabrikam' }, direction: both },
  ],
  typePairs: [{ id: 'bug', one: { id: '10101', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: both }],
};

let spaces = 0;

export class Flow {
  readonly results: SyncResult[] = [];
  /** What a side takes of files from now on. */
  limitFiles: (side: Side, rules: FileRules) => void = () => undefined;
  private readonly shown = new Map<string, unknown>();
  private constructor(
    private readonly steps: StepNode[],
    private readonly handle: IntegrationHandle,
    /** as people see the systems: alice on either side */
    readonly people: Record<Side, Connection>,
    readonly dataFolder: string,
  ) {}

  /** @param steps in order; the runtime must have been started, @see startRuntime */
  static async deploy(steps: StepNode[], options: Partial<IntegrationConfig> = {}): Promise<Flow> {
    spaces += 1;
    const configs = {
      one: { space: `plan-${process.pid}-${spaces}-1`, template: 'jira' },
      two: { space: `plan-${process.pid}-${spaces}-2`, template: 'azure-devops' },
    };
    const system = (id: 'one' | 'two') => ({
      ...{ id, type: 'twinflow-system', name: `System ${id}`, kind: 'sandbox' },
      config: { ...configs[id], user: 'sync' },
    });
    const integration = `integration${spaces}`;
    const chain = steps.map((step, index) => ({
      ...{ z: 'tab', integration, pairs: 'all' },
      ...step,
      wires: [[steps[index + 1]?.id ?? 'writer'], []],
    }));
    const read = { type: 'twinflow-poller', z: 'tab', integration, schedule: 'manual', start: 'all' };
    let red: NodeAPI | undefined;
    await helper.load(
      [
        (RED: NodeAPI) => {
          red = RED;
        },
        ...[systemNode, integrationNode, poller, filter, fieldMapper, valueMapper, defaultMapper],
        // texts by their keys and variables
        (RED: NodeAPI) =>
          writer({ ...RED, _: (key: string, words?: object) => `${key} ${JSON.stringify(words ?? {})}` }),
      ],
      [
        { id: 'tab', type: 'tab', label: 'plan' },
        ...[system('one'), system('two')],
        {
          ...{ id: integration, type: 'twinflow-integration', name: 'Jira ↔ Azure DevOps', active: true },
          ...{ system1: 'one', system2: 'two', retries: 0, ...PAIRS, ...options },
        },
        { ...read, id: 'poller1', side: '1', wires: [[steps[0]?.id ?? 'writer']] },
        { ...read, id: 'poller2', side: '2', wires: [[steps[0]?.id ?? 'writer']] },
        ...chain,
        { id: 'writer', type: 'twinflow-writer', z: 'tab', integration, batchSize: 50, wires: [['out']] },
        { id: 'out', z: 'tab', type: 'helper' },
      ],
    );
    if (!red) throw new Error('The runtime has loaded no module');
    const host = hostOf(red);
    const handle = host.integration(integration);
    if (!handle) throw new Error('The integration was not deployed');
    const alice = (config: { space: string; template: string }) =>
      sandbox.connect({ ...config, user: 'alice' }, { dataFolder: host.dataFolder });
    const people = { 1: alice(configs.one), 2: alice(configs.two) };
    const flow = new Flow(steps, handle, people, host.dataFolder);
    flow.limitFiles = (side, rules) => {
      const space = openSandbox({
        file: sandboxFile(host.dataFolder),
        space: configs[side === 1 ? 'one' : 'two'].space,
      });
      space.limitFiles(rules);
      space.close();
    };
    const events: EventEmitter = helper.getNode('writer');
    events.on('call:status', (call: { args: unknown[] }) => flow.shown.set('writer', call.args[0]));
    helper.getNode('out').on('input', (message, _send, done) => {
      flow.results.push(message.payload as SyncResult);
      done();
    });
    return flow;
  }

  get config(): IntegrationConfig {
    return this.handle.config;
  }

  /** What a person does. */
  async create(side: Side, fields: Fields): Promise<Entity> {
    const [project = '', type = ''] = [SCOPES[side].projects[0], SCOPES[side].types[0]];
    return this.written(side, { kind: 'create', project, type, fields });
  }

  async edit(side: Side, id: string, fields: Fields): Promise<Entity> {
    return this.written(side, { kind: 'update', id, fields });
  }

  /** Attaches a file of so many bytes. */
  async attach(side: Side, owner: string, name: string, size: number): Promise<Entity> {
    const { project } = await this.read(side, owner);
    const content = fileOf(name, 'x'.repeat(size));
    return this.written(side, { kind: 'create', type: 'attachment', project, owner, fields: { name }, content });
  }

  async comment(side: Side, owner: string, content: string, more: Fields = {}): Promise<Entity> {
    const { project } = await this.read(side, owner);
    return this.written(side, {
      ...{ kind: 'create', type: 'comment', project, owner },
      fields: { text: { format: 'markdown', content }, ...more },
    });
  }

  async removeComments(side: Side, ...ids: string[]): Promise<void> {
    await this.people[side].remove?.(this.scope(side), ids);
  }

  async comments(side: Side, owner: string): Promise<Entity[]> {
    const [found] = (await this.people[side].parts?.(this.scope(side), [owner], ['comment'])) ?? [];
    if (!Array.isArray(found)) throw found ?? new SyncError('notFound', `no ${owner}`);
    return found;
  }

  /** What an item's comments say, without the author line of copies. */
  async texts(side: Side, owner: string): Promise<string[]> {
    const found = await this.comments(side, owner);
    return found.map(({ fields: { text } }) =>
      typeof text === 'object' && text !== null && 'content' in text ? text.content.replace(/^\[.*\n\n/, '') : '',
    );
  }

  /** Id of what an entity is linked with. */
  async counterpart(side: Side, id: string): Promise<string | undefined> {
    const { store } = await this.handle.ready;
    const link = await store.linkOf(this.config.id, side, id);
    return link?.ends[2 - side]?.ref.id;
  }

  private async written(side: Side, operation: Parameters<NonNullable<Connection['write']>>[1][number]) {
    const [result] = (await this.people[side].write?.(this.scope(side), [operation])) ?? [];
    if (!result?.ok) throw result?.error ?? new SyncError('fatal', 'cannot be written');
    return result.entity;
  }

  scope(side: Side) {
    return { projects: [...SCOPES[side].projects], types: [...SCOPES[side].types] };
  }

  async all(side: Side): Promise<Entity[]> {
    const found = new Map<string, Entity>();
    for await (const page of this.people[side].changes(this.scope(side), undefined, 100)) {
      for (const entity of page.entities) found.set(entity.id, entity);
    }
    return [...found.values()];
  }

  async read(side: Side, id: string): Promise<Entity> {
    const [entity] = await readNow(this.people[side], this.scope(side), [id]);
    if (!entity) throw new Error(`no ${id}`);
    return entity;
  }

  async plan(side: Side, id: string, last?: string): Promise<EntityPlan> {
    const { store } = await this.handle.ready;
    return planEntity({
      config: this.config,
      steps: this.steps.map(readStep).filter((step) => step !== undefined),
      connections: [this.people[1], this.people[2]],
      store,
      dataFolder: this.dataFolder,
      side,
      entity: await this.read(side, id),
      until: last,
    });
  }

  /** How often the changes of a side that wait for a person were tried again. */
  async retried(side: Side): Promise<number> {
    const { store } = await this.handle.ready;
    const events = await store.parked(this.config.id, 0, 100, { side });
    return events.reduce((sum, { attempts }) => sum + attempts, 0);
  }

  /** Ids of the entities of a side that wait for a person. */
  async parked(side: Side): Promise<Set<string>> {
    const { store } = await this.handle.ready;
    const events = await store.parked(this.config.id, 0, 100, { side });
    return new Set(events.map(({ entity }) => entity.id));
  }

  /** A survey of the chain as it is deployed. */
  async surveying(sample: number | 'all', more: Partial<SurveyInput> = {}): Promise<SurveyRun> {
    const { store } = await this.handle.ready;
    const steps = this.steps.map(readStep).filter((step) => step !== undefined);
    return new SurveyRun({
      config: this.config,
      steps: { 1: steps, 2: steps },
      connections: [this.people[1], this.people[2]],
      store,
      dataFolder: this.dataFolder,
      sample,
      ...more,
    });
  }

  /** What a node shows now. */
  status(id: string): unknown {
    return this.shown.get(id);
  }

  /**
   * Polls a side, and waits until what it has found has come to its end.
   * @param patience milliseconds
   * @returns the results since
   */
  async sync(side: Side, patience?: number): Promise<SyncResult[]> {
    const before = this.results.length;
    const integration = await this.handle.ready;
    const [reader] = await until('the poller reads', () => {
      const readers = integration.readersOf(side);
      return readers.length > 0 ? readers : undefined;
    });
    await reader?.poll();
    await until(
      'all changes have come to their end',
      async () => {
        reader?.pump();
        const counts = (await integration.counts())[side - 1];
        // what is held waits behind what is parked
        const open = counts === undefined ? 1 : counts.waiting + counts.sent + counts.retry;
        return open === 0 ? true : undefined;
      },
      patience,
    );
    // what has landed is told a moment later
    await new Promise((resolve) => setTimeout(resolve, 30));
    return this.results.slice(before);
  }
}
