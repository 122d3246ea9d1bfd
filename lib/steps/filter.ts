/**
 * The filter: decides which changes continue. The conditions are evaluated by pure functions (mapping/conditions.ts); an expression
 * is evaluated in a process of its own, where it can block nothing.
 */

import type { ReadResult } from '../connectors/connector';
import { isSystemFault } from '../engine/retry-policy';
import { brokenIn } from '../mapping/broken';
import {
  type ConditionGroup,
  CREATED_BY,
  conditionsIn,
  type Facts,
  type ItemFacts,
  UPDATED_BY,
} from '../mapping/conditions';
import { type ExplainedGroup, explain, reasonOf } from '../mapping/explain-conditions';
import { type FILTER_KINDS, readFilterSettings } from '../mapping/node-settings';
import type { ExpressionInput } from '../mapping/transform-protocol';
import { acquireRunner, type RunnerOwner } from '../mapping/transform-runner';
import { differs } from '../merge/fields';
import { type Entity, type EntityRef, refOf, type Side, sourceSide } from '../model/entity';
import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import { atSide, otherSide } from '../model/sides';
import type { Fields, UserValue } from '../model/values';
import type { Link } from '../store/store';
import { helpersOf } from './helpers';
import type { StepHost } from './host';

export interface FilterSettings {
  /** the side whose changes are filtered; those of the other side pass, unless the filter is live */
  side: Side;
  by: 'conditions' | 'query' | 'expression';
  group: ConditionGroup;
  /** JSONata over the item's fields */
  expression: string;
  /** in the system's own language */
  query: string;
  matchCase: boolean;
  /** false: an item that is in sync stays in sync, whatever its fields are later */
  live: boolean;
  /** only new items, only updates of linked ones, or both are let through */
  kinds: (typeof FILTER_KINDS)[number];
  /** why it lets nothing through: without a condition that cannot be read, it would let too much through */
  broken?: string;
}

/** A filter as saved in a flow; properties of the wrong shape get their default. */
export function readFilter(saved: object): FilterSettings {
  const [broken] = brokenIn('twinflow-filter', saved);
  const { mode, conditions, outputs: _outputs, pairs: _pairs, ...read } = readFilterSettings(saved);
  const { side, by, expression, query, matchCase, live, kinds } = read;
  const group = { mode, conditions };
  return { ...(broken !== undefined && { broken }), side, by, group, expression, query, matchCase, live, kinds };
}

export interface FilterDecision {
  passes: boolean;
  /**
   * it passes without a look at its fields: it comes from the other side, or it is in sync already and such items stay in sync
   */
  notAsked?: 'otherSide' | 'inSync';
  /** each condition with its outcome; absent if the conditions were not asked */
  explained?: ExplainedGroup;
  /** why it does not pass, in English */
  reason?: string;
}

type FilterHost = Pick<StepHost, 'linkOf' | 'read' | 'inQuery' | 'users' | 'addresses' | 'lookUp'>;

/** An item about which the filter decides, and the link that it has. */
interface Asked {
  side: Side;
  entity: ExpressionInput['entity'] & EntityRef;
  facts: ItemFacts;
  link?: Link;
  /** the item at the other end, if it is known already */
  linked?: ItemFacts;
}

export class FilterStep {
  readonly settings: FilterSettings;
  private readonly needs: { before: boolean; linked: boolean };
  private readonly owner: RunnerOwner;
  private runner: ReturnType<typeof acquireRunner> | undefined;

  /** @param owner whose expressions share a process */
  constructor(settings: FilterSettings, owner: RunnerOwner) {
    this.settings = settings;
    this.owner = owner;
    const conditions = settings.by === 'conditions' ? conditionsIn(settings.group) : [];
    this.needs = {
      before:
        conditions.some(({ operator }) => operator === 'was') ||
        (settings.by === 'expression' && /\$old\s*\(/.test(settings.expression)),
      linked: conditions.some(({ of }) => of === 'linked'),
    };
  }

  /**
   * Returns at once unless something has to be asked for.
   * @throws SyncError fatal if the message is already mapped, because it then has no source fields; transient if a system cannot be
   * asked, so that nothing is left out by mistake
   */
  decide(message: SyncMessage, host: FilterHost): FilterDecision | Promise<FilterDecision> {
    const { side, live, kinds, broken } = this.settings;
    const { sync } = message;
    const isOwn = sourceSide(sync.direction) === side;
    if (!isOwn && (!live || sync.kind !== 'update')) return { passes: true, notAsked: 'otherSide' };
    if (isOwn && sync.mapped !== undefined) {
      throw new SyncError('fatal', 'The filter compares source fields. Place it before the field mapper');
    }
    if (isOwn && kinds !== 'both' && sync.kind !== kinds) {
      const only = kinds === 'create' ? 'only new items pass' : 'only updates of linked items pass';
      return { passes: false, reason: only };
    }
    if (sync.kind === 'update' && !live) return { passes: true, notAsked: 'inSync' };
    if (broken !== undefined) {
      throw new SyncError('fatal', `The filter cannot be used. ${broken} Open its form, set it, and deploy`);
    }
    if (!isOwn) return this.ofOtherSide(message, host);
    const asked: Asked = { side, entity: sync.entity, facts: factsOf(message) };
    const isLinked = sync.kind === 'update' && (this.needs.before || this.needs.linked);
    if (this.settings.by === 'query') return this.query(asked, host);
    return isLinked || this.settings.by === 'expression' ? this.ask(asked, message, host, isLinked) : this.judge(asked);
  }

  close(): void {
    this.runner?.release();
  }

  /** A change of the other side: its counterpart on this side must meet the conditions now. */
  private async ofOtherSide(message: SyncMessage, host: FilterHost): Promise<FilterDecision> {
    const { sync } = message;
    const { side } = this.settings;
    const link = await host.linkOf(otherSide(side), sync.entity.id);
    if (!link) return { passes: true, notAsked: 'otherSide' };
    const item = shownBy(await host.read(side, atSide(link.ends, side).ref.id), atSide(link.ends, side).ref);
    // the writer knows what to do if the counterpart is gone
    if (!item) return { passes: true, notAsked: 'otherSide' };
    if (this.needs.linked && sync.mapped !== undefined) {
      throw new SyncError('fatal', 'The filter compares source fields. Place it before the field mapper');
    }
    const before = atSide(link.ends, side).baseline;
    const linked = { ...factsOf(message), before: atSide(link.ends, otherSide(side)).baseline };
    const asked: Asked = { side, entity: headOf(item), facts: factsOfEntity(item, before), link, linked };
    const decision = await this.ask(asked, message, host, true);
    return decision.passes ? decision : { ...decision, reason: `its counterpart ${item.key}: ${decision.reason}` };
  }

  private async ask(asked: Asked, message: SyncMessage, host: FilterHost, isLinked: boolean): Promise<FilterDecision> {
    const { side, entity } = asked;
    if (this.settings.by === 'query') return this.query(asked, host);
    const link = asked.link ?? (isLinked ? await host.linkOf(side, entity.id) : undefined);
    if (this.settings.by === 'expression') return this.express({ ...asked, link }, message, host);
    const before = link && atSide(link.ends, side).baseline;
    const linked =
      asked.linked ?? (link && this.needs.linked ? await linkedFacts(link, otherSide(side), host) : undefined);
    return this.judge({ ...asked, facts: { ...asked.facts, ...(before && { before }) }, linked });
  }

  private judge({ facts: item, linked }: Asked): FilterDecision {
    const { group, matchCase } = this.settings;
    const facts: Facts = { item, ...(linked && { linked }) };
    const explained = explain(group, facts, { matchCase });
    return explained.met ? { passes: true, explained } : { passes: false, explained, reason: reasonOf(explained) };
  }

  /** A comment or attachment is judged by its item. */
  private async query({ side, entity }: Asked, host: FilterHost): Promise<FilterDecision> {
    const { query } = this.settings;
    if (query.trim() === '')
      throw new SyncError('fatal', 'The filter has no query. Open its form, enter one, and deploy');
    if (await host.inQuery(side, query, entity.owner?.id ?? entity.id)) return { passes: true };
    return { passes: false, reason: 'the query does not find it' };
  }

  private async express(asked: Asked, message: SyncMessage, host: FilterHost): Promise<FilterDecision> {
    const { facts, entity, link, side } = asked;
    if (this.settings.expression.trim() === '') return { passes: true };
    let fault: SyncError | undefined;
    const helpers = helpersOf(message, host, (error) => {
      if (isSystemFault(error)) fault ??= error;
    });
    this.runner ??= acquireRunner(this.owner);
    const input: ExpressionInput = {
      payload: facts.fields,
      entity,
      names: [],
      ...(link && { old: atSide(link.ends, side).baseline, linked: atSide(link.ends, otherSide(side)).ref }),
    };
    const [result = { error: 'it was not evaluated' }] = await this.runner.runner.evaluate(
      [this.settings.expression],
      input,
      helpers,
    );
    if (fault !== undefined) throw fault;
    if ('error' in result) throw new SyncError('invalid', `The filter's expression failed: ${result.error}`);
    return isTrue(result.value) ? { passes: true } : { passes: false, reason: 'the expression is not true for it' };
  }
}

/** As JSONata's $boolean has it. */
function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(isTrue);
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** Users who created and changed the item, beside its fields. */
function withPeople(fields: Fields, by: { createdBy?: UserValue; updatedBy?: UserValue }): Fields {
  const { createdBy, updatedBy } = by;
  if (!createdBy && !updatedBy) return fields;
  return { ...fields, ...(createdBy && { [CREATED_BY]: createdBy }), ...(updatedBy && { [UPDATED_BY]: updatedBy }) };
}

const factsOf = ({ payload, sync }: SyncMessage): ItemFacts => ({
  fields: withPeople(payload, sync.entity),
  changed: sync.changed,
});

const factsOfEntity = (entity: Entity, before: Fields): ItemFacts => ({
  fields: withPeople(entity.fields, entity),
  changed: Object.keys(before).filter((field) => differs(before, entity.fields, field)),
  before,
});

const headOf = (entity: Entity): Asked['entity'] => ({
  ...refOf(entity),
  updatedAt: entity.updatedAt,
  ...(entity.updatedBy && { updatedBy: entity.updatedBy }),
});

async function linkedFacts(link: Link, side: Side, host: FilterHost): Promise<ItemFacts | undefined> {
  const { ref, baseline } = atSide(link.ends, side);
  const entity = shownBy(await host.read(side, ref.id), ref);
  return entity && factsOfEntity(entity, baseline);
}

/** @throws SyncError – it is not delivered now: nothing may be concluded from that */
function shownBy(result: ReadResult, { key }: EntityRef): Entity | undefined {
  if (!(result instanceof SyncError)) return result;
  throw new SyncError('transient', `The filter cannot look at the linked item ${key} now: ${result.message}`);
}
