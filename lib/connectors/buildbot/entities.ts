/** Builds, changes and broken builders as entities. */

import type { Entity, EntityType, Field } from '../../model/entity';
import type { FieldType, LookupValue, UserValue, Value } from '../../model/values';
import { type Json, numberOf, stableText, textOf } from '../kit/json';
import { type FindItems, PER_ITEM_FIELDS, perItem } from '../kit/work-items';
import type { Api, Build } from './api';

export const BUILD = 'build';
/** A build, once for each work item that its changes name. */
export const BUILD_ITEM = 'build-item';
/** A time in which a builder fails: from the first failing build to the one that is good again. */
export const BROKEN = 'broken';
/** A build that is asked for. */
export const FORCED = 'forced-build';
export const CHANGE = 'change';

/** Stands for a project: changes belong to no builder. */
export const ALL_CHANGES = '@changes';

export const BUILDER_TYPES: EntityType[] = [
  { id: BUILD, name: 'Build', access: 'read' },
  { id: BUILD_ITEM, name: 'Build, for each work item', access: 'read' },
  { id: BROKEN, name: 'Broken builder', access: 'read' },
  { id: FORCED, name: 'Forced build', access: 'create' },
];
export const CHANGE_TYPES: EntityType[] = [{ id: CHANGE, name: 'Change', access: 'read' }];

/** https://docs.buildbot.net/latest/developer/results.html */
const RESULTS = ['success', 'warnings', 'failure', 'skipped', 'exception', 'retry', 'cancelled'];
export const resultOf = (result: number | undefined): LookupValue | null => {
  const name = result === undefined ? undefined : RESULTS[result];
  return result === undefined ? null : { id: String(result), name: name ?? `result ${result}` };
};
/** Neither: skipped, retried and cancelled builds say nothing about the builder. */
export const verdictOf = ({ result }: Build): 'good' | 'bad' | undefined =>
  result === 0 || result === 1 ? 'good' : result === 2 || result === 4 ? 'bad' : undefined;

export const STATES = { broken: { id: 'broken', name: 'broken' }, good: { id: 'good', name: 'good again' } };

const field = (id: string, name: string, type: FieldType, more: Partial<Field> = {}): Field => ({
  ...{ id, name, type, readOnly: true },
  ...(type === 'richtext' && { format: 'text' as const }),
  ...more,
});
const several = { multi: true };
/** Names of builders have at most 70 characters. */
const SUMMARY = 255;
const results = { values: RESULTS.map((name, id) => ({ id: String(id), name })) };

const BUILD_FIELDS: Field[] = [
  field('summary', 'Summary', 'text', { maxLength: SUMMARY }),
  field('builder', 'Builder', 'text'),
  field('number', 'Number', 'number', { integer: true }),
  field('results', 'Result', 'lookup', results),
  field('complete', 'Complete', 'boolean'),
  field('state', 'State', 'text'),
  field('message', 'Messages of its changes', 'richtext'),
  field('authors', 'Authors of its changes', 'text', several),
  field('workItems', 'Work items', 'text', several),
  field('started', 'Started', 'datetime'),
  field('completed', 'Completed', 'datetime'),
  field('branch', 'Branch', 'text'),
  field('revision', 'Revision', 'text'),
  field('repository', 'Repository', 'text'),
  field('reason', 'Reason', 'text'),
  field('worker', 'Worker', 'text'),
  field('properties', 'Properties', 'text', several),
  field('url', 'Address', 'url'),
];

const BROKEN_FIELDS: Field[] = [
  field('summary', 'Summary', 'text', { maxLength: SUMMARY }),
  field('broken', 'State', 'lookup', { values: Object.values(STATES) }),
  field('builder', 'Builder', 'text'),
  field('first', 'First failing build', 'number', { integer: true }),
  field('last', 'Last failing build', 'number', { integer: true }),
  field('failures', 'Failing builds', 'number', { integer: true }),
  field('good', 'Build that is good again', 'number', { integer: true }),
  field('results', 'Result of the last failing build', 'lookup', results),
  field('state', 'What failed', 'text'),
  field('message', 'Messages of the first failing build', 'richtext'),
  field('authors', 'Authors of the first failing build', 'text', several),
  field('workItems', 'Work items', 'text', several),
  field('revision', 'Revision of the first failing build', 'text'),
  field('since', 'Broken since', 'datetime'),
  field('until', 'Good again since', 'datetime'),
  field('url', 'Address of the first failing build', 'url'),
];

const CHANGE_FIELDS: Field[] = [
  field('summary', 'First line', 'text'),
  field('message', 'Message', 'richtext'),
  field('workItems', 'Work items', 'text', several),
  field('author', 'Author', 'user'),
  field('committed', 'Time', 'datetime'),
  field('branch', 'Branch', 'text'),
  field('revision', 'Revision', 'text'),
  field('repository', 'Repository', 'text'),
  field('project', 'Project', 'text'),
  field('category', 'Category', 'text'),
  field('paths', 'Changed paths', 'text', several),
  field('url', 'Address', 'url'),
];

/** undefined if there is no such type. */
export function fieldsOf(type: string): Field[] | undefined {
  if (type === BUILD) return BUILD_FIELDS;
  if (type === BUILD_ITEM) return [...PER_ITEM_FIELDS, ...BUILD_FIELDS];
  if (type === BROKEN) return BROKEN_FIELDS;
  return type === CHANGE ? CHANGE_FIELDS : undefined;
}

export const buildId = (id: number): string => `build:${id}`;
export const changeId = (id: number): string => `change:${id}`;
export const brokenId = (builder: string, first: number): string => `broken:${first}:${builder}`;
export const forcedId = (request: number): string => `forced:${request}`;

/** The number in an id of a kind; undefined if it is not of that kind. */
export function numberIn(kind: 'build' | 'change' | 'forced', id: string): number | undefined {
  const [start, number = ''] = [id.slice(0, kind.length + 1), id.slice(kind.length + 1)];
  return start === `${kind}:` && /^\d{1,15}$/.test(number) ? Number(number) : undefined;
}

export function brokenIn(id: string): { builder: string; first: number } | undefined {
  const [, first, builder] = /^broken:(\d{1,15}):(.+)$/s.exec(id) ?? [];
  return first === undefined || builder === undefined ? undefined : { builder, first: Number(first) };
}

const MOST_MESSAGE = 64 * 1024;
const LONGEST = 1_000;
const MOST_PROPERTIES = 200;
const MOST_PATHS = 1_000;

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());
const short = (value: unknown): string | null => textOf(value)?.slice(0, LONGEST) ?? null;
const listed = (texts: readonly string[]): Value => (texts.length === 0 ? null : [...new Set(texts)]);
const richText = (content: string): Value => (content === '' ? null : { format: 'text', content });
const firstLine = (message: string): string | null => message.split('\n', 1)[0]?.slice(0, LONGEST) || null;

/** What the changes of a build say together. */
interface Told {
  message: string;
  authors: string[];
}

function toldBy(changes: readonly Json[]): Told {
  const message = changes.map(({ comments }) => textOf(comments)?.trim() ?? '').filter(Boolean);
  return {
    message: message.join('\n\n').slice(0, MOST_MESSAGE),
    authors: changes.flatMap(({ author }) => short(author) ?? []),
  };
}

/** A property is a value and where it comes from. */
const propertyOf = ({ properties }: Build, name: string): unknown => {
  const pair = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return Array.isArray(pair) ? pair[0] : undefined;
};

/** "Ann Lee <ann@example.org>" */
function personOf(text: string | undefined): UserValue | undefined {
  if (text === undefined) return undefined;
  const [, name, email] = /^\s*([^<]*?)\s*<([^<>\s]{1,254})>\s*$/.exec(text.slice(0, 400)) ?? [];
  if (email === undefined) return { name: text.slice(0, 200) };
  return { ...(name && { name }), email };
}

export class Describer {
  constructor(
    private readonly api: Api,
    private readonly findItems: FindItems,
  ) {}

  /** @param builder its name */
  async build(build: Build, builder: string): Promise<Entity> {
    const { id, number, isComplete, result, startedAt, completedAt } = build;
    // who started a build, and with what, is known once it is done
    const told = isComplete ? toldBy(await this.api.changesOf(id)) : { message: '', authors: [] };
    const url = this.urlOf(build);
    const end = isComplete ? (resultOf(result)?.name ?? 'done') : 'running';
    const properties = isComplete ? propertiesOf(build) : [];
    const fields = {
      ...{
        summary: `${builder} #${number}: ${end}`.slice(0, SUMMARY),
        builder,
        number,
        results: isComplete ? resultOf(result) : null,
      },
      ...{ complete: isComplete, state: isComplete ? short(build.state) : null },
      ...{ message: richText(told.message), authors: listed(told.authors) },
      workItems: listed(this.findItems(told.message).map((item) => item.id)),
      ...{ started: iso(startedAt), completed: isComplete ? iso(completedAt) : null },
      ...{ branch: short(propertyOf(build, 'branch')), repository: short(propertyOf(build, 'repository')) },
      revision: short(propertyOf(build, 'got_revision')) ?? short(propertyOf(build, 'revision')),
      ...{ reason: short(propertyOf(build, 'reason')), worker: short(propertyOf(build, 'workername')) },
      ...{ properties: listed(properties), url },
    };
    return {
      ...{ id: buildId(id), key: `${builder} #${number}`, url, type: BUILD, project: builder },
      version: isComplete ? `${result ?? ''}-${completedAt ?? ''}` : 'running',
      createdAt: new Date(startedAt).toISOString(),
      updatedAt: new Date((isComplete ? completedAt : undefined) ?? startedAt).toISOString(),
      fields,
    };
  }

  /** A complete build once for each work item that it names. */
  perItem(build: Entity): Entity[] {
    const { message, complete } = build.fields;
    const text = typeof message === 'object' && message !== null && 'content' in message ? message.content : '';
    return complete === true ? perItem(build, this.findItems(text), BUILD_ITEM) : [];
  }

  /**
   * @param number of the first failing build, which may have been deleted since
   * @param bad the failing builds that are there, in order
   * @param good the one that ended it
   */
  async broken(builder: string, number: number, bad: readonly Build[], good: Build | undefined) {
    const [first, last] = [bad[0], bad.at(-1)];
    if (!first || !last) return undefined;
    const told = toldBy(await this.api.changesOf(first.id));
    const url = this.urlOf(first);
    const at = ({ completedAt, startedAt }: Build): number => completedAt ?? startedAt;
    const fields = {
      ...{
        summary: `${builder} fails since build ${number}`.slice(0, SUMMARY),
        builder,
        broken: good ? STATES.good : STATES.broken,
      },
      ...{ first: number, last: last.number, failures: bad.length, good: good?.number ?? null },
      ...{ results: resultOf(last.result), state: short(last.state) },
      ...{ message: richText(told.message), authors: listed(told.authors) },
      workItems: listed(this.findItems(told.message).map((item) => item.id)),
      revision: short(propertyOf(first, 'got_revision')) ?? short(propertyOf(first, 'revision')),
      ...{ since: iso(at(first)), until: good ? iso(at(good)) : null, url },
    };
    const entity: Entity = {
      ...{ id: brokenId(builder, number), key: `${builder} #${number}`, url, type: BROKEN, project: builder },
      version: `${last.number}-${bad.length}-${good?.number ?? ''}`,
      createdAt: new Date(at(first)).toISOString(),
      updatedAt: new Date(at(good ?? last)).toISOString(),
      fields,
    };
    return entity;
  }

  change(row: Json): Entity {
    const id = numberOf(row.changeid) ?? 0;
    const message = (textOf(row.comments) ?? '').slice(0, MOST_MESSAGE);
    const time = new Date((numberOf(row.when_timestamp) ?? 0) * 1000).toISOString();
    const author = personOf(textOf(row.author));
    const revision = short(row.revision);
    const link = textOf(row.revlink);
    const url = link !== undefined && /^https?:\/\//.test(link) ? link : undefined;
    return {
      ...{ id: changeId(id), key: revision?.slice(0, 10) ?? String(id), ...(url !== undefined && { url }) },
      ...{ type: CHANGE, project: ALL_CHANGES, version: String(id), createdAt: time, updatedAt: time },
      ...(author && { createdBy: author }),
      fields: {
        ...{
          summary: firstLine(message),
          message: richText(message),
          author: author ?? null,
          committed: time,
          revision,
        },
        workItems: listed(this.findItems(message).map((item) => item.id)),
        ...{ branch: short(row.branch), repository: short(row.repository), project: short(row.project) },
        category: short(row.category),
        paths: listed(Array.isArray(row.files) ? row.files.slice(0, MOST_PATHS).map(String) : []),
        url: url ?? null,
      },
    };
  }

  private urlOf({ builder, number }: Build): string {
    return `${this.api.base}#/builders/${builder}/builds/${number}`;
  }
}

function propertiesOf({ properties }: Build): string[] {
  const shown = Object.entries(properties).map(([name, pair]) => {
    const value: unknown = Array.isArray(pair) ? pair[0] : undefined;
    return `${name}=${typeof value === 'string' ? value : stableText(value ?? null)}`.slice(0, LONGEST);
  });
  return shown.sort().slice(0, MOST_PROPERTIES);
}
