/** Entities from the entries of answers, each in the same way wherever it was found. Pure. */

import { createHash } from 'node:crypto';
import type { Entity, EntityId, ProjectId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { type Json, stableText, textOf } from '../kit/json';
import { boundOf } from '../kit/overlap/position';
import type { Api } from './api';
import { type Condition, type ConnectorFile, type DeclaredType, msOf } from './format';
import { entityId } from './ids';
import { valueAt } from './path';
import { personOf, readValue, timeOf } from './values';

/** What identifies an entry of a list and its state. */
export interface Known {
  /** its own id in the system */
  own: string;
  id: EntityId;
  project: ProjectId;
  /** the time of its last change */
  at: number;
}

export const holds = (item: Json, { path, is }: Condition): boolean => {
  const value = valueAt(item, path);
  return is === undefined ? value !== undefined && value !== null && value !== false : String(value) === String(is);
};

const isSome = (item: Json, conditions: readonly Condition[] | undefined): boolean =>
  conditions?.some((one) => holds(item, one)) ?? false;

export class Entities {
  constructor(
    private readonly file: ConnectorFile,
    private readonly api: Api,
  ) {}

  /** Another thing than an entity of the type: a pull request among issues. */
  isOther = (type: DeclaredType, item: Json): boolean => isSome(item, type.item.skip);

  /** It is in the answer and counts as deleted. */
  isGone = (type: DeclaredType, item: Json): boolean => isSome(item, type.item.gone);

  /** Milliseconds are kept only if the system's clock for filters has them: times are compared as texts. */
  timeText(type: DeclaredType, ms: number, stepMs: number): string {
    return type.changes.feed === 'time' && stepMs >= 1_000 ? boundOf(ms, 1_000) : new Date(ms).toISOString();
  }

  /**
   * @param asked the project that was asked for
   * @throws SyncError fatal, marked `malformed`, if the entry has no id, time or project
   */
  known(type: DeclaredType, item: Json, asked: ProjectId | undefined): Known {
    const { id: path, updatedAt, time, within } = type.item;
    const own = textOf(valueAt(item, path));
    const at = timeOf(valueAt(item, updatedAt), time);
    const { projects } = this.file;
    const project = this.projectOf(type, item) ?? asked ?? (projects.by === 'one' ? projects.id : undefined);
    if (own === undefined || own.length > 300 || at === undefined || project === undefined) {
      const lacks = own === undefined ? path : at === undefined ? updatedAt : (type.item.project ?? 'its project');
      const what = own === undefined ? `an entry of the type ${type.name}` : `${type.name} ${own.slice(0, 60)}`;
      throw new SyncError('fatal', `${this.api.product} shows ${what} without a usable "${lacks}"`, {
        malformed: true,
      });
    }
    return { own, id: entityId(this.file, { type, id: own, ...(within && { project }) }), project, at };
  }

  private projectOf({ item: { project, projectAfter } }: DeclaredType, item: Json): ProjectId | undefined {
    if (project === undefined) return undefined;
    const text = textOf(valueAt(item, project));
    if (text === undefined || projectAfter === undefined) return text;
    const at = text.indexOf(projectAfter);
    return at < 0 ? undefined : text.slice(at + projectAfter.length);
  }

  /** @throws SyncError fatal, marked `malformed` */
  entity(type: DeclaredType, item: Json, asked: ProjectId | undefined): Entity {
    const { own, id, project, at } = this.known(type, item, asked);
    const { people } = this.file;
    const { key, url, createdAt, createdBy, updatedBy, time, version = [] } = type.item;
    const fields = Object.fromEntries(type.fields.map((field) => [field.id, readValue(field, item, people)]));
    const shownTime = valueAt(item, type.item.updatedAt);
    const digest = createHash('sha256')
      .update(stableText([fields, project, shownTime, version.map((path) => valueAt(item, path) ?? null)]))
      .digest('base64url')
      .slice(0, 16);
    const updatedAt = this.timeText(type, at, stepOf(type));
    const texts = (template: string | undefined, usual: string): string =>
      template === undefined ? usual : (this.filled(template, item, { project, id: own }) ?? usual);
    const made = createdAt === undefined ? undefined : timeOf(valueAt(item, createdAt), time);
    const [by, last] = [createdBy, updatedBy].map((path) =>
      path === undefined ? undefined : personOf(valueAt(item, path), people),
    );
    const address = texts(url, '');
    return {
      ...{ id, key: texts(key, own), type: type.id, project, version: `${updatedAt}-${digest}`, updatedAt },
      ...(address !== '' && { url: address }),
      ...(made !== undefined && { createdAt: new Date(made).toISOString() }),
      ...(by && { createdBy: by }),
      ...(last && { updatedBy: last }),
      fields,
    };
  }

  /** A key or an address; undefined if a text in it is missing. */
  private filled(template: string, item: Json, own: Record<string, string>): string | undefined {
    const shown = this.api
      .names(template)
      .map((name): [string, string | undefined] => [name, textOf(valueAt(item, name))]);
    const known = shown.filter(([name, text]) => text !== undefined && !name.startsWith('setting.'));
    try {
      return this.api.filled(template, { ...Object.fromEntries(known), ...own });
    } catch {
      return undefined;
    }
  }
}

/** The steps of the clock by which a type is read, ms. */
export const stepOf = ({ changes }: DeclaredType): number => (changes.feed === 'time' ? msOf(changes.step) : 1);
