/** The `twinflow-poller` node: reads one side of an integration and sends each change into the flow. */

import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Reader, ReaderOptions } from '../../lib/engine/read/reader';
import { readPollerSettings } from '../../lib/mapping/node-settings';
import { type BringOverView, readWish } from '../../lib/model/bring-over';
import type { Side } from '../../lib/model/entity';
import { asSyncError, type SyncError } from '../../lib/model/errors';
import { atSide, otherSide } from '../../lib/model/sides';
import { type Held, hostOf, type IntegrationHandle, integrationOf, type Lost } from '../runtime/host';
import { savedDef } from '../runtime/saved';
import { NO_INTEGRATION } from '../runtime/step';
import type { WiringFault } from '../runtime/wiring';
import { mayPass } from '../shared/patience';
import { brief, isStopped, storeErrorOf } from '../shared/status';
import { intervalMs, type Schedule, type ScheduleConfig, startSchedule } from './schedule';

interface PollerDef extends NodeDef {
  integration: string;
}

const STATUS_MS = 500;

type PollerSettings = ReturnType<typeof readPollerSettings>;

/** Pollers with the same cron expression poll at the same moment. */
const SAME_MOMENT_MS = 10_000;

function readerOptions(settings: PollerSettings): ReaderOptions {
  const { pageSize, window, start: kind, startTime: time } = settings;
  const schedule = scheduleOf(settings);
  const start: ReaderOptions['start'] =
    kind === 'time' ? (time === '' ? { kind: 'newest' } : { kind, time }) : { kind };
  // half the interval: with many pollers, whose turns are spread, the system is asked twice in it
  const shared =
    schedule.schedule === 'interval'
      ? { freshMs: intervalMs(schedule.interval, schedule.unit) / 2, wakes: true }
      : { freshMs: schedule.schedule === 'cron' ? SAME_MOMENT_MS : 0, wakes: false };
  return { pageSize, window, start, shared };
}

function scheduleOf({ schedule, cron, interval, unit }: PollerSettings): ScheduleConfig {
  switch (schedule) {
    case 'cron':
      return { schedule, cron };
    case 'manual':
      return { schedule };
    case 'interval':
      return interval === undefined ? { schedule, interval: 1, unit: 'minutes' } : { schedule, interval, unit };
  }
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  class Polling {
    private reader: Reader | undefined;
    private schedule: Schedule | undefined;
    private closed = false;
    private polling = false;
    private fault: SyncError | undefined;
    /** projects and types that the system did not show at the last poll, with a sentence for each */
    private missing: string[] = [];
    private notes: readonly string[] = [];
    private wiring: WiringFault | undefined;
    private timer: NodeJS.Timeout | undefined;
    private readonly lost: Lost[] = [];
    private readonly stopListening: (() => void)[];

    constructor(
      private readonly node: Node,
      private readonly settings: PollerSettings,
      private readonly handle: IntegrationHandle,
    ) {
      const { side } = this.settings;
      const started = host.whenStarted();
      this.stopListening = [
        handle.use(),
        // Catch nodes exist only when all nodes have started
        handle.onStoreFault((fault) => void started.then(() => this.failed(fault))),
        handle.onProgress(() => this.showSoon()),
        handle.onLost((lost) => {
          if (lost.side === side) this.reportLost(lost);
        }),
      ];
      this.start(side, started).catch((thrown: unknown) => this.failed(thrown));
    }

    private async start(side: Side, started: Promise<void>): Promise<void> {
      if (!this.handle.config.active) {
        this.node.status({ fill: 'grey', shape: 'ring', text: RED._('poller.status.inactive') });
        return;
      }
      // Catch nodes exist only when all nodes have started
      await started;
      const integration = await this.handle.ready;
      await host.holding.judged();
      if (this.closed) return;
      this.fault = undefined;
      this.reader = integration.reader(
        side,
        readerOptions(this.settings),
        (message) => this.node.send(message),
        (error) => this.failed(error),
      );
      const schedule = startSchedule(
        scheduleOf(this.settings),
        this.node.id,
        () => void this.poll((reader) => reader.pollInTurn()).catch((thrown: unknown) => this.failed(thrown)),
      );
      this.schedule = schedule;
      this.reader.nextPoll = () => schedule.next();
      // what an earlier run stored and did not finish continues without waiting for a poll
      this.reader.pump();
      this.showSoon();
    }

    /** Polls unless the system is paused, which the status shows. @throws SyncError, StoreError */
    async poll(how: (reader: Reader) => ReturnType<Reader['poll']> = (reader) => reader.poll()): Promise<void> {
      if (!this.reader && this.handle.config.active) await this.handle.atOnce();
      if (!this.reader || this.reader.system.pauseLeft() > 0) return this.showSoon();
      this.polling = true;
      this.showSoon();
      try {
        const { missing, notes = [] } = await how(this.reader);
        this.fault = undefined;
        this.tellMissing(missing ?? []);
        // a poll that two have asked for has them once
        if (notes !== this.notes) for (const note of notes) this.node.warn(note);
        this.notes = notes;
      } finally {
        this.polling = false;
        this.showSoon();
      }
    }

    /** A requested poll: ends a pause made by Twinflow, on both sides. @throws SyncError */
    async pollNow(): Promise<void> {
      await this.endPauses();
      await this.poll();
    }

    /** Starts again at the configured start. @throws SyncError */
    async startAgain(): Promise<void> {
      await this.endPauses();
      await this.reader?.startAgain();
      this.fault = undefined;
      await this.poll();
    }

    /** @param payload which items: `{ types?, since? }` @throws SyncError */
    async bringOver(act: 'start' | 'pause' | 'resume' | 'cancel', payload?: unknown): Promise<void> {
      const { existing } = await this.handle.atOnce();
      const { side } = this.settings;
      if (act === 'start') await existing.start(side, readWish(payload));
      else await existing[act](side);
    }

    get integration(): string {
      return this.handle.config.id;
    }

    async retryParked(): Promise<void> {
      await this.endPauses();
      await (await this.handle.atOnce()).commands.retry();
    }

    private async endPauses(): Promise<void> {
      const integration = await this.handle.atOnce();
      for (const side of [1, 2] as const) integration.systems[side].tryNow();
    }

    /** Reported to Catch nodes once, not every minute, until a poll succeeds or fails in another way. */
    failed(thrown: unknown): void {
      if (isStopped(thrown)) return;
      const error = asSyncError(thrown);
      this.showSoon();
      if (this.closed || error.message === this.fault?.message) return;
      this.fault = error;
      this.node.error(error.message, { topic: this.handle.config.name, payload: {} });
    }

    /** Reported once, until something else is missing. */
    private tellMissing(sentences: string[]): void {
      const what = sentences.join('; ');
      if (what !== '' && what !== this.missing.join('; ')) this.node.warn(RED._('poller.missing', { what }));
      this.missing = sentences;
    }

    /** Many messages lost at once, for example because of a missing wire, are a single error. */
    private reportLost(lost: Lost): void {
      if (this.lost.push(lost) > 1) return;
      setTimeout(() => {
        const [first, ...more] = this.lost.splice(0);
        if (!first || this.closed) return;
        const others = more.length > 0 ? `, and those of ${more.length} more` : '';
        const next = first.parked ? 'parked: retry or skip it in the Twinflow sidebar' : 'will be resent';
        this.node.error(`${first.error.message}${others} (${next})`, { topic: this.handle.config.name, payload: {} });
      }, STATUS_MS).unref();
    }

    /** The error in a few words that fit below a node. */
    private faultText(fault: SyncError): string {
      const store = storeErrorOf(fault);
      if (!store) return brief(fault);
      const why = RED._(`poller.status.store.${store.kind}`);
      return !this.reader && mayPass(store) ? RED._('poller.status.again', { why }) : why;
    }

    private heldText(held: Held): string {
      switch (held.why) {
        case 'same':
          return RED._('poller.status.held', { name: held.by });
        case 'store':
          return RED._('poller.status.doubt');
        case 'moved':
          return RED._('poller.status.moved', { name: held.system });
      }
    }

    private showSoon(): void {
      if (this.timer || this.closed) return;
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.show().catch(() => undefined); // the store is unavailable; its users report that
      }, STATUS_MS);
      this.timer.unref();
    }

    private async show(): Promise<void> {
      const { reader, node } = this;
      if (!reader) {
        if (this.fault) node.status({ fill: 'red', shape: 'ring', text: this.faultText(this.fault) });
        return;
      }
      const paused = reader.system.pauseLeft();
      const integration = await this.handle.ready;
      const counts = atSide(await integration.counts(), reader.flow.side);
      if (this.closed || !counts) return;
      const open = counts.waiting + counts.held + counts.sent + counts.retry;
      const text = RED._('poller.status.counts', { open, links: counts.links });
      const parked = counts.parked ? RED._('poller.status.parked', { parked: counts.parked }) : '';
      const lost = integration.diverged.of(reader.flow.side).length;
      const diverged = lost ? RED._('poller.status.diverged', { count: lost }) : '';
      const brought = this.broughtText(integration.existing.view(reader.flow.side));
      const away = this.missing.length > 0 ? RED._('poller.status.missing', { count: this.missing.length }) : '';
      const { held } = this.handle;
      if (held) node.status({ fill: 'red', shape: 'ring', text: this.heldText(held) });
      else if (paused > 0) {
        const why = brief(reader.system.health.lastError);
        const seconds = Math.ceil(paused / 1000);
        node.status({ fill: 'red', shape: 'ring', text: RED._('poller.status.paused', { seconds, why }) });
        setTimeout(() => this.showSoon(), Math.min(paused, 5_000)).unref();
      } else if (this.fault) node.status({ fill: 'red', shape: 'ring', text: this.faultText(this.fault) });
      else if (this.unwired()) {
        node.status({ fill: 'yellow', shape: 'ring', text: [this.wiringText(), parked].filter(Boolean).join(' ') });
      } else if (brought) {
        node.status({
          fill: counts.parked ? 'yellow' : 'blue',
          shape: 'dot',
          text: [brought, parked].filter(Boolean).join(' '),
        });
      } else if (counts.parked || lost || away) {
        node.status({ fill: 'yellow', shape: 'dot', text: [text, parked, diverged, away].filter(Boolean).join(' ') });
      } else node.status({ fill: open || this.polling ? 'blue' : 'green', shape: 'dot', text });
    }

    /** While existing items are brought over, or wait for somebody. */
    private broughtText(view: BringOverView | undefined): string | undefined {
      if (view?.state !== 'running' && view?.state !== 'paused') return undefined;
      const { read, wish } = view;
      const percent = wish.expected ? Math.min(100, Math.floor((100 * read) / wish.expected)) : undefined;
      if (percent === undefined) return RED._(`poller.status.existing.${view.state}`, { read });
      return RED._(`poller.status.existing.${view.state}Percent`, { percent });
    }

    /** Checks the flow around the poller, and reports a problem once. */
    private unwired(): boolean {
      const fault = host.wiringFault(this.node.id, this.handle.config);
      if (fault !== this.wiring) {
        this.wiring = fault;
        if (fault) this.node.warn(RED._(`poller.wiring.${fault}`, { side: otherSide(this.settings.side) }));
      }
      return fault !== undefined;
    }

    private wiringText(): string {
      return RED._(`poller.status.${this.wiring}`, { side: otherSide(this.settings.side) });
    }

    async stop(): Promise<void> {
      this.closed = true;
      clearTimeout(this.timer);
      for (const stop of this.stopListening) stop();
      this.schedule?.stop();
      const reader = this.reader;
      if (!reader) return;
      await reader.stop();
      const integration = await this.handle.ready.catch(() => undefined);
      integration?.removeReader(reader);
    }
  }

  function asked({ topic, payload }: NodeMessage, polling: Polling | undefined): Promise<void> | undefined {
    switch (topic) {
      case 'retry':
        return polling?.retryParked();
      case 'go on':
        return host.holding.goOn(polling?.integration);
      case 'start':
        return polling?.startAgain();
      case 'existing':
        return polling?.bringOver('start', payload);
      case 'existing pause':
        return polling?.bringOver('pause');
      case 'existing resume':
        return polling?.bringOver('resume');
      case 'existing cancel':
        return polling?.bringOver('cancel');
      default:
        return polling?.pollNow();
    }
  }

  function Poller(this: Node, saved: PollerDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def } = savedDef(RED, this, 'twinflow-poller', saved);
    const handle = def && integrationOf(RED, def.integration);
    const polling = handle ? new Polling(this, readPollerSettings(def), handle) : undefined;
    if (def && !polling) this.status({ fill: 'red', shape: 'ring', text: RED._(NO_INTEGRATION) });

    this.on('input', (message: NodeMessage, _send, done) => {
      (asked(message, polling) ?? Promise.resolve()).then(
        () => done(),
        (thrown: unknown) => done(asSyncError(thrown)),
      );
    });

    this.on('close', (done: () => void) => {
      (polling?.stop() ?? Promise.resolve())
        .then(() => host.release())
        .catch((error: unknown) => this.warn(String(error)))
        .finally(done);
    });
  }

  RED.nodes.registerType('twinflow-poller', Poller);
};
