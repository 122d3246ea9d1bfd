/** One integration drawn on a tab of its own, for tests that put something wrong into it. */

import type { SandboxTemplate } from '../../../lib/connectors/sandbox';
import { listOf } from '../../../lib/connectors/sandbox';
import type { DefaultRow, FieldChoice, FieldRow, IntegrationConfig, ValueRow } from '../../../lib/model/config';
import type { FlowNode, NodeRed } from '../../support/node-red';

/** A small tracker; both sides of a chain speak alike unless a test makes one stricter. */
export function tracker(change: (fields: SandboxTemplate['types'][0]['fields']) => void = () => undefined) {
  const fields: SandboxTemplate['types'][0]['fields'] = [
    { id: 'title', name: 'Title', type: 'text', required: true, maxLength: 255 },
    { id: 'text', name: 'Text', type: 'richtext', format: 'markdown', maxLength: 20_000_000 },
    { id: 'note', name: 'Note', type: 'text', maxLength: 2000 },
    { id: 'urgency', name: 'Urgency', type: 'lookup', values: listOf(['Low', 'High']) },
    { id: 'owner', name: 'Owner', type: 'user' },
    { id: 'points', name: 'Points', type: 'number' },
  ];
  change(fields);
  const person = (login: string) => ({ id: login, login, name: login, email: `${login}@example.com` });
  const template: SandboxTemplate = {
    name: 'test',
    label: 'Test',
    keys: '{prefix}-{number}',
    title: 'title',
    people: ['sync', 'alice', 'bob'].map(person),
    projects: [{ id: 'p', name: 'Project', prefix: 'T' }],
    types: [{ id: 'bug', name: 'Bug', fields }],
  };
  return template;
}

const TYPES: Record<string, Omit<FieldChoice, 'id' | 'name'>> = {
  text: { type: 'richtext', format: 'markdown' },
  urgency: { type: 'lookup' },
  owner: { type: 'user' },
  points: { type: 'number' },
};

/** A field of the tracker as a form saves it. */
export const field = (id: string, more: Partial<FieldChoice> = {}): FieldChoice => ({
  id,
  name: id.charAt(0).toUpperCase() + id.slice(1),
  type: 'text',
  ...TYPES[id],
  ...more,
});

/** A row between fields of two trackers. */
export const row = (one: string | FieldChoice, two: string | FieldChoice = one): FieldRow => ({
  one: typeof one === 'string' ? field(one) : one,
  two: typeof two === 'string' ? field(two) : two,
  direction: 'both',
});

export interface SystemOptions {
  kind: string;
  config: Record<string, string>;
  credentials?: Record<string, string>;
  /** id of project and type */
  project?: string;
  type?: string;
}

export interface ChainOptions {
  systems?: [SystemOptions?, SystemOptions?];
  integration?: Partial<IntegrationConfig>;
  /** properties of the poller of side 2 */
  poller2?: Record<string, unknown>;
  rows?: FieldRow[];
  values?: ValueRow[];
  defaults?: DefaultRow[];
  /** body of a function node between the mappers and the writer; it takes the place of their wire */
  func?: string;
  /** the same before the mappers */
  early?: string;
  /** id of another chain's writer that the mappers are wired to by mistake */
  writer?: string;
}

/** The sandbox space on a side of a chain. */
export const spaceOf = (chain: string, side: 1 | 2): string => `${chain}-${side}`;

/**
 * The nodes of a chain. Their ids are `<chain>-<what>`: tab, system1, system2, integration, poller1, poller2, fields,
 * values, defaults, writer, landed, catch, problems, retry1, an inject node that
 * resumes what is parked, and poll2, one that polls side 2.
 */
export function chain(name: string, options: ChainOptions = {}): FlowNode[] {
  const id = (what: string) => `${name}-${what}`;
  const base = { z: id('tab'), integration: id('integration'), pairs: 'all', version: 1, x: 100, y: 100 };
  const systems = ([1, 2] as const).map((side): SystemOptions => {
    const sandbox = { kind: 'sandbox', config: { space: spaceOf(name, side), template: '', user: 'sync' } };
    return options.systems?.[side - 1] ?? sandbox;
  });
  const end = (side: 1 | 2, what: 'project' | 'type') => {
    const given = systems[side - 1]?.[what] ?? (what === 'project' ? 'p' : 'bug');
    return { id: given, name: given };
  };
  const writer = options.writer ?? id('writer');
  const last = options.func === undefined ? [writer] : [id('function')];
  const first = options.early === undefined ? [id('fields')] : [id('early')];
  return [
    { id: id('tab'), type: 'tab', label: name },
    ...systems.map(({ kind, config, credentials }, index) => ({
      id: id(`system${index + 1}`),
      type: 'twinflow-system',
      name: `${name} ${index + 1}`,
      kind,
      config,
      proxy: '',
      tls: '',
      ignoreOwn: false,
      version: 1,
      ...(credentials && { credentials }),
    })),
    {
      type: 'twinflow-integration',
      name,
      active: true,
      system1: id('system1'),
      system2: id('system2'),
      projectPairs: [{ one: end(1, 'project'), two: end(2, 'project'), direction: 'both' }],
      typePairs: [{ id: 'pair', one: end(1, 'type'), two: end(2, 'type'), direction: 'both' }],
      retries: 0,
      lostAfterMs: 600_000,
      version: 2,
      ...options.integration,
      id: id('integration'),
    },
    ...(['1', '2'] as const).map((side) => ({
      ...base,
      id: id(`poller${side}`),
      type: 'twinflow-poller',
      name: `poll ${side}`,
      side,
      schedule: 'interval',
      interval: 1,
      unit: 'seconds',
      start: 'all',
      pageSize: 100,
      window: 200,
      ...(side === '2' && options.poller2),
      wires: [first],
    })),
    {
      ...base,
      id: id('poll2'),
      type: 'inject',
      props: [{ p: 'topic', vt: 'str' }],
      topic: 'poll',
      wires: [[id('poller2')]],
    },
    {
      ...base,
      id: id('retry1'),
      type: 'inject',
      props: [{ p: 'topic', vt: 'str' }],
      topic: 'retry',
      wires: [[id('poller1')]],
    },
    ...functionNode(base, id('early'), options.early, [id('fields')]),
    {
      ...base,
      id: id('fields'),
      type: 'twinflow-field-mapper',
      rows: options.rows ?? [row('title')],
      wires: [[id('values')]],
    },
    { ...base, id: id('values'), type: 'twinflow-value-mapper', rows: options.values ?? [], wires: [[id('defaults')]] },
    { ...base, id: id('defaults'), type: 'twinflow-default-mapper', rows: options.defaults ?? [], wires: [last] },
    ...functionNode(base, id('function'), options.func, [writer]),
    { ...base, id: id('writer'), type: 'twinflow-writer', batchSize: 50, wires: [[id('landed')]] },
    debug(base, id('landed'), 'payload'),
    { ...base, id: id('catch'), type: 'catch', scope: null, uncaught: false, wires: [[id('problems')]] },
    debug(base, id('problems'), 'error'),
  ];
}

function functionNode(base: object, id: string, func: string | undefined, wires: string[]): FlowNode[] {
  return func === undefined ? [] : [{ ...base, id, type: 'function', func, outputs: 1, libs: [], wires: [wires] }];
}

const debug = (base: object, id: string, complete: string): FlowNode => ({
  ...base,
  id,
  type: 'debug',
  active: true,
  tosidebar: true,
  console: false,
  tostatus: false,
  complete,
  targetType: 'msg',
  wires: [],
});

/** Presses the button of an inject node. */
export const press = (red: NodeRed, node: string): Promise<unknown> => red.post(`/inject/${node}`, {});
