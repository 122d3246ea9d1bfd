/** The `twinflow-poller` node: reads one side of an integration and sends each change into the flow. */

import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red';
import type { Side } from '../../lib/model/entity';
import { asSyncError, type SyncError } from '../../lib/model/errors';
import type { Reader, ReaderOptions } from '../../lib/sync/reader';
import { type Held, hostOf, type IntegrationHandle, integrationOf, type Lost } from '../shared/host';
import { mayPass } from '../shared/patience';
import { savedDef } from '../shared/saved';
import { brief, isStopped, storeErrorOf } from '../shared/status';
import { NO_INTEGRATION } from '../shared/step';
import type { WiringFault } from '../shared/wiring';
import { type ScheduleConfig, startSchedule } from './schedule';

interface PollerDef extends NodeDef {
  integration: string;
  side: '1' | '2';
  schedule: ScheduleConfig['schedule'];
  interval: number;
  unit: 'seconds' | 'minutes' | 'hours';
  cron: string;
  start: 'newest' | 'time' | 'all';
  startTime: string;
  pageSize: number;
  window: number;
}

const PAGE_SIZE = 100;
const WINDOW = 200;
const STATUS_MS = 500;

const whole = (value: unknown, preset: number, most: number): number => {
  const number = Math.floor(Number(value));
  return Number.isFinite(number) && number >= 1 ? Math.min(number, most) : preset;
};

function readerOptions(def: PollerDef): ReaderOptions {
  const kind = def.start ?? 'newest';
  return {
    pageSize: whole(def.pageSize, PAGE_SIZE, 1_000),
    window: whole(def.window, WINDOW, 10_000),
    start:
      kind === 'time' && def.startTime ? { kind, time: def.startTime } : { kind: kind === 'all' ? 'all' : 'newest' },
  };
}

export = (RED: NodeAPI): void => {
  const host = hostOf(RED);

  class Polling {
    private reader: Reader | undefined;
    private stopSchedule: (() => void) | undefined;
    private closed = false;
    private polling = false;
    private fault: SyncError | undefined;
    /** what the log says of projects and types that are missing */
    private missing = '';
    private wiring: WiringFault | undefined;
    private timer: NodeJS.Timeout | undefined;
    private readonly lost: Lost[] = [];
    private readonly stopListening: (() => void)[];

    constructor(
      private readonly node: Node,
      private readonly def: PollerDef,
      private readonly handle: IntegrationHandle,
    ) {
      const side: Side = def.side === '2' ? 2 : 1;
      const started = host.whenStarted();
      this.stopListening = [
        handle.use(),
        // Catch nodes are there only when all have started
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
      // Catch nodes are there only when all have started
      await started;
      const integration = await this.handle.ready;
      await host.holding.judged();
      if (this.closed) return;
      this.fault = undefined;
      this.reader = integration.reader(
        side,
        readerOptions(this.def),
        (message) => this.node.send(message),
        (error) => this.failed(error),
      );
      const { def } = this;
      const schedule: ScheduleConfig =
        def.schedule === 'cron'
          ? { schedule: 'cron', cron: def.cron }
          : def.schedule === 'manual'
            ? { schedule: 'manual' }
            : { schedule: 'interval', interval: def.interval ?? 1, unit: def.unit ?? 'minutes' };
      this.stopSchedule = startSchedule(
        schedule,
        () => void this.poll().catch((thrown: unknown) => this.failed(thrown)),
      );
      // what an earlier run stored and did not finish goes on without waiting for a poll
      this.reader.pump();
      this.showSoon();
    }

    /** Polls unless the system is paused, which the status shows. @throws SyncError, StoreError */
    async poll(): Promise<void> {
      if (!this.reader && this.handle.config.active) await this.handle.atOnce();
      if (!this.reader || this.reader.system.pauseLeft() > 0) return this.showSoon();
      this.polling = true;
      this.showSoon();
      try {
        const { missing } = await this.reader.poll();
        this.fault = undefined;
        this.tellMissing(missing ?? []);
      } finally {
        this.polling = false;
        this.showSoon();
      }
    }

    /** Somebody asks for it: a pause of our own making ends, on both sides. @throws SyncError */
    async pollNow(): Promise<void> {
      await this.endPauses();
      await this.poll();
    }

    /** Reads from the configured start again. @throws SyncError */
    async startAgain(): Promise<void> {
      await this.endPauses();
      await this.reader?.startAgain();
      this.fault = undefined;
      await this.poll();
    }

    async retryParked(): Promise<void> {
      await this.endPauses();
      await (await this.handle.atOnce()).retryParked();
    }

    private async endPauses(): Promise<void> {
      const integration = await this.handle.atOnce();
      for (const side of [1, 2] as const) integration.system(side).tryNow();
    }

    /** Reported once to Catch nodes, not once a minute, until a poll succeeds or fails otherwise. */
    failed(thrown: unknown): void {
      if (isStopped(thrown)) return;
      const error = asSyncError(thrown);
      this.showSoon();
      if (this.closed || error.message === this.fault?.message) return;
      this.fault = error;
      this.node.error(error.message, { topic: this.handle.config.name, payload: {} });
    }

    /** Once, until something else is missing. */
    private tellMissing(sentences: string[]): void {
      const what = sentences.join('; ');
      if (what !== '' && what !== this.missing) this.node.warn(RED._('poller.missing', { what }));
      this.missing = what;
    }

    /** Many messages lost at once, as by a wire that is missing, are one error. */
    private reportLost(lost: Lost): void {
      if (this.lost.push(lost) > 1) return;
      setTimeout(() => {
        const [first, ...more] = this.lost.splice(0);
        if (!first || this.closed) return;
        const others = more.length > 0 ? `, and those of ${more.length} more` : '';
        const next = first.parked ? 'parked until somebody retries or skips it' : 'sent again';
        this.node.error(`${first.error.message}${others} (${next})`, { topic: this.handle.config.name, payload: {} });
      }, STATUS_MS).unref();
    }

    /** What the fault is, in the few words that fit below a node. */
    private faultText(fault: SyncError): string {
      const store = storeErrorOf(fault);
      if (!store) return brief(fault);
      const why = RED._(`poller.status.store.${store.kind}`);
      return !this.reader && mayPass(store) ? RED._('poller.status.again', { why }) : why;
    }

    private heldText(held: Held): string {
      return held.why === 'same' ? RED._('poller.status.held', { name: held.by }) : RED._('poller.status.doubt');
    }

    private showSoon(): void {
      if (this.timer || this.closed) return;
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.show().catch(() => undefined); // the store is away; whoever needs it says so
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
      const counts = (await integration.counts())[reader.flow.side - 1];
      if (this.closed || !counts) return;
      const open = counts.waiting + counts.held + counts.sent + counts.retry;
      const text = RED._('poller.status.counts', { open, links: counts.links });
      const parked = counts.parked ? RED._('poller.status.parked', { parked: counts.parked }) : '';
      const lost = integration.diverged.of(reader.flow.side).length;
      const diverged = lost ? RED._('poller.status.diverged', { count: lost }) : '';
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
      } else if (counts.parked || lost) {
        node.status({ fill: 'yellow', shape: 'dot', text: [text, parked, diverged].filter(Boolean).join(' ') });
      } else node.status({ fill: open || this.polling ? 'blue' : 'green', shape: 'dot', text });
    }

    /** Notes what is wrong with the flow around the poller, and tells it once. */
    private unwired(): boolean {
      const fault = host.wiringFault(this.node.id, this.handle.config);
      if (fault !== this.wiring) {
        this.wiring = fault;
        if (fault) this.node.warn(RED._(`poller.wiring.${fault}`, { side: this.def.side === '2' ? 1 : 2 }));
      }
      return fault !== undefined;
    }

    private wiringText(): string {
      return RED._(`poller.status.${this.wiring}`, { side: this.def.side === '2' ? 1 : 2 });
    }

    async stop(): Promise<void> {
      this.closed = true;
      clearTimeout(this.timer);
      for (const stop of this.stopListening) stop();
      this.stopSchedule?.();
      const reader = this.reader;
      if (!reader) return;
      await reader.stop();
      const integration = await this.handle.ready.catch(() => undefined);
      integration?.removeReader(reader);
    }
  }

  function asked(topic: unknown, polling: Polling | undefined): Promise<void> | undefined {
    switch (topic) {
      case 'retry':
        return polling?.retryParked();
      case 'go on':
        return host.holding.goOn();
      case 'start':
        return polling?.startAgain();
      default:
        return polling?.pollNow();
    }
  }

  function Poller(this: Node, saved: PollerDef): void {
    RED.nodes.createNode(this, saved);
    host.acquire();
    const { def } = savedDef(RED, this, 'twinflow-poller', saved);
    const handle = def && integrationOf(RED, def.integration);
    const polling = handle ? new Polling(this, def, handle) : undefined;
    if (def && !polling) this.status({ fill: 'red', shape: 'ring', text: RED._(NO_INTEGRATION) });

    this.on('input', (message: NodeMessage, _send, done) => {
      (asked(message.topic, polling) ?? Promise.resolve()).then(
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
