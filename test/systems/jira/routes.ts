/** The addresses that the stand-in answers: those that connectors use, with the vendor's limits. */

import type { Answer } from './answer';
import type { Faults } from './faults';
import type { Issue, Json } from './issue';
import { JqlError } from './jql';
import { search } from './search';
import { BOARDS, PEOPLE, type Person, PRIORITIES, PROJECTS, RESOLUTIONS, SPRINTS, STATUSES } from './seed';
import { Invalid, newToken, type Site } from './site';
import { DatabaseError, isJson, showUser } from './values';
import {
  findPeople,
  showCreateScreen,
  showFields,
  showIssue,
  showLog,
  showMeta,
  showNewestLog,
  showProject,
  showStatus,
  showType,
  showWholeProject,
} from './views';
import { stampOf } from './zone';

export interface Call {
  method: string;
  /** below /rest/api/3 or /rest/api/2 */
  path: string;
  query: URLSearchParams;
  body: unknown;
  viewer: Person;
}

export interface RouteOptions {
  /** the most rows of one search page */
  searchCap: number;
  /** life of a page token, milliseconds */
  tokenTtlMs: number;
  /** grain of the index's times, milliseconds */
  grainMs: number;
  /** the most fields of one createmeta page */
  metaCap: number;
  /** project permissions that the account of this login lacks */
  withheld: Record<string, string[]>;
}

interface Token {
  jql: string;
  at: number;
  until: number;
}

export type Handler = (call: Call, parts: string[]) => Answer;

export const failure = (status: number, messages: string[], errors: Record<string, string> = {}): Answer => ({
  status,
  body: { errorMessages: messages, errors },
});
const NO_ISSUE = failure(404, ['Issue does not exist or you do not have permission to see it.']);
const asJson = (value: unknown): Json => (isJson(value) ? value : {});
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

export class Routes {
  private readonly tokens = new Map<string, Token>();
  /** times of writes, by the issue's id */
  private readonly writes = new Map<string, number[]>();
  private readonly routes: { method: string; pattern: RegExp; template: string; handler: Handler }[] = [];

  constructor(
    readonly site: Site,
    readonly options: RouteOptions,
    readonly faults: Faults,
  ) {
    this.declare();
  }

  answer(call: Call): Answer {
    const known = this.routes.filter(({ pattern }) => pattern.test(call.path));
    const route = known.find(({ method }) => method === call.method);
    if (!route)
      return {
        status: known.length > 0 ? 405 : 404,
        body: known.length > 0 ? undefined : { message: 'null for uri', 'status-code': 404 },
      };
    const parts = (route.pattern.exec(call.path) ?? []).slice(1).map(decodeURIComponent);
    try {
      return { template: route.template, ...route.handler(call, parts) };
    } catch (thrown) {
      if (thrown instanceof Invalid)
        return { template: route.template, ...failure(400, thrown.messages, thrown.errors) };
      if (thrown instanceof DatabaseError)
        return { template: route.template, ...failure(500, ['Internal server error']) };
      if (thrown instanceof JqlError) return { template: route.template, ...failure(400, [thrown.message]) };
      throw thrown;
    }
  }

  on(method: string, template: string, handler: Handler): void {
    const pattern = new RegExp(`^${template.replace(/\{\w+\}/g, '([^/]+)')}$`);
    this.routes.push({ method, pattern, template, handler });
    // /project/search is no project called "search"
    const holes = (one: string) => one.split('{').length;
    this.routes.sort((a, b) => holes(a.template) - holes(b.template));
  }

  private declare(): void {
    const { site } = this;
    this.on('GET', '/myself', ({ viewer }) => ({ status: 200, body: showUser(site, viewer.login, viewer) }));
    this.on('GET', '/serverInfo', () => ({ status: 200, body: this.serverInfo() }));
    this.on('GET', '/mypermissions', (call) => this.permissions(call));
    this.on('GET', '/field', () => ({ status: 200, body: showFields(site) }));
    const resolutions = RESOLUTIONS.map((one) => ({ self: `${site.url}/rest/api/3/resolution/${one.id}`, ...one }));
    this.on('GET', '/resolution', () => ({ status: 200, body: resolutions }));
    if (site.isCloud)
      this.on('GET', '/resolution/search', (call) =>
        this.page(
          call,
          resolutions.map(({ self, ...one }) => ({ self, ...one, description: '', default: false })),
          'values',
          50,
        ),
      );
    this.on('GET', '/issuetype', () => ({ status: 200, body: site.types().map(({ id }) => showType(site, id)) }));
    this.on('GET', '/issuetype/{id}', (_call, [id = '']) =>
      site.types().some((one) => one.id === id)
        ? { status: 200, body: showType(site, id) }
        : failure(404, ['The issue type does not exist.']),
    );
    this.on('GET', '/status', () => ({ status: 200, body: STATUSES.map(({ id }) => showStatus(site, id)) }));
    this.on('GET', '/priority', () => ({
      status: 200,
      body: PRIORITIES.map((one) => ({ self: `${site.url}/rest/api/3/priority/${one.id}`, ...one })),
    }));
    this.on('GET', '/project/{projectIdOrKey}/versions', (_call, [project = '']) =>
      this.withProject(project, (id) =>
        (PROJECTS.find((one) => one.id === id)?.versions ?? []).map((one) => ({
          self: `${site.url}/rest/api/3/version/${one.id}`,
          ...one,
          projectId: Number(id),
        })),
      ),
    );
    this.on('GET', '/project/{projectIdOrKey}/components', (_call, [project = '']) =>
      this.withProject(project, (id) =>
        (PROJECTS.find((one) => one.id === id)?.components ?? []).map((one) => ({
          self: `${site.url}/rest/api/3/component/${one.id}`,
          ...one,
        })),
      ),
    );
    this.on('GET', '/user', ({ query, viewer }) => {
      const found = PEOPLE.find(({ accountId, login, key }) =>
        site.isCloud
          ? accountId === query.get('accountId')
          : [login, key].includes(query.get('username') ?? query.get('key') ?? ''),
      );
      return found
        ? { status: 200, body: showUser(site, found.login, viewer) }
        : failure(404, ['Specified user does not exist or you do not have required permissions']);
    });
    this.on('POST', '/issue', ({ viewer, body }) => {
      const issue = site.create(viewer, this.permitted(viewer, asJson(body)));
      return {
        status: 201,
        body: { id: issue.id, key: site.keyOf(issue), self: `${site.url}/rest/api/3/issue/${issue.id}` },
      };
    });
    this.on('GET', '/issue/{issueIdOrKey}/editmeta', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => ({ status: 200, body: { fields: this.editScreen(issue) } })),
    );
    this.on('GET', '/issue/{issueIdOrKey}/remotelink', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => ({
        status: 200,
        body: issue.remoteLinks.map(({ id: link, globalId, object }) => ({
          id: link,
          self: `${site.url}/rest/api/3/issue/${issue.id}/remotelink/${link}`,
          ...(globalId === undefined ? {} : { globalId }),
          object,
        })),
      })),
    );
    this.on('GET', '/issue/{issueIdOrKey}/properties/{propertyKey}', (call, [id = '', key = '']) =>
      this.withIssue(call, id, (issue) =>
        key in issue.properties
          ? { status: 200, body: { key, value: issue.properties[key] } }
          : failure(404, [`The property ${key} does not exist.`]),
      ),
    );
    this.on('PUT', '/issue/{issueIdOrKey}/assignee', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => {
        site.edit(call.viewer, issue, { fields: { assignee: asJson(call.body).accountId ? call.body : null } });
        return { status: 204 };
      }),
    );
    this.on('GET', '/project/{projectIdOrKey}', (_call, [project = '']) =>
      this.withProject(project, (id) => showWholeProject(site, id)),
    );
    this.on('GET', '/project/{projectIdOrKey}/statuses', (_call, [project = '']) =>
      this.withProject(project, () => this.statuses()),
    );
    if (site.isCloud)
      this.on('GET', '/project/search', (call) =>
        this.page(
          call,
          site
            .projects()
            .filter(({ id }) => !site.archived.has(id))
            .map(({ id }) => showProject(site, id)),
          'values',
          100,
        ),
      );
    else
      this.on('GET', '/project', () => ({
        status: 200,
        body: site
          .projects()
          .filter(({ id }) => !site.archived.has(id))
          .map(({ id }) => showProject(site, id)),
      }));
    this.on('GET', '/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}', (call, [project = '', type = '']) =>
      this.createMeta(call, project, type),
    );
    this.on('POST', '/issue/bulk', (call) => this.createAll(call));
    this.on('GET', '/issue/{issueIdOrKey}/transitions', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => this.transitions(call, issue)),
    );
    this.on('POST', '/issue/{issueIdOrKey}/transitions', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => {
        site.transition(call.viewer, issue, asJson(call.body));
        return { status: 204 };
      }),
    );
    this.on('POST', '/issue/{issueIdOrKey}/remotelink', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => {
        const { viewer, body } = call;
        if (this.options.withheld[viewer.login]?.includes('LINK_ISSUES'))
          return failure(403, ['You do not have permission to link issues in this project.']);
        const { link, isNew } = site.link(viewer, issue, asJson(body));
        const self = `${site.url}/rest/api/3/issue/${issue.id}/remotelink/${link.id}`;
        return { status: isNew ? 201 : 200, body: { id: link.id, self } };
      }),
    );
    if (site.isCloud) {
      this.on('POST', '/search/jql', (call) => this.enhancedSearch(call));
      this.on('POST', '/issue/bulkfetch', (call) => this.bulkFetch(call));
      this.on('GET', '/issue/{issueIdOrKey}/changelog', (call, [id = '']) =>
        this.withIssue(call, id, (issue) =>
          this.page(
            call,
            issue.log.map((entry) => showLog(site, entry, call.viewer)),
            'values',
            100,
          ),
        ),
      );
      this.on('POST', '/changelog/bulkfetch', ({ body, viewer }) => {
        const logs = texts(asJson(body).issueIdsOrKeys).flatMap((id) => {
          const issue = site.find(id);
          return issue && site.sees(viewer, issue)
            ? [{ issueId: issue.id, changeHistories: issue.log.map((entry) => showLog(site, entry, viewer)) }]
            : [];
        });
        return { status: 200, body: { issueChangeLogs: logs } };
      });
      this.on('POST', '/search/approximate-count', ({ body, viewer }) => {
        const context = { site, viewer, fresh: new Set<string>(), grainMs: this.options.grainMs, validate: true };
        return { status: 200, body: { count: search(String(asJson(body).jql ?? ''), context).length } };
      });
      this.on('GET', '/users/search', ({ viewer }) => ({
        status: 200,
        body: PEOPLE.map(({ login }) => showUser(site, login, viewer)),
      }));
      // https://developer.atlassian.com/changelog/#CHANGE-2046
      const gone = failure(410, [
        'The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.',
      ]);
      for (const method of ['GET', 'POST']) this.on(method, '/search', () => gone);
    } else this.on('POST', '/search', (call) => this.oldSearch(call));
    this.on('GET', '/user/search', (call) => this.users(call));
    this.on('GET', '/user/assignable/search', (call) => this.users(call));
    this.on('GET', '/issue/{issueIdOrKey}', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => this.issue(call, issue)),
    );
    this.on('PUT', '/issue/{issueIdOrKey}', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => this.edit(call, issue)),
    );
    this.on('DELETE', '/issue/{issueIdOrKey}', (call, [id = '']) =>
      this.withIssue(call, id, (issue) => {
        site.remove(issue);
        return { status: 204 };
      }),
    );
    this.on('GET', '/agile/board', (call) => {
      const [project, types] = [call.query.get('projectKeyOrId'), call.query.get('type')?.split(',')];
      const within = PROJECTS.find(({ id, key }) => id === project || key === project);
      if (project !== null && !within) return failure(400, [`No project could be found with key or id '${project}'`]);
      const boards = BOARDS.filter(
        (one) => (!within || one.project === within.id) && (!types || types.includes(one.type)),
      );
      return this.page(
        call,
        boards.map(({ id, name, type }) => ({ id, self: `${site.url}/rest/agile/1.0/board/${id}`, name, type })),
        'values',
        50,
      );
    });
    this.on('GET', '/agile/board/{boardId}/sprint', (call, [id = '']) => {
      const board = BOARDS.find((one) => String(one.id) === id);
      if (!board) return failure(404, ['Board does not exist or you do not have permission to see it.']);
      if (!board.sprints) return failure(400, ['The board does not support sprints']);
      const states = (call.query.get('state') ?? 'active,future,closed').split(',');
      return this.page(
        call,
        SPRINTS.filter((one) => one.board === board.id && states.includes(one.state)).map(
          ({ board: origin, ...one }) => ({
            self: `${site.url}/rest/agile/1.0/sprint/${one.id}`,
            originBoardId: origin,
            ...one,
          }),
        ),
        'values',
        50,
      );
    });
  }

  /** Cloud refuses a write to one issue alone, if there were many, and says so; undefined = it is counted and carried out. */
  paced({ id }: Issue): Answer | undefined {
    const now = this.site.options.now();
    const times = (this.writes.get(id) ?? []).filter((at) => now - at < 60_000);
    for (const { most, withinMs } of this.site.isCloud ? this.faults.perIssue : []) {
      const within = times.filter((at) => now - at < withinMs);
      if (within.length < most) continue;
      this.faults.pausedIssues.push(id);
      const seconds = Math.max(1, Math.ceil(((within[0] ?? now) + withinMs - now) / 1000));
      const headers = { 'Retry-After': String(seconds), 'RateLimit-Reason': 'jira-per-issue-on-write' };
      return { ...failure(429, ['Rate limit exceeded.']), headers };
    }
    this.writes.set(id, [...times, now]);
    return undefined;
  }

  withIssue({ viewer }: Call, id: string, work: (issue: Issue) => Answer): Answer {
    const issue = this.site.find(id);
    return issue && this.site.sees(viewer, issue) ? work(issue) : NO_ISSUE;
  }

  /** What the account may set. @throws Invalid */
  private permitted({ login }: Person, request: Json): Json {
    const fields = asJson(request.fields);
    const place = asJson(fields.project);
    const shown = this.site.projects().filter(({ id }) => !this.site.archived.has(id));
    if (fields.project !== undefined && !shown.some(({ id, key }) => place.id === id || place.key === key))
      throw new Invalid([], { project: 'Specify a valid project ID or key' });
    if ('reporter' in fields && this.options.withheld[login]?.includes('MODIFY_REPORTER'))
      throw new Invalid([], {
        reporter: "Field 'reporter' cannot be set. It is not on the appropriate screen, or unknown.",
      });
    return request;
  }

  private editScreen(issue: Issue): Json {
    const screen = this.site.screen('edit', issue.type, issue.status);
    return Object.fromEntries(screen.map((field) => [field.id, showMeta(this.site, field, issue.project)]));
  }

  private withProject(idOrKey: string, show: (id: string) => unknown): Answer {
    const project = this.site.projects().find(({ id, key }) => id === idOrKey || key === idOrKey);
    return project
      ? { status: 200, body: show(project.id) }
      : failure(404, [`No project could be found with key '${idOrKey}'.`]);
  }

  private serverInfo(): Json {
    const { site } = this;
    const version = site.isCloud ? [1001, 0, 0] : [9, 12, 5];
    return {
      baseUrl: site.url,
      version: version.join('.') + (site.isCloud ? '-SNAPSHOT' : ''),
      versionNumbers: version,
      deploymentType: site.isCloud ? 'Cloud' : 'DataCenter',
      buildNumber: site.isCloud ? 100_000 : 912_005,
      serverTime: stampOf(site.timeZone, site.options.now()),
      serverTitle: 'Jira',
    };
  }

  private permissions({ query, viewer }: Call): Answer {
    const keys = (query.get('permissions') ?? '').split(',').filter(Boolean);
    if (keys.length === 0) return failure(400, ["The 'permissions' query parameter is required."]);
    const withheld = this.options.withheld[viewer.login] ?? [];
    const permissions = keys.map((key, index) => [
      key,
      { id: String(index), key, name: key, type: 'PROJECT', havePermission: !withheld.includes(key) },
    ]);
    return { status: 200, body: { permissions: Object.fromEntries(permissions) } };
  }

  private statuses(): Json[] {
    const { site } = this;
    return this.site.types().map(({ id, name, subtask }) => ({
      self: `${site.url}/rest/api/3/issuetype/${id}`,
      id,
      name,
      subtask,
      statuses: ['10300', '10301', '10302', '10303', '10304', '10305'].map((status) => showStatus(site, status)),
    }));
  }

  private createMeta(call: Call, project: string, type: string): Answer {
    const found = this.site.projects().find(({ id, key }) => id === project || key === project);
    if (!found || !this.site.types().some(({ id }) => id === type))
      return failure(this.site.isCloud ? 400 : 404, ['The project or issue type does not exist.']);
    return this.page(
      call,
      showCreateScreen(this.site, found.id, type),
      this.site.isCloud ? 'fields' : 'values',
      this.options.metaCap,
    );
  }

  /** Fifty at most; each on its own; 400 only where all fail. */
  private createAll({ body, viewer }: Call): Answer {
    const requests = asJson(body).issueUpdates;
    if (!Array.isArray(requests) || requests.length === 0) return failure(400, ['There are no issues to create.']);
    if (requests.length > 50) return failure(400, ['The limit of 50 issues to create is exceeded.']);
    const issues: Json[] = [];
    const errors: Json[] = [];
    for (const [index, request] of requests.entries()) {
      try {
        const issue = this.site.create(viewer, this.permitted(viewer, asJson(request)));
        issues.push({
          id: issue.id,
          key: this.site.keyOf(issue),
          self: `${this.site.url}/rest/api/3/issue/${issue.id}`,
        });
      } catch (thrown) {
        if (!(thrown instanceof Invalid)) throw thrown;
        const elementErrors = { errorMessages: thrown.messages, errors: thrown.errors };
        errors.push({ status: 400, elementErrors, failedElementNumber: index });
      }
    }
    return { status: issues.length > 0 ? 201 : 400, body: { issues, errors } };
  }

  private transitions({ query }: Call, issue: Issue): Answer {
    const { site } = this;
    const withFields = (query.get('expand') ?? '').includes('transitions.fields');
    const transitions = site.offered(issue).map(({ id, name, to, screen }) => ({
      id,
      name,
      to: showStatus(site, to),
      hasScreen: screen !== undefined,
      isGlobal: false,
      isInitial: false,
      isConditional: false,
      ...(withFields
        ? {
            fields: Object.fromEntries(
              site
                .fields()
                .filter((field) => screen && field.id in screen)
                .map((field) => [field.id, showMeta(site, field, issue.project, screen?.[field.id])]),
            ),
          }
        : {}),
    }));
    return { status: 200, body: { expand: 'transitions', transitions } };
  }

  private issue({ query, viewer }: Call, issue: Issue): Answer {
    const { site } = this;
    const expand = (query.get('expand') ?? '').split(',');
    const fields = (query.get('fields') ?? '*all').split(',');
    const properties = (query.get('properties') ?? '').split(',').filter(Boolean);
    const body = showIssue(site, issue, viewer, fields, properties, this.faults);
    if (expand.includes('editmeta')) {
      body.editmeta = { fields: this.editScreen(issue) };
    }
    if (expand.includes('changelog')) {
      const histories = issue.log.map((entry) => showLog(site, entry, viewer));
      body.changelog = { startAt: 0, maxResults: histories.length, total: histories.length, histories };
    }
    return { status: 200, body };
  }

  private edit({ query, body, viewer }: Call, issue: Issue): Answer {
    if (!isJson(body)) return failure(400, ['The request body is missing.']);
    this.permitted(viewer, body);
    // not to notify takes the right to administer: Cloud passes over the wish, Data Center refuses the edit
    // (https://jira.atlassian.com/browse/JRASERVER-67013)
    const withheld = this.options.withheld[viewer.login] ?? [];
    const mayBeQuiet = ['ADMINISTER_PROJECTS', 'ADMINISTER'].some((key) => !withheld.includes(key));
    const quiet = query.get('notifyUsers') === 'false';
    if (quiet && !mayBeQuiet && !this.site.isCloud)
      return failure(403, ['To discard the user notification either admin or project admin permissions are required.']);
    this.site.edit(viewer, issue, body);
    if (!quiet || !mayBeQuiet) this.site.mails.push(issue.id);
    if (query.get('returnIssue') !== 'true' || !this.site.isCloud) return { status: 204 };
    return { status: 200, body: showIssue(this.site, issue, viewer, undefined, undefined, this.faults) };
  }

  private enhancedSearch({ body, viewer }: Call): Answer {
    const request = asJson(body);
    const jql = String(request.jql ?? '');
    const fields = texts(request.fields);
    const reconcile = texts(request.reconcileIssues);
    if (reconcile.length > 50) return failure(400, ['The limit of 50 issues to reconcile is exceeded.']);
    const properties = texts(request.properties);
    if (properties.length > 5) return failure(400, ['A maximum of 5 issue properties can be requested.']);
    let start = 0;
    const { site, options } = this;
    if (request.nextPageToken !== undefined) {
      const token = this.tokens.get(String(request.nextPageToken));
      if (!token || token.jql !== jql || token.until < site.options.now())
        return failure(400, ['The provided nextPageToken is invalid or has expired.']);
      start = token.at;
    }
    const found = search(jql, { site, viewer, fresh: new Set(reconcile), grainMs: options.grainMs, validate: true });
    const wanted = Math.max(1, Number(request.maxResults ?? 50));
    const whole = fields.includes('*all') || fields.includes('*navigable');
    const page = found.slice(
      start,
      start + Math.min(wanted, whole ? Math.min(100, options.searchCap) : options.searchCap),
    );
    const next = start + page.length;
    const isLast = next >= found.length;
    // without fields asked for there are ids and nothing else
    const issues = page.map((issue) => {
      const shown = showIssue(site, issue, viewer, fields, properties);
      return fields.length > 0 ? shown : { id: shown.id, self: shown.self, key: shown.key };
    });
    if (isLast) return { status: 200, body: { issues, isLast } };
    const token = newToken();
    this.tokens.set(token, { jql, at: next, until: site.options.now() + options.tokenTtlMs });
    return { status: 200, body: { issues, isLast, nextPageToken: token } };
  }

  private bulkFetch({ body, viewer }: Call): Answer {
    const request = asJson(body);
    const ids = texts(request.issueIdsOrKeys);
    if (ids.length === 0 || ids.length > 100)
      return failure(400, ['Between 1 and 100 issue ids or keys are expected.']);
    const fields = request.fields === undefined ? ['*navigable'] : texts(request.fields);
    const properties = texts(request.properties);
    // a list here, a text with commas elsewhere
    const withChangelog = Array.isArray(request.expand) && request.expand.includes('changelog');
    const known = new Set(ids.flatMap((id) => this.site.find(id) ?? []));
    const all = [...known].filter((issue) => this.site.sees(viewer, issue));
    const { undelivered, leftOut } = this.faults;
    const issues = all.filter(({ id }) => !undelivered.has(id) && !leftOut.has(id));
    const failed = all.filter(({ id }) => undelivered.has(id));
    // in no order
    issues.sort((a, b) => Number(b.id) - Number(a.id));
    return {
      status: 200,
      body: {
        issues: issues.map((issue) => ({
          ...showIssue(this.site, issue, viewer, fields, properties, this.faults),
          ...(withChangelog ? { changelog: showNewestLog(this.site, issue, viewer) } : {}),
        })),
        issueErrors: failed.map(({ id }) => ({
          id,
          errorMessage: 'The issue could not be retrieved. Try again later.',
        })),
      },
    };
  }

  private oldSearch({ body, viewer }: Call): Answer {
    const request = asJson(body);
    const { site, options } = this;
    const validate = request.validateQuery !== false;
    const found = search(String(request.jql ?? ''), {
      site,
      viewer,
      fresh: new Set(),
      grainMs: options.grainMs,
      validate,
    });
    const startAt = Number(request.startAt ?? 0);
    const maxResults = Math.min(Number(request.maxResults ?? 50), options.searchCap);
    const fields = request.fields === undefined ? ['*navigable'] : texts(request.fields);
    const issues = found
      .slice(startAt, startAt + maxResults)
      .filter(({ id }) => !this.faults.leftOut.has(id))
      .map((issue) => showIssue(site, issue, viewer, fields, [], this.faults));
    return { status: 200, body: { expand: 'schema,names', startAt, maxResults, total: found.length, issues } };
  }

  private users({ query, viewer }: Call): Answer {
    const { site } = this;
    const text = query.get(site.isCloud ? 'query' : 'username');
    const assignable = query.has('project');
    if (text === null && !assignable)
      return failure(400, [
        site.isCloud
          ? "Either the 'query' or 'accountId' or 'property' parameter must be provided"
          : 'The username query parameter was not provided',
      ]);
    if (assignable && !PROJECTS.some(({ id, key }) => id === query.get('project') || key === query.get('project'))) {
      return failure(404, [`No project could be found with key '${query.get('project')}'.`]);
    }
    // customers and apps cannot be given work, and neither can who has left
    const suitable = (one: Person) => !assignable || (one.accountType === 'atlassian' && !one.inactive);
    const found = findPeople(text === null || text === '.' ? '' : text).filter(suitable);
    // Data Center finds people by login, name or address, and knows keys by exact match
    const byKey = site.isCloud ? [] : PEOPLE.filter(({ key }) => key === text);
    return { status: 200, body: [...found, ...byKey].map(({ login }) => showUser(site, login, viewer)) };
  }

  page({ query }: Call, list: Json[], property: string, most: number): Answer {
    const startAt = Number(query.get('startAt') ?? 0);
    const maxResults = Math.min(Number(query.get('maxResults') ?? most), most);
    const values = list.slice(startAt, startAt + maxResults);
    const body = { startAt, maxResults, total: list.length, [property]: values };
    return {
      status: 200,
      body: property === 'values' ? { ...body, isLast: startAt + values.length >= list.length } : body,
    };
  }
}
