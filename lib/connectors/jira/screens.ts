/**
 * Screens: what an issue of a project and type can be given when it is created, and when it is edited. Jira tells the first for
 * the type; the second for single issues only.
 */

import { asSyncError } from '../../model/errors';
import type { JiraApi } from './api';
import { among } from './jql';
import { isJson, type Json, textOf } from './shapes';

/** What a create or edit screen says of a field. */
export interface OnScreen {
  id: string;
  json: Json;
}

/** What issues of a type have shown. */
export interface Sample {
  /** ids of fields that they have */
  fields: Set<string>;
  /** fields of their edit screens */
  edit: Map<string, Json>;
}

/** Issues that are searched for other statuses, and issues that are asked for their edit screen. */
const MOST_LOOKED_AT = 50;
const MOST_SAMPLES = 4;
/** Fields of a create screen that say where the issue is made. */
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
      // an account that may only read creates nothing
      const { kind } = asSyncError(thrown);
      if (kind === 'notFound' || kind === 'forbidden' || kind === 'invalid') return [];
      throw thrown;
    }
  }

  /**
   * What issues of the type can be edited in, and which fields there are in its place. Learned from the newest issue; where
   * that lacks fields of the create screen – a workflow can forbid edits in a status – from some in other statuses, too.
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
      // this one cannot be looked at: another can
      const { kind, detail } = asSyncError(thrown);
      if (kind !== 'notFound' && kind !== 'forbidden' && !detail.tooLarge && detail.status !== 500) throw thrown;
    }
  }
}
