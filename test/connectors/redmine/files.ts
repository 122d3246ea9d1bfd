/** What goes wrong with files of a Redmine, and somebody who attaches some outside our connection. */

import { type FilesUnderTest, fileBytes } from '../../conformance/connector';
import type { RecordingProxy, Spoilt } from '../../support/proxy';
import type { RedmineApi, RedmineServer } from '../../support/redmine';
import { changeSettings } from '../../support/redmine-roles';

/** kilobytes, as seeded */
const USUAL_LIMIT = '20480';

interface Attached {
  id: number;
  filename: string;
  created_on: string;
}

/** Attachments of an issue, in the order of its page. */
export const attachmentsOf = async (api: RedmineApi, issue: string | number): Promise<Attached[]> =>
  (await api.get<{ issue: { attachments: Attached[] } }>(`/issues/${issue}.json?include=attachments`)).issue
    .attachments;

/** @returns the token */
export async function uploadTo(api: RedmineApi, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const response = await fetch(`${api.url}/uploads.json?filename=${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { 'X-Redmine-API-Key': api.key, 'Content-Type': 'application/octet-stream' },
    body: bytes,
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
  return ((await response.json()) as { upload: { token: string } }).upload.token;
}

/** Attaches a file as this user does. @returns the part's id */
export async function attachTo(
  api: RedmineApi,
  issue: string | number,
  name: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const token = await uploadTo(api, name, bytes);
  await api.put(`/issues/${issue}.json`, { issue: { uploads: [{ token, filename: name }] } });
  const number = Number(token.split('.', 1)[0]);
  const file = (await attachmentsOf(api, issue)).find(({ id }) => id === number);
  if (!file) throw new Error(`${name} is not attached`);
  return `${issue}#attachment-${number}@${file.created_on}`;
}

export const numberOf = (id: string): string => /#attachment-(\d+)@/.exec(id)?.[1] ?? '';

export function filesUnderTest(server: RedmineServer, person: RedmineApi, proxy: RecordingProxy): FilesUnderTest {
  const inPlaceOf = (answer: (id: string) => Spoilt) => (id: string) => {
    proxy.interfere = (_method, path) =>
      path.includes(`/attachments/download/${numberOf(id)}`) ? answer(id) : undefined;
    return () => {
      proxy.interfere = undefined;
    };
  };
  const page = '<!DOCTYPE html><html><body><form><input type="password"></form>Sign in</body></html>';
  const html = { 'Content-Type': 'text/html; charset=utf-8' };
  const binary = { 'Content-Type': 'application/octet-stream' };
  return {
    type: 'attachment',
    large: 19_000_000,
    person: {
      add: async (owner, content) => attachTo(person, owner, content.name, await fileBytes(content)),
      remove: (id) => person.delete(`/attachments/${numberOf(id)}.json`),
    },
    limitTo: async (bytes) => {
      await changeSettings(server, 'attachments', { attachment_max_size: String(bytes / 1024) });
      return () => changeSettings(server, 'attachments', { attachment_max_size: USUAL_LIMIT });
    },
    broken: {
      'half of the bytes': inPlaceOf(() => ({ status: 200, headers: binary, body: 'x'.repeat(500) })),
      'more bytes': inPlaceOf(() => ({ status: 200, headers: binary, body: 'x'.repeat(1_500) })),
      'a page to sign in': inPlaceOf(() => ({ status: 200, headers: html, body: page })),
      'the way to a page to sign in': inPlaceOf(() => ({ status: 302, headers: { Location: '/login?back_url=x' } })),
      'a copy of some proxy': inPlaceOf(() => ({ status: 203, headers: binary, body: 'x'.repeat(1_000) })),
      'no content on the disk': inPlaceOf(() => ({ status: 404, headers: html, body: '<!DOCTYPE html>404' })),
    },
    // the connection looks into the issue afterwards, which does not answer either
    loseAnswer: () => {
      let isLost = false;
      proxy.interfere = (method, path, body) => {
        if (!path.startsWith('/issues/')) return undefined;
        if (method !== 'PUT' || !body.includes('uploads')) return isLost ? 'cut' : undefined;
        isLost = true;
        return 'lose';
      };
      return () => {
        proxy.interfere = undefined;
      };
    },
  };
}
