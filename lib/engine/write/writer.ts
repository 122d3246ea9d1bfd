/**
 * The end of the chain: messages become writes, writes become links and baselines. Messages of one direction are written
 * in batches, since systems are read and written cheapest that way; each message's outcome is its own.
 */

import { onBehalfOf } from '../../budget/priority';
import { iso } from '../../model/clock';
import type { Direction } from '../../model/entity';
import { type Side, sourceSide, targetSide } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { SyncMessage, SyncResult } from '../../model/message';
import type { Failure } from '../../store/store';
import type { Engine } from '../engine';
import { isFile } from '../files';
import { parseEventId } from '../messages';
import { isSystemFault, pauses } from '../retry-policy';
import { runBatch } from './batch';
import type { Job, Way } from './change';
import { DryRunExecutor } from './dry-run';
import type { Executor, JobResult } from './executor';
import { FileLane } from './file-lane';
import { LiveExecutor } from './live';

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
        ? 'parked: retry or skip it in the Twinflow sidebar'
        : failure
          ? `retry at ${iso(failure.dueAt)}`
          : 'will be resent';
    super(error.kind, `${error.message} (${next})`, { ...error.detail, cause: error });
    this.parked = failure?.to === 'parked';
    const isParked = failure?.to === 'parked';
    // what is not the API's answer pauses the system, too, if the failure charges nobody
    const isOfSystem = isSystemFault(error) || (pauses(error) && failure !== undefined);
    this.paused = isOfSystem && !isParked && !(failure?.to === 'retry' && failure.charge);
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
  private readonly engine: Engine;
  private readonly options: WriterOptions;
  private readonly lanes: Record<Direction, Lane>;
  private readonly files: Record<Direction, FileLane<Waiting>>;
  private stopped = false;

  constructor(engine: Engine, options: WriterOptions) {
    this.engine = engine;
    this.options = options;
    this.lanes = { forward: { waiting: [], busy: new Map() }, backward: { waiting: [], busy: new Map() } };
    const fileLane = (direction: Direction): FileLane<Waiting> =>
      new FileLane(engine.systems[targetSide(direction)].uploads, (entry) => this.write(direction, [entry]));
    this.files = { forward: fileLane('forward'), backward: fileLane('backward') };
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
    if (message.sync.integration !== this.engine.config.id) {
      return Promise.reject(
        new SyncError('invalid', `The message belongs to another integration than this writer (${message.topic})`),
      );
    }
    if (this.stopped) return Promise.reject(new SyncError('transient', 'The writer is being stopped'));
    const lane = this.lanes[direction];
    // a later sending of an event whose earlier one failed in the batch that is still being written is no duplicate
    if ((lane.busy.get(id.seq) ?? 0) >= id.delivery) return Promise.resolve(duplicate(message));
    // parts that no mapper maps go by standard rows
    if (!message.sync.mapped && !message.sync.entity?.owner) {
      const error = new SyncError(
        'invalid',
        `${message.sync.entity.key}: No field mapper handles this item type (${message.sync.entity.type})`,
      );
      return this.engine.outcomes
        .failMessage(message, error)
        .then((failure) => Promise.reject(new WriteFailure(error, failure)));
    }
    return new Promise((resolve, reject) => {
      lane.busy.set(id.seq, id.delivery);
      const entry = { message, ...id, resolve, reject };
      const side = sourceSide(direction);
      if (!this.isDryRun && carriesFile(this.engine, side, message)) {
        this.files[direction].add(entry);
        this.engine.inFlight.stepAside(side, id.seq);
        return;
      }
      lane.waiting.push(entry);
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
    const all = this.engine.inFlight.count(sourceSide(direction));
    if (lane.waiting.length >= this.options.batchSize || lane.waiting.length >= all) this.run(direction);
    else lane.cancel = this.engine.clock.after(LINGER_MS, () => this.run(direction));
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
      const load = this.engine.loads[sourceSide(direction)];
      const make = (engine: Engine, way: Way): Executor =>
        this.isDryRun ? new DryRunExecutor(engine, way) : new LiveExecutor(engine, way, () => this.stopped);
      results = await onBehalfOf(load, () => runBatch(this.engine, direction, jobs, make));
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
    this.engine.inFlight.gone(
      sourceSide(direction),
      batch.map(({ seq }) => seq),
    );
    for (const result of results) {
      if (result?.ok && result.result.outcome !== 'dryRun') this.engine.events.landed?.(result.result);
    }
  }

  /** Lets the running batch end; what has not begun is sent again later. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const direction of ['forward', 'backward'] as const) {
      const lane = this.lanes[direction];
      const files = this.files[direction];
      lane.cancel?.();
      const left = [...lane.waiting.splice(0), ...files.takeAll()];
      for (const entry of left) free(lane, entry);
      const error = new SyncError(
        'transient',
        'The writer was stopped before this change was written; it is sent again',
      );
      await Promise.all([lane.running, files.idle()]);
      for (const { message, reject } of left) {
        await this.engine.outcomes.failMessage(message, error).catch(() => undefined);
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

/** A file is about to be carried, which may take long. */
const carriesFile = ({ config }: Engine, side: Side, { sync }: SyncMessage): boolean =>
  sync.kind === 'create' && isFile(config, side, sync.entity);

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
