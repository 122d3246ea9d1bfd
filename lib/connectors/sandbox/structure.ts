/** The structure of a space (users, entity types and fields), from its template alone. */

import type { Field } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { UserValue } from '../../model/values';
import type { Scope } from '../connector';
import { type Shape, Shapes } from './shape';
import { isPartType, type Person, type SandboxTemplate } from './template';
import { Problem } from './validate';

export class SpaceStructure {
  private readonly shapes: Shapes;

  /** @param name as in messages */
  constructor(
    private readonly name: string,
    readonly template: SandboxTemplate,
  ) {
    this.shapes = new Shapes(template);
  }

  /** A user by id, login, email, or the part of the email before the @. @throws SyncError auth */
  person(handle: string): UserValue {
    const wanted = handle.trim().toLowerCase();
    const person = this.template.people.find((one) =>
      [one.id, one.login, one.email, one.email.split('@')[0]].some((name) => name?.toLowerCase() === wanted),
    );
    if (person) return asUser(person);
    const known = this.template.people.map((one) => one.login).join(', ');
    throw new SyncError('auth', `The sandbox "${this.name}" has no user "${handle}". It has: ${known}.`);
  }

  /** @throws SyncError notFound */
  shape(project: string, type: string): Shape {
    const shape = this.shapes.get(project, type);
    if (shape) return shape;
    const knowsProject = this.template.projects.some((one) => one.id === project);
    const what = knowsProject ? `entity type "${type}"` : `project "${project}"`;
    throw new SyncError('notFound', `The sandbox "${this.name}" has no ${what}.`);
  }

  /** Fields as any tracker would describe them. @throws SyncError notFound */
  fields(project: string, type: string): Field[] {
    return this.shape(project, type).fields.map(
      ({ auto, initial, min: _min, max: _max, mirror: _mirror, ...declared }) => {
        const field: Field = initial === undefined ? declared : { ...declared, hasDefault: true };
        if (field.type === 'user')
          return { ...field, readOnly: field.readOnly || auto !== undefined, values: this.userList() };
        return auto === undefined ? field : { ...field, readOnly: true };
      },
    );
  }

  private userList(): { id: string; name: string }[] {
    return this.template.people.map(({ id, name }) => ({ id, name }));
  }

  /** @throws SyncError notFound, invalid if the type's entities are parts and should not be, or vice versa */
  checkPart(id: string, wanted: boolean): void {
    const type = this.template.types.find((one) => one.id === id);
    if (!type) throw new SyncError('notFound', `The sandbox "${this.name}" has no entity type "${id}".`);
    if (isPartType(type) === wanted) return;
    const what = wanted
      ? 'are parts of nothing'
      : 'are parts of other entities, and read with these, not by themselves';
    throw new SyncError('invalid', `Entities of the type "${type.name}" in the sandbox "${this.name}" ${what}.`);
  }

  /** @throws SyncError notFound, invalid if it names types of parts */
  checkScope(scope: Scope): void {
    for (const type of scope.types) this.checkPart(type, false);
    for (const project of scope.projects) for (const type of scope.types) this.shape(project, type);
  }

  /** Finds a user as a real server does: by id, else email, else login, else name; two matches count as none. */
  findUser(given: UserValue): UserValue | Problem {
    for (const property of ['id', 'email', 'login', 'name'] as const) {
      const wanted = given[property];
      if (wanted === undefined || wanted === '') continue;
      const same = (person: Person) => person[property].toLowerCase() === wanted.toLowerCase();
      const hits = this.template.people.filter(same);
      if (hits[0] && hits.length === 1) return asUser(hits[0]);
      return new Problem(
        `there is no ${hits.length > 1 ? 'single ' : ''}person with the ${property} "${wanted.slice(0, 60)}".`,
      );
    }
    return new Problem('a person needs an id, an e-mail address, a login or a name.');
  }
}

export const asUser = ({ id, name, login, email }: Person): UserValue => ({ id, name, login, email });
