/**
 * The fields of one write → what goes with the create, what with an edit, what with a transition. Nothing is written from here.
 * Jira takes a field only on the screen that has it: a create with a field of the edit screen is refused, so such a field
 * follows the create (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-post).
 */

import type { FieldId, Fields, LookupValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import { type Context, type Converter, match, Problem } from './converting';
import { BY_TRANSITION } from './fields';
import type { Metadata, TypeField } from './metadata';
import type { Json } from './shapes';

/** What a screen is sent. */
export interface ScreenChanges {
  fields: Json;
  /** operations, for what cannot be said with a value */
  update: Json;
}

export interface Resolved {
  create: ScreenChanges;
  edit: ScreenChanges;
  /** sent with a transition whose screen has them */
  transition: Json;
  /** the status to end in */
  status: LookupValue | undefined;
  /** fields of a new issue that Jira would fill by itself, each to be emptied by a request of its own */
  empty: Map<FieldId, ScreenChanges>;
  /** what the entity should show afterwards */
  expected: Fields;
  /** fields that cannot be written at all, and why */
  ignored: Record<FieldId, string>;
  /** fields whose values Jira doesn't have, and why */
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
    for (const [id, value] of Object.entries(values)) {
      const field = known.fields.get(id) ?? (known.sampled ? undefined : await this.unseen(id));
      if (!field) resolved.problems[id] = `There is no field "${id}" in this project and issue type`;
      else if (field.kind.readOnly) resolved.ignored[id] = `${field.name} is kept by Jira and cannot be written`;
      else await this.one(field, value, context, creating, resolved);
    }
    for (const id of empty) {
      const field = known.fields.get(id);
      if (field && !(id in values)) await this.emptied(field, context, resolved);
    }
    return resolved;
  }

  /** A field that is to be empty in a new issue, where Jira has a default for it. */
  private async emptied(field: TypeField, context: Context, resolved: Resolved): Promise<void> {
    const { id, name, hasDefault, required, onEdit, kind } = field;
    if (!hasDefault || kind.readOnly) return;
    if (required || !onEdit) {
      resolved.ignored[id] = `${name} cannot be empty: Jira's default stays`;
      return;
    }
    const converted = await this.converter.convert(field, null, context);
    if (converted instanceof Problem) return;
    const changes: ScreenChanges = { fields: {}, update: {} };
    put(changes, field, converted.send);
    resolved.empty.set(id, changes);
    resolved.expected[id] = null;
  }

  /** No issue was there to show the edit screen: what Jira defines at all may be on it, and Jira judges itself. */
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
      await this.status(field, value, context, resolved);
      return;
    }
    const converted = await this.converter.convert(field, value, { ...context, creating });
    if (converted instanceof Problem) {
      resolved.problems[id] = converted.sentence;
      return;
    }
    const { send, expect } = converted;
    // a new issue has nothing that would have to be emptied, and screens refuse some empty values
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

  private async status({ id }: TypeField, value: Value, { project, type }: Context, resolved: Resolved): Promise<void> {
    const one = Array.isArray(value) ? value[0] : value;
    const list = await this.metadata.statuses(project, type);
    const wanted =
      typeof one === 'object' && one !== null && 'name' in one && one.name ? { ...one, name: one.name } : undefined;
    const name = typeof one === 'string' ? one : wanted?.name;
    const status =
      name === undefined
        ? undefined
        : match(list, { ...(wanted && 'id' in wanted && wanted.id ? { id: wanted.id } : {}), name });
    if (!status) {
      const names = list.map((known) => known.name).join(', ');
      resolved.problems[id] = `The issue type's workflow has no status "${name ?? ''}"; it has ${names}`;
      return;
    }
    resolved.status = status;
    resolved.expected[id] = status;
  }
}

function put({ fields, update }: ScreenChanges, { id, kind }: TypeField, send: unknown): void {
  if (kind.shape === 'seconds') {
    const part = id === 'timeoriginalestimate' ? 'originalEstimate' : 'remainingEstimate';
    // minutes are the finest that Jira takes
    const text = typeof send === 'number' ? `${Math.round(send / 60)}m` : '';
    fields.timetracking = { ...(typeof fields.timetracking === 'object' ? fields.timetracking : {}), [part]: text };
  } else if (id === 'parent' && send === null) {
    // https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-issueidorkey-put
    update.parent = [{ set: { none: true } }];
  } else fields[id] = send;
}
