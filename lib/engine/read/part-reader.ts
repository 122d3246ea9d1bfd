/**
 * Reads the parts of linked entities: their comments, their attachments. The store says whose parts are due – of owners that have
 * changed, that were linked, or that are looked at again since their system does not tell all –, so nothing that is due is lost
 * with the process. Parts of an owner are read as a whole: a linked part that is not among them was deleted.
 */

import { BACKLOG, onBehalfOf } from '../../budget/priority';
import type { PartsResult } from '../../connectors/connector';
import type { Entity, EntityTypeId, Side } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { atSide } from '../../model/sides';
import type { Flow, PartReading, PartsRead } from '../../store/store';
import type { Engine } from '../engine';
import { hasSilentFields, lookedAt } from '../looked-at';
import { readEntities } from '../read-entities';
import { partTypes, readScope } from '../routing';
import type { System } from '../system';
import { BACKLOG_HIGH } from './backlog';
import { madeByOthers } from './own-account';
import { byPartTypes, partsOf } from './parts-of';

/** Owners whose parts are read in one call. */
const PORTION = 100;
/** Links looked at in one transaction, after parts were chosen for a running integration. */
const EARLIER = 1_000;
/** What was not delivered is read again after this time. */
const AGAIN_MS = 60_000;
/** However far away the next reading is. */
const LONGEST_MS = 3_600_000;

/**
 * Where changes of parts do not move their owner's version, it is looked at again after these times, and then each week: most
 * edits come soon. In ms.
 */
const LADDER = [2, 10, 60, 6 * 60, 24 * 60, 7 * 24 * 60].map((minutes) => minutes * 60_000);

export class PartReader {
  private readonly flow: Flow;
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private cancel: (() => void) | undefined;
  private readonly stopListening: () => void;
  /** what was synced when all owners that had been linked before were asked for */
  private caughtUp: string | undefined;

  /**
   * @param recorded called when parts were recorded: there may be something to send
   * @param onError called if parts could not be read; they stay due
   */
  constructor(
    private readonly engine: Engine,
    private readonly side: Side,
    private readonly recorded: () => void,
    private readonly onError: (error: SyncError) => void,
  ) {
    this.flow = { integration: engine.config.id, side };
    const stopDue = engine.partsDue.listen(side, () => this.wake());
    const stopWake = this.system.onWake(() => this.wake());
    this.stopListening = () => {
      stopDue();
      stopWake();
    };
  }

  private get system(): System {
    return this.engine.systems[this.side];
  }

  /** Reads what is due. Returns at once; safe to call at any time. */
  wake(): void {
    if (this.stopped || this.engine.activity.rests) return;
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = onBehalfOf(this.engine.loads[this.side], () => this.readAll())
      .catch((thrown: unknown) => {
        this.onError(asSyncError(thrown));
        this.wakeAfter(AGAIN_MS);
      })
      .finally(() => {
        this.running = undefined;
        if (!this.again) return;
        this.again = false;
        this.wake();
      });
  }

  /** Ends reading once the call that is under way has been answered. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel?.();
    this.stopListening();
    await this.running;
  }

  private async readAll(): Promise<void> {
    const { engine, flow, system } = this;
    const { store, clock, config } = engine;
    if (!config.active) return;
    const types = lookedAt(engine, this.side);
    if (types.length === 0) return;
    await this.catchUp(types);
    while (!this.stopped && !engine.activity.rests) {
      const pause = system.pauseLeft();
      if (pause > 0) return this.wakeAfter(pause);
      if (atSide(await store.counts(flow.integration), this.side).waiting >= BACKLOG_HIGH) return this.wakeAfter(1_000);
      const due = await store.partsDue(flow, PORTION, clock.now());
      if (due.length === 0) {
        const next = await store.nextParts(flow);
        if (next !== undefined) this.wakeAfter(Math.max(0, next - clock.now()));
        return;
      }
      await this.read(due);
      this.recorded();
    }
  }

  /** Owners that were linked before parts were chosen. */
  private async catchUp(types: EntityTypeId[]): Promise<void> {
    const { config, store } = this.engine;
    const wish = JSON.stringify(types.map((type) => [type, partTypes(config, this.side, type)]));
    if (this.caughtUp === wish) return;
    while (await store.askEarlier(this.flow, wish, EARLIER)) if (this.stopped) return;
    this.caughtUp = wish;
  }

  private async read(due: PartReading[]): Promise<void> {
    const { engine, flow, system } = this;
    const { store, loads } = engine;
    const readAt = await store.sequence();
    // a few owners behind a backlog: users' changes
    const isUrgent = loads[this.side].waiting > BACKLOG && due.length < PORTION / 2;
    await this.lookAgain(due, readAt, isUrgent);
    const readings: PartsRead[] = [];
    const typeOf = ({ link }: PartReading) => atSide(link.ends, this.side).ref.type;
    for (const { types, owners: some } of byPartTypes(engine.config, this.side, due, typeOf)) {
      const found = types.length > 0 ? await this.partsOf(some, types) : [];
      for (const [index, reading] of some.entries()) readings.push(await this.readingOf(reading, types, found[index]));
    }
    await store.recordParts(flow, system.id, readings, readAt, isUrgent);
    for (const { parts } of readings) for (const part of parts) system.sawTime(part.updatedAt);
  }

  private async partsOf(readings: PartReading[], types: EntityTypeId[]): Promise<PartsResult[]> {
    const { engine, system, side } = this;
    const ids = readings.map(({ link }) => atSide(link.ends, side).ref.id);
    return system.call((connection) => partsOf(connection, system.name, { config: engine.config, side }, ids, types));
  }

  private async readingOf({ link, step }: PartReading, types: EntityTypeId[], found: PartsResult): Promise<PartsRead> {
    const { clock } = this.engine;
    const again = this.nextLook(step, types);
    // nothing was asked for, or the owner is gone: of that nothing is known, and nothing is taken away
    if (found === undefined) return { link: link.id, types, parts: [], ...(types.length === 0 && { again }) };
    if (found instanceof SyncError) {
      this.onError(found);
      return { link: link.id, types, parts: [], again: { dueAt: clock.now() + AGAIN_MS, step } };
    }
    if ('shown' in found) {
      const { shown, all = [] } = found;
      const parts = await this.ofOthers(shown);
      if (all.length === 0) return { link: link.id, types, parts, again };
      const whole = shown.filter(({ type }) => all.includes(type));
      return { link: link.id, types: all, present: whole.map(({ id }) => id), parts, again };
    }
    return { link: link.id, types, present: found.map(({ id }) => id), parts: await this.ofOthers(found), again };
  }

  /** When an item is looked at next, if its system does not show all changes by itself. */
  private nextLook(step: number, types: EntityTypeId[]): PartsRead['again'] {
    const silentParts = types.length > 0 && (this.system.connection().silentParts?.size ?? 0) > 0;
    if (!silentParts && !hasSilentFields(this.engine, this.side)) return undefined;
    const wait = LADDER[Math.min(step, LADDER.length - 1)] ?? LONGEST_MS;
    return { dueAt: this.engine.clock.now() + wait, step: step + 1 };
  }

  /** Records items whose mapped fields have changed without a sign, as if a poll had brought them. */
  private async lookAgain(due: PartReading[], readAt: number, isUrgent: boolean): Promise<void> {
    const { engine, flow, system, side } = this;
    const scope = readScope(engine.config, side);
    if (!scope || !hasSilentFields(engine, side)) return;
    const found = await readEntities(
      system,
      scope,
      due.map(({ link }) => atSide(link.ends, side).ref.id),
    );
    const items: Entity[] = [];
    for (const one of found) {
      if (one instanceof SyncError) this.onError(one);
      else if (one) items.push(one);
    }
    const own = await this.ignoredAccount();
    const entities = own === undefined ? items : await madeByOthers(engine, side, items, own);
    await engine.store.record(flow, system.id, entities, readAt, undefined, isUrgent, []);
  }

  /** Without what our own account has written, for systems that are set to ignore that. */
  private async ofOthers(parts: Entity[]): Promise<Entity[]> {
    const own = parts.length > 0 ? await this.ignoredAccount() : undefined;
    if (own === undefined) return parts;
    return parts.filter(({ updatedBy, createdBy }) => (updatedBy ?? createdBy)?.id !== own);
  }

  /** Id of the integration account if its changes are not to be synced. */
  private async ignoredAccount(): Promise<string | undefined> {
    const { system } = this;
    return system.ignoreOwn ? (await system.identity()).user.id : undefined;
  }

  private wakeAfter(ms: number): void {
    this.cancel?.();
    this.cancel = this.engine.clock.after(Math.min(ms, LONGEST_MS), () => this.wake());
  }
}
