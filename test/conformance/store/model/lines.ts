/** New parts of one owner and type go one after the other. */

import type { Sending } from '../../../../lib/store/store';
import { type Event, lineOf, type Model } from './state';

export class ModelLines {
  constructor(private readonly model: Model) {}

  /** New parts that have not stepped aside, in their order. */
  private get newParts(): Event[] {
    return this.model.events
      .filter((event) => {
        const { flow, state, entity } = event;
        if (!entity.owner || this.model.find(flow.integration, flow.side, entity.id)) return false;
        return state === 'held' ? !this.model.main(flow, entity.id) : state !== 'parked' && state !== 'shown';
      })
      .toSorted((a, b) => a.seq - b.seq);
  }

  /** New parts of the same owner and type, the event itself among them; none where it stands in no line. */
  inLineWith(event: Event): Event[] {
    const all = this.newParts;
    return all.includes(event) ? all.filter((one) => lineOf(one) === lineOf(event)) : [];
  }

  /** New parts of one owner and type go one after the other. */
  lineUp(): void {
    const inLine = this.newParts;
    for (const [index, event] of inLine.entries()) {
      const isFirst = !inLine.slice(0, index).some((before) => lineOf(before) === lineOf(event));
      if (isFirst && event.state === 'held') event.state = 'waiting';
      if (!isFirst && event.state === 'waiting') event.state = 'held';
    }
  }

  async inTurn(events: Sending[]): Promise<boolean[]> {
    const sent = events.map((sending) => this.model.underWay(sending));
    return sent.map((event) => {
      if (!event) return false;
      const before = this.inLineWith(event).filter(({ seq }) => seq < event.seq);
      return before.every((earlier) => sent.includes(earlier));
    });
  }
}
