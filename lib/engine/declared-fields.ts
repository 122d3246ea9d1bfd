/**
 * What a system declares of its fields: asked for once per project and type, remembered for ten minutes. If it can't be
 * asked nothing is known, for a minute, and the system itself judges what is written.
 */

import type { Connection } from '../connectors/connector';
import type { DeclaredFields } from '../mapping/fit';
import type { Field } from '../model/entity';
import type { FieldId } from '../model/values';

const KEPT_MS = 10 * 60_000;
const MISSED_MS = 60_000;
const MOST = 100;

export interface TargetScope {
  project: string;
  type: string;
}

export class Declared {
  private readonly kept = new Map<string, { at: number; known: Promise<DeclaredFields> }>();

  constructor(
    private readonly connection: () => Pick<Connection, 'fields'>,
    private readonly now: () => number = Date.now,
  ) {}

  /** @param missed a value was not in a list: ask again if what is known is older than a minute */
  of({ project, type }: TargetScope, missed = false): Promise<DeclaredFields> {
    const key = JSON.stringify([project, type]);
    const before = this.kept.get(key);
    if (before !== undefined && this.now() - before.at < (missed ? MISSED_MS : KEPT_MS)) return before.known;
    if (this.kept.size >= MOST) this.kept.clear();
    const at = this.now();
    const known = this.ask(project, type);
    this.kept.set(key, { at, known });
    // what failed is asked again sooner
    void known.then((fields) => fields ?? this.kept.set(key, { at: at - KEPT_MS + MISSED_MS, known }));
    return known;
  }

  /** In the order of `scopes`; each project and type is looked up once. */
  async ofAll(scopes: readonly TargetScope[]): Promise<DeclaredFields[]> {
    const different: TargetScope[] = [];
    const places = scopes.map(({ project, type }) => {
      const at = different.findIndex((one) => one.project === project && one.type === type);
      return at < 0 ? different.push({ project, type }) - 1 : at;
    });
    const known = await Promise.all(different.map((scope) => this.of(scope)));
    return places.map((at) => known[at]);
  }

  private async ask(project: string, type: string): Promise<DeclaredFields> {
    try {
      const fields = await this.connection().fields(project, type);
      return new Map(fields.map((field): [FieldId, Field] => [field.id, field]));
    } catch {
      return undefined;
    }
  }
}
