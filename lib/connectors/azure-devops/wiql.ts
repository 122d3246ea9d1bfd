/**
 * Queries in WIQL (https://learn.microsoft.com/azure/devops/boards/queries/wiql-syntax), for what has no feed: finding.
 * Times have fractions and zones (`timePrecision`). A query with more than 20,000 hits fails as a whole
 * (VS402337, https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits): then only newer work
 * items are asked for, step by step.
 */

import type { EntityId } from '../../model/entity';
import { asSyncError } from '../../model/errors';
import { asMuchAsFits, newestThatFit } from '../kit/windows';
import type { AzureDevOpsApi } from './api';
import { isQueryTooLarge } from './failures';
import { listOf, textOf } from './shapes';

const DAY_MS = 86_400_000;

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const list = (texts: string[]): string => `(${texts.map(quoted).join(', ')})`;

export class Wiql {
  constructor(private readonly api: AzureDevOpsApi) {}

  /** Ids of the work items that meet all conditions, in the requested order. */
  ids(conditions: string[], order: string, top: number): Promise<EntityId[]> {
    return asMuchAsFits('Azure DevOps', (days) => this.attempt(conditions, 'Created', days, order, top));
  }

  /** Ids of the work items that meet all conditions, newest first; undefined if there are too many. */
  found(conditions: string[], top: number): Promise<EntityId[] | undefined> {
    return this.attempt(conditions, 'Created', undefined, '[System.Id] DESC', top);
  }

  /** Work items of the scope that changed last, newest first; fewer than `top` if more are too many to request. */
  latest(projects: readonly { name: string }[], types: string[], top: number): Promise<EntityId[]> {
    const scope = [
      `[System.TeamProject] IN ${list(projects.map(({ name }) => name))}`,
      `[System.WorkItemType] IN ${list(types)}`,
    ];
    const order = '[System.ChangedDate] DESC, [System.Id] DESC';
    return newestThatFit(top, (days) => this.attempt(scope, 'Changed', days, order, top));
  }

  /** undefined if there are too many matches. */
  private async attempt(
    conditions: string[],
    what: 'Created' | 'Changed',
    days: number | undefined,
    order: string,
    top: number,
  ): Promise<EntityId[] | undefined> {
    const since = days === undefined ? '' : new Date(this.api.rest.now() - days * DAY_MS).toISOString();
    const all = [...conditions, ...(since ? [`[System.${what}Date] >= ${quoted(since)}`] : [])].join(' AND ');
    const query = `SELECT [System.Id] FROM WorkItems WHERE ${all} ORDER BY ${order}`;
    try {
      const call = { query: { timePrecision: true, $top: top }, body: { query }, reads: true };
      const body = await this.api.json('POST', '_apis/wit/wiql', call);
      return listOf(body, 'workItems').flatMap(({ id }) => textOf(id) ?? []);
    } catch (thrown) {
      if (!isQueryTooLarge(asSyncError(thrown).detail.answer)) throw thrown;
      return undefined;
    }
  }
}
