/** The stand-in refuses uploads and downloads as Jira does: otherwise the connector's tests would prove little. */

import assert from 'node:assert/strict';
import { type Jira, startJira } from './index';
import type { Issue } from './issue';

for (const deployment of ['cloud', 'datacenter'] as const) {
  describe(`the stand-in's attachments, ${deployment}`, () => {
    const isCloud = deployment === 'cloud';
    let jira: Jira;
    let issue: Issue;

    beforeEach(async () => {
      jira = await startJira({ deployment });
      const fields = { project: { key: 'DEMO' }, issuetype: { name: 'Bug' }, summary: 'Files' };
      issue = jira.site.create(jira.person('alice'), { fields });
    });
    afterEach(async () => {
      await jira.stop();
    });

    const authorization = (): string => {
      const { email, apiToken, accessToken } = jira.person('sync');
      return isCloud ? `Basic ${Buffer.from(`${email}:${apiToken}`).toString('base64')}` : `Bearer ${accessToken}`;
    };
    const send = (path: string, init: RequestInit & { headers?: Record<string, string> } = {}) =>
      fetch(`${jira.url}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { Authorization: authorization(), ...init.headers },
      });
    const root = isCloud ? '/rest/api/3' : '/rest/api/2';
    const form = (name = 'a.txt', text = 'the bytes', part = 'file'): FormData => {
      const data = new FormData();
      data.append(part, new Blob([text], { type: 'text/plain' }), name);
      return data;
    };
    const upload = (body: BodyInit, headers: Record<string, string> = { 'X-Atlassian-Token': 'no-check' }) =>
      send(`${root}/issue/${issue.id}/attachments`, { method: 'POST', body, headers });

    it('take forms of any client, and several files of one', async () => {
      const both = form();
      both.append('file', new Blob(['x'.repeat(200_000)]), 'Übersicht.bin');
      const answer = await upload(both);
      assert.equal(answer.status, 200);
      const made = (await answer.json()) as { filename: string; size: number; mimeType: string }[];
      assert.deepEqual(
        made.map(({ filename, size }) => [filename, size]),
        [
          ['a.txt', 9],
          ['Übersicht.bin', 200_000],
        ],
      );
      assert.equal(jira.files.bytes(issue.attachments[0]?.stored ?? assert.fail()).toString(), 'the bytes');
      assert.deepEqual(jira.violations ?? [], []);
    });

    it('take none without the header against forgery, and none that are no form', async () => {
      const forged = await upload(form(), {});
      assert.deepEqual([forged.status, await forged.text()], [isCloud ? 403 : 404, 'XSRF check failed']);
      const headers = { 'X-Atlassian-Token': 'no-check', 'Content-Type': 'application/octet-stream' };
      assert.equal((await upload('the bytes', headers)).status, 415);
      assert.deepEqual(issue.attachments, []);
    });

    it('pass over parts that are not called "file"', async () => {
      const answer = await upload(form('a.txt', 'the bytes', 'attachment'));
      assert.deepEqual([answer.status, await answer.json()], [200, []]);
      assert.deepEqual(issue.attachments, []);
    });

    it('fail over names in the form of RFC 2231, and refuse those with characters that no file can have', async () => {
      const headers = { 'X-Atlassian-Token': 'no-check', 'Content-Type': 'multipart/form-data; boundary=b' };
      const body = `--b\r\nContent-Disposition: form-data; name="file"; filename="u.txt"; filename*=utf-8''%C3%BC.txt\r\n\r\nx\r\n--b--\r\n`;
      assert.equal((await upload(body, headers)).status, 500);
      assert.equal((await upload(form('a:b.txt'))).status, 400);
      assert.deepEqual(issue.attachments, []);
    });

    it('refuse forms that end early', async () => {
      const headers = { 'X-Atlassian-Token': 'no-check', 'Content-Type': 'multipart/form-data; boundary=b' };
      const body = '--b\r\nContent-Disposition: form-data; name="file"; filename="u.txt"\r\n\r\nthe by';
      assert.equal((await upload(body, headers)).status, 400);
      assert.deepEqual(issue.attachments, []);
    });

    it('refuse what is too large, and too many', async () => {
      jira.faults.uploadLimit = 5;
      assert.equal((await upload(form())).status, isCloud ? 413 : 404);
      jira.faults.uploadLimit = 500;
      jira.faults.mostAttachments = 1;
      assert.equal((await upload(form())).status, 200);
      assert.equal((await upload(form())).status, 413);
      assert.equal(issue.attachments.length, 1);
    });

    it('give bytes to those who may see the issue, and to no others', async () => {
      const made = jira.site.attach(jira.person('bob'), issue, 'a b.txt', jira.files.keep(Buffer.from('the bytes')));
      const path = isCloud ? `${root}/attachment/content/${made.id}` : `/secure/attachment/${made.id}/a%20b.txt`;
      const none = await send(path, { headers: { Authorization: '' } });
      if (isCloud) {
        assert.equal(none.status, 401);
        const away = await send(path);
        assert.equal(away.status, 303);
        const location = away.headers.get('location') ?? '';
        assert.notEqual(new URL(location).host, new URL(jira.url).host);
        assert.equal((await fetch(location, { headers: { Authorization: authorization() } })).status, 400);
        assert.equal(await (await fetch(location)).text(), 'the bytes');
        assert.equal(await (await send(`${path}?redirect=false`)).text(), 'the bytes');
      } else {
        assert.equal(none.status, 302);
        assert.match(none.headers.get('location') ?? '', /^\/login\.jsp/);
        assert.equal(await (await send(path)).text(), 'the bytes');
      }
      jira.site.hidden.add(issue.project);
      assert.equal((await send(path)).status, 404);
    });

    it('delete once, and say what is gone', async () => {
      const made = jira.site.attach(jira.person('bob'), issue, 'a.txt', jira.files.keep(Buffer.from('x')));
      const path = `${root}/attachment/${made.id}`;
      assert.equal((await send(path)).status, 200);
      assert.equal((await send(path, { method: 'DELETE' })).status, 204);
      assert.equal((await send(path, { method: 'DELETE' })).status, 404);
      assert.equal((await send(path)).status, 404);
    });
  });
}
