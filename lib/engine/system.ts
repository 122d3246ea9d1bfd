/**
 * A system as the engine uses it: its connection and its health. All integrations that use a system share one of these,
 * so that trouble met by one pauses it for all (invariant 9).
 */

import { Budget, type BudgetLimits } from '../budget/request-budget';
import type { Connection, Identity } from '../connectors/connector';
import type { RequestGate } from '../connectors/http/options';
import type { Clock } from '../model/clock';
import { asSyncError, SyncError } from '../model/errors';
import { StoreError } from '../store/errors';
import { SharedPolls } from './read/shared-polls';
import { pauseFor, pauses } from './retry-policy';
import { FileSlots } from './write/file-lane';

/** What a call does: a system that can be read may well refuse to be written to, and an answer to the one says little of the other. */
export type Purpose = 'read' | 'write';

/** A wait that a system asks for is trouble only from here on. */
const LONG_WAIT_MS = 60_000;

export interface Health {
  /** milliseconds since 1970; 0 = not paused */
  pausedUntil: number;
  /** faults in a row */
  faults: Record<Purpose, number>;
  lastError?: SyncError;
}

export class System {
  readonly id: string;
  readonly name: string;
  /** changes made by our own account are not synced onwards */
  readonly ignoreOwn: boolean;
  /** which server it is, whatever node leads to it; the node's id where nobody knows */
  readonly place: string;
  readonly health: Health = { pausedUntil: 0, faults: { read: 0, write: 0 } };
  /** what failed alone while nothing told whether the system was to blame → how often: others are tried before it */
  readonly suspects = new Map<string, number>();
  /** when it last answered a call with success (ms since 1970) */
  private readonly answered: Record<Purpose, number> = { read: 0, write: 0 };
  /** newest time that the system itself has shown us: its clock is at least there */
  private newestTime = '';
  private self: Promise<Identity> | undefined;
  /** files on their way to the system, of all flows */
  readonly uploads = new FileSlots();
  /** polls of integrations that read the same of it */
  readonly polls: SharedPolls;
  /** all requests to the system, of all flows */
  readonly budget: Budget;
  private readonly open: (gate: RequestGate) => Connection;
  private readonly clock: Clock;
  private current: Connection | undefined;
  private readonly listeners = new Set<() => void>();
  /** Called when trouble begins that is more than a short wait, and when it is over. */
  onTrouble: (error: SyncError | undefined) => void = () => undefined;
  private isTold = false;

  /** @param open makes the connection, whose requests ask the gate; called at first use, may throw SyncError (bad configuration) */
  constructor(
    id: string,
    name: string,
    open: (gate: RequestGate) => Connection,
    clock: Clock,
    ignoreOwn = false,
    limits: BudgetLimits = {},
    place = id,
  ) {
    this.id = id;
    this.place = place;
    this.name = name;
    this.open = open;
    this.clock = clock;
    this.ignoreOwn = ignoreOwn;
    this.polls = new SharedPolls(clock);
    this.budget = new Budget(clock, limits, {
      closed: (ms) => this.asked(ms),
      opened: () => this.wake(),
    });
  }

  /** @throws SyncError if the configuration is unusable */
  connection(): Connection {
    this.current ??= this.open(this.budget);
    return this.current;
  }

  /** @see Connection.silentFields; undefined also while nobody has connected to it */
  get silentFields(): Connection['silentFields'] {
    return this.current?.silentFields;
  }

  /**
   * Runs one call on the connection and keeps the health by its outcome. Writes go another way: what they do stands in their
   * results (blame.ts).
   */
  async call<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const result = await use(this.connection());
      this.recovered('read');
      return result;
    } catch (thrown) {
      // our own disk in trouble says nothing about the system
      if (thrown instanceof StoreError) throw thrown;
      const error = asSyncError(thrown);
      this.troubled(error, 'read');
      throw error;
    }
  }

  /** Our own account there; asked once, asked again after a failure. */
  identity(): Promise<Identity> {
    this.self ??= this.call((connection) => connection.identify()).catch((error: unknown) => {
      this.self = undefined;
      throw error;
    });
    return this.self;
  }

  /** Notes a fault; only some kinds pause the system. */
  troubled(error: SyncError, purpose: Purpose): void {
    if (!pauses(error)) return;
    const { health } = this;
    // many calls and operations fail together when a system is in trouble: that is one fault
    const again = health.pausedUntil > this.clock.now();
    const asked = error.detail.retryAfterMs ?? 0;
    const ms = again ? asked : pauseFor(error, health.faults[purpose], this.clock.random());
    if (!again) health.faults[purpose] += 1;
    health.lastError = error;
    health.pausedUntil = Math.max(health.pausedUntil, this.clock.now() + ms);
    this.clock.after(ms, () => this.wake());
    if (!this.isTold && (error.kind !== 'rateLimited' || ms >= LONG_WAIT_MS)) {
      this.isTold = true;
      this.onTrouble(error);
    }
    // what the system asked for holds for everybody, also when a call that was under way succeeds meanwhile
    if (error.kind === 'rateLimited' && error.detail.retryAfterMs) this.budget.closeFor(error.detail.retryAfterMs);
  }

  /** It asked for a pause, perhaps with an answer that succeeded. */
  private asked(ms: number): void {
    const words = `${this.name} asked to wait for ${Math.ceil(ms / 1_000)} s`;
    this.health.lastError ??= new SyncError('rateLimited', words, { retryAfterMs: ms });
  }

  /** It has answered. That it can be read does not end a pause that its refusal of writes has brought about. */
  recovered(purpose: Purpose): void {
    this.answered[purpose] = this.clock.now();
    const { faults } = this.health;
    const wasTroubled = !this.isWell;
    faults.read = 0;
    if (purpose === 'write') faults.write = 0;
    if (!wasTroubled || faults.write > 0) return;
    this.health.pausedUntil = 0;
    this.health.lastError = undefined;
    if (this.isTold) {
      this.isTold = false;
      this.onTrouble(undefined);
    }
    this.wake();
  }

  /** The last fault, while no call of this kind has succeeded since. */
  doubt(purpose: Purpose): SyncError | undefined {
    return this.health.faults[purpose] > 0 ? this.health.lastError : undefined;
  }

  faultsInARow(purpose: Purpose): number {
    return this.health.faults[purpose];
  }

  /** @param at ms since 1970 */
  answeredSince(purpose: Purpose, at: number): boolean {
    return this.answered[purpose] > at;
  }

  /** A person says that it is well again: our own back-off ends; what the system itself asked for holds on. */
  tryNow(): void {
    if (this.health.pausedUntil <= this.clock.now()) return;
    this.health.pausedUntil = 0;
    this.wake();
  }

  /** milliseconds until it may be asked again; 0 = now */
  pauseLeft(): number {
    return Math.max(0, this.health.pausedUntil - this.clock.now(), this.budget.closedFor());
  }

  /** Called when a pause ends. Returns how to stop listening. */
  onWake(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Remembers the newest of the system's own time stamps. */
  sawTime(time: string | undefined): void {
    if (time && time > this.newestTime) this.newestTime = time;
  }

  /** A time by the system's clock that is not after now; undefined if none was seen yet. */
  knownTime(): string | undefined {
    return this.newestTime || undefined;
  }

  async close(): Promise<void> {
    this.listeners.clear();
    const connection = this.current;
    this.current = undefined;
    this.budget.close();
    await connection?.close?.();
  }

  private get isWell(): boolean {
    return this.health.faults.read + this.health.faults.write === 0;
  }

  private wake(): void {
    if (this.pauseLeft() > 0) return;
    if (this.isWell) this.health.lastError = undefined;
    for (const listener of [...this.listeners]) listener();
  }
}
