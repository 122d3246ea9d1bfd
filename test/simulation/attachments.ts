/**
 * Attachments, in histories that ask for them: people add, rename and delete them on both sides of linked entities, also while they
 * are on their way. In the end each one that nobody has deleted is there once in every system, with its own content.
 */

import type { IntegrationConfig, PartPair } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import type { Random } from './random';
import { FILE } from './shapes';
import { plain, type SimulatedSystem } from './system';

const FILES: PartPair = {
  id: 'files',
  role: 'attachment',
  one: { id: FILE, name: FILE },
  two: { id: FILE, name: FILE },
  direction: 'both',
};

/** The integration, with attachments chosen for all its pairs, beside what is chosen. */
export const withAttachments = (config: IntegrationConfig): IntegrationConfig => ({
  ...config,
  typePairs: config.typePairs.map((pair) => ({
    ...pair,
    parts: [...(pair.parts ?? []), { ...FILES, id: `${pair.id} files`, direction: pair.direction }],
  })),
});

/** People who attach files. No content is there twice; names and sizes are. */
export class Attachers {
  private count = 0;

  constructor(private readonly random: Random) {}

  /** Of what people do, is it this? */
  get turn(): boolean {
    return this.random.chance(0.5);
  }

  act(system: SimulatedSystem): void {
    const { random } = this;
    const owners = system.entities();
    if (owners.length === 0) return;
    const owner = random.pick(owners);
    const files = system.files().filter((file) => file.owner?.id === owner.id);
    const what = random.next();
    if (files.length === 0 || what < 0.6) {
      for (let left = random.chance(0.3) ? random.int(2, 4) : 1; left > 0; left -= 1)
        system.attach(owner.id, this.name(), this.content());
      return;
    }
    const file = random.pick(files);
    if (what < 0.75) system.edit(file.id, { name: this.name() });
    else system.remove(file.id, false);
  }

  private name(): string {
    return this.random.pick(['image.png', 'image.png', 'notes.txt', 'a b.zip']);
  }

  /** Mostly of the same size. */
  private content(): string {
    this.count += 1;
    return `content ${String(this.count).padStart(4, '0')}`.repeat(this.random.chance(0.7) ? 1 : this.random.int(2, 4));
  }
}

export interface AttachmentFaults {
  lostFiles: string[];
  duplicateFiles: string[];
}

/** The world as far as it says what its attachments may be. */
export interface AttachmentWorld {
  readonly systems: readonly SimulatedSystem[];
  /** its store is lost or set back now and then: what was deleted meanwhile is not known to have been there */
  readonly forgets: boolean;
}

/** @param owners entities that are counterparts of each other */
export function checkAttachments(
  world: AttachmentWorld,
  owners: readonly (readonly Entity[])[],
  report: AttachmentFaults,
): void {
  const { systems } = world;
  const origins = new Map<string, { system: SimulatedSystem; id: string }>();
  for (const system of systems)
    for (const id of system.attachedEver) origins.set(system.contentOf(id) ?? '', { system, id });
  const there = new Map<string, { system: SimulatedSystem; file: Entity }[]>();
  for (const system of systems)
    for (const file of system.files()) {
      const content = system.contentOf(file.id) ?? '';
      if (!origins.has(content)) report.lostFiles.push(`${file.id} has what nobody has attached: "${content}"`);
      if (file.fields.size !== content.length) report.lostFiles.push(`${file.id} is not whole`);
      there.set(content, [...(there.get(content) ?? []), { system, file }]);
    }
  for (const [content, { system, id }] of origins)
    checkOne(world, owners, report, { content, system, id }, there.get(content) ?? []);
}

function checkOne(
  { systems, forgets }: AttachmentWorld,
  owners: readonly (readonly Entity[])[],
  report: AttachmentFaults,
  origin: { content: string; system: SimulatedSystem; id: string },
  there: readonly { system: SimulatedSystem; file: Entity }[],
): void {
  const about = `"${origin.content.slice(0, 12)}" of ${origin.id}`;
  for (const system of systems) {
    const its = there.filter((one) => one.system === system);
    if (its.length > 1)
      report.duplicateFiles.push(`${about} is ${its.map(({ file }) => file.id).join(', ')} in ${system.name}`);
  }
  const original = there.find(({ file }) => file.id === origin.id);
  const ids = systems.flatMap((system) =>
    [...system.filesEver].filter((id) => system.contentOf(id) === origin.content).map((id) => ({ system, id })),
  );
  const isRemoved = ids.some(({ system, id }) => system.wasRemoved(id));
  if (!original) {
    // a copy that somebody has renamed is worth more than the deletion of the original
    const isEdited = ids.some(({ system, id }) =>
      system.edits.some((edit) => edit.entity === id && id !== origin.id && !edit.own && !edit.first),
    );
    if (!isRemoved) report.lostFiles.push(`${about} was deleted by nobody`);
    else if (there.length > 0 && !isEdited && !forgets)
      report.lostFiles.push(`${about} was deleted, ${there[0]?.file.id} is there`);
    return;
  }
  if (isRemoved) return;
  const family = owners.find((cluster) => cluster.some((entity) => entity.id === original.file.owner?.id)) ?? [];
  for (const owner of family) {
    const copy = there.find(({ file }) => file.owner?.id === owner.id);
    if (!copy) report.lostFiles.push(`${about} is not on ${owner.id}`);
    else if (plain(copy.file.fields.name) !== plain(original.file.fields.name))
      report.lostFiles.push(
        `${about} is called ${copy.file.fields.name} on ${owner.id}, ${original.file.fields.name} on ${original.file.owner?.id}`,
      );
  }
}
