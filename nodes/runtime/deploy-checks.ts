/**
 * After a deploy, checks whether the mappers still match what both systems declare. The check runs once in the
 * background, after everything else. It asks each system once per pair of projects and types, and only ever warns.
 * Systems that cannot be reached are not reported here: pollers and writers do that.
 */

import { onBehalfOf } from '../../lib/budget/priority';
import {
  type AccessOf,
  byWeight,
  checkAccess,
  checkDefaultRows,
  checkFieldRows,
  checkValueRows,
  type Finding,
  type Live,
  type LiveFields,
  peopleToAsk,
} from '../../lib/checks';
import { backlinkFields } from '../../lib/engine/backlink-fields';
import { personByWord } from '../../lib/mapping';
import type { ValueMapperSettings } from '../../lib/mapping/saved';
import { expressionCheck } from '../../lib/mapping/transform-expression';
import type { SheetTables } from '../../lib/mapping/values';
import type { DefaultRow, FieldRow, IntegrationConfig, ProjectPair, TypePair } from '../../lib/model/config';
import {
  applies,
  type Direction,
  type EntityType,
  type Field,
  type Side,
  type TypeAccess,
} from '../../lib/model/entity';
import { atSide } from '../../lib/model/sides';
import type { UserValue } from '../../lib/model/values';
import type { UserDirectory } from '../../lib/steps';

/** A deployed mapper. */
export type CheckedMapper =
  | { kind: 'fields'; rows: FieldRow[] }
  | ({ kind: 'values'; sheets(): Promise<SheetTables> } & ValueMapperSettings)
  | { kind: 'defaults'; rows: DefaultRow[] };

export interface PlacedFinding extends Finding {
  /** the item types and projects in which it was found first: "Bug ↔ Bug (Demo ↔ Fabrikam)" */
  where: string;
}

export interface CheckedNode {
  id: string;
  pairs: 'all' | string[];
  mapper: CheckedMapper;
  /** called if there are findings, the worst first */
  report(findings: PlacedFinding[]): void;
}

/** The data that the check needs from an integration. */
export interface CheckedIntegration {
  readonly config: IntegrationConfig;
  connection(side: Side): {
    fields(project: string, type: string): Promise<Field[]>;
    entityTypes(project: string): Promise<EntityType[]>;
  };
  users(side: Side): UserDirectory;
  /** false while its system is paused */
  mayAsk(side: Side): boolean;
}

/** After the first polls, which users wait for. */
const DELAY_MS = 5_000;
/** Maximum number of pairs of projects and types that are checked per integration. */
const MOST_PLACES = 50;
const DIRECTIONS: Direction[] = ['forward', 'backward'];
const ARROW = { both: '↔', forward: '→', backward: '←' } as const;

const nameOf = ({ one, two, direction }: ProjectPair | TypePair): string =>
  one.name === two.name ? one.name : `${one.name} ${ARROW[direction]} ${two.name}`;

interface Place {
  project: ProjectPair;
  type: TypePair;
}

export class DeployChecks {
  private readonly nodes = new Map<string, CheckedNode & { integration: string; fresh: boolean }>();
  private readonly find: (integration: string) => CheckedIntegration | undefined;
  private readonly delayMs: number;
  private timer: NodeJS.Timeout | undefined;

  constructor(find: (integration: string) => CheckedIntegration | undefined, delayMs = DELAY_MS) {
    this.find = find;
    this.delayMs = delayMs;
  }

  /** Call in the constructor of a mapper node. */
  add(integration: string, node: CheckedNode): void {
    this.nodes.set(node.id, { ...node, integration, fresh: true });
  }

  /** Call when the node closes. */
  remove(id: string): void {
    this.nodes.delete(id);
    if (this.nodes.size === 0) clearTimeout(this.timer);
  }

  /** All flows of a deploy have started. */
  deployed(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // nothing here may delay a message: a failure of the check is not a finding
      this.run().catch(() => undefined);
    }, this.delayMs);
    this.timer.unref();
  }

  /** Checks all integrations with mappers that were deployed since the last time. */
  async run(): Promise<void> {
    const due = new Set([...this.nodes.values()].filter(({ fresh }) => fresh).map(({ integration }) => integration));
    for (const id of due) {
      const nodes = [...this.nodes.values()].filter(({ integration }) => integration === id);
      for (const node of nodes) node.fresh = false;
      const integration = this.find(id);
      if (integration?.config.active !== true) continue;
      await this.look(integration, nodes).catch(() => undefined);
    }
  }

  private async look(integration: CheckedIntegration, nodes: CheckedNode[]): Promise<void> {
    const ask = new Asking(integration);
    const found = new Map<CheckedNode, Map<string, PlacedFinding>>(nodes.map((node) => [node, new Map()]));
    const counterpart = {
      one: backlinkFields(integration.config, 1),
      two: backlinkFields(integration.config, 2),
    };
    for (const place of placesOf(integration.config)) {
      const here = nodes.filter(({ pairs }) => pairs === 'all' || pairs.includes(place.type.id));
      if (here.length === 0) continue;
      const { project, type } = place;
      const live: Live = {
        one: await ask.fields(1, project.one.id, type.one.id),
        two: await ask.fields(2, project.two.id, type.two.id),
      };
      const where = `${nameOf(type)} (${nameOf(project)})`;
      for (const node of here) {
        for (const finding of await findingsOf(node, here, live, place, counterpart, ask)) {
          const { code, row, rule, direction, side, label, names } = finding;
          const key = JSON.stringify([code, row, rule, direction, side, label, names]);
          if (!found.get(node)?.has(key)) found.get(node)?.set(key, { ...finding, where });
        }
      }
    }
    for (const [node, findings] of found) {
      // a deploy in between has replaced the node
      const isThere = this.nodes.get(node.id)?.mapper === node.mapper;
      if (findings.size > 0 && isThere) node.report(byWeight([...findings.values()]) as PlacedFinding[]);
    }
  }
}

function placesOf({ projectPairs, typePairs }: IntegrationConfig): Place[] {
  return projectPairs.flatMap((project) => typePairs.map((type) => ({ project, type }))).slice(0, MOST_PLACES);
}

/** One pass of questions: each once, and no further ones to a side that did not answer. */
class Asking {
  private readonly answers = new Map<string, Promise<LiveFields>>();
  private readonly typeAnswers = new Map<string, Promise<ReadonlyMap<string, TypeAccess>>>();
  private readonly silent = new Set<Side>();
  private readonly integration: CheckedIntegration;

  constructor(integration: CheckedIntegration) {
    this.integration = integration;
  }

  fields(side: Side, project: string, type: string): Promise<LiveFields> {
    const key = JSON.stringify([side, project, type]);
    const answer = this.answers.get(key) ?? this.ask(side, project, type);
    this.answers.set(key, answer);
    return answer;
  }

  private async ask(side: Side, project: string, type: string): Promise<LiveFields> {
    if (this.isSilent(side)) return undefined;
    try {
      const connection = this.integration.connection(side);
      const list = await onBehalfOf({ priority: 'bulk' }, () => connection.fields(project, type));
      return new Map(list.map((field) => [field.id, field]));
    } catch {
      this.silent.add(side);
      return undefined;
    }
  }

  /** What can be done to the types of a pair of projects. */
  async access({ one, two }: ProjectPair): Promise<AccessOf> {
    const [first, second] = [await this.types(1, one.id), await this.types(2, two.id)];
    return (side, type) => atSide([first, second] as const, side).get(type);
  }

  private types(side: Side, project: string): Promise<ReadonlyMap<string, TypeAccess>> {
    const key = JSON.stringify([side, project]);
    const answer = this.typeAnswers.get(key) ?? this.askTypes(side, project);
    this.typeAnswers.set(key, answer);
    return answer;
  }

  private async askTypes(side: Side, project: string): Promise<ReadonlyMap<string, TypeAccess>> {
    if (this.isSilent(side)) return new Map();
    try {
      const connection = this.integration.connection(side);
      const list = await onBehalfOf({ priority: 'bulk' }, () => connection.entityTypes(project));
      return new Map(list.flatMap(({ id, access }) => (access ? [[id, access] as const] : [])));
    } catch {
      this.silent.add(side);
      return new Map();
    }
  }

  /** True if the system has no user with this name; false if it cannot be asked. */
  async isUnknown(side: Side, person: UserValue): Promise<boolean> {
    if (this.isSilent(side)) return false;
    try {
      const users = this.integration.users(side);
      return (await onBehalfOf({ priority: 'bulk' }, () => personByWord(person, (by) => users.find(by)))) === undefined;
    } catch {
      this.silent.add(side);
      return false;
    }
  }

  private isSilent(side: Side): boolean {
    return this.silent.has(side) || !this.integration.mayAsk(side);
  }
}

async function findingsOf(
  node: CheckedNode,
  nodes: CheckedNode[],
  live: Live,
  { project, type }: Place,
  counterpart: { one: ReadonlySet<string>; two: ReadonlySet<string> },
  ask: Asking,
): Promise<Finding[]> {
  const { mapper } = node;
  const defaults = nodes.flatMap((other) => (other.mapper.kind === 'defaults' ? other.mapper.rows : []));
  const mappers = nodes.flatMap((other) => (other.mapper.kind === 'fields' ? [other.mapper] : []));
  const mapped = mappers.length === 0 ? undefined : mappers.flatMap(({ rows }) => rows);
  const valueMappers = nodes.flatMap((other) => (other.mapper.kind === 'values' ? [other.id] : []));
  switch (mapper.kind) {
    case 'fields': {
      const directions = DIRECTIONS.filter((way) => applies(type.direction, way) && applies(project.direction, way));
      const found = [
        ...checkAccess(type, directions, await ask.access(project)),
        ...checkFieldRows(mapper.rows, {
          live,
          defaults,
          directions,
          counterpart,
          expressions: expressionCheck,
        }),
      ];
      // without a value mapper nothing else would report lists with different values
      if (valueMappers.length > 0) return found;
      return [...found, ...checkValueRows([], [], { live, mapped: mapper.rows, defaults })];
    }
    case 'values': {
      // a list that has a table in another value mapper of the chain is covered
      const others = nodes.flatMap(({ id, mapper: other }) =>
        other.kind === 'values' && id !== node.id ? other.rows : [],
      );
      const open = mapped?.filter(
        ({ one, two }) => !others.some((table) => table.one.id === one?.id && table.two.id === two?.id),
      );
      const context = { live, mapped: open, defaults, sheets: await mapper.sheets() };
      const found = checkValueRows(mapper.rows, mapper.domains, context);
      // of several mappers in a chain, one is enough to report a list without any table
      return valueMappers[0] === node.id ? found : found.filter(({ code }) => code !== 'noTable');
    }
    case 'defaults':
      return [...checkDefaultRows(mapper.rows, live), ...(await unknownPeople(mapper.rows, ask))];
  }
}

async function unknownPeople(rows: DefaultRow[], ask: Asking): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { row, person } of peopleToAsk(rows)) {
    const { field, side } = rows[row] ?? {};
    if (field === undefined || side === undefined || !(await ask.isUnknown(side, person))) continue;
    const who = person.name ?? person.login ?? person.email ?? '';
    found.push({
      ...{ level: 'error', code: 'unknownPerson', row, label: field.name, side },
      names: { name: field.name, value: who },
    });
  }
  return found;
}
