/**
 * One canonical value → the JSON that Jira's API takes for it. Names are looked up in Jira's lists; what has no counterpart
 * there is a Problem. Forms of the values:
 * https://developer.atlassian.com/server/jira/platform/jira-rest-api-examples/#setting-custom-field-data-for-other-field-types
 */

import { asSyncError } from '../../model/errors';
import type { ListValue, LookupValue, SingleValue, UserValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import { documentOf, textOfDocument } from './adf';
import type { JiraApi } from './api';
import { idOfValue, nameOf } from './comparing';
import { listOf } from './fields';
import type { Kind } from './kinds';
import { cascadeName, type Metadata, type TypeField } from './metadata';
import type { People } from './people';

/** Why a value cannot be written, as a sentence that begins with the field's name. */
export class Problem {
  constructor(readonly sentence: string) {}
}

/** What to send for a value, and what the entity should show afterwards. */
export interface Converted {
  send: unknown;
  expect: Value;
}

export interface Context {
  project: string;
  type: string;
  /** it is for a new issue, which holds nothing yet */
  creating?: boolean;
}

const listed = (names: string[]): string =>
  names.length === 0
    ? 'there is nothing in its list'
    : `there are ${names.slice(0, 20).join(', ')}${names.length > 20 ? ' …' : ''}`;

/** Id and name of a lookup value, from an object or a mere text. */
function asked(value: SingleValue): LookupValue {
  const id = idOfValue(value);
  return {
    ...(id ? { id } : {}),
    name: typeof value === 'object' && 'name' in value && value.name ? value.name : nameOf(value),
  };
}

function textIn(value: SingleValue): string {
  if (typeof value === 'object' && 'content' in value) return value.content;
  return typeof value === 'object' ? nameOf(value) : String(value);
}

export class Converter {
  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  async convert(field: TypeField, value: Value, context: Context): Promise<Converted | Problem> {
    const { kind } = field;
    if (kind.multi) return this.list(field, value, context);
    if (isEmpty(value)) return { send: null, expect: null };
    const one = Array.isArray(value) ? value[0] : value;
    if (Array.isArray(value) && value.length > 1)
      return new Problem(`${field.name} holds one value, not ${value.length}`);
    return one === undefined || one === null ? { send: null, expect: null } : this.single(field, one, context);
  }

  private async list(field: TypeField, value: Value, context: Context): Promise<Converted | Problem> {
    const values = isEmpty(value) || value === null ? [] : Array.isArray(value) ? value : [value];
    const [send, expect]: [unknown[], SingleValue[]] = [[], []];
    for (const one of values) {
      const converted = await this.single(field, one, context);
      if (converted instanceof Problem) return converted;
      send.push(converted.send);
      if (converted.expect !== null && !Array.isArray(converted.expect)) expect.push(converted.expect);
    }
    return { send, expect: expect.length > 0 ? expect : null };
  }

  private async single(field: TypeField, value: SingleValue, context: Context): Promise<Converted | Problem> {
    const { kind, name } = field;
    switch (kind.shape) {
      case 'text':
        return this.text(field, textIn(value));
      case 'richText': {
        if (!this.api.isCloud) return { send: textIn(value), expect: { format: 'jira-wiki', content: textIn(value) } };
        const rich = typeof value === 'object' && 'content' in value ? value : textIn(value);
        const send = documentOf(rich);
        return { send, expect: { format: 'adf', content: textOfDocument(send) } };
      }
      case 'number':
      case 'seconds': {
        const number = typeof value === 'number' ? value : Number(textIn(value).trim() || Number.NaN);
        return Number.isFinite(number)
          ? { send: number, expect: number }
          : new Problem(`${name} takes a number, not "${textIn(value).slice(0, 40)}"`);
      }
      case 'date': {
        const date = /^\d{4}-\d\d-\d\d/.exec(textIn(value))?.[0];
        return date ? { send: date, expect: date } : new Problem(`${name} takes a date such as 2026-02-28`);
      }
      case 'dateTime': {
        const ms = Date.parse(textIn(value));
        if (Number.isNaN(ms)) return new Problem(`${name} takes a time such as 2026-02-28T12:00:00Z`);
        const iso = new Date(ms).toISOString();
        return { send: iso.replace('Z', '+0000'), expect: iso };
      }
      case 'user':
        return this.user(field, value);
      case 'issue':
      case 'issueKey':
        return this.issue(field, value);
      default:
        return this.lookup(field, kind, value, context);
    }
  }

  private text({ id, name, kind }: TypeField, text: string): Converted | Problem {
    if (id === 'labels' && /\s/.test(text))
      return new Problem(`${name}: "${text.slice(0, 40)}" has blanks, which labels cannot have`);
    if (kind.maxLength !== undefined && text.length > kind.maxLength) {
      return new Problem(`${name} holds ${kind.maxLength} characters, not ${text.length}`);
    }
    if (id === 'summary' && /[\r\n]/.test(text)) return new Problem(`${name} is one line; the text has several`);
    return { send: text, expect: text };
  }

  private async user({ name }: TypeField, value: SingleValue): Promise<Converted | Problem> {
    const asked: UserValue =
      typeof value === 'string' ? guess(value) : typeof value === 'object' && !('content' in value) ? value : {};
    const user = await this.people.one(asked);
    const id = this.api.isCloud ? user?.id : user?.login;
    if (!user || !id) {
      const who = asked.email ?? asked.login ?? asked.name ?? 'nobody';
      const hidden = this.api.isCloud && asked.email ? ' (or the person hides the address from this account)' : '';
      return new Problem(`${name}: Jira shows this account nobody, or more than one person, for "${who}"${hidden}`);
    }
    return { send: this.api.isCloud ? { accountId: id } : { name: id }, expect: user };
  }

  private async issue({ name, kind }: TypeField, value: SingleValue): Promise<Converted | Problem> {
    const id = idOfValue(value);
    const key = typeof value === 'object' && 'key' in value ? value.key : typeof value === 'string' ? value : undefined;
    if (kind.shape === 'issue') {
      if (!id && !key) return new Problem(`${name} takes another issue, with id or key`);
      return { send: id ? { id } : { key }, expect: { id: id ?? key ?? '', ...(key ? { key } : {}) } };
    }
    const issue = key || !id ? undefined : (await this.api.issues([id], { fields: ['summary'] })).found[0];
    const link = key ?? issue?.key;
    return link
      ? { send: link, expect: { id: id ?? link, key: link } }
      : new Problem(`${name}: Jira shows this account no issue ${id ?? ''}`);
  }

  private async lookup(
    field: TypeField,
    kind: Kind,
    value: SingleValue,
    context: Context,
  ): Promise<Converted | Problem> {
    const wanted = asked(value);
    // sprints are no matter of every token: the number of one is enough
    if (kind.shape === 'sprint' && /^\d+$/.test(wanted.id ?? '') && !(await this.metadata.hasSprints(context.project)))
      return { send: Number(wanted.id), expect: wanted };
    const list = await this.values(field, context).catch((thrown: unknown) => {
      const { kind: why, message } = asSyncError(thrown);
      if (kind.shape !== 'sprint' || why !== 'forbidden') throw thrown;
      return new Problem(`${field.name}: "${wanted.name}" cannot be looked up. ${message}`);
    });
    if (list instanceof Problem) return list;
    if (!list) return { send: unlisted(kind, wanted), expect: wanted };
    const found = match(list, wanted);
    if (!found) {
      return new Problem(`${field.name} has no value "${wanted.name}"; ${listed(list.map(({ name }) => name))}`);
    }
    // an issue that holds it keeps it: there, Jira judges
    if (found.selectable === false && context.creating)
      return new Problem(`${field.name}: "${found.name}" is archived or disabled, and cannot be chosen any more`);
    const { selectable: _selectable, ...expect } = found;
    return { send: chosen(field, found), expect };
  }

  private async values(field: TypeField, { project, type }: Context): Promise<ListValue[] | undefined> {
    if (field.kind.shape === 'sprint') return this.metadata.sprints(project);
    return field.allowed ?? (await listOf(this.metadata, project, type, field));
  }
}

/** By id, where the list has it; else by name, without regard to case where nothing matches exactly. */
export function match<T extends LookupValue>(list: T[], { id, name }: LookupValue): T | undefined {
  const folded = name.trim().toLowerCase();
  return (
    (id === undefined ? undefined : list.find((one) => one.id === id)) ??
    list.find((one) => one.name === name) ??
    list.find((one) => one.name.trim().toLowerCase() === folded)
  );
}

const guess = (text: string): UserValue => (text.includes('@') ? { email: text } : { name: text });

/** A value of a known list. */
function chosen({ kind, parents }: TypeField, { id, name }: LookupValue): unknown {
  if (kind.shape === 'sprint') return Number(id);
  if (kind.shape === 'team') return id ?? name;
  if (kind.shape === 'group' || id === undefined) return kind.shape === 'option' ? { value: name } : { name };
  const parent = parents?.get(id);
  return parent === undefined ? { id } : { id: parent, child: { id } };
}

/** A value of a list that Jira doesn't show: it judges itself. */
function unlisted({ shape }: Kind, { id, name }: LookupValue): unknown {
  if (shape === 'team') return id ?? name;
  if (shape === 'sprint') return Number(id ?? name);
  if (shape === 'group') return { name };
  if (shape === 'cascade') {
    const [parent = name, ...rest] = name.split(cascadeName('', ''));
    return rest.length > 0 ? { value: parent, child: { value: rest.join(cascadeName('', '')) } } : { value: name };
  }
  if (id !== undefined) return { id };
  return shape === 'option' ? { value: name } : { name };
}
