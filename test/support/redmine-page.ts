/** How a Redmine server renders a text: the HTML of an issue's page for a logged-in user. */

import type { RedmineServer } from './redmine';

const cookiesOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';', 1)[0])
    .join('; ');

/** @returns a function from an issue's id to the HTML of its description */
export async function redminePage(server: RedmineServer): Promise<(issue: number) => Promise<string>> {
  const form = await fetch(`${server.url}/login`);
  const token = /name="authenticity_token" value="([^"]+)"/.exec(await form.text())?.[1] ?? '';
  const login = await fetch(`${server.url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: cookiesOf(form), 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ authenticity_token: token, username: 'alice', password: 'alice-password' }),
  });
  const cookie = cookiesOf(login);
  return async (issue) => {
    const page = await (await fetch(`${server.url}/issues/${issue}`, { headers: { cookie } })).text();
    const start = page.indexOf('<div class="description">');
    const wiki = page.indexOf('<div class="wiki">', start);
    if (start < 0 || wiki < 0) throw new Error(`no description on the page of issue ${issue}`);
    return page.slice(wiki + '<div class="wiki">'.length, page.indexOf('</div>', wiki)).trim();
  };
}
