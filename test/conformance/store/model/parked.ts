/** What waits for a person. */

import type { EntityId } from '../../../../lib/model';
import type { Corrections, Flow, ParkedError, ParkedFilter, Standing, StoredEvent } from '../../../../lib/store/store';
import type { ModelLines } from './lines';
import { type Event, key, type Model } from './state';

export class ModelParked {
  constructor(
    private readonly model: Model,
    private readonly lines: ModelLines,
  ) {}

  async parked(
    integration: string,
    offset: number,
    limit: number,
    { side, search = '' }: ParkedFilter = {},
  ): Promise<StoredEvent[]> {
    const plain = (text = '') => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
    return this.allParked(integration)
      .filter(({ flow }) => side === undefined || flow.side === side)
      .filter(({ entity: { id, key, type }, error }) =>
        [id, key, type, error?.message].some((text) => plain(text).includes(plain(search))),
      )
      .slice(offset, offset + limit)
      .map((event) => this.model.view(event));
  }

  async parkedNumbers(integration: string, after: number, limit: number): Promise<number[]> {
    const numbers = this.allParked(integration).map(({ seq }) => seq);
    return numbers.filter((seq) => seq > after).slice(0, limit);
  }

  async parkedErrors(integration: string, after: number, limit: number): Promise<ParkedError[]> {
    const beyond = this.allParked(integration).filter(({ seq }) => seq > after);
    return beyond.flatMap(({ seq, flow, error }) => (error ? [{ seq, side: flow.side, error }] : [])).slice(0, limit);
  }

  async oldestOpen(flow: Flow): Promise<string | undefined> {
    const isOpen = ({ state }: { state: string }): boolean => ['waiting', 'sent', 'retry'].includes(state);
    const open = this.model.events.filter((event) => key(event.flow) === key(flow) && isOpen(event));
    return open.sort((a, b) => a.seq - b.seq)[0]?.entity.updatedAt;
  }

  async standing(flow: Flow, entity: EntityId): Promise<Standing> {
    const events = [this.model.main(flow, entity), this.model.held(flow, entity)].filter(
      (event) => event !== undefined,
    );
    const known = events.at(-1)?.entity.version ?? this.model.known.get(key(flow, entity));
    const system = this.model.systems.get(key(flow));
    const waiters = this.model.waits.filter((wait) => !wait.isDue && wait.system === system && wait.entity === entity);
    return {
      events: events.map((event) => this.model.view(event)),
      ...(known && { known }),
      awaitedBy: new Set(waiters.map(({ waiter }) => waiter)).size,
    };
  }

  async event(integration: string, seq: number): Promise<StoredEvent | undefined> {
    const found = this.model.events.find((event) => event.seq === seq && event.flow.integration === integration);
    return found && this.model.view(found);
  }

  async unpark(integration: string, events?: number[], corrections?: Corrections): Promise<number> {
    const chosen = this.allParked(integration).filter(({ seq }) => !events || events.includes(seq));
    for (const event of chosen) {
      event.attempts = 0;
      event.error = undefined;
      event.mapped = undefined;
      if (corrections) event.corrections = Object.keys(corrections).length > 0 ? corrections : undefined;
      this.model.sendAgain(event, 'waiting');
    }
    this.lines.lineUp();
    return chosen.length;
  }

  private allParked(integration: string): Event[] {
    return this.model.events
      .filter(({ flow, state }) => flow.integration === integration && state === 'parked')
      .toSorted((a, b) => a.seq - b.seq);
  }
}
