/** One entity type in one project, prepared for fast checks: fields by id, list values by id and by name. */

import type { FieldId, LookupValue } from '../../model/values';
import { fieldsIn, type SandboxField, type SandboxProject, type SandboxTemplate, type SandboxType } from './template';

/** A list that finds its values by id or by name, ignoring case only as a last resort. */
export class LookupList {
  readonly values: readonly LookupValue[];
  private readonly byId = new Map<string, LookupValue>();
  private readonly byName = new Map<string, LookupValue>();
  private readonly byLowerName = new Map<string, LookupValue>();

  constructor(values: readonly LookupValue[]) {
    this.values = values;
    for (const value of values) {
      if (value.id !== undefined) this.byId.set(value.id, value);
      if (!this.byName.has(value.name)) this.byName.set(value.name, value);
      const lower = value.name.toLowerCase();
      if (!this.byLowerName.has(lower)) this.byLowerName.set(lower, value);
    }
  }

  /** The list's own value. If there is an id, it alone decides, as on a real server. */
  find(given: { id?: string; name?: string }): LookupValue | undefined {
    if (given.id !== undefined && given.id !== '') return this.byId.get(given.id);
    if (given.name === undefined) return undefined;
    return this.byName.get(given.name) ?? this.byLowerName.get(given.name.toLowerCase());
  }
}

export interface Shape {
  project: SandboxProject;
  type: SandboxType;
  fields: SandboxField[];
  byId: Map<FieldId, SandboxField>;
  lists: Map<FieldId, LookupList>;
}

/** All shapes of a template, by project and type. */
export class Shapes {
  private readonly byProject = new Map<string, Map<string, Shape>>();

  constructor(template: SandboxTemplate) {
    for (const project of template.projects) {
      const byType = new Map<string, Shape>();
      for (const type of template.types) {
        const fields = fieldsIn(project, type);
        const lists = new Map<FieldId, LookupList>();
        for (const field of fields) {
          if (field.type === 'lookup') lists.set(field.id, new LookupList(field.values ?? []));
        }
        byType.set(type.id, { project, type, fields, byId: new Map(fields.map((field) => [field.id, field])), lists });
      }
      this.byProject.set(project.id, byType);
    }
  }

  get(project: string, type: string): Shape | undefined {
    return this.byProject.get(project)?.get(type);
  }
}
