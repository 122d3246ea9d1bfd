/** Which items a system's own query finds: what several messages ask at the same time is asked with one request. */

import type { EntityId, Side } from '../model/entity';
import { ReadTogether } from './read-together';

type Ask = (side: Side, query: string, ids: EntityId[]) => Promise<ReadonlySet<EntityId>>;

export class QueryMembers {
  private readonly groups = new Map<string, ReadTogether<boolean>>();
  private readonly expected = new Map<string, Promise<ReadonlySet<EntityId>>>();
  private soon: { side: Side; ids: ReadonlySet<EntityId> } | undefined;

  constructor(private readonly ask: Ask) {}

  /** The query finds the item now. @throws SyncError – invalid: the system refuses the query */
  async has(side: Side, query: string, id: EntityId): Promise<boolean> {
    const key = `${side} ${query}`;
    if (this.soon?.side === side && this.soon.ids.has(id)) {
      const found = this.expected.get(key) ?? this.ask(side, query, [...this.soon.ids]);
      this.expected.set(key, found);
      return (await found).has(id);
    }
    const group =
      this.groups.get(key) ??
      new ReadTogether<boolean>(async (ids) => {
        const found = await this.ask(side, query, ids);
        return ids.map((one) => found.has(one));
      });
    this.groups.set(key, group);
    return (await group.of(id)) === true;
  }

  /** These items are asked about next, one after the other: the first question asks about all of them. */
  expect(side: Side, ids: readonly EntityId[]): void {
    this.soon = { side, ids: new Set(ids) };
    this.expected.clear();
  }
}
