/** The target's lists, for "use the value of the same name", indexed once for as long as they are cached. */

import type { Connection } from '../connectors/connector';
import { Declared, type TargetScope } from '../engine/declared-fields';
import type { DeclaredFields } from '../mapping/fit';
import { indexValues, type KnownValues } from '../mapping/values';

export type { TargetScope } from '../engine/declared-fields';

export class KnownLists {
  private readonly declared: Declared;
  private readonly indexed = new WeakMap<NonNullable<DeclaredFields>, KnownValues>();

  constructor(connection: () => Pick<Connection, 'fields'>, now: () => number = Date.now) {
    this.declared = new Declared(connection, now);
  }

  /** @param missed a value was not in the list: read the list again if it is older than a minute */
  async of(scope: TargetScope, missed = false): Promise<KnownValues> {
    const fields = await this.declared.of(scope, missed);
    if (fields === undefined) return new Map();
    const known = this.indexed.get(fields) ?? listsOf(fields);
    this.indexed.set(fields, known);
    return known;
  }
}

const listsOf = (fields: NonNullable<DeclaredFields>): KnownValues =>
  new Map([...fields].flatMap(([id, { values }]) => (values ? [[id, indexValues(values)] as const] : [])));
