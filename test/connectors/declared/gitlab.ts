/** GitLab's issues on the stand-in: what its parameters mean, and the shape of its answers, after its documentation. */

import { declaredConnector } from '../../../lib/connectors/declared/connector';
import { shippedFile } from '../../../lib/connectors/declared/files';
import { type Answer, type Body, Refusal, type Row, StandIn, type Vendor } from './stand-in';

export const TOKEN = 'glpat-0123456789abcdefghij';
export const PROJECT = '7';
const PROJECTS: Record<string, string> = { [PROJECT]: 'octo/hello', 8: 'octo/deep/other' };
const LABELS = ['bug', "it's a label", 'to do'];
const MILESTONES: Record<number, string> = { 31: '1.0', 32: '2.0' };
const PEOPLE: Record<string, { id: number; name: string; public_email: string }> = {
  sync: { id: 1, name: 'Sync Account', public_email: '' },
  alice: { id: 2, name: 'Alice Adams', public_email: 'alice@example.com' },
  bob: { id: 3, name: 'Bob Brown', public_email: '' },
};

const userOf = (username: string): Body => {
  const { id, name } = PEOPLE[username] ?? { id: 0, name: username };
  return { id, username, name, state: 'active', avatar_url: null, web_url: `https://gitlab.example/${username}` };
};
const invalid = (field: string, why: string): Refusal => new Refusal(400, '', { message: { [field]: [why] } });

/** Takes a body of a create or an update; GitLab ignores parameters that it does not know. */
function take(item: Body, sent: Body): void {
  const { title, description, state_event, labels, assignee_ids, milestone_id, due_date, confidential } = sent;
  if (title !== undefined) {
    if (typeof title !== 'string' || title.trim() === '') throw invalid('title', "can't be blank");
    if ([...title].length > 255) throw invalid('title', 'is too long (maximum is 255 characters)');
    item.title = title;
  }
  if (description !== undefined) item.description = description === '' ? null : description;
  if (state_event !== undefined) {
    if (state_event !== 'close' && state_event !== 'reopen')
      throw new Refusal(400, '', { error: 'state_event does not have a valid value' });
    item.state = state_event === 'close' ? 'closed' : 'opened';
  }
  if (labels !== undefined) {
    if (typeof labels !== 'string') throw new Refusal(400, '', { error: 'labels is invalid' });
    // GitLab creates those that there are not, and shows all in alphabetical order
    item.labels = labels === '' ? [] : labels.split(',').sort();
  }
  if (assignee_ids !== undefined) {
    const ids = Array.isArray(assignee_ids) ? assignee_ids : [];
    item.assignees = Object.keys(PEOPLE)
      .filter((username) => ids.includes(PEOPLE[username]?.id))
      .map(userOf);
  }
  if (milestone_id !== undefined) {
    const title1 = MILESTONES[Number(milestone_id)];
    item.milestone = title1 === undefined ? null : { id: milestone_id, iid: 1, title: title1 };
  }
  if (due_date !== undefined) item.due_date = due_date;
  if (confidential !== undefined) item.confidential = confidential;
}

const ok = (body: unknown): Answer => ({ status: 200, body });

export const vendor: Vendor = {
  file: shippedFile('gitlab'),
  stepMs: 1,
  hasProject: (id) => Object.hasOwn(PROJECTS, id),
  who: (headers) => (headers['private-token'] === TOKEN ? 'sync' : undefined),
  error: ({ message, more, status }) => ({ ...(message && { message: `${status} ${message}` }), ...more }),
  make({ type }, sent) {
    // nobody writes these by the API in tests
    if (type !== 'issue') return { ...sent };
    const item: Body = { title: null, description: null, state: 'opened', labels: [], assignees: [], milestone: null };
    if (sent.title === undefined) throw new Refusal(400, '', { error: 'title is missing' });
    Object.assign(item, { due_date: null, confidential: false });
    // a new issue is open, whatever is sent
    take(item, { ...sent, state_event: undefined });
    return item;
  },
  change: ({ type, item }, sent) => (type === 'issue' ? take(item, sent) : Object.assign(item, sent)),
  show({ type, number, project, created, updated, by, item }) {
    const path = PROJECTS[project] ?? '';
    const times = { created_at: new Date(created).toISOString(), updated_at: new Date(updated).toISOString() };
    if (type === 'pipeline') {
      const web_url = `https://gitlab.example/${path}/-/pipelines/${number}`;
      return { id: number, iid: 3, project_id: Number(project), web_url, ...times, ...item };
    }
    return {
      ...{ id: 5_000_000 + number, iid: number, project_id: Number(project), author: userOf(by) },
      ...{ created_at: new Date(created).toISOString(), updated_at: new Date(updated).toISOString() },
      closed_at: item.state === 'closed' ? new Date(updated).toISOString() : null,
      web_url: `https://gitlab.example/${path}/-/issues/${number}`,
      references: { short: `#${number}`, relative: `#${number}`, full: `${path}#${number}` },
      ...item,
    };
  },
  list(type, rows, params) {
    const time = (name: string): number => {
      const text = params.get(name);
      return text === null ? Number.NEGATIVE_INFINITY : Date.parse(text);
    };
    const [after, createdAfter] = [time('updated_after'), time('created_after')];
    const [state, author, scope] = [params.get('state') ?? 'all', params.get('author_username'), params.get('scope')];
    const kept = rows.filter(
      ({ updated, created, item, by }) =>
        updated >= after &&
        created >= createdAfter &&
        (state === 'all' || item.state === state) &&
        (author === null || by === author) &&
        (scope === 'all' || by === 'sync' || type.id === 'pipeline'),
    );
    const sign = params.get('sort') === 'asc' ? 1 : -1;
    const of = (row: Row) => (params.get('order_by') === 'updated_at' ? row.updated : row.created);
    return kept.sort((a, b) => sign * (of(a) - of(b) || a.number - b.number));
  },
  other(method, fullPath, params) {
    const path = fullPath.replace(/^\/api\/v4/, '');
    if (method !== 'GET') return undefined;
    const isFirst = Number(params.get('page') ?? 1) === 1;
    const all = (body: unknown[]): Answer => ok(isFirst ? body : []);
    if (path === '/user') return ok({ ...userOf('sync'), public_email: '' });
    if (path === '/projects')
      return all(Object.entries(PROJECTS).map(([id, name]) => ({ id: Number(id), path_with_namespace: name })));
    const people = (text: string | null, isExact: boolean) =>
      Object.entries(PEOPLE).flatMap(([username, one]) => {
        const texts = [username, one.name, one.public_email].map((word) => word.toLowerCase());
        const wanted = text?.toLowerCase() ?? '';
        const fits = isExact ? texts[0] === wanted : texts.some((word) => word.includes(wanted));
        return fits ? [{ ...userOf(username), public_email: one.public_email }] : [];
      });
    if (path === '/users') {
      const login = params.get('username');
      return login === null ? all(people(params.get('search'), false)) : ok(people(login, true));
    }
    const [, project = '', what] = /^\/projects\/([^/]+)\/(labels|milestones|users)$/.exec(path) ?? [];
    if (what === undefined) return undefined;
    if (!Object.hasOwn(PROJECTS, project)) throw new Refusal(404, 'Project Not Found');
    if (what === 'labels') return all(LABELS.map((name, id) => ({ id, name })));
    if (what === 'users') return all(people(params.get('search'), false));
    return all(Object.entries(MILESTONES).map(([id, title]) => ({ id: Number(id), title })));
  },
};

export const gitlab = declaredConnector(vendor.file);
export const startGitlab = (): Promise<StandIn> => new StandIn(vendor).start();
