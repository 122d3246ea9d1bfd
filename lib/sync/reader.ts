/**
 * One side of an integration being read: what changed there is stored together with the checkpoint (invariant 1), and
 * stored events are sent into the flow, in order, while the window of in-flight messages has room (invariants 3 and 8).
 */

import type { ChangePage, Checkpoint } from '../connectors/connector';
import { directionFrom, type Side, targetSide } from '../model/entity';
import { asSyncError, SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { Flow, FlowCounts, StoredEvent } from '../store/store';
import { AheadReading } from './ahead';
import { BACKLOG, type FlowLoad, onBehalfOf } from './budget/priority';
import { iso } from './clock';
import { isElsewhere } from './elsewhere';
import { planEvent } from './events';
import type { Integration } from './integration';
import { followMoved } from './moved';
import { madeByOthers } from './own-changes';
import { readScope, route } from './pairs';
import { refreshStale } from './stale';
import type { System } from './system';

export interface ReaderOptions {
  /** entities asked for in one page */
  pageSize: number;
  /** messages that may be on their way at once */
  window: number;
  /** where polling starts when nothing was read yet */
  start: { kind: 'newest' } | { kind: 'all' } | { kind: 'time'; time: string };
  /** more waiting events, or more entities read in one poll, are a backlog, before which people's changes go; preset 1,000 */
  backlog?: number;
}

export interface PollSummary {
  /** entities read, and how many of them made or renewed an event */
  read: number;
  recorded: number;
  pages: number;
  /** projects and types that the system did not show: a sentence for each */
  missing?: string[];
}

/** Start of polling where the system shows nothing yet: 26 hours back (reference: T1). */
const EMPTY_START_MS = 26 * 3_600_000;
/** Waiting events above which polling rests until the flow has caught up: keeps disk and claims bounded. */
const BACKLOG_HIGH = 20_000;
/** How often what waits is counted while messages are sent. */
const COUNT_MS = 5_000;

export class Reader {
  readonly flow: Flow;
  private readonly integration: Integration;
  private readonly options: ReaderOptions;
  private readonly send: (message: SyncMessage) => void;
  private readonly onError: (error: SyncError) => void;
  private polling: Promise<PollSummary> | undefined;
  private ahead: AheadReading | undefined;
  /** the last poll that came to its end; `at` in ms since 1970 */
  lastPoll: ({ at: number } & PollSummary) | undefined;
  private pumping = false;
  /** of claims that have room for one event only, every other one is the backlog's */
  private backlogsTurn = true;
  private again = false;
  private stopped = false;
  private cancelTimer: (() => void) | undefined;
  private readonly stopWake: () => void;

  constructor(
    integration: Integration,
    side: Side,
    options: ReaderOptions,
    send: (message: SyncMessage) => void,
    onError: (error: SyncError) => void,
  ) {
    this.integration = integration;
    this.flow = { integration: integration.config.id, side };
    this.options = options;
    this.send = send;
    this.onError = onError;
    this.stopWake = integration.system(targetSide(directionFrom(side))).onWake(() => this.pump());
  }

  get system(): System {
    return this.integration.system(this.flow.side);
  }

  private get load(): FlowLoad {
    return this.integration.load(this.flow.side);
  }

  /**
   * Reads everything that changed since the checkpoint. Concurrent calls share one poll; where that reads a backlog, what
   * people have changed meanwhile is read ahead of it.
   * @throws SyncError; what was read before the fault is stored all the same
   */
  poll(): Promise<PollSummary> {
    this.ahead?.ask();
    this.polling ??= onBehalfOf(this.load, () => this.pollOnce())
      .then((summary) => {
        this.lastPoll = { at: this.integration.clock.now(), ...summary };
        return summary;
      })
      .finally(() => {
        this.polling = undefined;
        this.ahead = undefined;
        this.load.read = 0;
      });
    return this.polling;
  }

  /**
   * Forgets how far this side was read and which versions were seen: the next poll begins at the configured start. Links
   * and open changes stay, so nothing is created twice.
   */
  async startAgain(): Promise<void> {
    await this.polling?.catch(() => undefined); // it would store how far it came
    await this.integration.store.setCheckpoint(this.flow, undefined);
    await this.integration.store.forgetSeen(this.flow);
  }

  get isPolling(): boolean {
    return this.polling !== undefined;
  }

  private async pollOnce(): Promise<PollSummary> {
    const summary: PollSummary = { read: 0, recorded: 0, pages: 0 };
    const { integration, flow, system } = this;
    const scope = readScope(integration.config, flow.side);
    if (integration.rests || this.stopped || !scope) return summary;
    const pause = system.pauseLeft();
    if (pause > 0) {
      throw new SyncError(
        'transient',
        `${system.name} is paused for ${Math.ceil(pause / 1000)} s: ${system.health.lastError?.message ?? ''}`,
      );
    }
    const own = system.ignoreOwn ? (await system.identity()).user.id : undefined;
    const since = await this.startFrom();
    const { backlog = BACKLOG, pageSize } = this.options;
    const take = async (page: ChangePage, urgent: boolean, isAhead: boolean): Promise<void> => {
      summary.recorded += await this.keep(page, readAt, own, urgent, isAhead);
      summary.read += page.entities.length;
      summary.pages += 1;
      if (page.missing) summary.missing = page.missing;
      this.pump();
    };
    let readAt = await integration.store.sequence();
    const ahead = new AheadReading(scope, pageSize, async (page) => {
      await take(page, true, true);
      readAt = await integration.store.sequence();
    });
    await this.counts();
    await system.call(async (connection) => {
      for await (const page of connection.changes(scope, since, pageSize)) {
        if (this.stopped) return;
        // a short poll behind a backlog: people
        await take(page, this.load.waiting > backlog && summary.read + page.entities.length <= backlog, false);
        this.load.read = summary.read;
        if (summary.read > backlog) this.ahead = ahead;
        readAt = await integration.store.sequence();
        await this.backlogFalls(async () => this.ahead?.catchUp(connection));
        readAt = await integration.store.sequence();
      }
    });
    return summary;
  }

  /** @param isAhead it lies ahead of the stored checkpoint, which stays */
  private async keep(
    page: ChangePage,
    readAt: number,
    own: string | undefined,
    urgent: boolean,
    isAhead: boolean,
  ): Promise<number> {
    for (const entity of page.entities) this.system.sawTime(entity.updatedAt);
    const { integration, flow } = this;
    const entities = own === undefined ? page.entities : await madeByOthers(integration, flow.side, page.entities, own);
    const { store } = integration;
    const checkpoint = isAhead ? undefined : page.checkpoint;
    return (await store.record(flow, this.system.id, entities, readAt, checkpoint, urgent)).recorded;
  }

  /**
   * A backlog is read only as fast as it is written, so that neither the disk nor a claim grows without bound.
   * @param meanwhile done at least once
   */
  private async backlogFalls(meanwhile: () => Promise<void>): Promise<void> {
    while (!this.stopped) {
      await meanwhile();
      const counts = await this.counts();
      if (!counts || counts.waiting < BACKLOG_HIGH) return;
      await new Promise<void>((resolve) => {
        this.integration.clock.after(1_000, resolve);
      });
    }
  }

  /** The stored checkpoint, or the configured start, which is stored at once: what changes from now on is seen. */
  private async startFrom(): Promise<Checkpoint | undefined> {
    const { store, clock } = this.integration;
    const stored = await store.checkpoint(this.flow);
    if (stored || this.options.start.kind === 'all') return stored;
    const start = this.options.start;
    const scope = readScope(this.integration.config, this.flow.side);
    if (!scope) return undefined;
    const checkpoint = await this.system.call(async (connection) =>
      start.kind === 'time'
        ? connection.checkpointAt(start.time)
        : ((await connection.newest(scope)) ?? connection.checkpointAt(iso(clock.now() - EMPTY_START_MS))),
    );
    await store.setCheckpoint(this.flow, checkpoint);
    return checkpoint;
  }

  /** Sends what is waiting, as far as the window has room. Returns at once; safe to call at any time. */
  pump(): void {
    if (this.stopped || this.integration.rests) return;
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = true;
    onBehalfOf(this.load, () => this.drain())
      .catch((thrown: unknown) => {
        this.onError(asSyncError(thrown));
        // claimed but not sent: the integration's sweep finds them; try to go on soon
        this.pumpAfter(1_000);
      })
      .finally(() => {
        this.pumping = false;
        if (this.again) {
          this.again = false;
          this.pump();
        }
      });
  }

  private async drain(): Promise<void> {
    const { integration, flow } = this;
    const target = integration.system(targetSide(directionFrom(flow.side)));
    while (!this.stopped && !integration.rests) {
      const paused = target.pauseLeft();
      if (paused > 0) return this.pumpAfter(paused);
      const room = this.options.window - integration.inFlight(flow.side);
      // refilled in halves: a claim for every single landed change would cost a transaction each
      if (room < Math.max(1, this.options.window / 2)) return;
      const events = await integration.store.claim(flow, room, integration.clock.now(), this.urgentShare(room));
      if (events.length === 0) return this.pumpAtNextRetry();
      integration.claimed(events);
      if (this.load.due(integration.clock.now(), COUNT_MS)) await this.counts();
      await this.dispatch(events);
    }
  }

  /** Of a claim for that many events, how many may be people's before the backlog's: half of them, so that neither starves. */
  private urgentShare(room: number): number {
    if (room > 1) return Math.ceil(room / 2);
    this.backlogsTurn = !this.backlogsTurn;
    return this.backlogsTurn ? 0 : 1;
  }

  private async dispatch(claimed: StoredEvent[]): Promise<void> {
    const { integration } = this;
    const done: number[] = [];
    const fresh = await refreshStale(integration, this.flow, claimed, done, this.onError);
    const events = await followMoved(integration, this.flow, fresh);
    const relevant = integration.relevant(this.flow.side);
    for (const event of events) {
      if (this.stopped) return;
      const plan = planEvent(integration.config, event, relevant);
      const elsewhere = plan.send && (await isElsewhere(integration, event, 'the other system'));
      if (plan.send && elsewhere === undefined) this.send(plan.message);
      else {
        done.push(event.seq);
        // a linked one that no pair leads to the other side any more must not go quietly
        if (event.link && !route(integration.config, event.flow.side, event.entity)) {
          integration.diverged.tell(event.link, event.flow.side, event.entity);
        }
      }
    }
    if (done.length) await integration.finish(this.flow.side, done);
  }

  private async counts(): Promise<FlowCounts | undefined> {
    const counts = (await this.integration.store.counts(this.flow.integration))[this.flow.side - 1];
    this.load.waiting = counts?.waiting ?? 0;
    return counts;
  }

  private pumpAfter(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.integration.clock.after(ms, () => this.pump());
  }

  /** Nothing is ready now; something may be due later. */
  private async pumpAtNextRetry(): Promise<void> {
    const counts = await this.counts();
    if (counts && (counts.retry > 0 || counts.waiting > 0)) this.pumpAfter(1_000);
  }

  /** Ends reading and sending; a running poll stops at its next page. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelTimer?.();
    this.stopWake();
    await this.polling?.catch(() => undefined);
  }
}
