/**
 * The target's lists, for "use the value of the same name": asked for once per project and type, remembered for ten
 * minutes, asked for again after a minute when a value is missing in them. Where the system can't be asked, nothing is
 * known, and the writer finds out.
 */

import type { Connection } from '../connectors/connector';
import { indexValues, type KnownValues } from '../mapping/values';

const KEPT_MS = 10 * 60_000;
const MISSED_MS = 60_000;
const MOST = 100;

export interface TargetScope {
  project: string;
  type: string;
}

export class KnownLists {
  private readonly kept = new Map<string, { at: number; lists: Promise<KnownValues> }>();
  private readonly connection: () => Pick<Connection, 'fields'>;
  private readonly now: () => number;

  constructor(connection: () => Pick<Connection, 'fields'>, now: () => number = Date.now) {
    this.connection = connection;
    this.now = now;
  }

  /** @param missed a value was not in the list: ask again if the list is older than a minute */
  of(scope: TargetScope, missed = false): Promise<KnownValues> {
    const key = JSON.stringify([scope.project, scope.type]);
    const known = this.kept.get(key);
    if (known !== undefined && this.now() - known.at < (missed ? MISSED_MS : KEPT_MS)) return known.lists;
    if (this.kept.size >= MOST) this.kept.clear();
    const lists = this.ask(scope);
    this.kept.set(key, { at: this.now(), lists });
    return lists;
  }

  private async ask({ project, type }: TargetScope): Promise<KnownValues> {
    try {
      const fields = await this.connection().fields(project, type);
      return new Map(fields.flatMap((field) => (field.values ? [[field.id, indexValues(field.values)] as const] : [])));
    } catch {
      return new Map();
    }
  }
}
