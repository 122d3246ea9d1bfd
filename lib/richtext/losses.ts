/** Collects what a target cannot show. One entry per kind with a count keeps the report of a long text short. */

import type { Loss } from './tree';

export class Losses {
  private readonly byKind = new Map<string, Loss>();

  /**
   * @param kind stable short name
   * @param message a sentence for users; the first message of a kind is kept
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

/** The loss of a mention. The writer removes it again when it translates mentions itself. */
export const MENTION_AS_NAME = 'A mention of a person is shown as a name.';

/** The loss of a picture. The writer removes it again when it translates pictures itself. */
export const PICTURE_AS_NAME = 'A picture that has no public address is shown by its name: attach it to the entity.';
