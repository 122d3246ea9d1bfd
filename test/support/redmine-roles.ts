/** Administrative changes of roles and settings through Redmine's own pages, which the API does not offer. */

import type { RedmineServer } from './redmine';

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');

const tokenIn = (page: string): string => /name="csrf-token" content="([^"]+)"/.exec(page)?.[1] ?? '';

/** A user's session in Redmine's pages. @param login for example "alice"; the seeded passwords follow from it */
export class RedmineSession {
  private constructor(
    private readonly url: string,
    private cookie: string,
  ) {}

  static async of({ url }: RedmineServer, login: string): Promise<RedmineSession> {
    const form = await fetch(`${url}/login`);
    const session = new RedmineSession(url, cookiesOf(form));
    const { status } = await session.post('/login', tokenIn(await form.text()), {
      username: login,
      password: `${login}-password`,
    });
    if (status !== 302) throw new Error(`${login} cannot log in: ${status}`);
    return session;
  }

  async page(path: string): Promise<string> {
    const response = await fetch(this.url + path, { headers: { cookie: this.cookie } });
    this.cookie = cookiesOf(response) || this.cookie;
    return response.text();
  }

  private async post(path: string, token: string, fields: Record<string, string | string[]>): Promise<Response> {
    const body = new URLSearchParams({ authenticity_token: token });
    for (const [name, value] of Object.entries(fields)) for (const one of [value].flat()) body.append(name, one);
    const response = await fetch(this.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: this.cookie, 'content-type': 'application/x-www-form-urlencoded' },
      body,
    });
    this.cookie = cookiesOf(response) || this.cookie;
    return response;
  }

  /** Sends a form of a page. @param fields as browsers send them: `role[issues_visibility]` */
  async submit(page: string, path: string, fields: Record<string, string | string[]>): Promise<void> {
    const response = await this.post(path, tokenIn(await this.page(page)), fields);
    if (response.status !== 302)
      throw new Error(`${path}: ${response.status} ${(await response.text()).slice(0, 300)}`);
  }
}

export interface RoleChange {
  /** grants or removes this permission */
  viewIssues?: boolean;
  visibility?: 'all' | 'default' | 'own';
  /** only issues of these trackers are visible; undefined = of all */
  trackers?: number[];
}

/** Changes which issues a role can see; its other settings stay unchanged. */
export async function changeRole(server: RedmineServer, id: number, change: RoleChange): Promise<void> {
  const admin = await administrator(server);
  const { role } = await server
    .as('admin')
    .get<{ role: { permissions: string[]; issues_visibility: string } }>(`/roles/${id}.json`);
  const { viewIssues = true, visibility = role.issues_visibility, trackers } = change;
  const others = role.permissions.filter((one) => one !== 'view_issues');
  await admin.submit(`/roles/${id}/edit`, `/roles/${id}`, {
    _method: 'patch',
    'role[permissions][]': ['', ...others, ...(viewIssues ? ['view_issues'] : [])],
    'role[issues_visibility]': visibility,
    'role[permissions_all_trackers][view_issues]': trackers ? '0' : '1',
    'role[permissions_tracker_ids][view_issues][]': ['', ...(trackers ?? []).map(String)],
  });
}

/** An administrator with a password known here; a reset of the server removes the account again. */
async function administrator(server: RedmineServer): Promise<RedmineSession> {
  const [login, mail] = ['chief', 'chief@example.com'];
  const { users } = await server.as('admin').get<{ users: unknown[] }>(`/users.json?name=${login}`);
  if (users.length === 0) {
    const names = { firstname: 'Chief', lastname: 'Chang' };
    const user = { login, mail, ...names, password: `${login}-password`, admin: true };
    await server.as('admin').post('/users.json', { user });
  }
  return RedmineSession.of(server, login);
}

/** Changes settings on a page of the administration. @param settings as browsers send them: `{ attachment_max_size: '100' }` */
export async function changeSettings(
  server: RedmineServer,
  tab: string,
  settings: Record<string, string>,
): Promise<void> {
  const admin = await administrator(server);
  const fields = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`settings[${name}]`, value]));
  await admin.submit(`/settings?tab=${tab}`, `/settings/edit?tab=${tab}`, fields);
}
