/**
 * Links between issues as the stand-in takes and shows them: created without an answer that names them, the same link twice is one
 * and answered as created, and each issue shows the other one alone. The issue given as `inwardIssue` shows the outward words:
 * https://developer.atlassian.com/cloud/jira/platform/issue-linking-model/
 */

import type { Issue } from './issue';
import { type Call, failure, type Routes } from './routes';
import { isJson } from './values';

export function declareLinks(routes: Routes): void {
  const { site, faults, options } = routes;
  const disabled = failure(404, ['Issue linking is currently disabled.']);
  const end = (json: unknown, { viewer }: Call): Issue | undefined => {
    const given = isJson(json) ? (json.id ?? json.key) : undefined;
    const issue = typeof given === 'string' ? site.find(given) : undefined;
    return issue && site.sees(viewer, issue) ? issue : undefined;
  };
  const may = ({ viewer }: Call): boolean => !options.withheld[viewer.login]?.includes('LINK_ISSUES');
  /** Cloud's description has 404 for it; Data Center answers 401, though the account is signed in. */
  const forbidden = (issue: Issue) =>
    failure(site.isCloud ? 404 : 401, [`No Link Issue Permission for issue '${site.keyOf(issue)}'`]);
  const moved = ({ viewer }: Call, ...issues: (Issue | undefined)[]): void => {
    if (faults.linksAreSilent) return;
    for (const issue of issues) if (issue) site.touch(viewer, issue);
  };
  routes.on('GET', '/issueLinkType', () =>
    faults.linkingDisabled ? disabled : { status: 200, body: { issueLinkTypes: site.linkTypes } },
  );
  routes.on('POST', '/issueLink', (call) => {
    if (faults.linkingDisabled) return disabled;
    const { type, inwardIssue, outwardIssue } = isJson(call.body) ? call.body : {};
    const kind = site.linkTypes.find(
      ({ id, name }) => isJson(type) && (type.id === id || (type.id === undefined && type.name === name)),
    );
    if (!kind) return failure(404, ["No issue link type with name 'undefined' found."]);
    const [from, to] = [end(inwardIssue, call), end(outwardIssue, call)];
    if (!from || !to) return failure(404, ['Issue does not exist or you do not have permission to see it.']);
    if (!may(call)) return forbidden(from);
    if (from.id === to.id) return failure(400, ['You cannot link an issue to itself.']);
    const isKnown = site.issueLinks.some((one) => one.type === kind.id && one.from === from.id && one.to === to.id);
    if (isKnown) return { status: 201 };
    const most = (issue: Issue) =>
      site.issueLinks.filter((one) => [one.from, one.to].includes(issue.id)).length >= faults.mostLinks;
    if (most(from) || most(to))
      return failure(413, [`The issue has more than ${faults.mostLinks} links: remove some of them.`]);
    site.issueLinks.push({ id: String(site.nextIssueLink++), type: kind.id, from: from.id, to: to.id });
    moved(call, from, to);
    return { status: 201 };
  });
  routes.on('DELETE', '/issueLink/{linkId}', (call, [id = '']) => {
    if (faults.linkingDisabled) return disabled;
    const link = site.issueLinks.find((one) => one.id === id);
    const from = link && site.find(link.from);
    if (!link || !from) return failure(404, [`No issue link with id '${id}' exists.`]);
    if (!may(call)) return forbidden(from);
    site.issueLinks.splice(site.issueLinks.indexOf(link), 1);
    moved(call, from, site.find(link.to));
    return { status: 204 };
  });
}
