/**
 * Queries in WIQL (https://learn.microsoft.com/azure/devops/boards/queries/wiql-syntax), for what has no feed: finding.
 * Times have fractions and zones (`timePrecision`). A query with more than 20,000 hits fails as a whole
 * (VS402337, https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits): then only newer work
 * items are asked for, step by step.
 */

import { SyncError } from '../../model/errors';
import type { AzureDevOpsApi } from './api';
import { isQueryTooLarge } from './failures';
import { listOf } from './shapes';

const DAY_MS = 86_400_000;
/** Days to look back, where everything is too much. */
const NARROWER = [1000, 365, 90, 30, 7, 1];
/** Days in which the newest change is looked for first: most scopes see one a day. */
const WIDER = [1, 30, 365];

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const list = (texts: string[]): string => `(${texts.map(quoted).join(', ')})`;

export class Wiql {
  constructor(private readonly api: AzureDevOpsApi) {}

  /** Ids of the work items that meet all conditions, in the order asked for. */
  async ids(conditions: string[], order: string, top: number): Promise<number[]> {
    for (const days of [undefined, ...NARROWER]) {
      const limit = days === undefined ? [] : [`[System.CreatedDate] >= ${this.daysAgo(days)}`];
      const found = await this.attempt([...conditions, ...limit], order, top);
      if (found) return found;
    }
    throw new SyncError('invalid', 'Azure DevOps finds too many work items (more than 20,000) to answer this query');
  }

  /** The work item of the scope that changed last. */
  async newest(projects: string[], types: string[]): Promise<number | undefined> {
    const scope = [`[System.TeamProject] IN ${list(projects)}`, `[System.WorkItemType] IN ${list(types)}`];
    const order = '[System.ChangedDate] DESC, [System.Id] DESC';
    for (const days of [...WIDER, undefined]) {
      const since = days === undefined ? [] : [`[System.ChangedDate] >= ${this.daysAgo(days)}`];
      const found = await this.attempt([...scope, ...since], order, 1);
      if (found === undefined) return this.newestOfMany(scope, order, (days ?? 36_500) / 2);
      if (found[0] !== undefined) return found[0];
    }
    return undefined;
  }

  /** Work items of the scope that changed last, newest first; fewer than `top` where more are too many to be asked for. */
  async latest(projects: string[], types: string[], top: number): Promise<number[]> {
    const scope = [`[System.TeamProject] IN ${list(projects)}`, `[System.WorkItemType] IN ${list(types)}`];
    let latest: number[] = [];
    for (const days of [...WIDER, undefined]) {
      const since = days === undefined ? [] : [`[System.ChangedDate] >= ${this.daysAgo(days)}`];
      const found = await this.attempt([...scope, ...since], '[System.ChangedDate] DESC, [System.Id] DESC', top);
      if (found === undefined) return latest;
      latest = found;
      if (latest.length >= top) return latest;
    }
    return latest;
  }

  /** Where thousands change in a day: a window that is small enough to be answered and still holds something. */
  private async newestOfMany(scope: string[], order: string, firstDays: number): Promise<number | undefined> {
    let [most, least] = [firstDays, 0];
    for (let days = firstDays, tries = 0; tries < 24; tries++) {
      const found = await this.attempt([...scope, `[System.ChangedDate] >= ${this.daysAgo(days)}`], order, 1);
      if (found?.[0] !== undefined) return found[0];
      if (found) least = days;
      else most = days;
      days = (most + least) / 2;
    }
    throw new SyncError(
      'invalid',
      'Too many work items changed at the same time to tell the newest: choose a time as the Start of the poller',
    );
  }

  private daysAgo(days: number): string {
    return quoted(new Date(this.api.serverNow() - days * DAY_MS).toISOString());
  }

  /** Undefined where there are too many hits. */
  private async attempt(conditions: string[], order: string, top: number): Promise<number[] | undefined> {
    const query = `SELECT [System.Id] FROM WorkItems WHERE ${conditions.join(' AND ')} ORDER BY ${order}`;
    try {
      const call = { query: { timePrecision: true, $top: top }, body: { query }, reads: true };
      const body = await this.api.json('POST', '_apis/wit/wiql', call);
      return listOf(body, 'workItems').flatMap(({ id }) => (typeof id === 'number' ? [id] : []));
    } catch (thrown) {
      if (thrown instanceof SyncError && isQueryTooLarge(thrown.detail.answer)) return undefined;
      throw thrown;
    }
  }
}
