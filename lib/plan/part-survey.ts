/**
 * What would happen to the parts of the items that a survey looks at: their comments. Only those of a few items are read, since
 * some systems are asked for each item alone; how many were left out is said. Parts are read of items that are linked, or
 * that would be: those of others are never read.
 */

import { broughtParts, type PartsResult } from '../connectors/connector';
import { partsOf } from '../engine/read/parts-of';
import { isSystemFault } from '../engine/retry-policy';
import { partsFrom } from '../engine/routing';
import type { IntegrationConfig, TypePair } from '../model/config';
import { DELETED_VERSION, directionFrom, type Entity, type EntityTypeId, type Side } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import { atSide, otherSide } from '../model/sides';
import type { Link } from '../store/store';
import type { LinkStore } from './kin';
import type { Patience } from './patience';
import type { ReadingConnection } from './reading';
import type { PartsSurvey } from './survey-types';
import { Tally } from './tally';
import type { EntityPlan } from './types';

/** Items of a group whose parts are read. */
const MOST_OWNERS = 100;
/** Parts after which no more items are asked for theirs. */
const MOST_PARTS = 2_000;
/** Items whose parts are held at once. */
const PORTION = 20;

/** An item that was looked at. `isSynced`: without a link yet, but it would get one. */
export interface Owner {
  entity: Entity;
  isSynced: boolean;
}

export interface PartSurveyInput {
  config: IntegrationConfig;
  store?: LinkStore;
  side: Side;
  connection: ReadingConnection;
  /** what the items of the group are synced by */
  pair: TypePair;
  plans(parts: Entity[]): Promise<EntityPlan[]>;
  patience(): Patience;
}

export class PartSurvey {
  private readonly tallies = new Map<EntityTypeId, Tally>();
  private readonly types: EntityTypeId[];
  private owners = 0;
  private left = 0;
  private read = 0;
  private undelivered = 0;
  private why: string | undefined;
  private fault: string | undefined;

  constructor(private readonly input: PartSurveyInput) {
    const { side, pair } = input;
    for (const parts of partsFrom(pair, side)) {
      const [type, targetType] = [atSide(parts, side), atSide(parts, otherSide(side))];
      const head = { direction: directionFrom(side), side, type, targetType };
      if (!this.tallies.has(type.id)) this.tallies.set(type.id, new Tally(head));
    }
    this.types = [...this.tallies.keys()];
  }

  /** What was found so far; undefined where no parts go this way. */
  result(): PartsSurvey | undefined {
    if (this.types.length === 0) return undefined;
    const { owners, left, undelivered, why = '', fault } = this;
    const pairs = [...this.tallies.values()].map((tally) => ({ ...tally.result(), extent: 'all' as const }));
    return {
      ...{ owners, left, pairs },
      ...(undelivered > 0 && { undelivered: { count: undelivered, why } }),
      ...(fault !== undefined && { fault }),
    };
  }

  /** @throws AbortError; StoreError */
  async look(owners: Owner[]): Promise<void> {
    if (this.types.length === 0) return;
    const { config, store, side } = this.input;
    const ids = owners.map(({ entity }) => entity.id);
    const links = (await store?.linksOf(config.id, side, ids)) ?? [];
    const meant = owners.flatMap(({ entity, isSynced }, index) =>
      isSynced || links[index] ? [{ entity, link: links[index] }] : [],
    );
    for (let at = 0; at < meant.length; at += PORTION) {
      const isFull = this.fault !== undefined || this.read >= MOST_PARTS || this.owners >= MOST_OWNERS;
      if (isFull) {
        this.left += meant.length - at;
        return;
      }
      const some = meant.slice(at, at + PORTION);
      try {
        await this.lookAt(some);
        this.owners += some.length;
      } catch (thrown) {
        if (!(thrown instanceof SyncError)) throw thrown;
        this.fault = thrown.message;
        this.left += some.length;
      }
    }
  }

  private async lookAt(owners: { entity: Entity; link: Link | undefined }[]): Promise<void> {
    const { store, plans } = this.input;
    // before they are read: what is linked meanwhile is not among those that are missing
    const linked: Link[][] = [];
    for (const { link } of owners) linked.push((link && (await store?.partLinks?.(link.id, MOST_PARTS))) ?? []);
    const found = await this.partsOf(owners.map(({ entity }) => entity.id));
    const parts = owners.flatMap(({ entity }, index): Entity[] => {
      const all = found[index];
      const its = broughtParts(all);
      if (its instanceof SyncError) {
        this.undelivered += 1;
        this.why ??= its.message;
      }
      return its === undefined || its instanceof SyncError
        ? []
        : its === all
          ? [...its, ...this.missing(entity, its, linked[index])]
          : its;
    });
    this.read += parts.length;
    for (const plan of await plans(parts)) this.tallies.get(plan.source.type)?.add(plan);
  }

  private async partsOf(ids: string[]): Promise<PartsResult[]> {
    const { connection, side, config, patience } = this.input;
    const waiting = patience();
    for (;;) {
      try {
        return await partsOf(connection, `System ${side}`, { config, side }, ids, this.types);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (!isSystemFault(error)) throw error;
        await waiting.wait(error);
      }
    }
  }

  /** Linked parts that the owner has no more, as the engine would record them. */
  private missing(owner: Entity, present: readonly Entity[], links: readonly Link[] = []): Entity[] {
    const there = new Set(present.map(({ id }) => id));
    return links.flatMap(({ ends }): Entity[] => {
      const { ref, version } = atSide(ends, this.input.side);
      if (there.has(ref.id) || version === DELETED_VERSION || !this.types.includes(ref.type)) return [];
      const { id, key, type, updatedAt } = owner;
      return [
        { ...ref, owner: { id, key, type }, version: DELETED_VERSION, updatedAt, fields: {}, deleted: true as const },
      ];
    });
  }
}
