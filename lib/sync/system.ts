/**
 * A system as the engine uses it: its connection and its health. All integrations that use a system share one of these,
 * so that trouble met by one pauses it for all (invariant 9).
 */

import type { Connection, Identity } from '../connectors/connector';
import { asSyncError, type SyncError } from '../model/errors';
import type { Clock } from './clock';
import { pauseFor } from './failure';

export interface Health {
  /** milliseconds since 1970; 0 = not paused */
  pausedUntil: number;
  /** faults in a row */
  faults: number;
  lastError?: SyncError;
}

export class System {
  readonly id: string;
  readonly name: string;
  /** changes made by our own account are not synced onwards */
  readonly ignoreOwn: boolean;
  readonly health: Health = { pausedUntil: 0, faults: 0 };
  /** newest time that the system itself has shown us: its clock is at least there */
  private newestTime = '';
  private self: Promise<Identity> | undefined;
  private readonly open: () => Connection;
  private readonly clock: Clock;
  private current: Connection | undefined;
  private readonly listeners = new Set<() => void>();

  /** @param open makes the connection; called at first use, may throw SyncError (bad configuration) */
  constructor(id: string, name: string, open: () => Connection, clock: Clock, ignoreOwn = false) {
    this.id = id;
    this.name = name;
    this.open = open;
    this.clock = clock;
    this.ignoreOwn = ignoreOwn;
  }

  /** @throws SyncError where the configuration is unusable */
  connection(): Connection {
    this.current ??= this.open();
    return this.current;
  }

  /** Runs one call on the connection and keeps the health by its outcome. */
  async call<T>(use: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      const result = await use(this.connection());
      this.recovered();
      return result;
    } catch (thrown) {
      const error = asSyncError(thrown);
      this.troubled(error);
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

  /** Notes a fault. Only faults of the system pause it; `fatal` does too, since the answer was not the API's. */
  troubled(error: SyncError): void {
    if (!['transient', 'rateLimited', 'auth', 'fatal'].includes(error.kind)) return;
    const ms = pauseFor(error, this.health.faults, this.clock.random());
    this.health.faults += 1;
    this.health.lastError = error;
    this.health.pausedUntil = Math.max(this.health.pausedUntil, this.clock.now() + ms);
    this.clock.after(ms, () => this.wake());
  }

  recovered(): void {
    if (this.health.faults === 0) return;
    this.health.faults = 0;
    this.health.pausedUntil = 0;
    this.health.lastError = undefined;
    this.wake();
  }

  /** milliseconds until it may be asked again; 0 = now */
  pauseLeft(): number {
    return Math.max(0, this.health.pausedUntil - this.clock.now());
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

  /** A time by the system's clock that is not after now; undefined where none was seen yet. */
  knownTime(): string | undefined {
    return this.newestTime || undefined;
  }

  async close(): Promise<void> {
    this.listeners.clear();
    const connection = this.current;
    this.current = undefined;
    await connection?.close?.();
  }

  private wake(): void {
    if (this.pauseLeft() > 0) return;
    for (const listener of [...this.listeners]) listener();
  }
}
