/** What all holders of one space have in common within this process: its template, its switches, who listens. */

import type { EntityRef } from '../../model/entity';
import type { FieldId, UserValue, Value } from '../../model/values';
import { Shapes } from './shape';
import type { SpaceRow } from './statements';
import { Switches } from './switches';
import type { Person, SandboxTemplate } from './template';

/** Something that happened in a space, told after it is stored. */
export interface SandboxChange {
  kind: 'create' | 'update' | 'remove';
  space: string;
  entity: EntityRef;
  title: string;
  by: UserValue;
  /** ISO 8601, the space's clock */
  at: string;
  fields: Record<FieldId, { old: Value; new: Value }>;
}

export class SharedSpace {
  readonly switches = new Switches();
  readonly listeners = new Set<(change: SandboxChange) => void>();
  readonly template: SandboxTemplate;
  readonly shapes: Shapes;
  private readonly people = new Map<string, UserValue>();

  constructor(row: SpaceRow) {
    this.template = JSON.parse(row.template) as SandboxTemplate;
    this.shapes = new Shapes(this.template);
    for (const person of this.template.people) this.people.set(person.id, asUser(person));
  }

  /** The person of an id; only the id where the template knows it no longer. */
  personById(id: string): UserValue {
    return this.people.get(id) ?? { id };
  }
}

export const asUser = ({ id, name, login, email }: Person): UserValue => ({ id, name, login, email });
