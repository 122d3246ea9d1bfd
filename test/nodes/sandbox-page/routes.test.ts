import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { openSandbox, type SandboxSpace } from '../../../lib/connectors/sandbox';
import { MARKDOWN } from '../../../lib/connectors/sandbox/template';
import type { Entity } from '../../../lib/model/entity';
import { type PageServer, startPage } from './server';

interface Answer {
  status: number;
  body: {
    error?: { message: string; fields?: Record<string, string> };
    entity?: Entity;
    comments?: { type: string; fields: { id: string }[]; all: Entity[]; total: number };
    entities?: { key: string; title: string }[];
    total?: number;
    spaces?: { name: string; label: string }[];
    fields?: { id: string; initial: unknown }[];
    people?: { login: string }[];
    types?: { name: string }[];
    history?: { by?: { login?: string }; fields: Record<string, unknown> }[];
  };
}

describe('sandbox page: routes', () => {
  let server: PageServer;
  let space: SandboxSpace;

  before(async function () {
    this.timeout(20_000);
    server = await startPage();
  });
  after(() => server.close());

  async function get(path: string, query: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${server.url}api/${path}?${new URLSearchParams(query)}`);
    return { status: response.status, body: response.status === 401 ? {} : await response.json() };
  }
  async function post(path: string, body: unknown, type = 'application/json'): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${server.url}api/${path}`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: text,
    });
    return { status: response.status, body: response.status === 401 ? {} : await response.json() };
  }

  it('shows an empty list where nobody has made a sandbox, and makes no file by looking', async () => {
    assert.deepEqual((await get('spaces')).body, { spaces: [] });
    assert.equal((await get('entities', { space: 'left' })).status, 404);
    assert.equal(existsSync(server.file ?? ''), false);
  });

  describe('with a sandbox', () => {
    const bug = { project: '10000', type: '10101' };
    before(() => {
      space = openSandbox({ file: server.file, space: 'left', template: 'jira' });
    });
    after(() => space.close());

    it('lists sandboxes, people, and the fields of a form with their initial values', async () => {
      assert.deepEqual(
        (await get('spaces')).body.spaces?.map(({ name, label }) => [name, label]),
        [['left', 'Jira']],
      );
      const about = await get('space', { space: 'left' });
      assert.deepEqual(
        about.body.people?.map(({ login }) => login),
        ['alice', 'bob', 'carol', 'sync'],
      );
      const { fields } = (await get('fields', { space: 'left', ...bug })).body;
      assert.deepEqual(fields?.find(({ id }) => id === 'status')?.initial, { id: '10000', name: 'To Do' });
      assert.equal((await get('fields', { space: 'left', project: '10000', type: 'x' })).status, 404);
    });

    it('creates and edits as the chosen person, and reports the history', async () => {
      const created = await post('create', { space: 'left', user: 'alice', ...bug, fields: { summary: 'One' } });
      assert.equal(created.status, 200);
      const id = created.body.entity?.id ?? '';
      const edited = await post('edit', { space: 'left', user: 'bob', id, fields: { priority: { name: 'High' } } });
      assert.deepEqual(edited.body.entity?.fields.priority, { id: '2', name: 'High' });
      const shown = await get('entity', { space: 'left', id });
      assert.deepEqual(
        shown.body.history?.map(({ by, fields }) => [by?.login, Object.keys(fields).includes('priority')]),
        [
          ['bob', true],
          ['alice', true],
        ],
      );
    });

    it('shows the comments of an entity, and writes, edits and deletes them as the chosen person', async () => {
      const issue = space.create('alice', { ...bug, fields: { summary: 'Commented' } });
      const { comments } = (await get('entity', { space: 'left', id: issue.id })).body;
      assert.deepEqual([comments?.type, comments?.all, comments?.total], ['comment', [], 0]);
      assert.deepEqual(
        comments?.fields.map(({ id }) => id),
        ['text', 'visibility', 'createdBy', 'createdAt', 'updatedBy', 'updatedAt'],
      );
      const text = (content: string) => ({ text: { format: 'markdown', content } });
      const comment = { space: 'left', project: bug.project, type: 'comment', owner: issue.id };
      const first = await post('create', { ...comment, user: 'bob', fields: text('one') });
      assert.equal(first.body.entity?.createdBy?.login, 'bob');
      const second = await post('create', { ...comment, user: 'carol', fields: text('two') });
      const blank = await post('create', { ...comment, user: 'carol', fields: text(' ') });
      assert.deepEqual(blank.body.error?.fields, { text: 'Text is required.' });
      const id = first.body.entity?.id ?? '';
      assert.equal((await post('edit', { space: 'left', user: 'carol', id, fields: text('one!') })).status, 200);
      const shown = (await get('entity', { space: 'left', id: issue.id })).body;
      assert.deepEqual(
        shown.comments?.all.map(({ key, fields, updatedBy }) => [key, fields.text, updatedBy?.login]),
        [
          [`${issue.key}#1`, { ...text('one!').text, dialect: MARKDOWN }, 'carol'],
          [`${issue.key}#2`, { ...text('two').text, dialect: MARKDOWN }, 'carol'],
        ],
      );
      assert.equal((await post('remove', { space: 'left', user: 'alice', id })).status, 200);
      const left = (await get('entity', { space: 'left', id: issue.id })).body;
      assert.deepEqual(
        left.comments?.all.map((one) => one.id),
        [second.body.entity?.id],
      );
    });

    it('deletes nothing but comments, and shows and lists none of these as an entity', async () => {
      const issue = space.create('alice', { ...bug, fields: { summary: 'Stays' } });
      const refusal = await post('remove', { space: 'left', user: 'alice', id: issue.id });
      assert.equal(refusal.status, 422);
      assert.ok(space.get(issue.id));
      const fields = { text: { format: 'markdown' as const, content: 'Stays' } };
      const { id } = space.create('alice', { project: bug.project, type: 'comment', owner: issue.id, fields });
      assert.equal((await get('entity', { space: 'left', id })).status, 404);
      assert.equal((await get('entities', { space: 'left', search: `${issue.key}#` })).body.total, 0);
      const types = (await get('space', { space: 'left' })).body.types?.map((type) => type.name);
      assert.deepEqual(types, ['Bug', 'Story', 'Task', 'Epic']);
    });

    it('names what is wrong with which field', async () => {
      const { status, body } = await post('create', {
        space: 'left',
        user: 'alice',
        ...bug,
        fields: { duedate: 'soon', x: 1 },
      });
      assert.equal(status, 422);
      assert.deepEqual(body.error?.fields, {
        summary: 'Summary is required.',
        duedate: 'Due date takes a date (YYYY-MM-DD), not soon.',
        x: 'Bug in Demo has no field "x".',
      });
    });

    it('searches, filters and pages', async () => {
      for (let at = 0; at < 5; at++)
        space.create('bob', { ...bug, type: '10103', fields: { summary: `Needle ${at}` } });
      const found = await get('entities', { space: 'left', search: 'needle', type: '10103', limit: '2' });
      assert.equal(found.body.total, 5);
      assert.deepEqual(
        found.body.entities?.map(({ title }) => title),
        ['Needle 4', 'Needle 3'],
      );
      assert.equal((await get('entities', { space: 'left', search: 'needle', type: '10101' })).body.total, 0);
    });

    it('takes nothing but JSON, so that a foreign page cannot write with a form', async () => {
      const count = space.list().total;
      const form = new URLSearchParams({
        space: 'left',
        user: 'alice',
        ...bug,
        'fields[summary]': 'Forged',
      }).toString();
      assert.equal((await post('create', form, 'application/x-www-form-urlencoded')).status, 415);
      assert.equal((await post('create', JSON.stringify({ space: 'left' }), 'text/plain')).status, 415);
      assert.equal((await post('create', '[]')).status, 400);
      assert.equal(space.list().total, count);
    });

    it('refuses bodies that are too large, and people that there are not', async () => {
      const fields = { summary: 'Big', description: { format: 'markdown', content: 'x'.repeat(2_100_000) } };
      assert.equal((await post('create', { space: 'left', user: 'alice', ...bug, fields })).status, 413);
      const stranger = await post('create', { space: 'left', user: 'mallory', ...bug, fields: { summary: 'x' } });
      assert.equal(stranger.status, 422);
      assert.match(stranger.body.error?.message ?? '', /no user "mallory"/);
    });

    it('asks for a permission on every data route, and for none on the empty page', async () => {
      server.asked.length = 0;
      for (const path of ['spaces', 'space', 'fields', 'entities', 'entity']) await get(path);
      assert.deepEqual(server.asked, Array(5).fill('twinflow-sandbox.read'));
      server.asked.length = 0;
      for (const path of ['create', 'edit', 'remove']) await post(path, {});
      assert.deepEqual(server.asked, Array(3).fill('twinflow-sandbox.write'));
      server.asked.length = 0;
      for (const path of ['', 'page.js', 'page.css']) assert.equal((await fetch(server.url + path)).status, 200);
      assert.deepEqual(server.asked, []);
    });

    it('answers nothing and writes nothing where the permission is refused', async () => {
      const count = space.list().total;
      server.refused.add('twinflow-sandbox.read').add('twinflow-sandbox.write');
      assert.equal((await get('entities', { space: 'left' })).status, 401);
      assert.equal(
        (await post('create', { space: 'left', user: 'alice', ...bug, fields: { summary: 'x' } })).status,
        401,
      );
      server.refused.clear();
      assert.equal(space.list().total, count);
    });

    it('lets nothing but its own files run', async () => {
      const page = await fetch(server.url);
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'; script-src 'self'/);
      assert.equal(page.headers.get('x-content-type-options'), 'nosniff');
      const text = await page.text();
      assert.doesNotMatch(text, /<script>|https?:\/\//);
    });

    it('leads from the address without slash to the one with it', async () => {
      const response = await fetch(server.url.slice(0, -1));
      assert.equal(response.url, server.url);
    });
  });
});
