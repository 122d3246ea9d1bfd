/** What can be made to go wrong with the stand-in: each fault is one that real sites have shown. */

import type { Answer } from './answer';

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
  /** requests that are carried out, and whose answers never arrive: "POST /issue/{issueIdOrKey}/comment" */
  readonly lostAnswers: string[] = [];
  /** edits and deletions of comments give their issue a new update time; Atlassian says nothing about it */
  commentsMove = false;
  /** so many of an issue's comments come with the issue, the newest (https://github.com/atlassian/atlassian-mcp-server/issues/230) */
  embedded = 100;
  /** every comment comes out public, whatever was asked for */
  alwaysPublic = false;
  /** an edit that says nothing of who sees a comment shows it to everybody */
  editsReveal = false;
  /** answers say nothing of who sees a comment in the customers' portal */
  untold = false;
  /** "20 writes in 2 s and 100 in 30 s" to one issue: https://developer.atlassian.com/cloud/jira/platform/rate-limiting/ */
  perIssue: { most: number; withinMs: number }[] = [];
  /** ids of issues of which a write was refused so */
  readonly pausedIssues: string[] = [];
  /** so many comments come in one answer of those that were asked for by their ids */
  listed = 1_000;
  /** comments of one issue */
  mostComments = 5_000;
  /** adding and removing a link gives neither issue a new update time; Atlassian says nothing about it */
  linksAreSilent = false;
  /** an administrator has switched issue linking off */
  linkingDisabled = false;
  /** links of one issue */
  mostLinks = 2_000;

  /** an administrator has switched attachments off */
  attachmentsEnabled = true;
  /** the field "Attachment" is hidden in the field configuration: https://jira.atlassian.com/browse/JRASERVER-27637 */
  attachmentsHidden = false;
  /** bytes of one file */
  uploadLimit = 1_073_741_824;
  /** attachments of one issue */
  mostAttachments = 2_000;
  /** empty files are refused; whether Jira does so is not said anywhere */
  takesNoEmpty = false;
  /** downloads are redirected, whatever was asked for (Cloud) */
  alwaysRedirects = false;
  /** personal access tokens are taken by the API, and not by the page that gives out files (Data Center before 8.15) */
  tokensGetNoFiles = false;
  /** adding and removing an attachment gives the issue no new update time; it is a change, with an entry in the changelog */
  attachmentsAreSilent = false;

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
