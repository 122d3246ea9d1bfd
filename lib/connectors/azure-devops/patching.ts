/**
 * Canonical values → JSON Patch operations of a work item
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update). What cannot be expressed is a problem of its
 * field, in words; nothing is dropped.
 */

import { looksEmpty } from '../../model/empty';
import { SyncError } from '../../model/errors';
import { append } from '../../model/lists';
import type { FieldId, Fields, RichText, SingleValue, Value } from '../../model/values';
import type { AzureDevOpsApi } from './api';
import { beginOf } from './days';
import { type FieldInfo, PARENT, SHORT_TEXT, TAGS, TITLE } from './field-types';
import { toStoredMarkdown } from './markdown';
import type { Metadata, ProjectInfo } from './metadata';
import type { Paths } from './paths';
import type { People } from './people';
import { MOST_TAGS, oneLine, severalLines, tagProblem } from './rules';
import { idOf, type RawWorkItem, textOf } from './shapes';
import { hoursOf, PARENT_LINK } from './values';

export interface PatchOperation {
  op: 'add' | 'replace' | 'remove' | 'test';
  path: string;
  value?: unknown;
}

export interface Patch {
  operations: PatchOperation[];
  /** field id → why it cannot be written */
  problems: Record<FieldId, string>;
}

/** What is patched. */
export interface PatchTarget {
  project: ProjectInfo;
  type: string;
  /** the work item as it is now; undefined for a create */
  current?: RawWorkItem;
}

export class Patcher {
  constructor(
    private readonly api: AzureDevOpsApi,
    private readonly metadata: Metadata,
    private readonly people: People,
    private readonly paths: Paths,
    /** the server can hold Markdown */
    private readonly knowsMarkdown: boolean,
  ) {}

  /** Azure DevOps refused somebody: who people are is asked again. */
  forgetPeople(): void {
    this.people.forget();
  }

  async patch(fields: Fields, target: PatchTarget): Promise<Patch> {
    const infos = new Map((await this.metadata.fields(target.project.id, target.type)).map((info) => [info.id, info]));
    const patch: Patch = { operations: [], problems: {} };
    // everything else that is required may be filled in by a rule of the process, so the process decides
    if (!target.current && isBlank(fields[TITLE])) patch.problems[TITLE] = 'a new work item needs a title';
    for (const [id, value] of Object.entries(fields)) {
      const info = infos.get(id);
      const problem = unwritable(info, target);
      if (!info || problem) patch.problems[id] = problem ?? 'is unknown';
      else {
        try {
          append(patch.operations, await this.field(info, value, target));
        } catch (thrown) {
          if (!(thrown instanceof SyncError) || thrown.kind !== 'invalid') throw thrown;
          patch.problems[id] = thrown.message;
        }
      }
    }
    return patch;
  }

  private async field(info: FieldInfo, value: Value, target: PatchTarget): Promise<PatchOperation[]> {
    if (info.id === PARENT) return this.parent(value, target);
    const path = `/fields/${info.id}`;
    const { current } = target;
    if (value === null || isBlank(value)) {
      const filled = current !== undefined && textually(current.fields[info.id]) !== '';
      // a default of a new work item is taken away in a second step (writing.ts)
      return filled ? [{ op: 'remove', path }] : [];
    }
    if (info.type === 'richtext') return this.richText(info, value, target);
    // `add` to tags that are there may add to them, `replace` replaces:
    // https://learn.microsoft.com/rest/api/azure/devops/wit/WorkItemBatchUpdate
    const op = info.id === TAGS && current !== undefined ? 'replace' : 'add';
    return [{ op, path, value: await this.single(info, value, target) }];
  }

  private async single(info: FieldInfo, value: Exclude<Value, null>, target: PatchTarget): Promise<unknown> {
    if (info.id === TAGS) return tags(Array.isArray(value) ? value : [value]);
    if (Array.isArray(value)) throw invalid('holds one value, not a list');
    switch (info.type) {
      case 'number':
        return number(value, info.integer === true);
      case 'duration':
        return hoursOf(number(value, false));
      case 'boolean':
        if (typeof value !== 'boolean') throw invalid('needs true or false');
        return value;
      case 'datetime':
        return time(value);
      case 'date':
        return day(value, info.zone ?? '');
      case 'user':
        return this.person(value);
      case 'lookup':
        return this.lookup(info, value, target);
      default: {
        const isShort = info.maxLength === undefined || info.maxLength === SHORT_TEXT;
        return short(isShort ? oneLine(text(value)) : severalLines(text(value)), info.maxLength);
      }
    }
  }

  private richText(info: FieldInfo, value: Exclude<Value, null>, target: PatchTarget): PatchOperation[] {
    const { format, content } = richTextOf(value);
    const isMarkdown = format === 'markdown';
    if (format !== 'html' && !isMarkdown) {
      throw invalid(`holds HTML or Markdown, not ${format}: convert it in the field mapper`);
    }
    const stored = severalLines(isMarkdown ? toStoredMarkdown(content) : content);
    if (stored.length > (info.maxLength ?? Number.POSITIVE_INFINITY)) throw tooLong(stored, info.maxLength);
    const operation: PatchOperation = { op: 'add', path: `/fields/${info.id}`, value: stored };
    if (!isMarkdown || target.current?.markdown.has(info.id)) return [operation];
    if (!this.knowsMarkdown) throw invalid('holds HTML: this server does not know Markdown in work items');
    // one without the other is refused (VS403319)
    return [operation, { op: 'add', path: `/multilineFieldsFormat/${info.id}`, value: 'Markdown' }];
  }

  private async person(value: SingleValue): Promise<string> {
    const user = typeof value === 'string' ? { name: value } : value;
    if (typeof user !== 'object' || 'content' in user) throw invalid('needs a person');
    const wanted = { id: user.id, ...('name' in user ? { name: user.name } : {}) };
    const described = {
      ...wanted,
      ...('login' in user ? { login: user.login } : {}),
      ...('email' in user ? { email: user.email } : {}),
    };
    const account = await this.people.account(described);
    if (account !== undefined) return account;
    const who =
      textOf('email' in user ? user.email : undefined) ?? ('login' in user ? user.login : undefined) ?? wanted.name;
    throw invalid(`there is nobody "${who ?? wanted.id ?? ''}" in Azure DevOps, or several people`);
  }

  private async lookup(info: FieldInfo, value: SingleValue, { project }: PatchTarget): Promise<string | number> {
    const entry = typeof value === 'object' ? value : { name: String(value) };
    const name = 'name' in entry ? textOf(entry.name) : undefined;
    if (info.tree) return this.paths.resolve(project, info.tree, { id: 'id' in entry ? entry.id : undefined, name });
    if (name === undefined) throw invalid('needs the name of a list entry');
    if (!info.numeric) return name;
    if (!Number.isFinite(Number(name)))
      throw invalid(`"${name}" is not in the list: ${(info.allowed ?? []).join(', ')}`);
    return Number(name);
  }

  /** The parent is a link: the old one goes, the new one comes. */
  private async parent(value: Value, { current }: PatchTarget): Promise<PatchOperation[]> {
    const operations: PatchOperation[] = [];
    const wanted = typeof value === 'object' && value !== null && 'id' in value ? idOf(value.id ?? '') : undefined;
    if (value !== null && wanted === undefined) throw invalid('needs the number of a work item');
    if (wanted !== undefined && textOf(current?.fields[PARENT]) === String(wanted)) return [];
    const index = current?.relations.findIndex(({ rel }) => rel === PARENT_LINK) ?? -1;
    if (index >= 0) operations.push({ op: 'remove', path: `/relations/${index}` });
    if (wanted !== undefined) {
      const url = `${this.api.baseUrl}_apis/wit/workItems/${wanted}`;
      operations.push({ op: 'add', path: '/relations/-', value: { rel: PARENT_LINK, url } });
    }
    return operations;
  }
}

function unwritable(info: FieldInfo | undefined, { type, current }: PatchTarget): string | undefined {
  if (!info) return `the type ${type} has no such field`;
  if (info.readOnly) return 'is read-only';
  if (info.createOnly && current) return 'can be written only when a work item is created';
  return undefined;
}

const invalid = (why: string): SyncError => new SyncError('invalid', why);
const tooLong = (value: string, most: number | undefined): SyncError =>
  invalid(`has ${value.length} characters, at most ${most} are possible`);

const textually = (value: unknown): string => (value === null || value === undefined ? '' : String(value));
export const isBlank = (value: Value | undefined): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && 'content' in value && looksEmpty(value));

function richTextOf(value: Exclude<Value, null>): RichText {
  if (typeof value === 'object' && 'content' in value) return value;
  throw invalid('needs rich text {format, content}');
}

function text(value: SingleValue): string {
  if (typeof value === 'object') throw invalid('needs a text');
  return String(value);
}

function short(given: string, most: number | undefined): string {
  if (most !== undefined && given.length > most) throw tooLong(given, most);
  return given;
}

function number(value: Value, integer: boolean): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw invalid('needs a number');
  if (integer && !Number.isInteger(value)) throw invalid(`holds whole numbers only, not ${value}`);
  return value;
}

function time(value: SingleValue): string {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw invalid('needs a point in time (ISO 8601)');
  return new Date(ms).toISOString();
}

function day(value: SingleValue, zone: string): string {
  const given = typeof value === 'string' ? /^\d{4}-\d\d-\d\d/.exec(value)?.[0] : undefined;
  const ms = given === undefined ? Number.NaN : beginOf(given, zone);
  if (Number.isNaN(ms)) throw invalid('needs a day such as 2026-02-28');
  return new Date(ms).toISOString();
}

function tags(values: SingleValue[]): string {
  const all = values.map((value) => text(value).trim()).filter((tag) => tag !== '');
  for (const tag of all) {
    const problem = tagProblem(tag);
    if (problem !== undefined) throw invalid(problem);
  }
  const different = new Set(all.map((tag) => tag.toLowerCase())).size;
  if (different > MOST_TAGS) throw invalid(`holds at most ${MOST_TAGS} tags, not ${different}`);
  return all.join('; ');
}
