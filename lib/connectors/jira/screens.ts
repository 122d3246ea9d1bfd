/**
 * Screens: the fields that can be set when an issue is created and when it is edited. Jira reports create screens by project and
 * type, edit screens only for single issues.
 */

import { asSyncError } from '../../model/errors';
import { isJson, type Json, textOf } from '../kit/json';
import type { JiraApi } from './api';
import { among } from './jql';

/** A field on a create or edit screen. */
export interface OnScreen {
  id: string;
  json: Json;
}

/** Found at the issues of a type. */
export interface Sample {
  /** ids of their fields */
  fields: Set<string>;
  /** fields of their edit screens */
  edit: Map<string, Json>;
}

/** Number of issues that are searched for other statuses, and of issues whose edit screen is read. */
const MOST_LOOKED_AT = 50;
const MOST_SAMPLES = 4;
/** Fields of a create screen that say where the issue is created. */
const PLACE = new Set(['project', 'issuetype']);

export class Screens {
  constructor(private readonly api: JiraApi) {}

  /** https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-createmeta-projectidorkey-issuetypes-issuetypeid-get */
  async create(project: string, type: string): Promise<OnScreen[]> {
    const path = `issue/createmeta/${encodeURIComponent(project)}/issuetypes/${encodeURIComponent(type)}`;
    try {
      // Data Center lists under "values", Cloud under "fields" (https://github.com/sooperset/mcp-atlassian/pull/958)
      const list = await this.api.all(path, ['fields', 'values']);
      return list.flatMap((json) => {
        const id = textOf(json.fieldId) ?? textOf(json.key);
        return id ? [{ id, json }] : [];
      });
    } catch (thrown) {
      // a read-only account cannot see create screens
      const { kind } = asSyncError(thrown);
      if (kind === 'notFound' || kind === 'forbidden' || kind === 'invalid') return [];
      throw thrown;
    }
  }

  /**
   * The fields of the type's issues, and those that can be edited. Read from the newest issue. If fields of the create screen are
   * missing there (a workflow can forbid edits in a status), also from some issues in other statuses.
   */
  async sample(project: string, type: string, create: OnScreen[]): Promise<Sample> {
    const found: Sample = { fields: new Set(), edit: new Map() };
    const jql = `${among('project', [project])} AND ${among('issuetype', [type])} ORDER BY updated DESC`;
    const { issues } = await this.api.search({ jql, fields: ['updated', 'status'], size: MOST_LOOKED_AT });
    const statuses = new Set<string>();
    let asked = 0;
    for (const { id, fields } of issues) {
      const status = isJson(fields.status) ? (textOf(fields.status.id) ?? '') : '';
      if (statuses.has(status)) continue;
      statuses.add(status);
      await this.learn(id, found);
      const isWhole = create.every((one) => PLACE.has(one.id) || found.edit.has(one.id));
      if (isWhole || ++asked >= MOST_SAMPLES) break;
    }
    return found;
  }

  private async learn(id: string, found: Sample): Promise<void> {
    try {
      const { fields, json } = await this.api.issue(id, { expand: 'editmeta' });
      for (const field of Object.keys(fields)) found.fields.add(field);
      const screen = isJson(json.editmeta) && isJson(json.editmeta.fields) ? json.editmeta.fields : {};
      for (const [field, meta] of Object.entries(screen)) {
        if (isJson(meta) && !found.edit.has(field)) found.edit.set(field, meta);
      }
    } catch (thrown) {
      // if this issue cannot be read, another one can
      const { kind, detail } = asSyncError(thrown);
      if (kind !== 'notFound' && kind !== 'forbidden' && !detail.tooLarge && detail.status !== 500) throw thrown;
    }
  }
}
