/** What becomes of events until they are finished. */

import type { Entity, EntityId } from '../../../../lib/model';
import type {
  Failure,
  Flow,
  Hindrance,
  Intent,
  RecordSummary,
  Sending,
  StoredEvent,
  UpdateIntent,
} from '../../../../lib/store/store';
import type { ModelKin } from './kin';
import type { ModelLines } from './lines';
import { type Event, key, type Model, nth, other, sameFlow } from './state';
import type { ModelWaits } from './waits';

export class ModelQueue {
  constructor(
    private readonly model: Model,
    private readonly kin: ModelKin,
    private readonly lines: ModelLines,
    private readonly waits: ModelWaits,
  ) {}

  /** @param recorded gets the ids of those that are */
  async recordAll(
    flow: Flow,
    entities: Entity[],
    began: number,
    urgent: boolean,
    recorded: EntityId[] = [],
  ): Promise<RecordSummary> {
    const summary = { recorded: 0, known: 0 };
    for (const entity of entities) {
      const main = this.model.main(flow, entity.id);
      const held = this.model.held(flow, entity.id);
      const known = (held ?? main)?.entity.version ?? this.model.known.get(key(flow, entity.id));
      this.model.known.set(key(flow, entity.id), entity.version);
      if (known === entity.version) {
        summary.known += 1;
        continue;
      }
      summary.recorded += 1;
      recorded.push(entity.id);
      const readAt = this.kin.readAt({ flow, entity }, began);
      const folds = main?.state === 'waiting' || main?.state === 'retry' || main?.state === 'shown' ? main : held;
      if (folds) {
        folds.entity = entity;
        folds.readAt = readAt;
        if (folds.state === 'shown') folds.state = 'waiting';
        folds.urgent ||= urgent;
      } else {
        const seq = await this.model.sequence();
        this.model.events.push({
          seq,
          flow,
          state: main ? 'held' : 'waiting',
          entity,
          readAt,
          urgent,
          delivery: 0,
          attempts: 0,
        });
      }
    }
    this.lines.lineUp();
    return summary;
  }

  async forgetSeen(flow: Flow): Promise<void> {
    this.model.stored.add(flow.integration);
    for (const known of [...this.model.known.keys()]) {
      if (known.startsWith(`${key(flow)} `)) this.model.known.delete(known);
    }
  }

  async claim(flow: Flow, limit: number, now: number, urgent = 0, ofLine = 1): Promise<StoredEvent[]> {
    for (const event of this.model.events) {
      if (sameFlow(event.flow, flow) && event.state === 'retry' && (event.dueAt ?? 0) <= now) {
        event.state = 'waiting';
        event.dueAt = undefined;
      }
    }
    this.lines.lineUp();
    const over = this.model.waits.filter((wait) => sameFlow(wait.flow, flow) && wait.isDue);
    this.model.waits = this.model.waits.filter((wait) => !over.includes(wait));
    for (const { waiter } of over) await this.waits.wake(flow, waiter);
    this.lines.lineUp();
    const opened = this.model.events.filter(
      ({ flow: from }) => from.integration === flow.integration && from.side === other(flow.side),
    );
    const isFree = (event: Event): boolean => {
      if (this.model.stored.size > 1 && this.kin.isBusy(event)) return false;
      const link = this.model.find(flow.integration, flow.side, event.entity.id);
      if (!link)
        return opened.every(
          ({ intent, intentOpened = Number.POSITIVE_INFINITY }) =>
            event.seq < intentOpened ||
            (intent?.owner !== undefined &&
              (intent.owner !== event.entity.owner?.id || intent.type !== event.entity.type)),
        );
      const counterpart = nth(link.ends, other(flow.side)).ref.id;
      return this.model.main({ ...flow, side: other(flow.side) }, counterpart)?.state !== 'sent';
    };
    const waiting = this.model.events.filter((event) => sameFlow(event.flow, flow) && event.state === 'waiting');
    const inOrder = waiting.filter(isFree).toSorted((a, b) => a.seq - b.seq);
    const first = inOrder.filter((event) => event.urgent).slice(0, Math.min(urgent, limit));
    const others = inOrder.filter((event) => !first.includes(event)).slice(0, limit - first.length);
    const alone = [...first, ...others].toSorted((a, b) => a.seq - b.seq);
    const lines = alone.map((event) => this.lines.inLineWith(event)).filter((line) => line.length > 0);
    const share = Math.min(ofLine - 1, Math.ceil((limit - alone.length) / lines.length));
    const behind = lines.flatMap((line) => {
      const its = line.slice(line.findIndex((event) => alone.includes(event)) + 1);
      const end = its.findIndex((event) => event.state !== 'held' || !isFree(event));
      return its.slice(0, Math.min(share, end < 0 ? its.length : end));
    });
    const claimed = [...alone, ...behind.slice(0, limit - alone.length)].toSorted((a, b) => a.seq - b.seq);
    for (const event of claimed) {
      event.state = 'sent';
      event.delivery += 1;
      event.sentAt = now;
    }
    return claimed.map((event) => this.model.view(event));
  }

  async refresh(events: { seq: number; entity: Entity; readAt: number }[]): Promise<void> {
    for (const { seq, entity, readAt: began } of events) {
      const event = this.model.events.find((candidate) => candidate.seq === seq);
      if (event?.state !== 'sent') continue;
      const readAt = this.kin.readAt({ flow: event.flow, entity }, began);
      event.entity = entity;
      event.readAt = readAt;
      const held = this.model.held(event.flow, entity.id);
      if (held && held.entity.version !== entity.version) {
        if (held.readAt < readAt) held.readAt = Number.NEGATIVE_INFINITY;
      } else {
        if (held) this.model.remove(held);
        this.model.known.set(key(event.flow, entity.id), entity.version);
      }
    }
  }

  async recover(integration: string): Promise<number> {
    const sent = this.model.events.filter(({ flow, state }) => flow.integration === integration && state === 'sent');
    for (const event of sent) this.model.sendAgain(event, 'waiting');
    this.lines.lineUp();
    return sent.length;
  }

  async load(events: Sending[]): Promise<(StoredEvent | undefined)[]> {
    return events.map((sending) => {
      const event = this.model.underWay(sending);
      return event && this.model.view(event);
    });
  }

  async overdue(integration: string, before: number, limit: number): Promise<StoredEvent[]> {
    return this.model.events
      .filter(
        ({ flow, state, sentAt }) => flow.integration === integration && state === 'sent' && (sentAt ?? 0) < before,
      )
      .toSorted((a, b) => (a.sentAt ?? 0) - (b.sentAt ?? 0) || a.seq - b.seq)
      .slice(0, limit)
      .map((event) => this.model.view(event));
  }

  async openIntents(intents: Intent[]): Promise<(Hindrance | undefined)[]> {
    const opened = await this.model.sequence();
    const events = intents.map((intent) => this.model.events.find(({ seq }) => seq === intent.event));
    if (events.includes(undefined)) throw new Error('an event is gone');
    return intents.map((intent, index) => {
      const event = events[index];
      if (!event) return undefined;
      const { flow, entity, readAt } = event;
      const isStale = readAt === Number.NEGATIVE_INFINITY && !this.model.find(flow.integration, flow.side, entity.id);
      if (isStale) return 'stale';
      event.intent = intent;
      event.intentOpened ??= opened;
      return undefined;
    });
  }

  async intendUpdates(updates: UpdateIntent[]): Promise<void> {
    for (const { link, side, fields } of updates) {
      const meant = this.model.links.find(({ id }) => id === link);
      const end = meant && nth(meant.ends, side);
      if (!end) continue;
      for (const its of [end, ...this.kin.twinEnds(meant, side).map(({ end }) => end)]) {
        its.pending ??= {};
        for (const [field, value] of Object.entries(fields)) {
          its.pending[field] = [...(its.pending[field] ?? []), value].slice(-8);
        }
      }
    }
  }

  async skip(events: (number | Sending)[]): Promise<void> {
    for (const which of events) {
      const event =
        typeof which === 'number' ? this.model.events.find(({ seq }) => seq === which) : this.model.underWay(which);
      if (!event) continue;
      this.model.remove(event);
      this.model.release(event.flow, event.entity.id);
      this.lines.lineUp();
    }
  }

  async fail(failures: Failure[]): Promise<void> {
    for (const failure of failures) {
      const event = this.model.underWay({ seq: failure.event, delivery: failure.delivery });
      if (!event) continue;
      event.error = failure.error;
      event.mapped = failure.to === 'parked' ? failure.mapped : undefined;
      if (failure.notCreated) {
        event.intent = undefined;
        event.intentOpened = undefined;
      }
      if (failure.to === 'parked') {
        event.state = 'parked';
        event.sentAt = undefined;
        const { system, toward, entities } = failure.awaits ?? {};
        if (system && toward && entities) this.waits.await(event.flow, event.entity.id, system, toward, entities);
      } else {
        event.attempts += failure.charge ? 1 : 0;
        this.model.sendAgain(event, 'retry');
        event.dueAt = failure.dueAt;
      }
      this.lines.lineUp();
    }
  }

  async show(events: Sending[]): Promise<void> {
    for (const sending of events) {
      const event = this.model.underWay(sending);
      if (!event) continue;
      const isNewest = !this.model.held(event.flow, event.entity.id);
      this.model.sendAgain(event, 'waiting');
      if (isNewest) event.state = 'shown';
      this.lines.lineUp();
    }
  }

  async unshow(integration: string): Promise<number> {
    const shown = this.model.events.filter(({ flow, state }) => flow.integration === integration && state === 'shown');
    for (const event of shown) event.state = 'waiting';
    this.lines.lineUp();
    return shown.length;
  }
}
