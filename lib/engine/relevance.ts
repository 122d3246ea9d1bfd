/** Source fields that an integration's mappers read, so that changes of others make no message. */

import type { Side } from '../model/entity';
import type { FieldId } from '../model/values';

/** Source fields that are read of a side; `always` = some row writes on every change. */
export interface Relevant {
  fields: ReadonlySet<FieldId>;
  always: boolean;
}

export class Relevance {
  private readonly declared = new Map<string, Record<Side, Relevant>>();
  /** what `of` has answered: it is asked for each change */
  private readonly known = new Map<Side, Relevant>();

  /** @param mapper id of its node */
  declare(mapper: string, relevant: Record<Side, Relevant>): void {
    this.declared.set(mapper, relevant);
    this.known.clear();
  }

  withdraw(mapper: string): void {
    this.declared.delete(mapper);
    this.known.clear();
  }

  /** Everything that the declared mappers read; undefined if none is declared in this process. */
  of(side: Side): Relevant | undefined {
    if (this.declared.size === 0) return undefined;
    const known = this.known.get(side);
    if (known) return known;
    const all = [...this.declared.values()].map((sides) => sides[side]);
    const relevant: Relevant = {
      fields: new Set(all.flatMap(({ fields }) => [...fields])),
      always: all.some(({ always }) => always),
    };
    this.known.set(side, relevant);
    return relevant;
  }
}
