/** What can be made to go wrong with the stand-in: each fault is one that real sites have shown. */

import type { Answer } from './routes';

export class Faults {
  /**
   * Every account's credentials are no good. `refused`: 401. `silent` (Cloud): requests count as anonymous ones, and what
   * anonymous people may ask is answered with 200 and nothing in it; only a header tells
   * (https://github.com/MrRefactoring/jira.js/issues/418).
   */
  credentials: 'refused' | 'silent' | undefined;
  /** every request that holds one of these words, in its address or body, is answered with 500 */
  readonly poisoned = new Set<string>();
  /** ids of issues that a bulk fetch puts into `issueErrors` */
  readonly undelivered = new Set<string>();
  /** ids of issues that answers for several leave out without a word */
  readonly leftOut = new Set<string>();
  /** a proxy answers every request, 404 with a web page */
  proxyAnswers = false;

  /** The answer to a request that the fault keeps from Jira, or that breaks it. */
  broken(path: string, text: string): (Answer & { headers?: Record<string, string> }) | undefined {
    if (this.proxyAnswers) {
      return {
        status: 404,
        body: '<html><head><title>404 Not Found</title></head><body><center>nginx</center></body></html>',
        headers: { 'Content-Type': 'text/html' },
      };
    }
    const words = `${decodeURIComponent(path)} ${text}`;
    for (const word of this.poisoned) {
      if (new RegExp(`(?<![\\w-])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`).test(words))
        return { status: 500, body: { errorMessages: ['Internal server error'], errors: {} } };
    }
    return undefined;
  }
}

/** How a site answers who is nobody to it. https://developer.atlassian.com/cloud/jira/platform/rest/v3/intro/#anonymous-access */
export function anonymousAnswer(method: string, path: string): Answer {
  const list = (body: unknown): Answer => ({ status: 200, body });
  if (path === '/search/jql') return list({ issues: [], isLast: true });
  if (path === '/issue/bulkfetch') return list({ issues: [], issueErrors: [] });
  if (path === '/project/search') return list({ startAt: 0, maxResults: 50, total: 0, isLast: true, values: [] });
  if (path === '/field') return list([]);
  if (method === 'GET' && /^\/issue\/[^/]+$/.test(path))
    return {
      status: 404,
      body: { errorMessages: ['Issue does not exist or you do not have permission to see it.'], errors: {} },
    };
  if (method === 'GET' && /^\/project\/[^/]+/.test(path))
    return { status: 404, body: { errorMessages: [`No project could be found with key '${path}'.`], errors: {} } };
  return {
    status: 401,
    body: { errorMessages: ['Client must be authenticated to access this resource.'], errors: {} },
  };
}
