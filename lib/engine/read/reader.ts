/**
 * One side of an integration being read: what changed there is stored together with the checkpoint (invariant 1), and
 * stored events are sent into the flow, in order, while the window of in-flight messages has room (invariants 3 and 8).
 */

import { BACKLOG, type FlowLoad, onBehalfOf, type Work } from '../../budget/priority';
import type { ChangePage, Checkpoint, Connection, Scope } from '../../connectors/connector';
import { iso } from '../../model/clock';
import { directionFrom, type Side, targetSide } from '../../model/entity';
import { asSyncError, SyncError } from '../../model/errors';
import type { SyncMessage } from '../../model/message';
import { atSide } from '../../model/sides';
import type { Flow, FlowCounts, StoredEvent } from '../../store/store';
import type { Engine } from '../engine';
import { withoutFrames } from '../frames';
import { lookedAt } from '../looked-at';
import { planEvent } from '../messages';
import { isElsewhere } from '../peers/elsewhere';
import { isOwnerOnly, readScope, route, sayMissing } from '../routing';
import type { System } from '../system';
import { BACKLOG_HIGH } from './backlog';
import { AheadReading } from './catch-up';
import { followMoved } from './moved';
import { madeByOthers } from './own-account';
import { PartReader } from './part-reader';
import { refreshStale } from './refresh';
import type { Member, SharedPage } from './shared-polls';

export interface ReaderOptions {
  /** entities asked for in one page */
  pageSize: number;
  /** messages that may be on their way at once */
  window: number;
  /** where polling starts when nothing was read yet */
  start: { kind: 'newest' } | { kind: 'all' } | { kind: 'time'; time: string };
  /**
   * Polls are shared with the other integrations that read the same of the system. `freshMs`: what another one has read so long ago
   * at most is as good as a poll of its own; `wakes`: it is told at once what another one has read. Absent: it shares nothing
   */
  shared?: { freshMs: number; wakes: boolean };
  /** more waiting events, or more entities read in one poll, are a backlog, and users' changes go first; default 1,000 */
  backlog?: number;
}

export interface PollSummary {
  /** entities read, and how many of them made or renewed an event */
  read: number;
  recorded: number;
  pages: number;
  /** projects and types that the system did not show: which and why, a sentence for each */
  missing?: string[];
  /** @see ChangePage.notes */
  notes?: string[];
}

/** Start of polling where the system shows nothing yet: 26 hours back (reference: T1). */
const EMPTY_START_MS = 26 * 3_600_000;
/** Comments of one item that the flow gets at once: with more, one that fails would send many back. */
const MOST_OF_LINE = 20;
/** Notes of one poll that are passed on. */
const MOST_NOTES = 20;
/** How often what waits is counted while messages are sent. */
const COUNT_MS = 5_000;

export class Reader {
  readonly flow: Flow;
  private readonly engine: Engine;
  private readonly options: ReaderOptions;
  private readonly send: (message: SyncMessage) => void;
  private readonly onError: (error: SyncError) => void;
  private polling: Promise<PollSummary> | undefined;
  /** of the running poll; @see SharedRequest */
  private freshMs = 0;
  private ahead: AheadReading | undefined;
  /** the last poll that came to its end; `at` in ms since 1970 */
  lastPoll: ({ at: number } & PollSummary) | undefined;
  /** when the next poll is due by its node's schedule, ms since 1970; undefined = on demand */
  nextPoll: () => number | undefined = () => undefined;
  private pumping = false;
  /** of claims that have room for one event only, every other one is the backlog's */
  private backlogsTurn = true;
  private again = false;
  private stopped = false;
  private cancelTimer: (() => void) | undefined;
  private readonly stopWake: () => void;
  private readonly parts: PartReader;
  private readonly member: Member;

  constructor(
    engine: Engine,
    side: Side,
    options: ReaderOptions,
    send: (message: SyncMessage) => void,
    onError: (error: SyncError) => void,
  ) {
    this.engine = engine;
    this.flow = { integration: engine.config.id, side };
    this.options = options;
    this.send = send;
    this.onError = onError;
    this.parts = new PartReader(engine, side, () => this.pump(), onError);
    this.member = options.shared?.wakes ? { wake: () => this.pollInTurn() } : {};
    const stopWake = engine.systems[targetSide(directionFrom(side))].onWake(() => this.pump());
    const stopRoom = engine.inFlight.onRoom(() => this.pump());
    this.stopWake = () => {
      stopWake();
      stopRoom();
    };
  }

  get system(): System {
    return this.engine.systems[this.flow.side];
  }

  private get load(): FlowLoad {
    return this.engine.loads[this.flow.side];
  }

  /**
   * Reads everything that changed since the checkpoint. Concurrent calls share one poll; if that reads a backlog, what
   * people have changed meanwhile is read ahead of it.
   * @throws SyncError; pages read before the fault are stored
   */
  poll(): Promise<PollSummary> {
    return this.pollSharing(0);
  }

  /** The same by its schedule: what another integration has read a moment ago is not asked for again. */
  pollInTurn(): Promise<PollSummary> {
    return this.pollSharing(this.options.shared?.freshMs ?? 0);
  }

  private pollSharing(freshMs: number): Promise<PollSummary> {
    this.ahead?.ask();
    // what was asked for now is not answered with what another integration has read before
    if (this.polling && freshMs < this.freshMs) {
      const again = () => this.pollSharing(freshMs);
      return this.polling.then(again, again);
    }
    if (!this.polling) this.freshMs = freshMs;
    const { load } = this;
    const work: Work = {
      get priority() {
        return load.priority === 'interactive' && load.isIdle ? 'routine' : load.priority;
      },
    };
    this.polling ??= onBehalfOf(work, () => this.pollOnce(freshMs))
      .then((summary) => {
        this.lastPoll = { at: this.engine.clock.now(), ...summary };
        load.isIdle = summary.recorded === 0;
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
    await this.engine.store.setCheckpoint(this.flow, undefined);
    await this.engine.store.forgetSeen(this.flow);
  }

  get isPolling(): boolean {
    return this.polling !== undefined;
  }

  /** What is read, with the store's sequence before it was asked for; shared with others, or by itself alone. */
  private async *pages(
    connection: Connection,
    scope: Scope,
    since: Checkpoint | undefined,
    freshMs: number,
  ): AsyncGenerator<SharedPage> {
    const sequence = () => this.engine.store.sequence();
    const { pageSize, shared } = this.options;
    if (shared) {
      const group = this.system.polls.group(scope, pageSize);
      yield* group.changes(this.member, connection, { scope, since, pageSize, freshMs, sequence });
      return;
    }
    let readAt = await sequence();
    for await (const page of connection.changes(scope, since, pageSize)) {
      yield { page, readAt };
      readAt = await sequence();
    }
  }

  private async pollOnce(freshMs: number): Promise<PollSummary> {
    const summary: PollSummary = { read: 0, recorded: 0, pages: 0 };
    const { engine, flow, system } = this;
    const scope = readScope(engine.config, flow.side);
    if (!engine.config.active || this.stopped || !scope) return summary;
    if (engine.activity.rests) {
      // "now" is when it was deployed: what changes while it is held is read once it goes on
      if (system.pauseLeft() === 0) await this.startFrom(freshMs);
      return summary;
    }
    const pause = system.pauseLeft();
    if (pause > 0) {
      throw new SyncError(
        'transient',
        `${system.name} is paused for ${Math.ceil(pause / 1000)} s: ${system.health.lastError?.message ?? ''}`,
      );
    }
    const own = system.ignoreOwn ? (await system.identity()).user.id : undefined;
    const since = await this.startFrom(freshMs);
    const { backlog = BACKLOG, pageSize } = this.options;
    const take = async (page: ChangePage, urgent: boolean, isAhead: boolean): Promise<void> => {
      summary.recorded += await this.keep(page, readAt, own, urgent, isAhead);
      if (summary.recorded > 0) this.load.isIdle = false;
      summary.read += page.entities.length;
      summary.pages += 1;
      if (page.missing) summary.missing = page.missing.map((one) => sayMissing(engine.config, flow.side, one));
      if (page.notes) summary.notes = [...(summary.notes ?? []), ...page.notes].slice(0, MOST_NOTES);
      this.pump();
      this.parts.wake();
    };
    let readAt = await engine.store.sequence();
    const ahead = new AheadReading(scope, pageSize, async (page) => {
      await take(page, true, true);
      readAt = await engine.store.sequence();
    });
    await this.counts();
    await system.call(async (connection) => {
      for await (const { page, readAt: askedAt } of this.pages(connection, scope, since, freshMs)) {
        if (this.stopped) return;
        readAt = askedAt;
        // a short poll behind a backlog: people
        const isBehind = this.load.waiting > backlog || this.load.bringsOver;
        await take(page, isBehind && summary.read + page.entities.length <= backlog, false);
        this.load.read = summary.read;
        if (summary.read > backlog) this.ahead = ahead;
        readAt = await engine.store.sequence();
        await this.backlogFalls(async () => this.ahead?.catchUp(connection));
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
    const { engine, flow } = this;
    const entities = own === undefined ? page.entities : await madeByOthers(engine, flow.side, page.entities, own);
    const { store } = engine;
    const checkpoint = isAhead ? undefined : page.checkpoint;
    const owners = lookedAt(engine, flow.side);
    return (await store.record(flow, this.system.id, entities, readAt, checkpoint, urgent, owners)).recorded;
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
        this.engine.clock.after(1_000, resolve);
      });
    }
  }

  /** The stored checkpoint, or the configured start, which is stored at once: what changes from now on is seen. */
  private async startFrom(freshMs: number): Promise<Checkpoint | undefined> {
    const { store, clock } = this.engine;
    const stored = await store.checkpoint(this.flow);
    if (stored || this.options.start.kind === 'all') return stored;
    const start = this.options.start;
    const scope = readScope(this.engine.config, this.flow.side);
    if (!scope) return undefined;
    // what another integration has read everything up to: both poll together from there on
    const group = this.system.polls.group(scope, this.options.pageSize);
    const reached = start.kind === 'newest' ? group.end(freshMs) : undefined;
    const checkpoint =
      reached ??
      (await this.system.call(async (connection) =>
        start.kind === 'time'
          ? connection.checkpointAt(start.time)
          : ((await group.newestOf(connection, scope, freshMs)) ??
            connection.checkpointAt(iso(clock.now() - EMPTY_START_MS))),
      ));
    await store.setCheckpoint(this.flow, checkpoint);
    return checkpoint;
  }

  /** Sends what is waiting, as far as the window has room. Returns at once; safe to call at any time. */
  pump(): void {
    if (this.stopped || this.engine.activity.rests) return;
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
    const { engine, flow } = this;
    const target = engine.systems[targetSide(directionFrom(flow.side))];
    while (!this.stopped && !engine.activity.rests) {
      const paused = target.pauseLeft();
      if (paused > 0) return this.pumpAfter(paused);
      const room = this.options.window - engine.inFlight.count(flow.side);
      // refilled in halves: a claim for every single landed change would cost a transaction each
      if (room < Math.max(1, this.options.window / 2)) return;
      const events = await engine.store.claim(flow, room, engine.clock.now(), this.urgentShare(room), MOST_OF_LINE);
      if (events.length === 0) return this.pumpAtNextRetry();
      engine.inFlight.claimed(events);
      if (this.load.due(engine.clock.now(), COUNT_MS)) await this.counts();
      await this.dispatch(events);
    }
  }

  /** How many of a claim's slots go to users' changes before the backlog: half, so that neither starves. */
  private urgentShare(room: number): number {
    if (room > 1) return Math.ceil(room / 2);
    this.backlogsTurn = !this.backlogsTurn;
    return this.backlogsTurn ? 0 : 1;
  }

  private async dispatch(claimed: StoredEvent[]): Promise<void> {
    const { engine } = this;
    const done: number[] = [];
    const fresh = await refreshStale(engine, this.flow, claimed, done, this.onError);
    const events = await withoutFrames(engine, this.flow.side, await followMoved(engine, this.flow, fresh));
    const relevant = engine.relevance.of(this.flow.side);
    const plans = events.map((event) => planEvent(engine.config, event, relevant));
    const elsewhere = await Promise.all(
      events.map((event, index) => (plans[index]?.send ? isElsewhere(engine, event, 'the other system') : undefined)),
    );
    for (const [index, event] of events.entries()) {
      if (this.stopped) return;
      const plan = plans[index];
      if (plan?.send && elsewhere[index] === undefined) this.send(plan.message);
      else {
        done.push(event.seq);
        // a linked entity that no pair covers any longer must be reported
        const { link, entity } = event;
        if (
          link &&
          !route(engine.config, this.flow.side, entity) &&
          !isOwnerOnly(engine.config, this.flow.side, entity)
        ) {
          engine.diverged.tell(link, this.flow.side, entity);
        }
      }
    }
    if (done.length) await engine.outcomes.finish(this.flow.side, done);
  }

  private async counts(): Promise<FlowCounts | undefined> {
    const counts = atSide(await this.engine.store.counts(this.flow.integration), this.flow.side);
    this.load.waiting = counts.waiting;
    return counts;
  }

  private pumpAfter(ms: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.engine.clock.after(ms, () => this.pump());
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
    const scope = readScope(this.engine.config, this.flow.side);
    if (scope) this.system.polls.group(scope, this.options.pageSize).leave(this.member);
    await this.parts.stop();
    await this.polling?.catch(() => undefined);
  }
}
