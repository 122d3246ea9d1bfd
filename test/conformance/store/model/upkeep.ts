/** Positions, counts, doubt, and what is taken away altogether. */

import type { Checkpoint } from '../../../../lib/connectors/connector';
import type { Side } from '../../../../lib/model';
import type { EventState, Flow, FlowCounts } from '../../../../lib/store/store';
import type { ModelQueue } from './queue';
import { key, type Model, sameFlow } from './state';

export class ModelUpkeep {
  private until: string | undefined;
  private opened = 1;
  private advancedAt = 0;
  private readonly existingBy = new Map<string, Checkpoint>();

  constructor(
    private readonly model: Model,
    private readonly queue: ModelQueue,
  ) {}

  async checkpoint(flow: Flow): Promise<Checkpoint | undefined> {
    return this.model.checkpoints.get(key(flow));
  }

  async setCheckpoint(flow: Flow, checkpoint: Checkpoint | undefined): Promise<void> {
    this.model.stored.add(flow.integration);
    if (checkpoint) this.model.checkpoints.set(key(flow), checkpoint);
    else this.model.checkpoints.delete(key(flow));
  }

  async existing(flow: Flow): Promise<Checkpoint | undefined> {
    return this.existingBy.get(key(flow));
  }

  async setExisting(flow: Flow, state: Checkpoint | undefined): Promise<void> {
    this.model.stored.add(flow.integration);
    if (state) this.existingBy.set(key(flow), state);
    else this.existingBy.delete(key(flow));
  }

  async advance(): Promise<void> {
    if (this.model.number === this.advancedAt) return;
    this.advancedAt = this.model.number;
    this.opened += 1;
  }

  async state() {
    return {
      store: 'model',
      opened: this.opened,
      newest: Math.max(0, ...this.model.whole.map(({ id }) => id)),
      begun: this.model.events.some(({ intent }) => intent),
    };
  }

  async doubt(): Promise<string | undefined> {
    return this.until;
  }

  async setDoubt(until: string | undefined): Promise<void> {
    this.until = until;
    if (until !== undefined) for (const event of this.model.events) event.readAt = Number.NEGATIVE_INFINITY;
  }

  async integrationsKept(): Promise<string[]> {
    return [...this.model.stored];
  }

  async counts(integration: string): Promise<[FlowCounts, FlowCounts]> {
    const of = (side: Side): FlowCounts => {
      const count = (state: EventState) =>
        this.model.events.filter((event) => sameFlow(event.flow, { integration, side }) && event.state === state)
          .length;
      return {
        waiting: count('waiting'),
        held: count('held'),
        sent: count('sent'),
        retry: count('retry'),
        parked: count('parked'),
        shown: count('shown'),
        links: this.model.links.filter((link) => link.integration === integration && link.owner === undefined).length,
      };
    };
    return [of(1), of(2)];
  }

  async purge(integration: string): Promise<void> {
    this.model.events = this.model.events.filter(({ flow }) => flow.integration !== integration);
    this.model.links = this.model.links.filter((link) => link.integration !== integration);
    this.model.waits = this.model.waits.filter(({ flow }) => flow.integration !== integration);
    for (const side of [1, 2] as const) {
      await this.queue.forgetSeen({ integration, side });
      this.model.checkpoints.delete(key({ integration, side }));
      this.model.wishes.delete(key({ integration, side }));
      this.model.partWishes.delete(key({ integration, side }));
      this.model.systems.delete(key({ integration, side }));
    }
    this.model.stored.delete(integration);
    for (const name of this.model.former.keys())
      if (name.startsWith(`${integration}\n`)) this.model.former.delete(name);
  }
}
