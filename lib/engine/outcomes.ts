/** Outcomes of events: nothing else finishes them, fails them or sends them again (invariants 1, 3, 6, 9). */

import { type EntityId, type Side, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import { otherSide } from '../model/sides';
import type { Fields } from '../model/values';
import type { Failure, StoredEvent } from '../store/store';
import type { SyncContext } from './context';
import type { InFlight } from './in-flight';
import { isOf, parseEventId } from './messages';
import { type Blame, judge, toStored } from './retry-policy';
import type { System } from './system';

export interface FailureContext {
  /** target fields as mapped, shown with a parked event */
  mapped?: Fields;
  /** the create certainly did not happen */
  notCreated?: boolean;
  blame?: Blame;
  /** it is parked whatever its attempts */
  isFinal?: boolean;
  /** id of the node in which it failed */
  node?: string;
  /** referenced entities that have no counterpart yet */
  awaits?: EntityId[];
}

const PAUSED_RETRY_MS = 500;

export class Outcomes {
  constructor(
    private readonly context: SyncContext,
    private readonly inFlight: InFlight,
  ) {}

  /** Finishes events without effect. */
  async finish(side: Side, events: number[]): Promise<void> {
    await this.context.store.skip(events);
    this.inFlight.gone(side, events);
  }

  /** Finishes the message's event without effect: it was filtered out. A message of a finished event is passed over. */
  async skipMessage(message: SyncMessage): Promise<void> {
    const event = await this.eventOf(message);
    if (event) await this.finish(event.flow.side, [event.seq]);
  }

  /** The message's event failed in a node on its way. @param node its id */
  async failMessage(message: SyncMessage, thrown: unknown, node?: string): Promise<Failure | undefined> {
    const event = await this.eventOf(message);
    if (!event) return undefined;
    const target = this.context.systems[targetSide(message.sync.direction)];
    // before a field mapper, the payload is the source's
    const mapped = message.sync.mapped ? message.payload : undefined;
    return (await this.fail(event.flow.side, [event], asSyncError(thrown), target, { mapped, node }))[0];
  }

  private async eventOf(message: SyncMessage): Promise<StoredEvent | undefined> {
    const id = parseEventId(message.sync?.event);
    if (!id) throw new SyncError('fatal', 'The message has no msg.sync.event: it does not come from a poller');
    const [event] = await this.context.store.load([id]);
    return event && isOf(message, event) ? event : undefined;
  }

  /** One error for several events: each is judged by its own attempts. @param system the one that gave the error */
  async fail(
    side: Side,
    events: StoredEvent[],
    error: SyncError,
    system: System,
    context: FailureContext = {},
  ): Promise<Failure[]> {
    const { events: listeners, store } = this.context;
    const failures = events.map((event) => this.failureOf(side, event, error, system, context));
    await store.fail(failures);
    failures.forEach((failure, index) => {
      const event = events[index];
      if (event) listeners.failed?.(event, error, failure.to === 'parked');
    });
    this.inFlight.gone(
      side,
      events.map((event) => event.seq),
    );
    return failures;
  }

  private failureOf(
    side: Side,
    event: StoredEvent,
    error: SyncError,
    system: System,
    context: FailureContext,
  ): Failure {
    const { clock, config, systems } = this.context;
    const now = clock.now();
    const [source, target] = [systems[side], systems[otherSide(side)]];
    const attempts = context.isFinal ? Number.POSITIVE_INFINITY : event.attempts;
    const verdict = judge(error, attempts, config.retries, context.blame, clock.random());
    const common = { event: event.seq, delivery: event.delivery, error: toStored(error, now, context.node) };
    if (verdict.kind === 'park') {
      // it is parked: new entities of the other side must not wait with it
      const awaits = context.awaits && { system: source.id, toward: target.id, entities: context.awaits };
      return { ...common, to: 'parked', mapped: context.mapped, notCreated: true, awaits };
    }
    // while the target pauses nothing is claimed, however early it is due: it goes on as soon as the system does
    const pause = system.id === target.id ? PAUSED_RETRY_MS : system.pauseLeft();
    const wait = verdict.kind === 'pause' ? Math.max(pause, PAUSED_RETRY_MS) : verdict.ms;
    const { notCreated } = context;
    return { ...common, to: 'retry', dueAt: now + wait, charge: verdict.kind === 'retry', notCreated };
  }

  /**
   * The event is sent again at once, or in a while, and nobody is charged: the flow is to make something else of it.
   * @param how `notCreated`: a create of it that was begun has not been sent
   */
  async sendAgain(
    event: StoredEvent,
    error: SyncError,
    { ms = 0, notCreated }: { ms?: number; notCreated?: boolean } = {},
  ): Promise<Failure> {
    const { clock, events, store } = this.context;
    const now = clock.now();
    const { seq, delivery } = event;
    const failure: Failure = {
      event: seq,
      delivery,
      to: 'retry',
      dueAt: now + ms,
      charge: false,
      error: toStored(error, now),
      notCreated,
    };
    await store.fail([failure]);
    events.failed?.(event, error, false);
    this.inFlight.gone(event.flow.side, [seq]);
    return failure;
  }
}
