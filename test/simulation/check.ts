/** What must be true at the end of a history. */

import type { IntegrationConfig } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { Value } from '../../lib/model/values';
import type { Store } from '../../lib/store/store';
import { checkAttachments } from './attachments';
import { checkComments } from './comments';
import { agrees, contestedLines, isCarriedOverDoubt, lostItems, returnedItems, standing, tookOutEarly } from './oracle';
import { type EditedField, FIELDS, isMerged, isText } from './person';
import { strangersIn, unlikeIn } from './references';
import { editsSince, isDecided } from './set-back';
import { REMOTE } from './shapes';
import { type Edit, plain } from './system';
import type { World } from './world';

export interface RunReport {
  seed: number;
  /** of what happened: see digest.ts */
  digest: string;
  events: number;
  crashes: number;
  /** edits of merged fields that were judged, and fields that were not, since both sides changed one line */
  merged: number;
  contested: number;
  lostEdits: string[];
  duplicates: string[];
  loops: string[];
  diverged: string[];
  /** of a process whose writer should only have shown what it would do */
  dryRunWrites: string[];
  /** processes whose writer did */
  dryRuns: number;
  /** pairs that do not show each other at the end, where they are to */
  unshown: string[];
  /** references that name another entity than the counterpart of what somebody named on the other side */
  wrongReferences: string[];
  /** comments that are missing somewhere, differ, or stand although they were deleted */
  lostComments: string[];
  duplicateComments: string[];
  /** not in the order in which they were written */
  disorderedComments: string[];
  /** copies that do not say who wrote the original, or originals that say anything of the kind */
  wrongAuthors: string[];
  /** comments that were shown to everybody, though nobody wanted that, or are not internal where their originals are */
  wrongVisibility: string[];
  /** attachments that are missing somewhere, are not whole, or are there although they were deleted */
  lostFiles: string[];
  duplicateFiles: string[];
}

/** Adds to the report what the systems show wrongly, and what the store has not finished. */
export async function check(world: World, store: Store, report: RunReport): Promise<void> {
  for (const { id } of world.integrations) await checkStore(store, id, report);
  for (const config of world.integrations) await checkShown(world, config, store, report);
  const all = await clusters(world, store);
  if (world.isCommented) await checkComments(world, store, all, report);
  if (world.isAttached) checkAttachments(world, all, report);
  const clusterOf = new Map(all.flatMap((entities) => entities.map(({ id }) => [id, entities])));
  for (const entities of all) {
    checkCounterparts(world, report, entities);
    const strangers = strangersIn(entities, clusterOf);
    report.wrongReferences.push(...strangers);
    const [first, ...others] = entities;
    if (!first || !world.judgesEdits) continue;
    if (strangers.length === 0) report.wrongReferences.push(...unlikeIn(entities, clusterOf));
    for (const field of FIELDS) {
      const value = first.fields[field] ?? null;
      for (const other of others) {
        const theirs = other.fields[field] ?? null;
        if (agrees(value, theirs)) continue;
        report.diverged.push(
          `${first.id}.${field} is ${JSON.stringify(value)}, ${other.id} has ${JSON.stringify(theirs)}`,
        );
      }
      checkEdits(world, report, entities, field, value);
    }
  }
}

/** Entities that links make one, whatever integration has linked them; first those of the system named first. */
async function clusters(world: World, store: Store): Promise<Entity[][]> {
  const cluster = new Map<string, Entity[]>();
  for (const system of world.systems) for (const entity of system.entities()) cluster.set(entity.id, [entity]);
  for (const { id, system1 } of world.integrations) {
    for (const one of world.system(system1).entities()) {
      const link = await store.linkOf(id, 1, one.id);
      const [here, there] = [cluster.get(one.id), cluster.get(link?.ends[1].ref.id ?? '')];
      if (!here || !there || here === there) continue;
      const both = [...here, ...there].sort((a, b) => a.id.localeCompare(b.id));
      for (const entity of both) cluster.set(entity.id, both);
    }
  }
  return [...new Set(cluster.values())];
}

/** Of an entity that a person has made there must be just what its shape says, and nothing that nobody has made. */
function checkCounterparts(world: World, report: RunReport, entities: Entity[]): void {
  const kindOf = (entity: Entity): string => `${entity.id.split('-')[0]} ${entity.type}`;
  const names = entities.map(({ id }) => id).join(', ');
  const made = world.systems.flatMap(({ name, edits }) =>
    entities.flatMap(({ id, type }) =>
      edits.some((e) => e.entity === id && e.first && !e.own) ? [{ name, type }] : [],
    ),
  );
  const [origin] = made;
  if (!origin || made.length > 1) {
    report.duplicates.push(`${names}: ${made.length} of them were made by people, not 1`);
    return;
  }
  const wanted = world.layout.becomes(origin.name, origin.type).toSorted().join(', ');
  const found = entities.map(kindOf).toSorted().join(', ');
  if (found !== wanted) report.duplicates.push(`${names}: there are ${found}, not ${wanted}`);
}

/** Where counterparts are to be shown. */
async function checkShown(world: World, config: IntegrationConfig, store: Store, report: RunReport): Promise<void> {
  if (!config.backlinks?.[1]?.back) return;
  const twos = new Map(
    world
      .system(config.system2)
      .entities()
      .map((entity) => [entity.id, entity]),
  );
  for (const one of world.system(config.system1).entities()) {
    const link = await store.linkOf(config.id, 1, one.id);
    const two = twos.get(link?.ends[1].ref.id ?? '');
    if (!two) continue;
    if (!(plain(one.fields[REMOTE]) === plain(two.id) && plain(two.fields[REMOTE]) === plain(one.id)))
      report.unshown.push(`${one.id} shows ${one.fields[REMOTE]}, ${two.id} shows ${two.fields[REMOTE]}`);
  }
}

/** What people did to one field of linked entities must be there at the end. */
function checkEdits(world: World, report: RunReport, entities: Entity[], field: EditedField, value: Value): void {
  const ids = entities.map(({ id }) => id);
  const name = `${ids.join('/')}.${field}`;
  const { setBack } = world;
  const edits = setBack
    ? editsSince(setBack, ids, field)
    : world.systems
        .flatMap((system) => system.edits)
        .filter((edit) => ids.includes(edit.entity) && edit.field === field && !edit.own);
  if (!isMerged(field)) {
    const open = standing(edits);
    if (open.has(plain(value))) return;
    report.lostEdits.push(`${name} is "${plain(value)}", but ${[...open].join(' or ')} was never replaced`);
    return;
  }
  if (isText(field) && (contestedLines(edits) || (setBack && isDecided(setBack, ids, field)))) {
    report.contested += 1;
    return;
  }
  report.merged += edits.length;
  for (const item of lostItems(edits, value)) report.lostEdits.push(`${name} has lost "${item}"`);
  for (const item of returnedItems(withoutEarly(world, edits, ids, field), value))
    report.lostEdits.push(`${name} has "${item}" again`);
}

/**
 * In rings, without edits that took out what had not reached every system; where one entity has two counterparts in a system, without
 * those that one integration carried on over a write that another one had in doubt (docs/guarantees.md).
 */
function withoutEarly(world: World, edits: Edit[], ids: string[], field: string): Edit[] {
  if (ids.length < 3) return edits;
  const all = world.systems.flatMap((system) => system.edits).filter((edit) => edit.field === field);
  const its = all.filter(({ entity }) => ids.includes(entity));
  if (world.systems.length < 3) return edits.filter((edit) => !isCarriedOverDoubt(edit, its));
  const byEntity = new Map(ids.map((id) => [id, its.filter(({ entity }) => entity === id)]));
  return edits.filter((edit) => !tookOutEarly(edit, byEntity));
}

async function checkStore(store: Store, integration: string, report: RunReport): Promise<void> {
  const owed = await store.owedCounts(integration);
  for (const [index, { due, resting }] of owed.entries())
    if (due + resting > 0) report.diverged.push(`side ${index + 1} still owes ${due}, ${resting} of them rest`);
  const counts = await store.counts(integration);
  for (const [index, side] of counts.entries()) {
    const open = side.waiting + side.held + side.sent + side.retry + side.parked + side.shown;
    if (open > 0) report.diverged.push(`side ${index + 1} still has ${JSON.stringify(side)}`);
  }
}
