/**
 * Parents that were set on the parent's form. The child's parent changes then, but not its revision, so the feed of
 * revisions does not show it; the feed of links does
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/reporting-work-item-links/get). It is read with a token of its own,
 * one request more for each poll, where the system node says so.
 */

import type { AzureDevOpsApi } from './api';
import { idOf, isJson, isoOf, type Json, listOf, textOf } from './shapes';

export interface LinkPosition {
  /** changes up to here have been read and had time to settle */
  token?: string;
  /** lower bound of change times, as long as there is no token */
  from?: string;
  /** where reading ended at `since`, by the server's clock: the token to be */
  next?: string;
  since?: string;
  /** changes after the token that were read */
  seen: string[];
}

const MOST_SEEN = 500;
/** Pages without a change, one after the other, after which the feed leads nowhere. */
const MOST_EMPTY = 1_000;
const HIERARCHY = 'System.LinkTypes.Hierarchy-Forward';

export class LinkFeed {
  constructor(
    private readonly api: AzureDevOpsApi,
    /** how long a change may be late, milliseconds */
    private readonly settleMs: number,
  ) {}

  /** @param feed id of the one project, or `*`. @returns children whose parent changed, each once */
  async read(feed: string, known: LinkPosition | undefined): Promise<{ children: number[]; position: LinkPosition }> {
    const now = this.api.serverNow();
    const start: LinkPosition = known ?? { from: new Date(now - this.settleMs).toISOString(), seen: [] };
    const path = `${feed === '*' ? '' : `${feed}/`}_apis/wit/reporting/workitemlinks`;
    const seen = new Set(start.seen);
    const met: string[] = [];
    const children = new Set<number>();
    let cursor = start.token;
    const tokens = new Set<string | undefined>([cursor]);
    let empty = 0;
    for (;;) {
      const query = {
        linkTypes: HIERARCHY,
        continuationToken: cursor,
        startDateTime: cursor === undefined ? start.from : undefined,
      };
      const body = await this.api.json('GET', path, { query });
      const changes = listOf(body, 'values');
      empty = changes.length === 0 ? empty + 1 : 0;
      for (const change of changes) {
        const { key, ids } = changeOf(change);
        met.push(key);
        if (!seen.has(key)) for (const id of ids) children.add(id);
      }
      const next = textOf(body.continuationToken);
      const stuck = next === undefined || tokens.has(next) || empty > MOST_EMPTY;
      cursor = next ?? cursor;
      tokens.add(cursor);
      if (body.isLastBatch !== false || stuck) break;
    }
    const position: LinkPosition = { ...start, seen: met.slice(-MOST_SEEN) };
    const settled = start.since !== undefined && now - Date.parse(start.since) > this.settleMs;
    if (settled) {
      position.token = start.next;
      position.from = undefined;
    }
    if (settled || start.next === undefined) {
      position.next = cursor;
      position.since = new Date(now).toISOString();
    }
    return { children: [...children], position };
  }
}

function changeOf({ rel, attributes }: Json): { key: string; ids: number[] } {
  const { sourceId, targetId, changedDate, isActive } = isJson(attributes) ? attributes : {};
  const [source, target] = [textOf(sourceId) ?? '', textOf(targetId) ?? ''];
  const key = `${source}>${target}@${isoOf(changedDate)}:${isActive}`;
  const child = String(rel).endsWith('-Reverse') ? source : target;
  return { key, ids: [idOf(child) ?? []].flat() };
}

/** As stored in a checkpoint. */
export function linkPositionOf(value: unknown): LinkPosition | undefined {
  if (!isJson(value)) return undefined;
  const { token, from, next, since, seen } = value;
  return {
    ...(textOf(token) ? { token: textOf(token) } : {}),
    ...(isoOf(from) ? { from: isoOf(from) } : {}),
    ...(textOf(next) ? { next: textOf(next) } : {}),
    ...(isoOf(since) ? { since: isoOf(since) } : {}),
    seen: Array.isArray(seen) ? seen.map(String) : [],
  };
}
