/** References that wait for a counterpart. */

import type { EntityId } from '../../../../lib/model';
import type { Flow } from '../../../../lib/store/store';
import type { ModelKin } from './kin';
import type { ModelParked } from './parked';
import { type Model, sameFlow, type Wait } from './state';

export class ModelWaits {
  constructor(
    private readonly model: Model,
    private readonly kin: ModelKin,
    private readonly parked: ModelParked,
  ) {}

  isOver({ system, entity, toward }: Omit<Wait, 'isDue'>): boolean {
    return this.kin.counterpartsOf(system, entity, toward).length > 0;
  }

  async wake(flow: Flow, waiter: EntityId): Promise<void> {
    const main = this.model.main(flow, waiter);
    const isHeld = this.model.held(flow, waiter) !== undefined;
    if (main?.state === 'parked') await this.parked.unpark(flow.integration, [main.seq]);
    if (main?.state === 'shown') main.state = 'waiting';
    const link = this.model.find(flow.integration, flow.side, waiter);
    if (!link || isHeld || (main && main.state !== 'sent')) return;
    this.model.events.push({
      seq: await this.model.sequence(),
      flow,
      state: main ? 'held' : 'waiting',
      entity: this.model.namesOnly(link, flow.side, 'awaited'),
      readAt: Number.NEGATIVE_INFINITY,
      urgent: false,
      delivery: 0,
      attempts: 0,
    });
  }

  async readAgain(flow: Flow, entities: EntityId[]): Promise<void> {
    for (const id of entities) {
      if (this.model.find(flow.integration, flow.side, id)) await this.wake(flow, id);
    }
  }

  await(flow: Flow, waiter: EntityId, system: string, toward: string, entities: EntityId[], isOver = false): void {
    this.model.waits = this.model.waits.filter((wait) => !sameFlow(wait.flow, flow) || wait.waiter !== waiter);
    for (const entity of new Set(entities)) {
      const wait = { flow, waiter, system, entity, toward };
      this.model.waits.push({ ...wait, isDue: isOver || this.isOver(wait) });
    }
  }
}
