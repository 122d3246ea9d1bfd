/** GitHub's issues on the stand-in: what its parameters mean, and the shape of its answers, after its API description. */

import { declaredConnector } from '../../../lib/connectors/declared/connector';
import { shippedFile } from '../../../lib/connectors/declared/files';
import { type Answer, type Body, Refusal, type Row, StandIn, type Vendor } from './stand-in';

export const TOKEN = 'github_pat_11AAAAAAA0123456789';
export const REPOSITORY = 'octo/hello';
const REPOSITORIES = [REPOSITORY, 'octo/other.js'];
const LABELS = ['bug', 'enhancement', "it's a label", 'later'];
const MILESTONES = ['1.0', '2.0'];

const PEOPLE: Record<string, { id: number; name: string }> = {
  sync: { id: 1, name: 'Sync Account' },
  alice: { id: 2, name: 'Alice Adams' },
  bob: { id: 3, name: 'Bob Brown' },
};
const API = 'https://api.github.com';

export const userOf = (login: string): Body => {
  const of = `${API}/users/${login}`;
  return {
    ...{ login, id: PEOPLE[login]?.id ?? 0, node_id: `U_${login}`, avatar_url: `${of}.png`, gravatar_id: '' },
    ...{ url: of, html_url: `https://github.com/${login}`, followers_url: `${of}/followers` },
    ...{ following_url: `${of}/following{/other_user}`, gists_url: `${of}/gists{/gist_id}` },
    ...{ starred_url: `${of}/starred{/owner}{/repo}`, subscriptions_url: `${of}/subscriptions` },
    ...{ organizations_url: `${of}/orgs`, repos_url: `${of}/repos`, events_url: `${of}/events{/privacy}` },
    ...{ received_events_url: `${of}/received_events`, type: 'User', site_admin: false },
  };
};

const labelOf = (name: string): Body => {
  const id = LABELS.indexOf(name) + 100;
  const url = `${API}/repos/${REPOSITORY}/labels/${encodeURIComponent(name)}`;
  return { ...{ id, node_id: `L_${id}`, url, name }, ...{ description: null, color: 'ededed', default: false } };
};

const milestoneOf = (number: number): Body => {
  const url = `${API}/repos/${REPOSITORY}/milestones/${number}`;
  const times = {
    created_at: '2026-01-01T00:00:00Z',
    updated_at: '2026-01-01T00:00:00Z',
    closed_at: null,
    due_on: null,
  };
  return {
    ...{ url, html_url: url, labels_url: `${url}/labels`, id: 900 + number, node_id: `M_${number}`, number },
    ...{ title: MILESTONES[number - 1], description: null, creator: userOf('alice'), state: 'open', ...times },
    ...{ open_issues: 0, closed_issues: 0 },
  };
};

const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

const unprocessable = (field: string, code: string): Refusal =>
  new Refusal(422, 'Validation Failed', { errors: [{ resource: 'Issue', field, code }] });

/** Takes a body of a create or an update; GitHub ignores properties that it does not know. */
function take(item: Body, sent: Body): void {
  const { title, body, state, labels, assignees, milestone } = sent;
  if (title !== undefined) {
    if (typeof title !== 'string' || title.trim() === '') throw unprocessable('title', 'missing_field');
    if ([...title].length > 256) throw unprocessable('title', 'too_long');
    item.title = title;
  }
  if (body !== undefined) {
    if (typeof body === 'string' && body.length > 65_536) throw unprocessable('body', 'too_long');
    item.body = body === '' ? null : body;
  }
  if (state !== undefined) {
    if (state !== 'open' && state !== 'closed') throw unprocessable('state', 'invalid');
    if (state !== item.state) item.state_reason = state === 'closed' ? 'completed' : 'reopened';
    item.state = state;
  }
  if (labels !== undefined) {
    if (!Array.isArray(labels)) throw unprocessable('labels', 'invalid');
    item.labels = labels.map((name) => {
      if (typeof name !== 'string' || !LABELS.includes(name)) throw unprocessable('labels', 'invalid');
      return labelOf(name);
    });
  }
  if (assignees !== undefined) {
    if (!Array.isArray(assignees) || !assignees.every((one) => typeof one === 'string' && one in PEOPLE))
      throw unprocessable('assignees', 'invalid');
    item.assignees = assignees.map((login) => userOf(String(login)));
  }
  if (milestone !== undefined) {
    const number = milestone === null ? undefined : Number(milestone);
    if (number !== undefined && MILESTONES[number - 1] === undefined) throw unprocessable('milestone', 'invalid');
    item.milestone = number === undefined ? null : milestoneOf(number);
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });

export const vendor: Vendor = {
  file: shippedFile('github'),
  stepMs: 1_000,
  hasProject: (id) => REPOSITORIES.includes(id),
  who: ({ authorization }) => (authorization === `Bearer ${TOKEN}` ? 'sync' : undefined),
  error: ({ message, more, status }) => ({
    ...{ message, ...more },
    ...{ documentation_url: 'https://docs.github.com/rest', status: String(status) },
  }),
  make(_row, sent) {
    const item: Body = {
      title: null,
      body: null,
      state: 'open',
      state_reason: null,
      labels: [],
      assignees: [],
      milestone: null,
    };
    if (sent.title === undefined) throw unprocessable('title', 'missing_field');
    // a new issue is open, whatever is sent
    take(item, { ...sent, state: undefined });
    if (sent.pull_request) item.pull_request = { url: null, html_url: null, diff_url: null, patch_url: null };
    return item;
  },
  change: ({ item }, sent) => take(item, sent),
  show({ number, project, created, updated, by, item }) {
    const url = `${API}/repos/${project}/issues/${number}`;
    const assignees = Array.isArray(item.assignees) ? item.assignees : [];
    return {
      ...{ id: 1_000_000 + number, node_id: `I_${number}`, url, repository_url: `${API}/repos/${project}` },
      ...{ labels_url: `${url}/labels{/name}`, comments_url: `${url}/comments`, events_url: `${url}/events` },
      ...{ html_url: `https://github.com/${project}/issues/${number}`, number, locked: false, comments: 0 },
      ...{ user: userOf(by), assignee: assignees[0] ?? null, author_association: 'MEMBER' },
      ...{
        closed_at: item.state === 'closed' ? time(updated) : null,
        created_at: time(created),
        updated_at: time(updated),
      },
      ...item,
    };
  },
  list(_type, rows, params) {
    const since = params.get('since');
    const bound = since === null ? Number.NEGATIVE_INFINITY : Date.parse(since);
    const [state, creator] = [params.get('state') ?? 'open', params.get('creator')];
    if (since !== null && Number.isNaN(bound)) throw new Refusal(422, 'Validation Failed');
    const kept = rows.filter(
      ({ updated, item, by }) =>
        updated > bound && (state === 'all' || item.state === state) && (creator === null || by === creator),
    );
    const sort = params.get('sort') ?? 'created';
    const sign = (params.get('direction') ?? 'desc') === 'asc' ? 1 : -1;
    const of = (row: Row) => (sort === 'updated' ? row.updated : row.created);
    return kept.sort((a, b) => sign * (of(a) - of(b) || a.number - b.number));
  },
  other(method, path, params) {
    if (method !== 'GET') return undefined;
    if (path === '/user') return ok({ ...userOf('sync'), name: 'Sync Account', email: 'sync@example.com' });
    if (path === '/user/repos')
      return ok(Number(params.get('page') ?? 1) > 1 ? [] : REPOSITORIES.map((full_name, id) => ({ id, full_name })));
    const login = /^\/users\/(.+)$/.exec(path)?.[1];
    if (login !== undefined) {
      const found = Object.keys(PEOPLE).find((one) => one.toLowerCase() === login.toLowerCase());
      if (found === undefined) throw new Refusal(404, 'Not Found');
      return ok({ ...userOf(found), name: PEOPLE[found]?.name, email: null });
    }
    const [, project = '', what] = /^\/repos\/([^/]+\/[^/]+)\/(labels|milestones|assignees)$/.exec(path) ?? [];
    if (what === undefined) return undefined;
    if (!REPOSITORIES.includes(project)) throw new Refusal(404, 'Not Found');
    if (Number(params.get('page') ?? 1) > 1) return ok([]);
    if (what === 'labels') return ok(LABELS.map(labelOf));
    return ok(
      what === 'milestones' ? MILESTONES.map((_, index) => milestoneOf(index + 1)) : Object.keys(PEOPLE).map(userOf),
    );
  },
};

export const github = declaredConnector(vendor.file);
export const startGithub = (): Promise<StandIn> => new StandIn(vendor).start();
