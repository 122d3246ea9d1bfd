/**
 * Canonical values → the parameters of Redmine's API. Names are looked up in the server's lists; what has no counterpart
 * there is a problem of that field, told with what the list has. Nothing is sent from here.
 */

import type { FieldId, Fields, ReferenceValue, UserValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import { CORE_FIELDS, type CoreField, coreField } from './core-fields';
import type { CustomField } from './custom-fields';
import type { Metadata } from './metadata';
import type { People } from './people';
import type { Json, Named } from './shapes';

/** Members are asked for again at most this often for the sake of people who are not among them, milliseconds. */
const JOINED_MS = 5_000;

/** What a write is about: lists of values differ by project. */
export interface Target {
  project: string;
  type: string;
}

export interface Resolved {
  /** with ids, also where an identifier was given */
  target: Target;
  /** the parameters */
  parameters: Json;
  /** what the entity should show afterwards, canonical, ids where there are any */
  expected: Fields;
  /** fields that cannot be written at all, and why */
  ignored: Record<FieldId, string>;
  /** fields whose values the server doesn't have, and why */
  problems: Record<FieldId, string>;
}

/** Why a value cannot be written, as a sentence that begins with the field's name. */
class Problem {
  constructor(readonly sentence: string) {}
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const CLEAR = null;
/** Redmine reads a null assignee as "unchanged", and an empty custom value as the empty text. */
const CLEAR_TEXT = '';

/** Decided for one field: what to send and what to expect; or a Problem. */
type Decision = { send: unknown; expect: Value } | Problem;

const listed = (names: string[]): string =>
  names.length === 0 ? 'it has none' : `it has ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' …' : ''}`;

/** Id and name of a lookup value, from an object or a mere text. */
function asked(value: unknown): { id?: string; name?: string } {
  if (typeof value === 'string' || typeof value === 'number') return { name: String(value) };
  if (typeof value !== 'object' || value === null) return {};
  const id = 'id' in value && value.id !== undefined && value.id !== '' ? String(value.id) : undefined;
  const name = 'name' in value && typeof value.name === 'string' && value.name !== '' ? value.name : undefined;
  return { id, name };
}

/** The entry that is meant: by id unless its name belongs to another entry, else by name, case aside if need be. */
function choose(list: Named[], value: unknown): Named | undefined {
  const { id, name } = asked(value);
  const byName =
    name === undefined
      ? undefined
      : (list.find((one) => one.name === name) ??
        list.find((one) => one.name.trim().toLowerCase() === name.trim().toLowerCase()));
  const byId = id === undefined ? undefined : list.find((one) => one.id === id);
  return byName ?? byId;
}

const describe = (value: unknown): string => {
  const { id, name } = asked(value);
  return name ?? (id === undefined ? JSON.stringify(value) : `#${id}`);
};

function single(value: Value): Value {
  return Array.isArray(value) ? (value[0] ?? null) : value;
}

function textOfValue(value: Value): string | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  if ('content' in value) return value.content;
  return 'name' in value && typeof value.name === 'string' ? value.name : undefined;
}

export class FieldResolver {
  constructor(
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  /** True where the project must be known to find the value. */
  static needsProject(fields: Fields): boolean {
    return Object.entries(fields).some(([id, value]) => {
      if (isEmpty(value)) return false;
      return id === 'category' || id === 'fixed_version' || id === 'assigned_to' || id.startsWith('cf_');
    });
  }

  /** @throws SyncError – the server's lists cannot be read; notFound – no such project or tracker to create in */
  async resolve(fields: Fields, given: Target, creating: boolean): Promise<Resolved> {
    // Redmine takes any number for a tracker, and creates with the project's first one
    const place = creating ? await this.metadata.tracker(given.project, given.type) : undefined;
    const target = place ? { project: place.project.id, type: place.tracker.id } : given;
    const result: Resolved = { target, parameters: {}, expected: {}, ignored: {}, problems: {} };
    const custom: Json[] = [];
    let declared: CustomField[] | undefined;
    for (const [id, value] of Object.entries(fields)) {
      const core = coreField(id);
      if (core?.readOnly) {
        result.ignored[id] = `${core.name} is set by Redmine and cannot be written`;
        continue;
      }
      let decision: Decision;
      if (core) {
        if (creating && isEmpty(value) && !core.hasDefault) continue;
        decision = await this.core(core, value, target);
        if (!(decision instanceof Problem)) result.parameters[core.parameter] = idAsNumber(decision.send, core);
      } else {
        declared ??= await this.metadata.customFields(target.project, target.type);
        const field = declared.find((one) => `cf_${one.id}` === id);
        const known = declared.map((one) => `cf_${one.id} (${one.name})`);
        decision = field
          ? await this.custom(field, value, target)
          : new Problem(`Project and tracker have no field "${id}"; of custom fields ${listed(known)}`);
        if (field && !(decision instanceof Problem)) custom.push({ id: Number(field.id), value: decision.send });
      }
      if (decision instanceof Problem) result.problems[id] = decision.sentence;
      else result.expected[id] = decision.expect;
    }
    if (custom.length > 0) result.parameters.custom_fields = custom;
    return result;
  }

  private async core(field: CoreField, given: Value, { project }: Target): Promise<Decision> {
    const value = single(given);
    const { name } = field;
    const empty = isEmpty(value);
    switch (field.id) {
      case 'subject': {
        const text =
          textOfValue(value)
            ?.replace(/\s*[\r\n]+\s*/g, ' ')
            .trim() ?? '';
        if (text === '') return new Problem(`${name} must not be empty`);
        const { maxLength = 255 } = field;
        const long = [...text].length;
        return long > maxLength
          ? new Problem(`${name} takes ${maxLength} characters, the value has ${long}`)
          : { send: text, expect: text };
      }
      case 'description': {
        const text = textOfValue(value) ?? '';
        return { send: text, expect: text };
      }
      case 'status':
        return empty
          ? new Problem(`${name} must not be empty`)
          : this.fromList(field, await this.metadata.statuses(), value);
      case 'priority':
        return empty
          ? new Problem(`${name} must not be empty`)
          : this.fromList(field, await this.metadata.priorities(), value);
      case 'category':
        if (empty) return { send: CLEAR, expect: null };
        return this.fromList(field, (await this.metadata.project(project)).categories, value);
      case 'fixed_version':
        if (empty) return { send: CLEAR, expect: null };
        return this.fromList(field, await this.metadata.versions(project), value);
      case 'assigned_to':
        return empty ? { send: CLEAR_TEXT, expect: null } : this.person(name, value, project);
      case 'parent':
        return empty ? { send: CLEAR, expect: null } : reference(name, value);
      case 'start_date':
      case 'due_date':
        return empty ? { send: CLEAR, expect: null } : date(name, value);
      case 'estimated_hours':
        return empty ? { send: CLEAR, expect: null } : duration(name, value);
      case 'done_ratio':
        return empty ? { send: 0, expect: 0 } : percentage(name, value);
      case 'is_private':
        return empty ? { send: false, expect: false } : yesOrNo(name, value);
      default:
        return new Problem(`${name} cannot be written`);
    }
  }

  private fromList(field: { name: string }, list: Named[], value: Value): Decision {
    const found = choose(list, value);
    if (!found) {
      return new Problem(`${field.name} has no value "${describe(value)}"; ${listed(list.map(({ name }) => name))}`);
    }
    return { send: found.id, expect: { ...found } };
  }

  /** By id if a member has it, else by mail address, login and name, whichever is given first. */
  private async person(name: string, value: Value, project: string): Promise<Decision> {
    const wanted: UserValue = typeof value === 'string' ? { name: value } : user(value);
    const isWanted = ({ id }: { id: string }): boolean => id === wanted.id;
    const known = await this.metadata.members(project);
    // somebody who has just joined the project is not turned down for what is remembered of it
    const members = known.some(isWanted) ? known : await this.metadata.members(project, JOINED_MS);
    const byId = members.find(isWanted);
    if (byId) return { send: byId.id, expect: { id: byId.id, name: byId.name } };
    for (const key of ['email', 'login', 'name'] as const) {
      const text = wanted[key];
      if (!text) continue;
      const groups = members.filter((one) => one.group && key === 'name' && one.name === text);
      const found: UserValue[] = [...groups, ...(await this.people.find({ [key]: text, project }))];
      if (found.length > 1) {
        return new Problem(`${name}: ${found.length} members of the project are called "${text}"`);
      }
      if (found[0]?.id) return { send: found[0].id, expect: found[0] };
    }
    if (members.length === 0 && wanted.id) return { send: wanted.id, expect: wanted };
    const who = wanted.email ?? wanted.login ?? wanted.name ?? `#${wanted.id}`;
    return new Problem(`${name}: the project has no member "${who}"; ${listed(members.map((one) => one.name))}`);
  }

  private async custom(field: CustomField, given: Value, target: Target): Promise<Decision> {
    const values = Array.isArray(given) ? given : given === null ? [] : [given];
    const filled = values.filter((one) => !isEmpty(one));
    if (!field.multi && filled.length > 1) return new Problem(`${field.name} takes one value, not ${filled.length}`);
    const decisions: { send: unknown; expect: Value }[] = [];
    for (const value of filled) {
      const decision = await this.customSingle(field, value, target);
      if (decision instanceof Problem) return decision;
      decisions.push(decision);
    }
    if (field.multi) {
      // an empty list would be dropped on its way into the server
      const send = decisions.length === 0 ? [''] : decisions.map((one) => one.send);
      return { send, expect: decisions.flatMap(({ expect }) => expect ?? []) };
    }
    return decisions[0] ?? { send: CLEAR_TEXT, expect: null };
  }

  private async customSingle(field: CustomField, value: Value, { project }: Target): Promise<Decision> {
    const { name } = field;
    if (field.holds === 'attachment') return new Problem(`${name} holds files, which cannot be written here`);
    switch (field.type) {
      case 'number': {
        const number = Number(textOfValue(value));
        if (!Number.isFinite(number)) return new Problem(`${name} takes a number, not "${describe(value)}"`);
        const whole = field.integer ? Math.round(number) : number;
        return { send: String(whole), expect: whole };
      }
      case 'date':
        return date(name, value);
      case 'boolean': {
        const decision = yesOrNo(name, value);
        return decision instanceof Problem ? decision : { send: decision.send ? '1' : '0', expect: decision.expect };
      }
      case 'user':
        return this.person(name, value, project);
      case 'lookup': {
        if (field.holds === 'version') return this.fromList(field, await this.metadata.versions(project), value);
        if (!field.values) {
          const text = textOfValue(value) ?? '';
          return { send: text, expect: { name: text } };
        }
        const found = choose(
          field.values.map((one) => ({ id: one.id ?? one.name, name: one.name })),
          value,
        );
        if (found) return { send: found.id, expect: field.holds === 'value' ? { name: found.name } : { ...found } };
        const names = field.values.map((one) => one.name);
        return new Problem(`${name} has no value "${describe(value)}"; ${listed(names)}`);
      }
      default: {
        const text = textOfValue(value) ?? '';
        const long = [...text].length;
        if (field.maxLength !== undefined && long > field.maxLength) {
          return new Problem(`${name} takes ${field.maxLength} characters, the value has ${long}`);
        }
        return { send: text, expect: text };
      }
    }
  }
}

/** Ids are texts here and numbers there. */
const idAsNumber = (send: unknown, { parameter }: CoreField): unknown =>
  parameter.endsWith('_id') && typeof send === 'string' && send !== '' ? Number(send) : send;

function user(value: Value): UserValue {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  const text = (key: string) => {
    const found = Object.entries(value).find(([name]) => name === key)?.[1];
    return typeof found === 'string' && found !== '' ? found : undefined;
  };
  return { id: text('id'), name: text('name'), login: text('login'), email: text('email') };
}

function reference(name: string, value: Value): Decision {
  const { id, key } = typeof value === 'object' && value !== null && 'id' in value ? (value as ReferenceValue) : {};
  const text = (id ?? key ?? textOfValue(value) ?? '').replace(/^#/, '');
  return /^\d+$/.test(text)
    ? { send: text, expect: { id: text } }
    : new Problem(`${name} takes the number of an issue, not "${text || describe(value)}"`);
}

function date(name: string, value: Value): Decision {
  const text = (textOfValue(value) ?? '').slice(0, 10);
  return DATE.test(text) && !Number.isNaN(Date.parse(text))
    ? { send: text, expect: text }
    : new Problem(`${name} takes a date (YYYY-MM-DD), not "${textOfValue(value) ?? describe(value)}"`);
}

function duration(name: string, value: Value): Decision {
  const seconds = Number(textOfValue(value));
  return Number.isFinite(seconds) && seconds >= 0
    ? { send: Math.round((seconds / 3600) * 1e6) / 1e6, expect: Math.round(seconds) }
    : new Problem(`${name} takes a duration in seconds, not "${textOfValue(value) ?? describe(value)}"`);
}

function percentage(name: string, value: Value): Decision {
  const number = Math.round(Number(textOfValue(value)));
  return number >= 0 && number <= 100
    ? { send: number, expect: number }
    : new Problem(`${name} takes a number from 0 to 100, not "${textOfValue(value) ?? describe(value)}"`);
}

function yesOrNo(name: string, value: Value): Decision {
  const text = textOfValue(value)?.toLowerCase() ?? '';
  if (['true', '1', 'yes'].includes(text)) return { send: true, expect: true };
  if (['false', '0', 'no'].includes(text)) return { send: false, expect: false };
  return new Problem(`${name} takes yes or no, not "${text}"`);
}

/** Names of all core fields, for messages. */
export const fieldName = (id: FieldId): string => CORE_FIELDS.find((field) => field.id === id)?.name ?? id;
