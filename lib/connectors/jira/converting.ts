/**
 * One canonical value → the JSON for Jira's API. Names are looked up in Jira's lists; a value without a match is a
 * Problem. Forms of the values:
 * https://developer.atlassian.com/server/jira/platform/jira-rest-api-examples/#setting-custom-field-data-for-other-field-types
 */

import { asSyncError } from '../../model/errors';
import type { ListValue, LookupValue, SingleValue, UserValue, Value } from '../../model/values';
import { isEmpty } from '../../model/values';
import { idOfValue, nameOf } from '../kit/compare';
import { stableText } from '../kit/json';
import { chosen, Problem, takesDate, takesNumber, takesTime } from '../kit/wanted';
import type { Context } from '../kit/workflow';
import { documentOf } from './adf';
import type { JiraApi } from './api';
import { listOf } from './fields';
import type { Kind } from './kinds';
import { cascadeName, type Metadata, type TypeField } from './metadata';
import type { People } from './people';

/** The value to send, and the entity's expected value afterwards. */
export interface Converted {
  send: unknown;
  expect: Value;
}

/** The destination of a value. */
export interface Place extends Context {
  /** for a new issue, which has no values yet */
  creating?: boolean;
}

const both = (value: string | number): Converted => ({ send: value, expect: value });

function textIn(value: SingleValue): string {
  return typeof value === 'object' && 'content' in value ? value.content : nameOf(value);
}

export class Converter {
  constructor(
    private readonly api: JiraApi,
    private readonly metadata: Metadata,
    private readonly people: People,
  ) {}

  /** @throws Problem */
  async convert(field: TypeField, value: Value, place: Place): Promise<Converted> {
    const values = isEmpty(value) || value === null ? [] : [value].flat();
    if (!field.kind.multi) {
      const [one, ...others] = values;
      if (others.length > 0) throw new Problem(`${field.name} holds one value, not ${values.length}`);
      return one === undefined ? { send: null, expect: null } : this.single(field, one, place);
    }
    const [send, expect]: [unknown[], SingleValue[]] = [[], []];
    for (const one of values) {
      const converted = await this.single(field, one, place);
      send.push(converted.send);
      if (converted.expect !== null && !Array.isArray(converted.expect)) expect.push(converted.expect);
    }
    return { send, expect: expect.length > 0 ? expect : null };
  }

  private async single(field: TypeField, value: SingleValue, place: Place): Promise<Converted> {
    const { kind, name } = field;
    switch (kind.shape) {
      case 'text':
        return both(lineOf(field, textIn(value)));
      case 'richText': {
        if (!this.api.isCloud) return { send: textIn(value), expect: { format: 'jira-wiki', content: textIn(value) } };
        const send = documentOf(typeof value === 'object' && 'content' in value ? value : textIn(value));
        return { send, expect: { format: 'adf', content: stableText(send) } };
      }
      case 'number':
      case 'seconds':
        return both(takesNumber(name, value));
      case 'date':
        return both(takesDate(name, value));
      case 'dateTime': {
        const iso = takesTime(name, value);
        return { send: iso.replace('Z', '+0000'), expect: iso };
      }
      case 'user':
        return this.user(field, value);
      case 'issue':
      case 'issueKey':
        return this.issue(field, value);
      default:
        return this.lookup(field, value, place);
    }
  }

  private async user({ name }: TypeField, value: SingleValue): Promise<Converted> {
    const asked: UserValue =
      typeof value === 'string' ? guess(value) : typeof value === 'object' && !('content' in value) ? value : {};
    const user = await this.people.one(asked);
    const id = this.api.isCloud ? user?.id : user?.login;
    if (user && id) return { send: this.api.isCloud ? { accountId: id } : { name: id }, expect: user };
    const who = asked.email ?? asked.login ?? asked.name ?? 'nobody';
    const hidden = this.api.isCloud && asked.email ? ' (or the person hides the address from this account)' : '';
    throw new Problem(`${name}: Jira shows this account nobody, or more than one person, for "${who}"${hidden}`);
  }

  private async issue({ name, kind }: TypeField, value: SingleValue): Promise<Converted> {
    const id = idOfValue(value);
    const key = typeof value === 'object' && 'key' in value ? value.key : typeof value === 'string' ? value : undefined;
    if (kind.shape === 'issue') {
      if (!id && !key) throw new Problem(`${name} takes another issue, with id or key`);
      return { send: id ? { id } : { key }, expect: { id: id ?? key ?? '', ...(key && { key }) } };
    }
    const link =
      key || !id ? key : (await this.api.issues([id], { fields: ['summary'] })).found.map((issue) => issue.key)[0];
    if (!link) throw new Problem(`${name}: Jira shows this account no issue ${id ?? ''}`);
    return { send: link, expect: { id: id ?? link, key: link } };
  }

  private async lookup(field: TypeField, value: SingleValue, place: Place): Promise<Converted> {
    const { kind, name } = field;
    const wanted = askedFor(value);
    // not every token can read sprints: the number of one is enough
    if (kind.shape === 'sprint' && /^\d+$/.test(wanted.id ?? '') && !(await this.metadata.hasSprints(place.project)))
      return { send: Number(wanted.id), expect: wanted };
    const list = await this.values(field, place).catch((thrown: unknown) => {
      const error = asSyncError(thrown);
      if (kind.shape !== 'sprint' || error.kind !== 'forbidden') throw thrown;
      throw new Problem(`${name}: "${wanted.name}" cannot be looked up. ${error.message}`);
    });
    if (!list) return { send: unlisted(kind, wanted), expect: wanted };
    const { selectable, ...found } = chosen(name, list, value);
    // an issue with this value keeps it: there, Jira decides
    if (selectable === false && place.creating)
      throw new Problem(`${name}: "${found.name}" is archived or disabled and can no longer be selected`);
    return { send: listed(field, found), expect: found };
  }

  private async values(field: TypeField, { project, type }: Place): Promise<ListValue[] | undefined> {
    if (field.kind.shape === 'sprint') return this.metadata.sprints(project);
    return field.allowed ?? (await listOf(this.metadata, project, type, field));
  }
}

/** @throws Problem */
function lineOf({ id, name, kind }: TypeField, text: string): string {
  if (id === 'labels' && /\s/.test(text))
    throw new Problem(`${name}: "${text.slice(0, 40)}" has blanks, which labels cannot have`);
  if (kind.maxLength !== undefined && text.length > kind.maxLength)
    throw new Problem(`${name} holds ${kind.maxLength} characters, not ${text.length}`);
  if (id === 'summary' && /[\r\n]/.test(text)) throw new Problem(`${name} is one line; the text has several`);
  return text;
}

/** Id and name of a lookup value, from an object or a mere text. */
function askedFor(value: SingleValue): LookupValue {
  const id = idOfValue(value);
  return { ...(id && { id }), name: nameOf(value) };
}

const guess = (text: string): UserValue => (text.includes('@') ? { email: text } : { name: text });

/** A value of a known list. */
function listed({ kind, parents }: TypeField, { id, name }: LookupValue): unknown {
  if (kind.shape === 'sprint') return Number(id);
  if (kind.shape === 'team') return id ?? name;
  if (kind.shape === 'group' || id === undefined) return kind.shape === 'option' ? { value: name } : { name };
  const parent = parents?.get(id);
  return parent === undefined ? { id } : { id: parent, child: { id } };
}

/** A value of a list that Jira does not show: Jira checks it. */
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
