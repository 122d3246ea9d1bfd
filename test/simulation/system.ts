/**
 * A simulated tracker: as unhelpful as real ones. Its clock is skewed and coarse, its search lags, it fails before or
 * after a write was done, it stores text in its own way, and people edit in it at any time.
 */

import type {
  ChangePage,
  Checkpoint,
  Connection,
  FindQuery,
  Scope,
  WriteOperation,
  WriteResult,
} from '../../lib/connectors/connector';
import { wholeBatch } from '../../lib/connectors/whole-batch';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Fields, RichTextFormat, Value } from '../../lib/model/values';
import { iso } from '../../lib/sync/clock';
import type { SimulatedClock } from './clock';
import { type Poison, poisoned } from './poison';
import type { Random } from './random';
import { isRichText, lowered, paragraphsOf } from './rich';
import type { SystemName } from './shapes';

export interface Habits {
  /** ms that the system's clock is ahead of ours */
  skew: number;
  /** ms to which its time stamps are cut */
  grain: number;
  /** stores text trimmed and in lower case */
  normalises: boolean;
  /** the markup of its descriptions */
  format: RichTextFormat;
  /** holds markers */
  marks: boolean;
  /** the write's answer is the state it made (else it is read a moment later) */
  exact: boolean;
  /** ms that the list of changes is behind */
  lag: number;
  /** chance that a call fails; 0 when the weather is fine */
  faults: number;
}

interface Stored {
  entity: Entity;
  marker?: string;
  own: boolean;
  /** when the list of changes shows this state */
  visibleAt: number;
  changedAt: number;
}

/**
 * A person's or our own change of one field: `saw` is the value that was there. `replaced` = the change took the place of
 * what it saw: false where that was our own write which has not landed, for then both sides changed since they were last
 * in sync, and the row's conflict policy decides.
 */
export interface Edit {
  entity: string;
  field: string;
  saw: Value;
  replaced: boolean;
  value: Value;
  own: boolean;
  /** set when the entity was made */
  first: boolean;
  /** there was a write of ours to the field which had not landed */
  unlanded: boolean;
  /** made after the engine had read the entity for its update and before it wrote the field: nothing but the system could have told */
  overlooked?: boolean;
}

const AUTOMATION_MS = 500;

/** A value whatever the way in which a system stores it: lists as sets, texts without case and blanks around. */
export function plain(value: Value | undefined): string {
  if (Array.isArray(value)) return [...new Set(value.map((item) => plain(item)))].sort().join(', ');
  const text = isRichText(value) ? paragraphsOf(value).join('\n') : String(value ?? '');
  return text.trim().toLowerCase();
}

const shown = (value: Value): string => (isRichText(value) ? value.content : String(value));

export class SimulatedSystem {
  readonly name: SystemName;
  readonly habits: Habits;
  readonly edits: Edit[] = [];
  /** what the system itself makes of a write of ours, a moment later; undefined = leaves it */
  automation: ((fields: Fields) => Fields | undefined) | undefined;
  /** entities whose writes always fail */
  poison: Poison | undefined;
  /** writes that the engine had carried out, creates and updates */
  writes = 0;
  /** `entity.field` whose present value is our write */
  private readonly writtenByUs = new Set<string>();
  /** `entity.field` that we wrote and that has not landed since */
  private readonly unlanded = new Set<string>();
  /** `entity.field=value` of landed writes */
  private readonly landed = new Set<string>();
  /** entity → how many edits there were when the engine last read it */
  private readonly readUpTo = new Map<string, number>();
  /** … and when it decided on an update: that may have to wait for its turn, while the entity is read and written for others */
  private readonly decidedUpTo = new WeakMap<WriteOperation, number>();
  private readonly stored = new Map<string, Stored>();
  private readonly clock: SimulatedClock;
  private readonly random: Random;
  private counter = 0;

  constructor(name: SystemName, habits: Habits, clock: SimulatedClock, random: Random) {
    this.name = name;
    this.habits = habits;
    this.clock = clock;
    this.random = random;
  }

  entities(): Entity[] {
    return [...this.stored.values()].map(({ entity }) => entity);
  }

  /** A person creates or edits. */
  create(fields: Fields, type?: string): string {
    return this.apply(undefined, fields, false, { type });
  }

  edit(id: string, fields: Fields): void {
    this.apply(id, fields, false);
  }

  /** The engine has stored these values as in sync. @param wrote together with what it wrote here */
  hasLanded(id: string, fields: Fields, wrote: boolean): void {
    for (const [field, value] of Object.entries(fields)) {
      this.landed.add(`${id}.${field}=${shown(value)}`);
      if (wrote) this.unlanded.delete(`${id}.${field}`);
    }
  }

  private normalise(value: Value): Value {
    if (!this.habits.normalises) return value;
    if (Array.isArray(value)) return value.map((item) => (typeof item === 'string' ? item.toLowerCase() : item));
    if (isRichText(value)) return lowered(value);
    return typeof value === 'string' ? value.trim().toLowerCase() : value;
  }

  private apply(
    id: string | undefined,
    fields: Fields,
    own: boolean,
    made: { type?: string; marker?: string } = {},
  ): string {
    this.counter += 1;
    const key = id ?? `${this.name}-${this.counter}`;
    const before = this.stored.get(key);
    const now = this.clock.now() + this.habits.skew;
    const updatedAt = iso(Math.floor(now / this.habits.grain) * this.habits.grain);
    const next: Fields = { ...before?.entity.fields };
    for (const [field, value] of Object.entries(fields)) {
      const kept = this.normalise(value);
      const saw = next[field] ?? null;
      const replaced = !this.writtenByUs.has(`${key}.${field}`) || this.landed.has(`${key}.${field}=${shown(saw)}`);
      const unlanded = this.unlanded.has(`${key}.${field}`);
      if (own) {
        this.writtenByUs.add(`${key}.${field}`);
        this.unlanded.add(`${key}.${field}`);
      } else this.writtenByUs.delete(`${key}.${field}`);
      this.edits.push({ entity: key, field, saw, replaced, value: kept, own, first: !before, unlanded });
      next[field] = kept;
    }
    const type = before?.entity.type ?? made.type ?? 'Bug';
    this.stored.set(key, {
      entity: { id: key, key, type, project: 'P', version: `v${this.counter}`, updatedAt, fields: next },
      marker: before?.marker ?? made.marker,
      own: before?.own ?? own,
      visibleAt: this.clock.now() + (this.habits.lag ? this.random.int(0, this.habits.lag) : 0),
      changedAt: this.clock.now(),
    });
    return key;
  }

  private copy(id: string): Entity | undefined {
    const entity = this.stored.get(id)?.entity;
    return entity ? structuredClone(entity) : undefined;
  }

  private async trip(): Promise<void> {
    await this.clock.sleep(this.random.int(1, 30));
  }

  private maybeFail(): void {
    if (!this.random.chance(this.habits.faults)) return;
    if (this.random.chance(0.3)) {
      throw new SyncError('rateLimited', 'too many requests', { retryAfterMs: this.random.int(100, 5_000) });
    }
    throw new SyncError('transient', 'service unavailable', { status: 503 });
  }

  /** @param alive asked after each wait: a crashed process neither sends nor hears anything any more */
  connection(): Connection {
    return {
      identify: async () => ({ user: { id: 'sync', name: 'sync' }, server: this.name, missing: [] }),
      projects: async () => [{ id: 'P', name: 'P' }],
      entityTypes: async () => ['Bug', 'Story'].map((name) => ({ id: name, name })),
      fields: async () => [],
      changes: (scope, since, pageSize) => this.changes(scope, since, pageSize),
      newest: async () => {
        await this.trip();
        this.maybeFail();
        const seen = [...this.stored.values()].filter((row) => row.visibleAt <= this.clock.now());
        return seen.length > 0 ? { at: Math.max(...seen.map(({ changedAt }) => changedAt)) } : undefined;
      },
      checkpointAt: () => ({ after: 0 }),
      read: async (_scope, ids) => {
        await this.trip();
        this.maybeFail();
        for (const id of ids) this.readUpTo.set(id, this.edits.length);
        const found = ids.map((id) => this.copy(id));
        return this.poison ? this.poison.deliver(found, ids, this.clock.now()) : found;
      },
      history: this.habits.marks
        ? undefined
        : async (id) => {
            await this.trip();
            this.maybeFail();
            return this.edits
              .filter((edit) => edit.entity === id && !edit.first)
              .map((edit, index) => ({
                id: `${index}`,
                at: '',
                fields: { [edit.field]: { old: edit.saw, new: edit.value } },
              }))
              .reverse();
          },
      write: (scope, operations) => this.write(scope, operations),
      byKey: async (key) => {
        await this.trip();
        this.maybeFail();
        return this.copy(key.toUpperCase());
      },
      find: async (query, limit) => {
        await this.trip();
        this.maybeFail();
        return this.find(query, limit);
      },
    };
  }

  /**
   * A list by time of change whose lower bound is read again each time: everything that became visible late is within
   * the lag, so the checkpoint stays that far behind.
   */
  private async *changes({ types }: Scope, since: Checkpoint | undefined, pageSize: number): AsyncIterable<ChangePage> {
    let from = typeof since?.at === 'number' ? since.at : 0;
    for (;;) {
      await this.trip();
      this.maybeFail();
      const now = this.clock.now();
      const rows = [...this.stored.values()]
        .filter((row) => row.changedAt >= from && row.visibleAt <= now && types.includes(row.entity.type))
        .sort((a, b) => a.changedAt - b.changedAt);
      // a page ends with a whole millisecond, and passes the one it began with: else equal times would stop the list
      const cut = rows.slice(pageSize - 1).find((row) => row.changedAt > from)?.changedAt;
      const page = cut === undefined ? rows : rows.filter((row) => row.changedAt <= cut);
      const last = page.at(-1)?.changedAt ?? from;
      const settled = Math.min(last, now - this.habits.lag - 1);
      const next = Math.max(from, Math.min(settled, last));
      const more = rows.length > page.length;
      yield { entities: page.map(({ entity }) => structuredClone(entity)), checkpoint: { at: next } };
      if (!more || next <= from) return;
      from = next;
    }
  }

  private async write(_scope: Scope, operations: WriteOperation[]): Promise<WriteResult[]> {
    await this.trip();
    this.maybeFail();
    const results: WriteResult[] = [];
    const { poison } = this;
    const isSpoilt = poison?.together === true && operations.some((operation) => poison.isIn(operation));
    for (const operation of operations) {
      if (poison && (isSpoilt || poison.isIn(operation))) {
        if (poison.isCarriedOut()) this.writeOne(operation);
        const error = isSpoilt ? wholeBatch(poisoned(), operations.length) : poisoned();
        results.push({ ok: false, error });
        continue;
      }
      results.push(this.writeOne(operation));
      if (this.random.chance(0.3)) await this.trip();
    }
    await this.trip();
    return results.map((result) => {
      if (!result.ok || this.habits.exact) return result;
      // an answer that is read later shows what people did meanwhile
      return { ok: true, entity: this.copy(result.entity.id) ?? result.entity };
    });
  }

  private writeOne(operation: WriteOperation): WriteResult {
    const before = this.random.chance(this.habits.faults);
    if (before) return { ok: false, error: new SyncError('transient', 'connection refused') };
    if (operation.kind === 'update') this.overlook(operation);
    const id =
      operation.kind === 'create'
        ? this.apply(undefined, operation.fields, true, {
            type: operation.type,
            marker: this.habits.marks ? operation.marker : undefined,
          })
        : this.apply(operation.id, operation.fields, true);
    this.writes += 1;
    const reaction = this.automation?.(operation.fields);
    if (reaction) this.clock.after(AUTOMATION_MS, () => this.apply(id, reaction, false));
    if (this.random.chance(this.habits.faults)) {
      return { ok: false, error: new SyncError('transient', 'connection reset', { uncertain: true }) };
    }
    const entity = this.copy(id);
    if (!entity) return { ok: false, error: new SyncError('notFound', 'gone') };
    return { ok: true, entity, exact: this.habits.exact };
  }

  /** The engine has decided on these, and will send them when it may. */
  decided(operations: WriteOperation[]): void {
    for (const operation of operations) {
      if (operation.kind === 'update') this.decidedUpTo.set(operation, this.readUpTo.get(operation.id) ?? 0);
    }
  }

  private overlook(update: Extract<WriteOperation, { kind: 'update' }>): void {
    const { id, fields } = update;
    for (const edit of this.edits.slice(this.decidedUpTo.get(update) ?? 0)) {
      if (edit.entity === id && !edit.own && edit.field in fields) edit.overlooked = true;
    }
  }

  private find(query: FindQuery, limit: number): Entity[] {
    const found: Entity[] = [];
    for (const { entity, marker, own } of this.stored.values()) {
      if (entity.type !== query.type) continue;
      if (query.marker !== undefined) {
        if (!this.habits.marks) throw new SyncError('invalid', 'no markers here');
        if (marker !== query.marker) continue;
      }
      if (query.createdBySelfSince !== undefined && !own) continue;
      // as it stores values, so it looks for them
      if (query.field && entity.fields[query.field.id] !== this.normalise(query.field.value)) continue;
      found.push(structuredClone(entity));
      if (found.length >= limit) break;
    }
    return found;
  }
}
