/**
 * Reads the server's limits from an answer, for all vendors. Pure: text in, numbers out, and every time as milliseconds
 * from now, because servers' clocks differ from the local one. Anything that is not understood is left out.
 *
 * Retry-After: seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 * RateLimit, RateLimit-Policy: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/10/ and, with
 *   `limit=, remaining=, reset=` or one header for each, its drafts 07 and 06. Jira Cloud leaves `r` out while an app is
 *   well within its quota: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
 * Beta-RateLimit, Beta-RateLimit-Policy: Jira Cloud's points per hour, reported before they are enforced, with the
 * others
 *   (`"tenant-app-quota";r=17842;t=2107`: https://community.developer.atlassian.com/t/2026-point-based-rate-limits/97828).
 * X-RateLimit-Limit, -Remaining, -Reset: the reset is an epoch in seconds (GitHub:
 *   https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api; also GitLab, which has no `X-`:
 *   https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/), an ISO 8601 time (Jira Cloud), or seconds.
 *   GitHub refuses with 403 or 429, without Retry-After if the quota is used up: wait until the reset.
 * X-RateLimit-Interval-Seconds, -FillRate: the token bucket of Jira and Confluence Data Center:
 *   https://confluence.atlassian.com/conf87/_ratelimiting_httpheaders-1333822054.html
 * X-RateLimit-Delay: seconds for which Azure DevOps delayed this request. Its limit and remaining count throughput
 * units
 *   (TSTU), not requests, and its reset is the time at which usage would have dropped to zero. It may ask to wait
 *   (Retry-After) in a successful answer: https://learn.microsoft.com/azure/devops/integrate/concepts/rate-limits
 */

import { largest } from '../../model/lists';
import { retryAfterMs } from './failures';
import type { Quota, RateAnswer } from './options';

type Headers = Record<string, string>;

/** Maximum wait that a server can ask for: a wrong epoch must not stop a sync for years. */
const LONGEST_MS = 24 * 3_600_000;
/** Maximum number of policies that are read; a server could send any number. */
const MOST_POLICIES = 8;

const bounded = (ms: number): number => Math.min(LONGEST_MS, Math.max(0, ms));

/** A non-negative whole or decimal number, the first of a list (`100, 100;w=60`). */
function numberOf(text: string | undefined): number | undefined {
  const match = /^\s*"?(\d{1,15}(?:\.\d{1,6})?)"?\s*(?:[,;]|$)/.exec(text ?? '');
  return match ? Number(match[1]) : undefined;
}

/** Milliseconds from now to a reset: seconds, an epoch in seconds or milliseconds, or a date. */
function resetMs(text: string | undefined, serverNow: number): number | undefined {
  if (text === undefined) return undefined;
  const number = numberOf(text);
  if (number !== undefined) {
    if (number >= 1e11) return bounded(number - serverNow);
    if (number >= 1e9) return bounded(number * 1000 - serverNow);
    return bounded(number * 1000);
  }
  const at = /\d{4}/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : bounded(at - serverNow);
}

/** Splits a list of structured fields. Commas within quotes do not count. */
const members = (text: string): string[] => text.slice(0, 4_000).match(/(?:"[^"]*"|[^,"])+/g) ?? [];

/** `"name";q=100;w=60` as its plain words and its parameters. */
function memberOf(text: string): { names: string[]; values: Map<string, string> } {
  const names: string[] = [];
  const values = new Map<string, string>();
  for (const part of text.match(/(?:"[^"]*"|[^;"])+/g) ?? []) {
    const pair = /^\s*([A-Za-z*][\w.*-]*)\s*=\s*"?([^"]*)"?\s*$/.exec(part);
    if (pair?.[1]) values.set(pair[1].toLowerCase(), (pair[2] ?? '').trim());
    else names.push(part.trim().replace(/^"(.*)"$/, '$1'));
  }
  return { names, values };
}

function structured(headers: Headers, prefix: '' | 'beta-' = ''): Quota[] {
  const current = headers[`${prefix}ratelimit`];
  if (current === undefined) return [];
  const policies = members(headers[`${prefix}ratelimit-policy`] ?? '')
    .slice(0, MOST_POLICIES)
    .map(memberOf);
  // draft 07: one quota, its parts separated by commas
  if (/\bremaining\s*=/.test(current)) {
    const { values } = memberOf(current.replaceAll(',', ';'));
    const remaining = numberOf(values.get('remaining'));
    const reset = resetMs(values.get('reset'), 0);
    if (remaining === undefined || reset === undefined) return [];
    return [{ name: 'default', limit: numberOf(values.get('limit')), remaining, resetMs: reset }];
  }
  return members(current)
    .slice(0, MOST_POLICIES)
    .map(memberOf)
    .flatMap(({ names, values }): Quota[] => {
      const policy =
        policies.find((one) => one.names.some((name) => names.includes(name))) ??
        (policies.length === 1 ? policies[0] : undefined);
      const unit = policy?.values.get('qu') ?? values.get('qu');
      const window = numberOf(policy?.values.get('w'));
      const remaining = numberOf(values.get('r'));
      const reset = numberOf(values.get('t')) ?? window;
      if (remaining === undefined || reset === undefined || (unit && unit !== 'requests')) return [];
      const limit = numberOf(policy?.values.get('q'));
      return [{ name: names[0] ?? 'default', limit, remaining, resetMs: bounded(reset * 1000) }];
    });
}

/** Quotas that count points, not requests, and may not be enforced yet: an answer that arrived although nothing is
 * left shows that. */
const announced = (status: number, headers: Headers): Quota[] =>
  structured(headers, 'beta-')
    .filter(({ remaining }) => remaining > 0 || status === 429)
    .map((quota) => ({ ...quota, name: `beta ${quota.name}`, soft: true }));

function separate(headers: Headers, prefix: '' | 'x-', serverNow: number): Quota[] {
  const of = (name: string): string | undefined => headers[`${prefix}ratelimit-${name}`];
  const remaining = numberOf(of('remaining'));
  if (remaining === undefined) return [];
  const limit = numberOf(of('limit'));
  const common = { name: of('resource')?.slice(0, 100) ?? 'default', limit, remaining };
  const reset = resetMs(of('reset'), serverNow);
  // every answer of Azure DevOps has an x-vss-e2eid
  const isSoft = of('delay') !== undefined || headers['x-vss-e2eid'] !== undefined;
  if (reset !== undefined) return [{ ...common, resetMs: reset, ...(isSoft && { soft: true }) }];
  const [fill, every] = [numberOf(of('fillrate')), numberOf(of('interval-seconds'))];
  if (!fill || !every || limit === undefined) return [];
  // a bucket reports how fast it fills: its reset is the time at which it would be full
  return [{ ...common, resetMs: bounded((Math.max(0, limit - remaining) / fill) * every * 1000) }];
}

/**
 * Too many writes to one issue are no reason to stop all other requests: Jira Cloud,
 * https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
 */
const isOfOne = (headers: Headers): boolean => headers['ratelimit-reason'] === 'jira-per-issue-on-write';

/**
 * @param headers by lower-case name
 * @param now ms since 1970, for dates if the answer has no Date
 * @returns undefined if the answer reports no limits
 */
export function rateAnswer(status: number, headers: Headers, now: number): RateAnswer | undefined {
  const date = headers.date === undefined ? Number.NaN : Date.parse(headers.date);
  const serverNow = Number.isNaN(date) ? now : date;
  const own = structured(headers);
  const older = own.length > 0 ? own : separate(headers, '', serverNow);
  const enforced = older.length > 0 ? older : separate(headers, 'x-', serverNow);
  const quotas = [...enforced, ...announced(status, headers)];

  const asked = retryAfterMs(headers['retry-after'], headers.date, now);
  const limited = quotas.length > 0 || headers['x-vss-e2eid'] !== undefined;
  // in other answers Retry-After may have another meaning: 202 and 301 say when to look again
  let wait = asked !== undefined && (status >= 400 || (limited && status === 200)) ? bounded(asked) : undefined;
  // GitHub's 403 is a rate limit; if a limit is soft, 403 means forbidden
  const empty = quotas.filter(({ remaining, soft }) => remaining === 0 && !(soft && status === 403));
  if (wait === undefined && (status === 429 || status === 403) && empty.length > 0)
    wait = largest(empty.map((quota) => quota.resetMs));
  if (wait === undefined && status === 429) wait = resetMs(headers['x-ratelimit-reset'], serverNow);

  const delay = numberOf(headers['x-ratelimit-delay']);
  if (wait === undefined && quotas.length === 0 && delay === undefined && status !== 429) return undefined;
  return {
    quotas,
    ...(isOfOne(headers) && { ofOne: true as const }),
    ...(wait !== undefined && { retryAfterMs: wait }),
    ...(delay !== undefined && delay > 0 && { delayedMs: bounded(delay * 1000) }),
  };
}
