/**
 * Comments, in some histories: people write, edit and delete them on both sides of linked entities. In the end each comment that
 * nobody has deleted is there once in every system, with what people wrote, in the order of its own system.
 */

import type { IntegrationConfig, InternalPolicy, PartPair } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { Fields, Value } from '../../lib/model/values';
import type { Store } from '../../lib/store/store';
import { agrees, contestedLines, lostItems, returnedItems } from './oracle';
import { itemsOf } from './person';

import type { Random } from './random';
import { addressOf, isRichText, withLine, withoutLine, written } from './rich';
import { NOTE, type Shape } from './shapes';
import { type Edit, plain, type SimulatedSystem } from './system';

const NOTES: PartPair = {
  id: 'notes',
  role: 'comment',
  one: { id: NOTE, name: NOTE },
  two: { id: NOTE, name: NOTE },
  direction: 'both',
};

/** Shapes in which people comment. */
export const COMMENTED: readonly Shape[] = ['pair', 'beside', 'twice', 'split', 'ring', 'lost', 'restored'];

/** The integration, with comments chosen for all its pairs. */
export const withComments = (config: IntegrationConfig, internal: InternalPolicy): IntegrationConfig => ({
  ...config,
  typePairs: config.typePairs.map((pair) => ({
    ...pair,
    parts: [{ ...NOTES, id: `${pair.id} notes`, direction: pair.direction, internal }],
  })),
});

/** People who comment. Every line is used once. */
export class Commentators {
  private lines = 0;
  /** lines that people have shown to everybody, in whatever system */
  private readonly shown = new Set<string>();
  /** what the engine has shown to everybody, and no person had */
  readonly leaks: string[] = [];
  /** comments that were internal once, whose copies may have been made, or made again, when they became public */
  readonly wereInternal = new Set<string>();

  constructor(private readonly random: Random) {}

  /** Of what people do, is this a comment? */
  get turn(): boolean {
    return this.random.chance(0.5);
  }

  /** What everybody can read, and by whose doing. */
  watch(system: SimulatedSystem): void {
    system.noted = (by, note) => {
      if (isInternal(note, system)) {
        this.wereInternal.add(note.id);
        return;
      }
      // who wrote what is no secret of a comment
      const lines = itemsOf(wordsOf(note))
        .map(plain)
        .filter((line) => !/ (?:wrote on|schrieb am) .*utc:/.test(line));
      for (const line of lines) {
        if (by === 'person') this.shown.add(line);
        else if (!this.shown.has(line)) this.leaks.push(`${note.id} in ${system.name} shows "${line}" to everybody`);
      }
    };
  }

  act(system: SimulatedSystem): void {
    const { random } = this;
    const owners = system.entities();
    if (owners.length === 0) return;
    const owner = random.pick(owners);
    const notes = system.notes().filter((note) => note.owner?.id === owner.id);
    const what = random.next();
    if (notes.length === 0 || what < 0.5) {
      // several at once: they are in the flow together
      for (let count = random.chance(0.3) ? random.int(2, 6) : 1; count > 0; count -= 1)
        system.comment(owner.id, {
          ...this.fields(system, [this.fresh(), this.fresh()]),
          ...this.seenBy(system, 0.25),
        });
      return;
    }
    const note = random.pick(notes);
    if (what < 0.6) system.edit(note.id, this.rewritten(note, system));
    else if (what < 0.85) system.edit(note.id, { ...this.rewritten(note, system), ...this.seenBy(system, 0.5) });
    else system.remove(note.id, false);
  }

  /** Mostly people leave the author line of a copy alone. */
  private rewritten({ fields: { text = null } }: Entity, system: SimulatedSystem): Fields {
    const now = isRichText(text) ? withoutLine(text) : { line: '', text };
    const { text: next } = this.fields(system, this.rewrite(itemsOf(now.text)));
    if (now.line === '' || !isRichText(next)) return { text: next ?? null };
    const what = this.random.next();
    if (what < 0.1) return { text: next };
    return { text: withLine(what < 0.2 ? now.line.replace(/wrote on/i, 'schrieb am') : now.line, next) };
  }

  /** @param share of those that are internal */
  private seenBy({ habits }: SimulatedSystem, share: number): Fields {
    if (!habits.discreet) return {};
    const [id, name] = this.random.chance(share) ? ['internal', 'Internal'] : ['public', 'Public'];
    return { visibility: { id, name } };
  }

  private fields({ habits }: SimulatedSystem, lines: string[]): Fields {
    return { text: written(lines, habits.format, 'paragraphs') };
  }

  private rewrite(lines: string[]): string[] {
    const at = this.random.int(0, lines.length - 1);
    const what = this.random.next();
    if (what < 0.6) return lines.toSpliced(this.random.int(0, lines.length), 0, this.fresh());
    if (what < 0.85 || lines.length <= 2) return lines.toSpliced(at, 1, this.fresh());
    return lines.toSpliced(at, 1);
  }

  private fresh(): string {
    this.lines += 1;
    return `Word ${this.lines}`;
  }
}

/** The world of a history that has ended. */
export interface Commented {
  readonly systems: readonly SimulatedSystem[];
  readonly integrations: readonly IntegrationConfig[];
  /** comments that have been linked, as far as is known */
  readonly commentsLinked: readonly (readonly [string, string])[];
  /** the store was lost, or set back: what was deleted and edited meanwhile is not known to have been */
  readonly forgets: boolean;
  system(node: string): SimulatedSystem;
  readonly leaks: readonly string[];
  readonly wereInternal: ReadonlySet<string>;
}

export interface CommentFaults {
  lostComments: string[];
  duplicateComments: string[];
  disorderedComments: string[];
  wrongAuthors: string[];
  wrongVisibility: string[];
}

/** A comment that a person has written, and what became of it in each system. */
interface Discussion {
  origin: { system: SimulatedSystem; id: string };
  /** by system */
  there: Map<SimulatedSystem, Entity[]>;
  ids: string[];
}

/** @param owners entities that are counterparts of each other */
export async function checkComments(
  world: Commented,
  store: Store,
  owners: readonly (readonly Entity[])[],
  report: CommentFaults,
): Promise<void> {
  const of = await linked(world, store);
  const discussions = new Map<string, Discussion>();
  for (const system of world.systems) {
    for (const id of system.commentsEver) {
      if (!system.isOwn(id))
        discussions.set(id, { origin: { system, id }, there: new Map(), ids: [...(of.get(id) ?? [id])] });
    }
  }
  const alive = new Map(
    world.systems.flatMap((system) => system.notes().map((note) => [note.id, { system, note }] as const)),
  );
  for (const [id, { note }] of alive) {
    const origins = [...(of.get(id) ?? [id])].filter((one) => discussions.has(one));
    // the copy of a comment that was deleted before the store knew of either
    const isLeft = world.forgets && origins.length === 0 && !of.has(id);
    if (origins.length !== 1 && !isLeft)
      report.duplicateComments.push(`${id} on ${note.owner?.id}: ${origins.length} originals`);
  }
  for (const discussion of discussions.values()) {
    for (const id of discussion.ids) {
      const found = alive.get(id);
      if (found) discussion.there.set(found.system, [...(discussion.there.get(found.system) ?? []), found.note]);
    }
    checkOne(world, discussion, owners, report);
  }
  report.wrongVisibility.push(...world.leaks);
  const inOrder = [...discussions.values()].filter(({ ids }) => !ids.some((id) => world.wereInternal.has(id)));
  for (const system of world.systems) checkOrder(system, inOrder, report);
}

function checkOne(
  world: Commented,
  { origin, there, ids }: Discussion,
  owners: readonly (readonly Entity[])[],
  report: CommentFaults,
): void {
  for (const [{ name }, notes] of there) {
    if (notes.length > 1)
      report.duplicateComments.push(`${notes.map(({ id }) => id).join(', ')} in ${name} are one comment`);
  }
  const [original] = there.get(origin.system) ?? [];
  const edits = world.systems.flatMap((system) => system.edits).filter((edit) => ids.includes(edit.entity));
  const touched = edits.filter((edit) => !edit.own);
  const people = touched.filter(({ field }) => field === 'text').map(withoutLines);
  if (!original) {
    // somebody's edit of a copy is worth more than the deletion of the original
    const isEdited = touched.some((edit) => edit.entity !== origin.id);
    const left = [...there.values()].flat();
    if (left.length > 0 && !isEdited && !world.forgets)
      report.lostComments.push(`${origin.id} was deleted, ${left[0]?.id} is there`);
    return;
  }
  const alive = new Set([...there.values()].flat().map(({ id }) => id));
  for (const id of ids) {
    if (!alive.has(id) && !world.systems.some((system) => system.wasRemoved(id) || system.wasHidden(id)))
      report.lostComments.push(`${id} was deleted by nobody, and its original ${original.id} is there`);
  }
  checkVisibility(origin.system, original, there, report);
  const isShut = isInternal(original, origin.system);
  // an original that cannot be hidden stays as it is, while its copies go on
  const isHeld =
    !origin.system.habits.discreet && [...there].some(([system, [note]]) => note && isInternal(note, system));
  const family = owners.find((cluster) => cluster.some(({ id }) => id === original.owner?.id)) ?? [];
  // where a copy was deleted, what was made from it is synced with nothing any more
  const isCut = world.systems.length > 2 && ids.some((id) => world.systems.some((system) => system.wasRemoved(id)));
  for (const system of world.systems) {
    const isTo = family.some(({ id }) => id.startsWith(`${system.name}-`));
    const isGone = isCut || ids.some((id) => system.wasRemoved(id));
    const [note] = there.get(system) ?? [];
    if (!note) {
      if (isTo && !isGone && !isShut && !isHeld)
        report.lostComments.push(`${original.id} on ${original.owner?.id} is not in ${system.name}`);
      continue;
    }
    const isTouched = people.some(({ entity }) => entity === note.id);
    checkLine(system, note, original, { touched: isTouched, origin: origin.id }, report);
    if (!isCut && !isHeld && !agrees(wordsOf(note), wordsOf(original))) {
      const [one, two] = [note, original].map(({ fields }) => JSON.stringify(fields.text));
      report.lostComments.push(`${note.id} is ${one}, ${original.id} is ${two}`);
    }
  }
  // what was written in a copy that had to be withdrawn went with it
  const isWithdrawn = ids.some((id) => world.systems.some((one) => one.wasWithdrawn(id)));
  if (there.size < 2 || isCut || isHeld || isWithdrawn || world.forgets || contestedLines(people)) return;
  const value = wordsOf(original);
  // what was written in a copy that was deleted afterwards went with it
  const kept = people.filter(
    (edit) => ![...ids].some((id) => id === edit.entity && world.systems.some((one) => one.wasRemoved(id))),
  );
  for (const line of lostItems(kept, value)) report.lostComments.push(`${original.id} has lost "${line}"`);
  for (const line of returnedItems(kept, value)) report.lostComments.push(`${original.id} has "${line}" again`);
}

/** Not everybody sees it. */
const isInternal = ({ fields: { visibility } }: Entity, { habits }: SimulatedSystem): boolean =>
  habits.discreet === true &&
  !(typeof visibility === 'object' && visibility && 'id' in visibility && visibility.id === 'public');

/** Where the original is internal, its copies are; and who can tell, tells the same. */
function checkVisibility(
  origin: SimulatedSystem,
  original: Entity,
  there: ReadonlyMap<SimulatedSystem, Entity[]>,
  report: CommentFaults,
): void {
  for (const [system, notes] of there) {
    for (const note of notes) {
      const [one, two] = [isInternal(original, origin), isInternal(note, system)];
      const isWrong = origin.habits.discreet && system.habits.discreet ? one !== two : one && !two;
      if (isWrong)
        report.wrongVisibility.push(
          `${note.id} is ${two ? '' : 'not '}internal, ${original.id} is${one ? '' : ' not'}`,
        );
    }
  }
}

/** What a comment says, without its author line. */
const wordsOf = ({ fields: { text = null } }: Entity): Value => (isRichText(text) ? withoutLine(text).text : text);

const withoutLines = (edit: Edit): Edit => ({
  ...edit,
  saw: isRichText(edit.saw) ? withoutLine(edit.saw).text : edit.saw,
  value: isRichText(edit.value) ? withoutLine(edit.value).text : edit.value,
});

/** Copies begin with who wrote the original, and lead to it, unless somebody has deleted that; nothing else does. */
function checkLine(
  system: SimulatedSystem,
  note: Entity,
  original: Entity,
  // an original that was deleted may have been made again from a copy that somebody had edited: the line leads to what was there first
  { touched, origin }: { touched: boolean; origin: string },
  report: CommentFaults,
): void {
  const { text } = note.fields;
  if (!isRichText(text)) return;
  const { line, text: rest } = withoutLine(text);
  const of = `${note.id} in ${system.name}, copy of ${original.id}`;
  const leads = [original.id, origin].some((id) => line.toLowerCase().includes(addressOf(id)));
  const isRight = leads && /ann lee/i.test(line);
  if (withoutLine(rest).line !== '') report.wrongAuthors.push(`${of}: ${text.content}`);
  if (!system.isOwn(note.id) ? line !== '' : line === '' ? !touched : !isRight)
    report.wrongAuthors.push(`${of}: ${text.content}`);
}

/** Copies of one system's comments are in its order, as far as nobody has deleted and thereby renewed one, and none had to wait until it was public. */
function checkOrder(system: SimulatedSystem, all: readonly Discussion[], report: CommentFaults): void {
  const copies = new Map<string, { made: number; id: string }[]>();
  for (const { origin, there, ids } of all) {
    const [copy] = there.get(system) ?? [];
    // after the store was lost, a copy that somebody has deleted is made again
    const isRenewed = ids.some((id) => system.wasRemoved(id));
    if (!copy || origin.system === system || isRenewed) continue;
    const key = `${copy.owner?.id} from ${origin.system.name}`;
    copies.set(key, [...(copies.get(key) ?? []), { made: origin.system.madeAt(origin.id), id: copy.id }]);
  }
  for (const [where, notes] of copies) {
    const order = notes.toSorted((a, b) => a.made - b.made).map(({ id }) => system.madeAt(id));
    if (order.some((at, index) => at < (order[index - 1] ?? 0)))
      report.disorderedComments.push(`${where}: ${order.join(', ')}`);
  }
}

/** Comments that links make one, by their ids, whatever integration has linked them; links that have ended count as well. */
async function linked(world: Commented, store: Store): Promise<Map<string, Set<string>>> {
  const cluster = new Map<string, Set<string>>();
  const join = (one: string, two: string): void => {
    const both = new Set([...(cluster.get(one) ?? [one]), ...(cluster.get(two) ?? [two])]);
    for (const id of both) cluster.set(id, both);
  };
  for (const [one, two] of world.commentsLinked) join(one, two);
  for (const { id, system1 } of world.integrations) {
    for (const note of world.system(system1).notes()) {
      const link = await store.linkOf(id, 1, note.id);
      if (link) join(note.id, link.ends[1].ref.id);
    }
  }
  return cluster;
}
