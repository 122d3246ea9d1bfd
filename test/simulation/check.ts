/** What must be true at the end of a history. */

import type { Value } from '../../lib/model/values';
import type { Store } from '../../lib/store/store';
import { agrees, contestedLines, lostItems, returnedItems, standing } from './oracle';
import { type EditedField, FIELDS, isMerged, isText } from './person';
import { plain } from './system';
import { CONFIG, REMOTE, type World } from './world';

export interface RunReport {
  seed: number;
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
}

/** Adds to the report what the two systems show wrongly, and what the store has not finished. */
export async function check(world: World, store: Store, report: RunReport): Promise<void> {
  await checkStore(store, report);
  const ones = world.one.entities();
  const twos = new Map(world.two.entities().map((entity) => [entity.id, entity]));
  for (const one of ones) {
    const link = await store.linkOf(CONFIG.id, 1, one.id);
    const two = link ? twos.get(link.ends[1].ref.id) : undefined;
    if (!two) {
      report.duplicates.push(`${one.id} has no counterpart: it is lost, or a second copy`);
      continue;
    }
    twos.delete(two.id);
    if (
      world.config.remoteBack1 &&
      !(plain(one.fields[REMOTE]) === plain(two.id) && plain(two.fields[REMOTE]) === plain(one.id))
    )
      report.unshown.push(`${one.id} shows ${one.fields[REMOTE]}, ${two.id} shows ${two.fields[REMOTE]}`);
    for (const field of FIELDS) {
      const [left, right] = [one.fields[field] ?? null, two.fields[field] ?? null];
      if (!agrees(left, right)) {
        report.diverged.push(`${one.id}.${field} is ${JSON.stringify(left)}, ${two.id} has ${JSON.stringify(right)}`);
      }
      checkEdits(world, report, `${one.id}/${two.id}.${field}`, [one.id, two.id], field, left);
    }
  }
  const people = [world.one, world.two].map(
    (system) => new Set(system.edits.filter((e) => e.first && !e.own).map((e) => e.entity)),
  );
  const made = (people[0]?.size ?? 0) + (people[1]?.size ?? 0);
  if (ones.length !== made) report.duplicates.push(`people made ${made} entities, system 1 has ${ones.length}`);
  for (const id of twos.keys()) report.duplicates.push(`${id} has no counterpart: it is lost, or a second copy`);
}

/** What people did to one field of a linked pair must be there at the end. */
function checkEdits(
  world: World,
  report: RunReport,
  name: string,
  [one, two]: [string, string],
  field: EditedField,
  value: Value,
): void {
  const edits = [
    ...world.one.edits.filter((edit) => edit.entity === one),
    ...world.two.edits.filter((edit) => edit.entity === two),
  ].filter((edit) => edit.field === field && !edit.own);
  if (!isMerged(field)) {
    const open = standing(edits);
    if (open.has(plain(value))) return;
    report.lostEdits.push(`${name} is "${plain(value)}", but ${[...open].join(' or ')} was never replaced`);
    return;
  }
  if (isText(field) && contestedLines(edits)) {
    report.contested += 1;
    return;
  }
  report.merged += edits.length;
  for (const item of lostItems(edits, value)) report.lostEdits.push(`${name} has lost "${item}"`);
  for (const item of returnedItems(edits, value)) report.lostEdits.push(`${name} has "${item}" again`);
}

async function checkStore(store: Store, report: RunReport): Promise<void> {
  const owed = await store.owedCounts(CONFIG.id);
  for (const [index, { due, resting }] of owed.entries())
    if (due + resting > 0) report.diverged.push(`side ${index + 1} still owes ${due}, ${resting} of them rest`);
  const counts = await store.counts(CONFIG.id);
  for (const [index, side] of counts.entries()) {
    const open = side.waiting + side.held + side.sent + side.retry + side.parked + side.shown;
    if (open > 0) report.diverged.push(`side ${index + 1} still has ${JSON.stringify(side)}`);
  }
}
