/** Collects what a target cannot show: one entry per kind, with a count, so that a long text doesn't make a long report. */

import type { Loss } from './tree';

export class Losses {
  private readonly byKind = new Map<string, Loss>();

  /**
   * @param kind stable short name
   * @param message a sentence for people; the first one of a kind is kept
   */
  add(kind: string, message: string): void {
    const known = this.byKind.get(kind);
    if (known) known.count++;
    else this.byKind.set(kind, { kind, message, count: 1 });
  }

  list(): Loss[] {
    return [...this.byKind.values()];
  }
}
