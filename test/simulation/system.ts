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
import { iso } from '../../lib/model/clock';
import { contentFault, type FileContent, type OpenedFile } from '../../lib/model/content';
import type { Entity, EntityId, EntityTypeId, Field } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import type { Fields, RichTextFormat, Value } from '../../lib/model/values';
import type { SimulatedClock } from './clock';
import { type Poison, poisoned } from './poison';
import type { Random } from './random';
import { addressOf, isRichText, lowered, paragraphsOf, withoutLine } from './rich';
import { FILE, NOTE, type SystemName } from './shapes';

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
  /** what is done to comments without moving their owner's version */
  silent?: ReadonlySet<'create' | 'edit' | 'delete'>;
  /** its comments are public or internal; elsewhere everybody sees them */
  discreet?: boolean;
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
  /** when (ms since 1970) */
  at: number;
  /** there was a write of ours to the field which had not landed, or nobody knew */
  unlanded: boolean;
  /** … since the store had been set back (set-back.ts) */
  isForgotten?: boolean;
  /** made after the engine had read the entity for its update and before it wrote the field: nothing but the system could have told */
  overlooked?: boolean;
}

/** Of its list, which has a default. Values may come by their names. */
const chosen = (value: Value | undefined): Value => {
  const given = typeof value === 'object' && value !== null && 'name' in value ? value.name : 'Public';
  return { id: given?.toLowerCase(), name: given ?? '' };
};

const FILE_FIELDS: Field[] = [
  { id: 'name', name: 'Name', type: 'text', required: true },
  { id: 'size', name: 'Size', type: 'number', readOnly: true },
];

const AUTOMATION_MS = 500;
/** Who writes comments. */
export const AUTHOR = 'Ann Lee';

/** A value whatever the way in which a system stores it: lists as sets, texts without case and blanks around. */
export function plain(value: Value | undefined): string {
  if (Array.isArray(value)) return [...new Set(value.map((item) => plain(item)))].sort().join(', ');
  const text = isRichText(value) ? paragraphsOf(value).join('\n') : String(value ?? '');
  return text.trim().toLowerCase();
}

const shown = (value: Value): string => (isRichText(value) ? withoutLine(value).text.content : String(value));

export class SimulatedSystem {
  readonly name: SystemName;
  readonly habits: Habits;
  readonly edits: Edit[] = [];
  /** what the system itself makes of a write of ours, a moment later; undefined = leaves it */
  automation: ((fields: Fields) => Fields | undefined) | undefined;
  /** hears of what is carried out, in its order: a person's and our own creates and updates */
  heard: ((by: 'person' | 'engine', entity: string, type: string, fields: Fields) => void) | undefined;
  /** hears of each comment as it is by now */
  noted: ((by: 'person' | 'engine', note: Entity) => void) | undefined;
  /** entities whose writes always fail */
  poison: Poison | undefined;
  /** writes that the engine had carried out, creates and updates */
  writes = 0;
  /** `entity.field` whose present value is our write */
  private readonly writtenByUs = new Set<string>();
  /** `entity.field` that we wrote and that has not landed since */
  private readonly unlanded = new Set<string>();
  /** `entity.field` of which the store has forgotten what was last in sync (set-back.ts) */
  private readonly forgotten = new Set<string>();
  /** `integration entity.field=value` of landed writes */
  private readonly landed = new Set<string>();
  /** integrations that have landed something of an entity */
  private readonly landedBy = new Map<string, Set<string>>();
  /** entity → how many edits there were when the engine last read it */
  private readonly readUpTo = new Map<string, number>();
  /** … and when it decided on an update: that may have to wait for its turn, while the entity is read and written for others */
  private readonly decidedUpTo = new WeakMap<WriteOperation, number>();
  private readonly stored = new Map<string, Stored>();
  private readonly removed = new Set<EntityId>();
  private readonly withdrawn = new Set<EntityId>();
  private readonly ownNotes = new Set<EntityId>();
  private readonly notesEver: EntityId[] = [];
  /** of attachments */
  private readonly contents = new Map<EntityId, string>();
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
    return [...this.stored.values()].flatMap(({ entity }) => (entity.owner ? [] : [entity]));
  }

  /** Comments that are there, the oldest first. */
  notes(): Entity[] {
    return this.parts().filter(({ type }) => type === NOTE);
  }

  private parts(): Entity[] {
    return [...this.stored.values()].flatMap(({ entity }) => (entity.owner ? [entity] : []));
  }

  /** Attachments that are there, the oldest first. */
  files(): Entity[] {
    return this.parts().filter(({ type }) => type === FILE);
  }

  /** What stands in an attachment, also in one that was deleted. */
  contentOf(id: EntityId): string | undefined {
    return this.contents.get(id);
  }

  /** All attachments that ever were. */
  get filesEver(): readonly EntityId[] {
    return [...this.contents.keys()];
  }

  /** Attachments that people have added, also those that were deleted. */
  get attachedEver(): readonly EntityId[] {
    return [...this.contents.keys()].filter((id) => !this.ownNotes.has(id));
  }

  /** A person attaches a file. */
  attach(owner: EntityId, name: string, content: string): EntityId {
    const id = this.apply(undefined, { name, size: content.length }, false, { type: FILE, owner });
    this.contents.set(id, content);
    this.touch(owner, 'create', false);
    return id;
  }

  /** A person comments. */
  comment(owner: EntityId, fields: Fields): string {
    const id = this.apply(undefined, fields, false, { type: NOTE, owner });
    this.touch(owner, 'create', false);
    return id;
  }

  /** A comment is deleted. */
  remove(id: EntityId, own: boolean): void {
    const owner = this.stored.get(id)?.entity.owner;
    if (!owner) return;
    this.heard?.(own ? 'engine' : 'person', id, this.stored.get(id)?.entity.type ?? NOTE, {});
    this.stored.delete(id);
    (own ? this.withdrawn : this.removed).add(id);
    this.touch(owner.id, 'delete', own);
  }

  /** Whether a person has deleted the comment. */
  wasRemoved(id: EntityId): boolean {
    return this.removed.has(id);
  }

  /** Whether the engine has deleted a copy that had to be hidden, and could not be. */
  wasHidden(id: EntityId): boolean {
    return !this.habits.discreet && this.withdrawn.has(id);
  }

  /** Whether the engine has deleted the comment. */
  wasWithdrawn(id: EntityId): boolean {
    return this.withdrawn.has(id);
  }

  /** The engine has made it. */
  isOwn(id: EntityId): boolean {
    return this.ownNotes.has(id);
  }

  /** All comments that ever were, by the order in which they were made. */
  get commentsEver(): readonly EntityId[] {
    return this.notesEver;
  }

  madeAt(id: EntityId): number {
    return this.notesEver.indexOf(id);
  }

  /** What is done to a comment moves its owner's version, unless that is silent here. */
  private touch(owner: EntityId, verb: 'create' | 'edit' | 'delete', own: boolean): void {
    if (this.stored.has(owner) && !this.habits.silent?.has(verb)) this.apply(owner, {}, own);
  }

  /** A person creates or edits. */
  create(fields: Fields, type?: string): string {
    return this.apply(undefined, fields, false, { type });
  }

  edit(id: string, fields: Fields): void {
    this.apply(id, fields, false);
    const owner = this.stored.get(id)?.entity.owner;
    if (owner) this.touch(owner.id, 'edit', false);
  }

  /** An integration has stored these values as in sync. @param wrote together with what it wrote here */
  hasLanded(integration: string, id: string, fields: Fields, wrote: boolean): void {
    this.landedBy.set(id, (this.landedBy.get(id) ?? new Set()).add(integration));
    for (const [field, value] of Object.entries(fields)) {
      this.landed.add(`${integration} ${id}.${field}=${shown(value)}`);
      if (wrote) this.unlanded.delete(`${id}.${field}`);
    }
  }

  /** Of several integrations, each knows only what itself has landed: to the others, the write may still be on its way. */
  private isLanded(id: string, value: string): boolean {
    const integrations = this.landedBy.get(id);
    return integrations !== undefined && [...integrations].every((one) => this.landed.has(`${one} ${id}.${value}`));
  }

  /** The store does not know any more what of the field was last in sync; until both ends have landed as they are. */
  forget(id: string, field: string): void {
    this.forgotten.add(`${id}.${field}`);
  }

  known(id: string, field: string): void {
    this.forgotten.delete(`${id}.${field}`);
  }

  /** False of an entity that is not of this system, also where the value is empty. */
  shows(id: string, field: string, value: Value): boolean {
    const entity = this.stored.get(id)?.entity;
    return entity !== undefined && plain(entity.fields[field]) === plain(value);
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
    made: { type?: string; marker?: string; owner?: EntityId } = {},
  ): string {
    this.counter += 1;
    const key = id ?? `${this.name}-${this.counter}`;
    const before = this.stored.get(key);
    const now = this.clock.now() + this.habits.skew;
    const updatedAt = iso(Math.floor(now / this.habits.grain) * this.habits.grain);
    const next: Fields = { ...before?.entity.fields };
    const madeAt = before?.entity.createdAt ?? updatedAt;
    const type = before?.entity.type ?? made.type ?? 'Bug';
    this.heard?.(own ? 'engine' : 'person', key, type, fields);
    for (const [field, value] of Object.entries(fields)) {
      const kept = this.normalise(value);
      const saw = next[field] ?? null;
      const isForgotten = this.forgotten.has(`${key}.${field}`);
      const isKnown = !this.writtenByUs.has(`${key}.${field}`) || this.isLanded(key, `${field}=${shown(saw)}`);
      const replaced = isKnown && !isForgotten;
      const unlanded = this.unlanded.has(`${key}.${field}`) || isForgotten;
      if (own) {
        this.writtenByUs.add(`${key}.${field}`);
        this.unlanded.add(`${key}.${field}`);
      } else this.writtenByUs.delete(`${key}.${field}`);
      const at = this.clock.now();
      this.edits.push({
        entity: key,
        field,
        saw,
        replaced,
        value: kept,
        own,
        first: !before,
        at,
        unlanded,
        isForgotten,
      });
      next[field] = kept;
    }
    const owner = this.stored.get(made.owner ?? '')?.entity;
    const ofOwner = owner ? { id: owner.id, key: owner.key, type: owner.type } : before?.entity.owner;
    const author = before?.entity.createdBy ?? { id: own ? 'sync' : 'ann', name: own ? 'sync' : AUTHOR };
    if (ofOwner && type === NOTE && this.habits.discreet) next.visibility = chosen(next.visibility);
    const owned = ofOwner ? { owner: ofOwner, url: addressOf(key), createdBy: author, createdAt: madeAt } : {};
    if (owner) {
      if (type === NOTE) this.notesEver.push(key);
      if (own) this.ownNotes.add(key);
    }
    this.stored.set(key, {
      entity: { id: key, key, type, project: 'P', version: `v${this.counter}`, updatedAt, fields: next, ...owned },
      marker: before?.marker ?? made.marker,
      own: before?.own ?? own,
      visibleAt: this.clock.now() + (this.habits.lag ? this.random.int(0, this.habits.lag) : 0),
      changedAt: this.clock.now(),
    });
    const note = this.stored.get(key)?.entity;
    if (note?.owner && type === NOTE) this.noted?.(own ? 'engine' : 'person', note);
    return key;
  }

  private noteFields(): Field[] {
    const text: Field = { id: 'text', name: 'Text', type: 'richtext', format: this.habits.format };
    const values = [
      { id: 'public', name: 'Public' },
      { id: 'internal', name: 'Internal' },
    ];
    return this.habits.discreet ? [text, { id: 'visibility', name: 'Visibility', type: 'lookup', values }] : [text];
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
      fields: async (_project, type) => (type === NOTE ? this.noteFields() : type === FILE ? FILE_FIELDS : []),
      fileRules: async () => ({}),
      open: (id) => this.open(id),
      ...(this.habits.silent && { silentParts: this.habits.silent }),
      parts: async (_scope, owners, types) => {
        await this.trip();
        this.maybeFail();
        return owners.map((owner) => this.partsOf(owner, types));
      },
      remove: async (_scope, ids) => {
        await this.trip();
        this.maybeFail();
        return ids.map((id) => this.removeOne(id));
      },
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
      ...(this.habits.marks && {
        keepsMarkers: true as const,
        markersOf: async (ids: EntityId[]) => {
          await this.trip();
          this.maybeFail();
          return ids.map((id) => [this.stored.get(id)?.marker ?? []].flat());
        },
      }),
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
      if (operation.kind === 'create' && operation.content) {
        results.push(await this.receive(operation, operation.content));
        continue;
      }
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
    if (operation.kind === 'update' && !this.stored.has(operation.id)) {
      return { ok: false, error: new SyncError('notFound', `${operation.id} is gone`) };
    }
    const old = operation.kind === 'update' ? this.stored.get(operation.id)?.entity.version : undefined;
    const id =
      operation.kind === 'create'
        ? this.apply(undefined, operation.fields, true, {
            type: operation.type,
            marker: this.habits.marks ? operation.marker : undefined,
            owner: operation.owner,
          })
        : this.apply(operation.id, operation.fields, true);
    const its = this.stored.get(id)?.entity.owner;
    const ownerWas = its && this.stored.get(its.id)?.entity.version;
    if (its) this.touch(its.id, operation.kind === 'create' ? 'create' : 'edit', true);
    const ownerIs = its && this.stored.get(its.id)?.entity.version;
    const step = ownerWas && ownerIs && this.habits.exact ? { owner: { before: ownerWas, after: ownerIs } } : {};
    this.writes += 1;
    const reaction = this.automation?.(operation.fields);
    if (reaction) this.clock.after(AUTOMATION_MS, () => this.apply(id, reaction, false));
    if (this.random.chance(this.habits.faults)) {
      return { ok: false, error: new SyncError('transient', 'connection reset', { uncertain: true }) };
    }
    const entity = this.copy(id);
    if (!entity) return { ok: false, error: new SyncError('notFound', 'gone') };
    return { ok: true, entity, exact: this.habits.exact, ...(this.habits.exact && { before: old }), ...step };
  }

  /** A file comes in parts, which takes long. */
  private async receive(operation: WriteOperation, content: FileContent): Promise<WriteResult> {
    let text = '';
    try {
      const file = await content.open();
      for await (const part of file.bytes) {
        text += Buffer.from(part).toString();
        await this.clock.sleep(this.random.int(1, 300));
      }
    } catch (thrown) {
      return { ok: false, error: contentFault(thrown) };
    }
    if (text.length !== content.size)
      return { ok: false, error: contentFault(new SyncError('transient', 'not as many bytes as announced')) };
    const before = new Set(this.contents.keys());
    const result = this.writeOne(operation);
    const made = this.files().find(({ id }) => !before.has(id));
    if (!made) return result;
    this.contents.set(made.id, text);
    made.fields.size = text.length;
    const entity = this.copy(made.id);
    return result.ok && entity ? { ...result, entity } : result;
  }

  /** It may be deleted while it is read. */
  private async open(id: EntityId): Promise<OpenedFile> {
    await this.trip();
    this.maybeFail();
    const content = this.stored.has(id) ? (this.contents.get(id) ?? '') : '';
    if (content === '') throw new SyncError('notFound', `${id} is gone`);
    const { stored, clock, random, habits } = this;
    async function* bytes(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < content.length; at += 8) {
        await clock.sleep(random.int(1, 200));
        if (!stored.has(id) || random.chance(habits.faults / 4))
          throw new SyncError('transient', 'the connection broke off');
        yield Buffer.from(content.slice(at, at + 8));
      }
    }
    return { size: content.length, bytes: bytes(), close: () => undefined };
  }

  private partsOf(owner: EntityId, types: EntityTypeId[]): Entity[] | undefined {
    if (!this.stored.has(owner)) return undefined;
    const notes = this.parts().filter((note) => note.owner?.id === owner && types.includes(note.type));
    return notes.map((note) => structuredClone(note));
  }

  private removeOne(id: EntityId): SyncError | undefined {
    if (this.random.chance(this.habits.faults)) return new SyncError('transient', 'connection refused');
    if (this.stored.has(id)) {
      this.remove(id, true);
      this.writes += 1;
    }
    const isLost = this.random.chance(this.habits.faults);
    return isLost ? new SyncError('transient', 'connection reset', { uncertain: true }) : undefined;
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
      if (query.owner !== undefined && entity.owner?.id !== query.owner) continue;
      if (query.marker !== undefined) {
        if (!this.habits.marks) throw new SyncError('invalid', 'no markers here');
        if (marker !== query.marker) continue;
      }
      if (query.createdBySelfSince !== undefined && !own) continue;
      // as it stores values, so it looks for them
      const { field } = query;
      if (field && !field.values.some((value) => entity.fields[field.id] === this.normalise(value))) continue;
      found.push(structuredClone(entity));
      if (found.length >= limit) break;
    }
    return found;
  }
}
