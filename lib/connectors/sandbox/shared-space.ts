/** Shared by all holders of one space in this process: its template, its switches, its listeners. */

import type { EntityRef } from '../../model/entity';
import type { FieldId, UserValue, Value } from '../../model/values';
import type { SpaceRow } from './statements';
import { asUser, SpaceStructure } from './structure';
import { Switches } from './switches';
import type { SandboxTemplate } from './template';

/** An event in a space, reported after it is stored. An update without fields: parts of the entity have changed. */
export interface SandboxChange {
  kind: 'create' | 'update' | 'remove';
  space: string;
  entity: EntityRef;
  /** for a part: its owner's */
  title: string;
  by: UserValue;
  /** ISO 8601, the space's clock */
  at: string;
  fields: Record<FieldId, { old: Value; new: Value }>;
}

export class SharedSpace {
  readonly switches = new Switches();
  readonly listeners = new Set<(change: SandboxChange) => void>();
  readonly structure: SpaceStructure;
  private readonly people = new Map<string, UserValue>();

  constructor(row: SpaceRow) {
    this.structure = new SpaceStructure(row.name, JSON.parse(row.template) as SandboxTemplate);
    for (const person of this.template.people) this.people.set(person.id, asUser(person));
  }

  get template(): SandboxTemplate {
    return this.structure.template;
  }

  /** The user with an id; only the id if the template does not have the user any longer. */
  personById(id: string): UserValue {
    return this.people.get(id) ?? { id };
  }
}
