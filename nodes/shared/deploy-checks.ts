/**
 * After a deploy, a look at both systems: do the mappers still fit what they declare? Runs once in the background, behind
 * everything else, asks each system once for each pair of projects and types, and only ever warns. Of a system that cannot
 * be reached it says nothing: pollers and writers do that.
 */

import {
  byWeight,
  checkDefaultRows,
  checkFieldRows,
  checkValueRows,
  type Finding,
  type Live,
  type LiveFields,
  peopleToAsk,
} from '../../lib/checks';
import { personByWord } from '../../lib/mapping';
import type { ValueMapperSettings } from '../../lib/mapping/saved';
import { expressionCheck } from '../../lib/mapping/transform-expression';
import type { SheetTables } from '../../lib/mapping/values';
import type { DefaultRow, FieldRow, IntegrationConfig, ProjectPair, TypePair } from '../../lib/model/config';
import { applies, type Direction, type Field, type Side } from '../../lib/model/entity';
import type { UserValue } from '../../lib/model/values';
import type { UserDirectory } from '../../lib/steps';
import { onBehalfOf } from '../../lib/sync/budget/priority';
import { counterpartFields } from '../../lib/sync/counterpart';

/** A mapper as it is deployed. */
export type CheckedMapper =
  | { kind: 'fields'; rows: FieldRow[] }
  | ({ kind: 'values'; sheets(): Promise<SheetTables> } & ValueMapperSettings)
  | { kind: 'defaults'; rows: DefaultRow[] };

export interface PlacedFinding extends Finding {
  /** the entity types and projects that it was found in first: "Bug ↔ Bug (Demo ↔ Fabrikam)" */
  where: string;
}

export interface CheckedNode {
  id: string;
  pairs: 'all' | string[];
  mapper: CheckedMapper;
  /** called where something was found, the worst first */
  report(findings: PlacedFinding[]): void;
}

/** What the check needs of an integration. */
export interface CheckedIntegration {
  readonly config: IntegrationConfig;
  connection(side: Side): { fields(project: string, type: string): Promise<Field[]> };
  users(side: Side): UserDirectory;
  /** false while its system is paused */
  mayAsk(side: Side): boolean;
}

/** After the first polls, which are what people wait for. */
const DELAY_MS = 5_000;
/** Pairs of projects and types that are looked at for one integration. */
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
      // nothing here may cost anybody a message: what goes wrong is no finding
      this.run().catch(() => undefined);
    }, this.delayMs);
    this.timer.unref();
  }

  /** Looks at all integrations of which a mapper was deployed since the last time. */
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
      one: counterpartFields(integration.config, 1),
      two: counterpartFields(integration.config, 2),
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
      // a deploy that came in between has made another node of it
      const isThere = this.nodes.get(node.id)?.mapper === node.mapper;
      if (findings.size > 0 && isThere) node.report(byWeight([...findings.values()]) as PlacedFinding[]);
    }
  }
}

function placesOf({ projectPairs, typePairs }: IntegrationConfig): Place[] {
  return projectPairs.flatMap((project) => typePairs.map((type) => ({ project, type }))).slice(0, MOST_PLACES);
}

/** One pass of questions: each once, and none any more to a side that did not answer. */
class Asking {
  private readonly answers = new Map<string, Promise<LiveFields>>();
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

  /** True where the system knows nobody of this name; false where it cannot be asked. */
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
      const found = checkFieldRows(mapper.rows, {
        live,
        defaults,
        directions,
        counterpart,
        expressions: expressionCheck,
      });
      // without a value mapper nobody else would tell of lists that have not the same values
      if (valueMappers.length > 0) return found;
      return [...found, ...checkValueRows([], [], { live, mapped: mapper.rows, defaults })];
    }
    case 'values': {
      // a list that another value mapper of the chain has a table for has one
      const others = nodes.flatMap(({ id, mapper: other }) =>
        other.kind === 'values' && id !== node.id ? other.rows : [],
      );
      const open = mapped?.filter(
        ({ one, two }) => !others.some((table) => table.one.id === one?.id && table.two.id === two?.id),
      );
      const context = { live, mapped: open, defaults, sheets: await mapper.sheets() };
      const found = checkValueRows(mapper.rows, mapper.domains, context);
      // of several in a chain one is enough to tell of a list that none has a table for
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
