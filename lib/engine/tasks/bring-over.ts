/**
 * Brings over what is there: reads all items of a side, page by page, beside the poller and without touching its position, and stores
 * them as changes. They go through the flow like any other, so filters, mappers and look-ups decide, links are kept, and nothing is
 * created twice. The position is stored after each page: a restart goes on where it was. Only a few changes wait at a time, so that
 * ending it leaves little behind, and what people change meanwhile goes first.
 */

import { onBehalfOf } from '../../budget/priority';
import type { Checkpoint, Scope } from '../../connectors/connector';
import {
  BRING_OVER_STATES,
  type BringOverState,
  type BringOverView,
  type BringOverWish,
  readWish,
} from '../../model/bring-over';
import { iso } from '../../model/clock';
import type { Side } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import { isObject } from '../../model/shape';
import { atSide, SIDES } from '../../model/sides';
import type { Flow } from '../../store/store';
import type { Engine } from '../engine';
import { lookedAt } from '../looked-at';
import { madeByOthers } from '../read/own-account';
import { pauses } from '../retry-policy';
import { readScope } from '../routing';

interface Task extends Omit<BringOverView, 'side' | 'perSecond' | 'secondsLeft'> {
  checkpoint?: Checkpoint;
  /** id of the system that is read: positions mean nothing in another one */
  system: string;
}

/** Changes that may wait before the next page is read. */
const MOST_WAITING = 200;
const PAGE = 100;
/** until it is looked again whether they have become fewer, and whether the integration works again */
const LOOK_MS = 100;
const REST_MS = 2_000;
const PATIENCE_MS = 5_000;

export class BringOver {
  private readonly tasks: Record<Side, Task | undefined> = { 1: undefined, 2: undefined };
  private readonly working: Record<Side, Promise<void> | undefined> = { 1: undefined, 2: undefined };
  /** what was read since the task was started or resumed here, and when that was: ms since 1970 */
  private readonly since: Record<Side, { at: number; read: number }> = { 1: { at: 0, read: 0 }, 2: { at: 0, read: 0 } };
  /** ends what waits for a while */
  private readonly waiting = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly engine: Engine,
    /** sends what is stored into the flow; false if no poller reads the side */
    private readonly pump: (side: Side) => boolean,
  ) {}

  /** What an earlier run has not finished goes on. */
  async begin(): Promise<void> {
    for (const side of SIDES) {
      this.tasks[side] = read(await this.engine.store.existing(this.flow(side)));
      if (this.tasks[side]?.state === 'running') this.work(side);
    }
  }

  /** @returns undefined if nothing was ever brought over from the side */
  view(side: Side): BringOverView | undefined {
    const task = this.tasks[side];
    if (!task) return undefined;
    const { checkpoint: _position, system: _system, ...said } = task;
    const { at, read: before } = this.since[side];
    const seconds = Math.max(1, this.engine.clock.now() - at) / 1_000;
    const perSecond = task.state === 'running' ? (task.read - before) / seconds : 0;
    const left = (task.wish.expected ?? 0) - task.read;
    const secondsLeft = perSecond > 0 && left > 0 ? Math.ceil(left / perSecond) : undefined;
    return { side, ...said, perSecond, ...(secondsLeft !== undefined && { secondsLeft }) };
  }

  /** @throws SyncError conflict if it is under way; invalid if nothing can be read */
  async start(side: Side, wish: BringOverWish = {}): Promise<BringOverView> {
    const { engine } = this;
    if (this.isOpen(side))
      throw new SyncError('conflict', 'Existing items are being brought over already. Pause or end that first.');
    if (!this.pump(side)) throw new SyncError('invalid', `No poller reads ${engine.systems[side].name}.`);
    if (!this.scopeOf(side, wish)) throw new SyncError('invalid', 'No pair leads these items to the other system.');
    if (wish.since !== undefined && Number.isNaN(Date.parse(wish.since)))
      throw new SyncError('invalid', `"${wish.since.slice(0, 40)}" is not a time. Example: 2026-01-31T00:00:00Z`);
    await this.working[side];
    // what was filtered out or skipped earlier is looked at again; links and open changes stay
    await engine.store.forgetSeen(this.flow(side));
    const startedAt = iso(engine.clock.now());
    await this.keep(side, { state: 'running', wish, read: 0, recorded: 0, startedAt, system: engine.systems[side].id });
    this.work(side);
    return this.shown(side);
  }

  /** @throws SyncError notFound if it is not running */
  async pause(side: Side): Promise<BringOverView> {
    await this.change(side, ['running'], { state: 'paused' });
    return this.shown(side);
  }

  /** @throws SyncError notFound if it is not paused */
  async resume(side: Side): Promise<BringOverView> {
    await this.working[side];
    await this.change(side, ['paused'], { state: 'running', fault: undefined });
    this.work(side);
    return this.shown(side);
  }

  /** What was read is still synced. @throws SyncError notFound if it is not under way */
  async cancel(side: Side): Promise<BringOverView> {
    const endedAt = iso(this.engine.clock.now());
    await this.change(side, ['running', 'paused'], { state: 'cancelled', endedAt, checkpoint: undefined });
    return this.shown(side);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await Promise.all(SIDES.map((side) => this.working[side]));
  }

  private flow(side: Side): Flow {
    return { integration: this.engine.config.id, side };
  }

  private isOpen(side: Side): boolean {
    const state = this.tasks[side]?.state;
    return state === 'running' || state === 'paused';
  }

  private shown(side: Side): BringOverView {
    const view = this.view(side);
    if (!view) throw new SyncError('notFound', 'Nothing is being brought over.');
    return view;
  }

  private async change(side: Side, from: BringOverState[], to: Partial<Task>): Promise<void> {
    const task = this.tasks[side];
    if (!task || !from.includes(task.state)) throw new SyncError('notFound', 'Nothing is being brought over.');
    await this.keep(side, { ...task, ...to });
    this.wake();
  }

  /** Whatever waits for a while looks again whether it is still wanted. */
  private wake(): void {
    for (const wake of [...this.waiting]) wake();
  }

  private async keep(side: Side, task: Task): Promise<void> {
    this.tasks[side] = task;
    await this.engine.store.setExisting(this.flow(side), { ...task });
    this.engine.events.progress?.(side);
  }

  private scopeOf(side: Side, { types }: BringOverWish): Scope | undefined {
    const scope = readScope(this.engine.config, side);
    const wanted = scope?.types.filter((type) => types?.includes(type) ?? true) ?? [];
    return scope && wanted.length > 0 ? { ...scope, types: wanted } : undefined;
  }

  private work(side: Side): void {
    const load = this.engine.loads[side];
    this.since[side] = { at: this.engine.clock.now(), read: this.tasks[side]?.read ?? 0 };
    load.bringsOver = true;
    this.working[side] = onBehalfOf({ priority: 'bulk' }, () => this.run(side))
      .catch((thrown: unknown) => this.halt(side, asSyncError(thrown)))
      .finally(() => {
        load.bringsOver = false;
        this.working[side] = undefined;
      });
  }

  private isRunning(side: Side): boolean {
    return !this.stopped && this.tasks[side]?.state === 'running';
  }

  private async run(side: Side): Promise<void> {
    while (this.isRunning(side)) {
      try {
        if (await this.readOn(side)) return;
      } catch (thrown) {
        const error = asSyncError(thrown);
        // the system as a whole is in trouble: it is waited for
        if (!pauses(error)) throw thrown;
        await this.wait(PATIENCE_MS);
      }
    }
  }

  /** Reads on from the stored position. @returns true = to the end; false = something came between */
  private async readOn(side: Side): Promise<boolean> {
    const { engine } = this;
    const system = engine.systems[side];
    const task = this.tasks[side];
    if (!task || !(await this.hasRoom(side))) return false;
    const scope = this.scopeOf(side, task.wish);
    if (!scope || task.system !== system.id)
      throw new SyncError('invalid', 'The pairs or the system were changed. Start again.');
    const { since } = task.wish;
    const from = task.checkpoint ?? (since === undefined ? undefined : system.connection().checkpointAt(since));
    const own = system.ignoreOwn ? (await system.identity()).user.id : undefined;
    let readAt = await engine.store.sequence();
    await system.call(async (connection) => {
      for await (const page of connection.changes(scope, from, PAGE)) {
        // what was read behind the press of a button is not stored, and is read again
        if (!this.isRunning(side)) return;
        const entities = own === undefined ? page.entities : await madeByOthers(engine, side, page.entities, own);
        const owners = lookedAt(engine, side);
        const { recorded } = await engine.store.record(
          this.flow(side),
          system.id,
          entities,
          readAt,
          undefined,
          false,
          owners,
        );
        await this.progressed(side, page.entities.length, recorded, page.checkpoint);
        this.pump(side);
        await this.untilRoom(side);
        readAt = await engine.store.sequence();
      }
    });
    if (!this.isRunning(side)) return false;
    const { checkpoint: _position, ...rest } = this.tasks[side] ?? task;
    await this.keep(side, { ...rest, state: 'done', endedAt: iso(engine.clock.now()) });
    return true;
  }

  /** Somebody may have pressed a button while the page was stored: only what was read changes. */
  private async progressed(side: Side, count: number, recorded: number, checkpoint: Checkpoint): Promise<void> {
    const task = this.tasks[side];
    if (!task || !this.isOpen(side)) return;
    const { fault: _gone, ...rest } = task;
    await this.keep(side, { ...rest, checkpoint, read: task.read + count, recorded: task.recorded + recorded });
  }

  private async untilRoom(side: Side): Promise<void> {
    let hasRoom = false;
    while (this.isRunning(side) && !hasRoom) hasRoom = await this.hasRoom(side);
  }

  /** @returns false after a while if there is none */
  private async hasRoom(side: Side): Promise<boolean> {
    const { activity, store, systems } = this.engine;
    if (!activity.rests && systems[side].pauseLeft() === 0 && this.pump(side)) {
      const counts = atSide(await store.counts(this.engine.config.id), side);
      if (counts.waiting < MOST_WAITING) return true;
      await this.wait(LOOK_MS);
    } else await this.wait(REST_MS);
    return false;
  }

  private wait(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        cancel();
        this.waiting.delete(wake);
        resolve();
      };
      const cancel = this.engine.clock.after(ms, wake);
      this.waiting.add(wake);
    });
  }

  /** Waiting does not help: somebody has to look. */
  private async halt(side: Side, error: SyncError): Promise<void> {
    const task = this.tasks[side];
    if (!task || this.stopped) return;
    await this.keep(side, { ...task, state: 'paused', fault: error.message }).catch(() => undefined); // the store is away
  }
}

/** Undefined for what no version of this task has stored. */
function read(stored: Checkpoint | undefined): Task | undefined {
  const state = BRING_OVER_STATES.find((one) => one === stored?.state);
  if (!stored || !state) return undefined;
  const { startedAt, endedAt, fault, system, checkpoint, wish } = stored;
  const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
  return {
    ...{ state, wish: readWish(wish), read: number(stored.read), recorded: number(stored.recorded) },
    ...{ startedAt: String(startedAt), system: String(system) },
    ...(typeof endedAt === 'string' && { endedAt }),
    ...(typeof fault === 'string' && { fault }),
    ...(isObject(checkpoint) && { checkpoint }),
  };
}
