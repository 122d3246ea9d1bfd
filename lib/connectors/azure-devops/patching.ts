/**
 * Canonical values → JSON Patch operations of a work item
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update). What cannot be expressed is a problem of its
 * field, in words; nothing is dropped.
 */

import { append } from '../../model/lists';
import { type FieldId, type Fields, isEmpty, type SingleValue, type Value } from '../../model/values';
import { idOfValue } from '../kit/compare';
import { userOfValue } from '../kit/people';
import {
  collectProblems,
  Problem,
  takesDate,
  takesNumber,
  takesTime,
  takesWhole,
  takesYesOrNo,
  textOfValue,
} from '../kit/wanted';
import { beginOf } from '../kit/zone';
import { type FieldInfo, PARENT, SHORT_TEXT, TAGS, TITLE } from './field-types';
import { HYPERLINK } from './hyperlinks';
import type { WantedLinks } from './links';
import type { Metadata, ProjectInfo } from './metadata';
import type { Paths } from './paths';
import type { People } from './people';
import { MOST_TAGS, oneLine, severalLines, tagProblem, toStoredMarkdown } from './rules';
import { idOf, type PatchOperation, type RawWorkItem, textOf } from './shapes';
import { hoursOf, PARENT_LINK } from './values';

export interface Patch {
  operations: PatchOperation[];
  links: WantedLinks[];
  /** field id → why it cannot be written, as a sentence */
  problems: Record<FieldId, string>;
}

/** The subject of a patch. */
export interface PatchTarget {
  project: ProjectInfo;
  type: string;
  /** the current work item; undefined for a create */
  current?: RawWorkItem;
}

export class Patcher {
  constructor(
    private readonly metadata: Metadata,
    readonly people: People,
    private readonly paths: Paths,
    /** the server supports Markdown */
    private readonly knowsMarkdown: boolean,
  ) {}

  async patch(fields: Fields, target: PatchTarget): Promise<Patch> {
    const infos = await this.metadata.fields(target.project.id, target.type);
    const operations: PatchOperation[] = [];
    const links: WantedLinks[] = [];
    const problems = await collectProblems(fields, async (id, value) => {
      const info = infos.find((one) => one.id === id);
      if (!info) throw new Problem(`${id} is no field of the type ${target.type}`);
      if (info.readOnly) throw new Problem(`${info.name} is read-only`);
      if (info.createOnly && target.current) {
        throw new Problem(`${info.name} can be written only when a work item is created`);
      }
      const rel = info.id === PARENT ? PARENT_LINK : info.link;
      if (rel === undefined) append(operations, await this.field(info, value, target));
      else links.push({ field: id, name: info.name, rel, targets: targetsOf(info, value) });
    });
    // other required fields may be set by a rule of the process, so the process decides
    if (!target.current && isEmpty(fields[TITLE])) problems[TITLE] ??= 'A new work item needs a title';
    return { operations, links, problems };
  }

  private async field(info: FieldInfo, value: Value, target: PatchTarget): Promise<PatchOperation[]> {
    const path = `/fields/${info.id}`;
    const { current } = target;
    if (value === null || isEmpty(value)) {
      const filled = (current?.fields[info.id] ?? '') !== '';
      // a default of a new work item is removed in a second step (writing.ts)
      return filled ? [{ op: 'remove', path }] : [];
    }
    if (info.type === 'richtext') return this.richText(info, value, target);
    // `add` to tags that are there may add to them, `replace` replaces:
    // https://learn.microsoft.com/rest/api/azure/devops/wit/WorkItemBatchUpdate
    const op = info.id === TAGS && current !== undefined ? 'replace' : 'add';
    return [{ op, path, value: await this.single(info, value, target) }];
  }

  private async single(info: FieldInfo, value: Exclude<Value, null>, target: PatchTarget): Promise<unknown> {
    const { name } = info;
    if (info.id === TAGS) return tags(name, Array.isArray(value) ? value : [value]);
    if (Array.isArray(value)) throw new Problem(`${name} holds one value, not a list`);
    switch (info.type) {
      case 'number':
        return info.integer ? takesWhole(name, value) : takesNumber(name, value);
      case 'duration':
        return hoursOf(takesNumber(name, value));
      case 'boolean':
        return takesYesOrNo(name, value);
      case 'datetime':
        return takesTime(name, value);
      case 'date':
        return new Date(beginOf(takesDate(name, value), info.zone ?? '')).toISOString();
      case 'user':
        return this.person(info, value);
      case 'lookup':
        return this.lookup(info, value, target);
      default: {
        const isShort = info.maxLength === undefined || info.maxLength === SHORT_TEXT;
        return fitting(info, isShort ? oneLine(text(name, value)) : severalLines(text(name, value)));
      }
    }
  }

  private richText(info: FieldInfo, value: Exclude<Value, null>, target: PatchTarget): PatchOperation[] {
    if (typeof value !== 'object' || !('content' in value)) throw new Problem(`${info.name} takes formatted text`);
    const { format, content } = value;
    const isMarkdown = format === 'markdown';
    if (format !== 'html' && !isMarkdown) {
      throw new Problem(`${info.name} holds HTML or Markdown, not ${format}: convert it in the field mapper`);
    }
    const stored = fitting(info, severalLines(isMarkdown ? toStoredMarkdown(content) : content));
    const operation: PatchOperation = { op: 'add', path: `/fields/${info.id}`, value: stored };
    if (!isMarkdown || target.current?.markdown.has(info.id)) return [operation];
    if (!this.knowsMarkdown) {
      throw new Problem(`${info.name} holds HTML: this server does not know Markdown in work items`);
    }
    // one without the other is rejected (VS403319)
    return [operation, { op: 'add', path: `/multilineFieldsFormat/${info.id}`, value: 'Markdown' }];
  }

  private async person({ name }: FieldInfo, value: SingleValue): Promise<string> {
    const user = userOfValue(value);
    const account = await this.people.account(user);
    if (account !== undefined) return account;
    const who = user.email ?? user.login ?? user.name ?? user.id ?? '';
    throw new Problem(`${name}: there is nobody "${who}" in Azure DevOps, or several people`);
  }

  private async lookup(info: FieldInfo, value: SingleValue, { project }: PatchTarget): Promise<string | number> {
    const name = textOf(textOfValue(value));
    if (info.tree) return this.paths.resolve(project, info.tree, { id: idOfValue(value), name });
    if (name === undefined) throw new Problem(`${info.name} takes the name of a list entry`);
    return info.numeric ? takesNumber(info.name, name) : name;
  }
}

/** @throws Problem – the value names no work items, or no addresses */
function targetsOf({ id, name, link }: FieldInfo, value: Value): string[] {
  const list = value === null ? [] : [value].flat();
  if (id === PARENT && list.length > 1) throw new Problem(`${name} holds one value, not ${list.length}`);
  const targets = list.map((one) => {
    if (link === HYPERLINK) {
      if (typeof one === 'string' && URL.canParse(one)) return one;
      throw new Problem(`${name} takes web addresses`);
    }
    const number = idOf(idOfValue(one));
    if (number === undefined) throw new Problem(`${name} takes the number of a work item`);
    return number;
  });
  return [...new Set(targets)];
}

function text(field: string, value: SingleValue): string {
  if (typeof value === 'object') throw new Problem(`${field} takes a text`);
  return String(value);
}

function fitting({ name, maxLength = Number.POSITIVE_INFINITY }: FieldInfo, stored: string): string {
  if (stored.length <= maxLength) return stored;
  throw new Problem(`${name} has ${stored.length} characters, at most ${maxLength} are possible`);
}

function tags(field: string, values: SingleValue[]): string {
  const all = values.map((value) => text(field, value).trim()).filter((tag) => tag !== '');
  const problem = all.map(tagProblem).find((words) => words !== undefined);
  if (problem !== undefined) throw new Problem(problem);
  const different = new Set(all.map((tag) => tag.toLowerCase())).size;
  if (different > MOST_TAGS) throw new Problem(`${field} holds at most ${MOST_TAGS} tags, not ${different}`);
  return all.join('; ');
}
