/** Counts what has landed and failed since Node-RED was started, for metrics. */

import { type Direction, directionFrom, type Side } from '../../lib/model/entity';
import type { SyncResult } from '../../lib/model/message';

/** Results of one kind, in one direction of an integration. */
export interface Landed {
  integration: string;
  direction: Direction;
  /** of a result; `retry` or `parked`: an attempt that failed */
  outcome: SyncResult['outcome'] | 'retry' | 'parked';
  count: number;
}

export class LandedCounts {
  private readonly counts = new Map<string, Landed>();

  landed({ integration, direction, outcome }: Pick<SyncResult, 'integration' | 'direction' | 'outcome'>): void {
    this.add(integration, direction, outcome);
  }

  failed(integration: string, side: Side, parked: boolean): void {
    this.add(integration, directionFrom(side), parked ? 'parked' : 'retry');
  }

  /** All that are not 0. */
  all(): Landed[] {
    return [...this.counts.values()];
  }

  private add(integration: string, direction: Direction, outcome: Landed['outcome']): void {
    const key = `${integration} ${direction} ${outcome}`;
    const known = this.counts.get(key);
    if (known) known.count += 1;
    else this.counts.set(key, { integration, direction, outcome, count: 1 });
  }
}
