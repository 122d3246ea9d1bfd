/**
 * The end of the chain: messages become writes, writes become links and baselines. Messages of one direction are written
 * in batches, since systems are read and written cheapest that way; each message's outcome is its own.
 */

import type { Direction } from '../model/entity';
import { sourceSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage, SyncResult } from '../model/message';
import type { Failure } from '../store/store';
import { onBehalfOf } from './budget/priority';
import { iso } from './clock';
import { showBatch } from './dry-batch';
import { parseEventId } from './events';
import { isSystemFault } from './failure';
import type { Integration } from './integration';
import type { Job } from './work';
import { type JobResult, writeBatch } from './write-batch';

export interface WriterOptions {
  /** messages written together at most */
  batchSize: number;
  /** only shows what it would do: nothing is written, and what was shown waits until a writer without it starts */
  dryRun?: boolean;
}

/** A change that did not land, and what happens to it now. */
export class WriteFailure extends SyncError {
  /** a fault of the system: nobody is charged, everything waits until it is back */
  readonly paused: boolean;
  readonly parked: boolean;

  constructor(error: SyncError, failure: Failure | undefined) {
    const next =
      failure?.to === 'parked'
        ? 'parked until somebody retries or skips it'
        : failure
          ? `tried again at ${iso(failure.dueAt)}`
          : 'sent again later';
    super(error.kind, `${error.message} (${next})`, { ...error.detail, cause: error });
    this.parked = failure?.to === 'parked';
    this.paused = isSystemFault(error) && !(failure?.to === 'parked' || failure?.charge);
  }
}

interface Waiting {
  message: SyncMessage;
  seq: number;
  delivery: number;
  resolve: (result: SyncResult) => void;
  reject: (error: SyncError) => void;
}

/** A batch is not held back for longer than this after its last message came in. */
const LINGER_MS = 20;

export class Writer {
  private readonly integration: Integration;
  private readonly options: WriterOptions;
  private readonly lanes: Record<Direction, Lane>;
  private stopped = false;

  constructor(integration: Integration, options: WriterOptions) {
    this.integration = integration;
    this.options = options;
    this.lanes = { forward: { waiting: [], busy: new Map() }, backward: { waiting: [], busy: new Map() } };
  }

  /**
   * Writes the message's change to the target; in a dry run, shows what that would be.
   * @returns what became of it, once link and baseline are stored
   * @throws SyncError – the event is then already stored for a retry, or parked
   */
  accept(message: SyncMessage): Promise<SyncResult> {
    const id = parseEventId(message.sync?.event);
    const direction = message.sync?.direction;
    if (!id || (direction !== 'forward' && direction !== 'backward')) {
      return Promise.reject(
        new SyncError(
          'invalid',
          'The message has no msg.sync of a poller: a writer takes only messages that came from one',
        ),
      );
    }
    if (message.sync.integration !== this.integration.config.id) {
      return Promise.reject(
        new SyncError('invalid', `The message belongs to another integration than this writer (${message.topic})`),
      );
    }
    if (this.stopped) return Promise.reject(new SyncError('transient', 'The writer is being stopped'));
    const lane = this.lanes[direction];
    // a later sending of an event whose earlier one failed in the batch that is still being written is no duplicate
    if ((lane.busy.get(id.seq) ?? 0) >= id.delivery) return Promise.resolve(duplicate(message));
    if (!message.sync.mapped) {
      const error = new SyncError(
        'invalid',
        `${message.sync.entity.key}: no field mapper has mapped this message (type ${message.sync.entity.type})`,
      );
      return this.integration.fail(message, error).then((failure) => Promise.reject(new WriteFailure(error, failure)));
    }
    return new Promise((resolve, reject) => {
      lane.busy.set(id.seq, id.delivery);
      lane.waiting.push({ message, ...id, resolve, reject });
      this.schedule(direction);
    });
  }

  get isDryRun(): boolean {
    return this.options.dryRun === true;
  }

  /** Numbers of the events that this writer has in hand. */
  holding(): number[] {
    return [...this.lanes.forward.busy.keys(), ...this.lanes.backward.busy.keys()];
  }

  private schedule(direction: Direction): void {
    const lane = this.lanes[direction];
    if (lane.running) return;
    lane.cancel?.();
    const all = this.integration.inFlight(sourceSide(direction));
    if (lane.waiting.length >= this.options.batchSize || lane.waiting.length >= all) this.run(direction);
    else lane.cancel = this.integration.clock.after(LINGER_MS, () => this.run(direction));
  }

  private run(direction: Direction): void {
    const lane = this.lanes[direction];
    if (lane.running || lane.waiting.length === 0) return;
    lane.cancel?.();
    const batch = lane.waiting.splice(0, this.options.batchSize);
    lane.running = this.write(direction, batch).finally(() => {
      lane.running = undefined;
      if (lane.waiting.length > 0) this.schedule(direction);
    });
  }

  private async write(direction: Direction, batch: Waiting[]): Promise<void> {
    const lane = this.lanes[direction];
    let results: JobResult[];
    try {
      const jobs: Job[] = batch.map(({ message, seq, delivery }) => ({ message, seq, delivery }));
      const load = this.integration.load(sourceSide(direction));
      const carryOut = this.options.dryRun ? showBatch : writeBatch;
      results = await onBehalfOf(load, () => carryOut(this.integration, direction, jobs));
    } catch (thrown) {
      // the store itself failed: nothing is known to have landed; what was sent is sent again after a restart or sweep
      const error = asSyncError(thrown);
      results = batch.map(() => ({ ok: false, error }));
    }
    for (const entry of batch) free(lane, entry);
    batch.forEach((entry, index) => {
      const result = results[index];
      if (!result) entry.resolve(duplicate(entry.message));
      else if (result.ok) entry.resolve(result.result);
      else entry.reject(new WriteFailure(result.error, result.failure));
    });
    this.integration.gone(
      sourceSide(direction),
      batch.map(({ seq }) => seq),
    );
    for (const result of results) {
      if (result?.ok && result.result.outcome !== 'dryRun') this.integration.events.landed?.(result.result);
    }
  }

  /** Lets the running batch end; what has not begun is sent again later. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const lane of Object.values(this.lanes)) {
      lane.cancel?.();
      const left = lane.waiting.splice(0);
      for (const entry of left) free(lane, entry);
      const error = new SyncError(
        'transient',
        'The writer was stopped before this change was written; it is sent again',
      );
      await lane.running;
      for (const { message, reject } of left) {
        await this.integration.fail(message, error).catch(() => undefined);
        reject(error);
      }
    }
  }
}

interface Lane {
  waiting: Waiting[];
  /** events in hand, waiting or being written: number → delivery */
  busy: Map<number, number>;
  running?: Promise<void>;
  cancel?: () => void;
}

function free(lane: Lane, { seq, delivery }: Waiting): void {
  if (lane.busy.get(seq) === delivery) lane.busy.delete(seq);
}

/** The same sending met twice, or one that is finished: its effect is there already (invariant 2). */
function duplicate(message: SyncMessage): SyncResult {
  const { updatedAt: _updatedAt, updatedBy: _updatedBy, ...source } = message.sync.entity;
  return {
    outcome: 'skipped',
    integration: message.sync.integration,
    direction: message.sync.direction,
    source,
    written: [],
    warnings: [],
  };
}
