/**
 * Splits the fields of one write into those for the create, for an edit and for a transition. Nothing is written from
 * here. Jira accepts a field only on a screen that has it. A create with a field of the edit screen is rejected, so
 * such a field follows the create
 * (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post).
 */

import type { FieldId, Fields, LookupValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import type { Json } from '../kit/json';
import { chosen, collectProblems, firstOf, Problem } from '../kit/wanted';
import type { Context } from '../kit/workflow';
import type { Converter } from './converting';
import { BY_TRANSITION } from './fields';
import type { Metadata, TypeField } from './metadata';

/** The content sent for a screen. */
export interface ScreenChanges {
  fields: Json;
  /** operations, for changes that a value cannot express */
  update: Json;
}

export interface Resolved {
  create: ScreenChanges;
  edit: ScreenChanges;
  /** sent with a transition whose screen has them */
  transition: Json;
  /** the target status */
  status: LookupValue | undefined;
  /** fields of a new issue with a default of Jira; each is emptied by a separate request */
  empty: Map<FieldId, ScreenChanges>;
  /** what the entity should show afterwards */
  expected: Fields;
  /** fields that cannot be written at all, and why */
  ignored: Record<FieldId, string>;
  /** fields whose values do not exist in Jira, and why */
  problems: Record<FieldId, string>;
}

export const hasChanges = ({ fields, update }: ScreenChanges): boolean =>
  Object.keys(fields).length > 0 || Object.keys(update).length > 0;

/** The body of a request. */
export const bodyOf = ({ fields, update }: ScreenChanges): Json => ({
  ...(Object.keys(fields).length > 0 ? { fields } : {}),
  ...(Object.keys(update).length > 0 ? { update } : {}),
});

export class Resolver {
  constructor(
    private readonly metadata: Metadata,
    private readonly converter: Converter,
  ) {}

  /** @throws notFound – project or issue type */
  async resolve(
    values: Fields,
    context: Context,
    creating: boolean,
    empty: readonly FieldId[] = [],
  ): Promise<Resolved> {
    const known = await this.metadata.fields(context.project, context.type);
    const resolved: Resolved = {
      create: { fields: {}, update: {} },
      edit: { fields: {}, update: {} },
      transition: {},
      status: undefined,
      empty: new Map(),
      expected: {},
      ignored: {},
      problems: {},
    };
    resolved.problems = await collectProblems(values, async (id, value) => {
      const field = known.fields.get(id) ?? (known.sampled ? undefined : await this.unseen(id));
      if (!field) throw new Problem(`There is no field "${id}" in this project and issue type`);
      if (field.kind.readOnly) resolved.ignored[id] = `${field.name} is kept by Jira and cannot be written`;
      else await this.one(field, value, context, creating, resolved);
    });
    for (const id of empty) {
      const field = known.fields.get(id);
      if (field && !(id in values)) await this.emptied(field, context, resolved);
    }
    return resolved;
  }

  /** A field with a default in Jira that should be empty in a new issue. */
  private async emptied(field: TypeField, context: Context, resolved: Resolved): Promise<void> {
    const { id, name, hasDefault, required, onEdit, kind } = field;
    if (!hasDefault || kind.readOnly) return;
    if (required || !onEdit) {
      resolved.ignored[id] = `${name} cannot be empty: Jira's default stays`;
      return;
    }
    const changes: ScreenChanges = { fields: {}, update: {} };
    put(changes, field, (await this.converter.convert(field, null, context)).send);
    resolved.empty.set(id, changes);
    resolved.expected[id] = null;
  }

  /** If no issue has shown the edit screen, every field that Jira defines may be on it. Jira decides. */
  private async unseen(id: FieldId): Promise<TypeField | undefined> {
    const definition = (await this.metadata.definitions()).get(id);
    return definition && { ...definition, required: false, hasDefault: false, onCreate: false, onEdit: true };
  }

  private async one(
    field: TypeField,
    value: Value,
    context: Context,
    creating: boolean,
    resolved: Resolved,
  ): Promise<void> {
    const { id, name } = field;
    if (id === 'status') {
      const status = chosen(name, await this.metadata.statuses(context.project, context.type), firstOf(value));
      resolved.status = status;
      resolved.expected[id] = status;
      return;
    }
    const { send, expect } = await this.converter.convert(field, value, { ...context, creating });
    // a new issue has no values to clear, and screens reject some empty values
    const nothing = creating && isEmpty(expect) && !field.required;
    if (nothing && !field.hasDefault) {
      resolved.expected[id] = null;
      return;
    }
    resolved.expected[id] = expect;
    if (creating && field.onCreate) put(resolved.create, field, send);
    else if (BY_TRANSITION.has(id) && !field.onEdit) resolved.transition[id] = send;
    else if (!field.onEdit && !field.onCreate) {
      resolved.transition[id] = send;
      resolved.ignored[id] = `${name} is on no screen of this project and issue type on which it could be changed`;
    } else put(resolved.edit, field, send);
  }
}

function put({ fields, update }: ScreenChanges, { id, kind }: TypeField, send: unknown): void {
  if (kind.shape === 'seconds') {
    const part = id === 'timeoriginalestimate' ? 'originalEstimate' : 'remainingEstimate';
    // Jira accepts whole minutes
    const text = typeof send === 'number' ? `${Math.round(send / 60)}m` : '';
    fields.timetracking = { ...(typeof fields.timetracking === 'object' ? fields.timetracking : {}), [part]: text };
  } else if (id === 'parent' && send === null) {
    // https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
    update.parent = [{ set: { none: true } }];
  } else fields[id] = send;
}
