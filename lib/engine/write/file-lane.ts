/**
 * Files are carried beside everything else, since one may take minutes: at most two at a time to one system, by whatever
 * integration; those of one item one after the other. Only other files wait for them.
 */

import type { EntityId } from '../../model/entity';
import type { SyncMessage } from '../../model/message';

/** At the same time, to one system. */
const MOST = 2;

/** Of a system: how many files it receives at the same time. Shared by all integrations that write to it. */
export class FileSlots {
  private taken = 0;
  /** lanes that wait for one, the longest waiting first */
  private readonly waiting = new Set<() => void>();

  /** @param retry called when one may be free, if there is none now. Passing it again does not change its place */
  take(retry: () => void): boolean {
    if (this.taken >= MOST) {
      this.waiting.add(retry);
      return false;
    }
    this.taken += 1;
    return true;
  }

  release(): void {
    this.taken -= 1;
    for (const retry of [...this.waiting]) {
      this.waiting.delete(retry);
      retry();
      if (this.taken >= MOST) return;
    }
  }
}

export class FileLane<One extends { message: SyncMessage }> {
  private waiting: One[] = [];
  /** by the items that get them */
  private readonly running = new Map<EntityId | undefined, Promise<void>>();

  /** @param carry never rejects */
  constructor(
    private readonly slots: FileSlots,
    private readonly carry: (one: One) => Promise<void>,
  ) {}

  add(one: One): void {
    this.waiting.push(one);
    this.next();
  }

  /** What has not begun; it is not begun any more. */
  takeAll(): One[] {
    return this.waiting.splice(0);
  }

  /** Resolves when nothing is carried any more. */
  async idle(): Promise<void> {
    await Promise.all(this.running.values());
  }

  private readonly next = (): void => {
    for (;;) {
      const one = this.waiting.find(({ message }) => !this.running.has(ownerOf(message)));
      if (!one || !this.slots.take(this.next)) return;
      this.waiting = this.waiting.filter((other) => other !== one);
      const owner = ownerOf(one.message);
      const running = this.carry(one).finally(() => {
        this.running.delete(owner);
        this.slots.release();
        this.next();
      });
      this.running.set(owner, running);
    }
  };
}

const ownerOf = ({ sync }: SyncMessage): EntityId | undefined => sync.entity.owner?.id;
