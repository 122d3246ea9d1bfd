/** What several messages ask about items at the same time is asked with one request. */

import type { ReadResult } from '../connectors/connector';
import type { EntityId } from '../model/entity';

/** Items in one request. */
const MOST = 100;

interface Asked<Result> {
  id: EntityId;
  resolve(result: Result | undefined): void;
  reject(error: unknown): void;
}

export class ReadTogether<Result = ReadResult> {
  private asked: Asked<Result>[] = [];

  /** @param read in the order of the ids */
  constructor(private readonly read: (ids: EntityId[]) => Promise<Result[]>) {}

  /** The answer about the item, as the system gives it now. @throws SyncError – the system cannot be asked */
  of(id: EntityId): Promise<Result | undefined> {
    return new Promise((resolve, reject) => {
      // the messages of one claim are sent one after the other: all of them ask before the event loop goes on
      if (this.asked.length === 0) setImmediate(() => this.ask());
      this.asked.push({ id, resolve, reject });
    });
  }

  private ask(): void {
    const all = this.asked;
    this.asked = [];
    for (let start = 0; start < all.length; start += MOST) {
      const some = all.slice(start, start + MOST);
      const ids = [...new Set(some.map(({ id }) => id))];
      const answer = this.read(ids).then(
        (results) => {
          const found = new Map(ids.map((id, index) => [id, results[index]]));
          for (const { id, resolve } of some) resolve(found.get(id));
        },
        (error: unknown) => {
          for (const { reject } of some) reject(error);
        },
      );
      void answer;
    }
  }
}
