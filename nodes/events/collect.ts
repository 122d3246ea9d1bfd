/** Collects what belongs together: a thousand changes that fail are one message, not a thousand. Pure but for its timers. */

const MOST_ITEMS = 20;

export interface Collected<Item> {
  /** the first of them */
  items: Item[];
  /** of all */
  count: number;
}

export class Collector<Item> {
  private readonly groups = new Map<string, Collected<Item>>();
  private readonly timers = new Map<string, NodeJS.Timeout>();

  /**
   * @param waitMs from the first of a group to its message; 0 = each at once
   * @param send called with a group's name
   */
  constructor(
    private readonly waitMs: number,
    private readonly send: (group: string, collected: Collected<Item>) => void,
  ) {}

  add(group: string, item: Item): void {
    if (this.waitMs <= 0) {
      this.send(group, { items: [item], count: 1 });
      return;
    }
    const known = this.groups.get(group);
    if (known) {
      known.count += 1;
      if (known.items.length < MOST_ITEMS) known.items.push(item);
      return;
    }
    this.groups.set(group, { items: [item], count: 1 });
    const timer = setTimeout(() => this.flush(group), this.waitMs);
    timer.unref();
    this.timers.set(group, timer);
  }

  /** Sends what was collected, as before the end. */
  end(): void {
    for (const group of [...this.groups.keys()]) this.flush(group);
  }

  private flush(group: string): void {
    clearTimeout(this.timers.get(group));
    this.timers.delete(group);
    const collected = this.groups.get(group);
    this.groups.delete(group);
    if (collected) this.send(group, collected);
  }
}
