/**
 * Canonical values → the parameters of Redmine's API. Names are looked up in the server's lists. A value without a
 * match is a problem of that field, and the problem lists the possible values. Nothing is sent from here.
 */

import { type FieldId, type Fields, isEmpty, type UserValue, type Value } from '../../model/values';
import type { Json } from '../kit/json';
import { queriesFor, userOfValue } from '../kit/people';
import {
  chosen,
  collectProblems,
  describeValue,
  type Entry,
  firstOf,
  listed,
  Problem,
  takesDate,
  takesDuration,
  takesLine,
  takesNumber,
  takesNumberWithin,
  takesText,
  takesYesOrNo,
  textOfValue,
} from '../kit/wanted';
import { CORE_FIELDS, type CoreField, coreField } from './core-fields';
import type { CustomField } from './custom-fields';
import type { Metadata } from './metadata';
import type { People } from './people';
import { isRelation, issuesOf, relationName, type WantedRelations } from './relations';

/** Minimum time between two requests for members because of users who are not among them, milliseconds. */
const JOINED_MS = 5_000;

/** The place of a write: lists of values differ by project. */
export interface Target {
  project: string;
  type: string;
}

export interface Resolved {
  /** with ids, also where an identifier was given */
  target: Target;
  /** the issue's parameters */
  parameters: Json;
  /** set by requests of their own */
  relations: WantedRelations;
  /** the entity's expected state afterwards, canonical, with ids if there are any */
  expected: Fields;
  /** fields that cannot be written at all, with reasons */
  ignored: Record<FieldId, string>;
  /** fields whose values the server does not have, with reasons */
  problems: Record<FieldId, string>;
}

/** Redmine reads a null assignee as "unchanged", and an empty custom value as the empty text. */
const CLEAR_TEXT = '';

/** The decision about one field: the value to send and the expected value. */
interface Decision {
  send: unknown;
  expect: Value;
}

const CLEAR: Decision = { send: null, expect: null };
const both = (value: string | number | boolean): Decision => ({ send: value, expect: value });
const fromList = (field: string, list: readonly Entry[], value: Value): Decision => {
  const found = chosen(field, list, value);
  return { send: found.id, expect: { ...found } };
};

export class FieldResolver {
  constructor(
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  /** True if the project must be known to find the value. */
  static needsProject(fields: Fields): boolean {
    return Object.entries(fields).some(([id, value]) => {
      if (isEmpty(value)) return false;
      return id === 'category' || id === 'fixed_version' || id === 'assigned_to' || id.startsWith('cf_');
    });
  }

  /** @throws SyncError if the server's lists cannot be read; notFound if there is no such project or tracker to
   * create in */
  async resolve(fields: Fields, given: Target, creating: boolean): Promise<Resolved> {
    // Redmine accepts any number for a tracker, and uses the project's first one
    const place = creating ? await this.metadata.tracker(given.project, given.type) : undefined;
    const target = place ? { project: place.project.id, type: place.tracker.id } : given;
    const result: Resolved = { target, parameters: {}, relations: {}, expected: {}, ignored: {}, problems: {} };
    const custom: Json[] = [];
    result.problems = await collectProblems(fields, async (id, value) => {
      const core = coreField(id);
      if (core?.readOnly) result.ignored[id] = `${core.name} is set by Redmine and cannot be written`;
      else if (core) {
        if (creating && isEmpty(value) && !core.hasDefault) return;
        const { send, expect } = await this.core(core, value, target);
        result.parameters[core.parameter] = idAsNumber(send, core);
        result.expected[id] = expect;
      } else if (isRelation(id)) {
        const ids = issuesOf(id, value, numberOf);
        if (creating && ids.length === 0) return;
        result.relations[id] = ids;
        result.expected[id] = ids.length > 0 ? ids.map((one) => ({ id: one })) : null;
      } else {
        const declared = await this.metadata.customFields(target.project, target.type);
        const field = declared.find((one) => `cf_${one.id}` === id);
        if (!field) {
          const known = declared.map((one) => `cf_${one.id} (${one.name})`);
          throw new Problem(`Project and tracker have no field "${id}"; of custom fields ${listed(known)}`);
        }
        const { send, expect } = await this.custom(field, value, target);
        custom.push({ id: Number(field.id), value: send });
        result.expected[id] = expect;
      }
    });
    if (custom.length > 0) result.parameters.custom_fields = custom;
    return result;
  }

  private async core(field: CoreField, given: Value, { project }: Target): Promise<Decision> {
    const value = firstOf(given);
    const { name } = field;
    if (isEmpty(value)) return whenEmpty(field);
    const list = await this.metadata.listOf(field.id, project);
    if (list) return fromList(name, list, value);
    switch (field.id) {
      case 'subject':
        return both(takesLine(name, value, field.maxLength));
      case 'description':
        return both(takesText(name, value));
      case 'assigned_to':
        return this.person(name, value, project);
      case 'parent':
        return reference(name, value);
      case 'start_date':
      case 'due_date':
        return both(takesDate(name, value));
      case 'estimated_hours': {
        const seconds = takesDuration(name, value);
        return { send: Math.round((seconds / 3600) * 1e6) / 1e6, expect: Math.round(seconds) };
      }
      case 'done_ratio':
        return both(takesNumberWithin(name, value, 0, 100));
      case 'is_private':
        return both(takesYesOrNo(name, value));
      default:
        throw new Problem(`${name} cannot be written`);
    }
  }

  /** By id if a member has it, else by email, login and name, whichever is given first. */
  private async person(name: string, value: Value, project: string): Promise<Decision> {
    const wanted = userOfValue(value);
    const isWanted = ({ id }: { id: string }): boolean => id === wanted.id;
    const known = await this.metadata.members(project);
    // a user who has just joined the project must not be rejected because of cached members
    const members = known.some(isWanted) ? known : await this.metadata.members(project, JOINED_MS);
    const byId = members.find(isWanted);
    if (byId) return { send: byId.id, expect: { id: byId.id, name: byId.name } };
    for (const query of queriesFor(wanted)) {
      const groups = members.filter((one) => one.group && query.name !== undefined && one.name === query.name);
      const found: UserValue[] = [...groups, ...(await this.people.find({ ...query, project }))];
      const [who] = Object.values(query);
      if (found.length > 1) throw new Problem(`${name}: ${found.length} members of the project are called "${who}"`);
      if (found[0]?.id) return { send: found[0].id, expect: found[0] };
    }
    if (members.length === 0 && wanted.id) return { send: wanted.id, expect: wanted };
    const who = wanted.email ?? wanted.login ?? wanted.name ?? `#${wanted.id}`;
    throw new Problem(`${name}: the project has no member "${who}"; ${listed(members.map((one) => one.name))}`);
  }

  private async custom(field: CustomField, given: Value, target: Target): Promise<Decision> {
    const filled = [given ?? []].flat().filter((one) => !isEmpty(one));
    if (!field.multi && filled.length > 1) throw new Problem(`${field.name} takes one value, not ${filled.length}`);
    const decisions: Decision[] = [];
    for (const value of filled) decisions.push(await this.customSingle(field, value, target));
    if (!field.multi) return decisions[0] ?? { send: CLEAR_TEXT, expect: null };
    // an empty list would be dropped on the way to the server
    const send = decisions.length === 0 ? [''] : decisions.map((one) => one.send);
    return { send, expect: decisions.flatMap(({ expect }) => expect ?? []) };
  }

  private async customSingle(field: CustomField, value: Value, { project }: Target): Promise<Decision> {
    const { name, holds, values } = field;
    if (holds === 'attachment') throw new Problem(`${name} holds files, which cannot be written here`);
    switch (field.type) {
      case 'number': {
        const number = takesNumber(name, value, field.integer);
        return { send: String(number), expect: number };
      }
      case 'date':
        return both(takesDate(name, value));
      case 'boolean': {
        const yes = takesYesOrNo(name, value);
        return { send: yes ? '1' : '0', expect: yes };
      }
      case 'user':
        return this.person(name, value, project);
      case 'lookup': {
        if (holds === 'version') return fromList(name, await this.metadata.versions(project), value);
        if (!values) return { send: textOfValue(value) ?? '', expect: { name: textOfValue(value) ?? '' } };
        const entries = values.map((one) => ({ id: one.id ?? one.name, name: one.name }));
        if (holds !== 'value') return fromList(name, entries, value);
        const found = chosen(name, entries, value);
        return { send: found.id, expect: { name: found.name } };
      }
      default:
        return both(takesText(name, value, field.maxLength));
    }
  }
}

/** The form of an empty value; a subject, status or priority must have a value. */
function whenEmpty({ id, name }: CoreField): Decision {
  switch (id) {
    case 'subject':
    case 'status':
    case 'priority':
      throw new Problem(`${name} must not be empty`);
    case 'description':
      return both('');
    case 'assigned_to':
      return { send: CLEAR_TEXT, expect: null };
    case 'done_ratio':
      return both(0);
    case 'is_private':
      return both(false);
    default:
      return CLEAR;
  }
}

/** Ids are texts here and numbers there. */
const idAsNumber = (send: unknown, { parameter }: CoreField): unknown =>
  parameter.endsWith('_id') && typeof send === 'string' && send !== '' ? Number(send) : send;

function reference(name: string, value: Value): Decision {
  const id = numberOf(name, value);
  return { send: id, expect: { id } };
}

/** The number of the issue that a value names. @throws Problem */
function numberOf(name: string, value: Value): string {
  const of = (key: string) =>
    (typeof value === 'object' && value !== null ? Object.entries(value) : []).find(([one]) => one === key)?.[1];
  const text = String(of('id') ?? of('key') ?? textOfValue(value) ?? '').replace(/^#/, '');
  if (/^\d+$/.test(text)) return text;
  throw new Problem(`${name} takes the number of an issue, not "${text || describeValue(value)}"`);
}

/** Names of all core fields, for messages. */
export const fieldName = (id: FieldId): string =>
  CORE_FIELDS.find((field) => field.id === id)?.name ?? relationName(id) ?? id;
