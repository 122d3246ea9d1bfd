/**
 * A store that is set back: a copy of its file, made while all was at work, is put in its place later, while no process runs. The
 * systems have gone on meanwhile. What was last in sync is known only as it was then, so of each field the oracle asks:
 *
 * - of what only one side has changed since the copy, or both in the same way, nothing is undone; what we have written ourselves,
 *   and the store knows of, counts as no change;
 * - where both sides differ, and both have changed (or nothing is known of them), the row's policy decides between what they show;
 * - what people edit afterwards is judged as ever, but that what has landed since the copy is forgotten.
 */

import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity, EntityId } from '../../lib/model/entity';
import type { FieldId, Fields, Value } from '../../lib/model/values';
import { openSqliteStore } from '../../lib/store/sqlite';
import type { LinkEnd, Store } from '../../lib/store/store';
import { doubtOf } from '../../lib/store/witness';
import { FIELDS } from './person';
import { type Edit, plain, type SimulatedSystem } from './system';

/** A store in a file of its own, and a copy of it. */
export class StoreFile {
  private readonly folder = mkdtempSync(join(tmpdir(), 'twinflow-simulation-'));
  private readonly file = join(this.folder, 'store.sqlite');
  private readonly copied = join(this.folder, 'copy.sqlite');

  open(): Promise<Store> {
    return openSqliteStore({ file: this.file, outlivesPower: false });
  }

  /** As the troubleshooting page says, while the store is open. */
  copy(): void {
    const db = new DatabaseSync(this.file);
    db.exec(`VACUUM INTO '${this.copied}'`);
    db.close();
  }

  /**
   * @param store is closed
   * @param wrap what is done to each store that is opened
   * @returns the one that was copied; in doubt where Node-RED would have noticed
   */
  async setBack(store: Store, wrap: (store: Store) => Store): Promise<Store> {
    await store.advance();
    const last = { ...(await store.state()), at: '' };
    await store.close();
    for (const end of ['-wal', '-shm']) rmSync(`${this.file}${end}`, { force: true });
    copyFileSync(this.copied, this.file);
    const older = wrap(await this.open());
    const state = await older.state();
    if (doubtOf({ ...state, opened: state.opened - 1, at: '' }, false, last)) await older.setDoubt('9999');
    return older;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What the systems showed when the store was set back, and what the store took for in sync. */
export interface SetBack {
  /** how many edits there were, by system */
  edits: Map<SimulatedSystem, number>;
  shown: Map<EntityId, Entity>;
  /** by entity; absent where the store knows no link of it */
  bases: Map<EntityId, Fields>;
  /** `entity.field` that showed what the store knew as a write of ours without an answer: nobody had changed it */
  ours: Set<string>;
}

/** Of entities that are linked, or are to be, what is known of their fields is forgotten where it is not as it was then. */
export async function lookAt(
  store: Store,
  integrations: readonly IntegrationConfig[],
  systems: readonly SimulatedSystem[],
): Promise<SetBack> {
  const bases = new Map<EntityId, Fields>();
  const all = systems.flatMap((system) => system.entities().map((entity) => ({ system, entity })));
  const inSync = new Set<string>();
  const ours = new Set<string>();
  for (const { id } of integrations) {
    for (const { entity } of all) {
      const ends = (await store.linkOf(id, 1, entity.id))?.ends;
      if (!ends) continue;
      for (const { ref, baseline, pending = {} } of ends) {
        bases.set(ref.id, baseline);
        for (const [field, writes] of Object.entries(pending)) {
          const isOurs = writes.some(
            ({ sent, written }) => written === undefined && systems.some((one) => one.shows(ref.id, field, sent)),
          );
          if (isOurs) ours.add(`${ref.id}.${field}`);
        }
      }
      for (const field of FIELDS) {
        const isSame = ends.every(({ ref, baseline }) =>
          systems.some((one) => one.shows(ref.id, field, baseline[field] ?? null)),
        );
        if (isSame) for (const { ref } of ends) inSync.add(`${ref.id}.${field}`);
      }
    }
  }
  for (const { system, entity } of all) {
    for (const field of FIELDS) if (!inSync.has(`${entity.id}.${field}`)) system.forget(entity.id, field);
  }
  return {
    edits: new Map(systems.map((system) => [system, system.edits.length])),
    shown: new Map(all.map(({ entity }) => [entity.id, structuredClone(entity)])),
    bases,
    ours,
  };
}

/** What both ends show has landed: from now on each edit is told apart. */
export function knowAgain(
  systems: readonly [SimulatedSystem, SimulatedSystem],
  ends: readonly [LinkEnd, LinkEnd],
): void {
  for (const field of FIELDS) {
    const isShown = systems.every((system, index) => {
      const end = ends[index];
      return end !== undefined && system.shows(end.ref.id, field, end.baseline[field] ?? null);
    });
    if (isShown) for (const [index, system] of systems.entries()) system.known(ends[index]?.ref.id ?? '', field);
  }
}

interface Then {
  id: EntityId;
  value: Value;
  base: Value | undefined;
}

/** What was there when the store was set back: each value that a side had come to since the copy, once. */
function changedThen({ shown, bases, ours }: SetBack, ids: readonly EntityId[], field: FieldId): Then[] {
  const then = ids.flatMap((id): Then[] => {
    const entity = shown.get(id);
    const base = bases.get(id);
    return entity ? [{ id, value: entity.fields[field] ?? null, base: base && (base[field] ?? null) }] : [];
  });
  const theirs = then.filter(({ id, base }) => base === undefined || !ours.has(`${id}.${field}`));
  const changed = theirs.filter(({ value, base }) => base === undefined || plain(value) !== plain(base));
  return [
    ...new Map(
      ([changed, theirs].find(({ length }) => length > 0) ?? then).map((one) => [plain(one.value), one]),
    ).values(),
  ];
}

/**
 * Where both sides differ and nothing is known of what they had in common, the row's policy decides over all of a text: they
 * differed when the store was set back, or somebody has edited one before they were linked again.
 */
export const isDecided = (back: SetBack, ids: readonly EntityId[], field: FieldId): boolean => {
  const then = changedThen(back, ids, field);
  if (then.every(({ base }) => base !== undefined)) return false;
  return then.length > 1 || editsSince(back, ids, field).some(({ isForgotten }) => isForgotten);
};

/** What counts as edits of a field of counterparts: what each had become since the copy, and what people did afterwards. */
export function editsSince(back: SetBack, ids: readonly EntityId[], field: FieldId): Edit[] {
  const then = changedThen(back, ids, field);
  const became = then.map(
    ({ id, value, base = null }): Edit => ({
      ...{ entity: id, field, saw: base, value, replaced: true, own: false, first: false, at: 0, unlanded: false },
    }),
  );
  const isOf = (edit: Edit): boolean => ids.includes(edit.entity) && edit.field === field && !edit.own;
  const edits = [...back.edits].map(([system, count]) => ({ all: system.edits, count }));
  // a create may be known to have begun, and so whose an entry is: one that a person has taken out may be gone, or come back
  const isUnknown = field === 'labels' && then.some(({ base }) => base === undefined);
  const before = isUnknown ? edits.flatMap(({ all, count }) => all.slice(0, count).filter(isOf)) : [];
  return [
    ...became,
    ...before.map((edit): Edit => ({ ...edit, overlooked: true })),
    ...edits.flatMap(({ all, count }) => all.slice(count)).filter(isOf),
  ];
}
