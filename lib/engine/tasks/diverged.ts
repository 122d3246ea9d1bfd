/**
 * Linked entities that are no longer synced, though nobody has said so: one whose type was changed, that was moved
 * out of the paired projects or types, or that is gone. Nothing is carried over for these yet; they are noticed, counted,
 * named in a result, and synced again when they are back. Entities that are no longer polled show nothing by themselves,
 * so a few links are looked at now and then. Kept in memory: after a restart they are found again.
 */

import { directionFrom, type Entity, type EntityRef, refOf, type Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { SyncResult } from '../../model/message';
import { atSide, inOrder, otherSide } from '../../model/sides';
import type { Link } from '../../store/store';
import type { SyncContext } from '../context';
import type { InFlight } from '../in-flight';
import { lookedAt } from '../looked-at';
import { readEntities } from '../read-entities';
import { readScope, route, typeName, writeScope } from '../routing';

/** Links checked per request to each system, and how often. */
const LOOK_MS = 5 * 60_000;
const LOOK_AT = 100;
/** Known ones beyond are neither counted nor looked at again. */
const MOST = 10_000;

export interface Divergence {
  link: number;
  /** the side that has changed */
  side: Side;
  entity: EntityRef;
  counterpart: EntityRef;
  /** what has become of it, as a sentence */
  reason: string;
}

export class Diverged {
  private readonly known = new Map<string, Divergence>();
  private after = 0;
  private cancel: (() => void) | undefined;
  private running: Promise<void> | undefined;
  private stopped = false;

  constructor(private readonly engine: SyncContext & { readonly inFlight: InFlight }) {}

  start(): void {
    this.later();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel?.();
    await this.running;
  }

  /** Of one side, the oldest first. */
  of(side: Side): Divergence[] {
    return [...this.known.values()].filter((one) => one.side === side);
  }

  /**
   * What has become of a linked entity; undefined = it is in sync's reach.
   * @param entity as it is now; undefined = gone or out of sight
   */
  reasonFor(link: Link, side: Side, entity: EntityRef | undefined): string | undefined {
    const { config } = this.engine;
    const [own, other] = inOrder(side, ...link.ends);
    const there = `${other.ref.key} is kept unchanged`;
    if (!entity)
      return `${own.ref.key} was deleted, moved out of the paired projects or hidden from the account; ${there}`;
    const way = route(config, side, entity);
    if (!way) return `${entity.key} is in a project or of a type that is no longer paired; ${there}`;
    if (way.target.type === other.ref.type) return undefined;
    const [type, kept] = [typeName(config, side, entity.type), typeName(config, otherSide(side), other.ref.type)];
    return `${entity.key} is of type ${type ?? entity.type} now; its counterpart ${other.ref.key} is still of type ${kept ?? other.ref.type}`;
  }

  /** Remembers what has become of a linked entity, or that it is back. @returns whether that is news */
  note(link: Link, side: Side, entity: EntityRef | undefined): boolean {
    const [own, other] = inOrder(side, ...link.ends);
    const key = `${side} ${own.ref.id}`;
    const reason = this.reasonFor(link, side, entity);
    const before = this.known.get(key);
    if (reason === undefined) this.known.delete(key);
    else if (before || this.known.size < MOST) {
      this.known.set(key, { link: link.id, side, entity: refOf(entity ?? own.ref), counterpart: other.ref, reason });
    }
    if (before?.reason === reason) return false;
    this.engine.events.progress?.(side);
    return true;
  }

  /** … and tells it, if no message is under way that could. */
  tell(link: Link, side: Side, entity: EntityRef | undefined): void {
    const reason = this.reasonFor(link, side, entity);
    if (!this.note(link, side, entity) || reason === undefined) return;
    const [own, other] = inOrder(side, ...link.ends);
    const result: SyncResult = {
      outcome: 'skipped',
      integration: this.engine.config.id,
      direction: directionFrom(side),
      source: refOf(entity ?? own.ref),
      target: refOf(other.ref),
      written: [],
      warnings: [{ field: '', reason }],
    };
    this.engine.events.landed?.(result);
    this.engine.events.skipped?.(result);
  }

  private later(): void {
    this.cancel = this.engine.clock.after(LOOK_MS, () => {
      this.running = this.look()
        .catch(() => undefined) // the store or a system is away: tried again
        .finally(() => {
          this.running = undefined;
          if (!this.stopped) this.later();
        });
    });
  }

  /** Looks at the next few links, and again at those that have diverged. */
  async look(): Promise<void> {
    const { store, config } = this.engine;
    if (!config.active) return;
    const next = await store.linksAfter(config.id, this.after, LOOK_AT);
    this.after = next.length < LOOK_AT ? 0 : (next.at(-1)?.id ?? 0);
    for (const side of [1, 2] as const) {
      const ids = this.of(side).slice(0, LOOK_AT);
      const again = await store.linksOf(
        config.id,
        side,
        ids.map(({ entity }) => entity.id),
      );
      // a link that is gone has nothing to be told of
      for (const [index, { entity }] of ids.entries()) if (!again[index]) this.known.delete(`${side} ${entity.id}`);
      const links = new Map([...next, ...again.filter((link) => link !== undefined)].map((link) => [link.id, link]));
      await this.lookAt(side, [...links.values()]);
    }
  }

  private async lookAt(side: Side, links: Link[]): Promise<void> {
    const { store, config } = this.engine;
    const system = this.engine.systems[side];
    if (
      links.length === 0 ||
      this.stopped ||
      this.engine.activity.rests ||
      !readScope(config, side) ||
      system.pauseLeft() > 0
    )
      return;
    const ids = links.map(({ ends }) => atSide(ends, side).ref.id);
    const readAt = await store.sequence();
    const present = await readEntities(system, writeScope(config, side), ids);
    const back: Entity[] = [];
    for (const [index, link] of links.entries()) {
      const entity = present[index];
      if (entity instanceof SyncError) continue;
      const was = this.known.has(`${side} ${ids[index]}`);
      this.tell(link, side, entity);
      if (entity && was && this.reasonFor(link, side, entity) === undefined) back.push(entity);
    }
    if (back.length === 0) return;
    // what has changed while it was away
    const owners = lookedAt(this.engine, side);
    await store.record({ integration: config.id, side }, system.id, back, readAt, undefined, false, owners);
    if (owners.length > 0) this.engine.partsDue.on([side]);
    this.engine.inFlight.resume();
  }
}
