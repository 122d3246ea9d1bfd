/** Comments of the sandbox: entities of their own that belong to another one. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Connection, WriteOperation } from '../../../lib/connectors/connector';
import {
  isPartType,
  openSandbox,
  type SandboxChange,
  type SandboxSpace,
  type SandboxTemplate,
  sandbox,
  sandboxFile,
  templates,
} from '../../../lib/connectors/sandbox';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

const markdown = (content: string) => ({ format: 'markdown' as const, content });

describe('sandbox comments', () => {
  const bug = { project: '10000', type: '10101' };
  const scope = { projects: ['10000', '10001'], types: ['10101', '10102'] };
  let dataFolder: string;
  let connection: Required<Pick<Connection, 'parts' | 'write' | 'remove' | 'find'>> & Connection;
  let space: SandboxSpace;
  let issue: Entity;

  const connect = (user = 'sync') => {
    const made = sandbox.connect({ space: 'left', template: 'jira', user }, { dataFolder });
    const { parts, write, remove, find } = made;
    assert.ok(parts && write && remove && find);
    return Object.assign(made, { parts, write, remove, find });
  };
  const creation = (text: string, more: object = {}): WriteOperation => ({
    ...{ kind: 'create', project: '10000', type: 'comment', owner: issue.id, fields: { text: markdown(text) } },
    ...more,
  });
  const comment = (text: string, user = 'alice', owner = issue.id) =>
    space.create(user, { project: '10000', type: 'comment', owner, fields: { text: markdown(text) } });
  const textOf = ({ fields }: Entity) => (fields.text as { content: string }).content;
  async function textsOf(...owners: string[]): Promise<unknown[]> {
    const found = await connection.parts(scope, owners, ['comment']);
    return found.map((one) => (Array.isArray(one) ? one.map(textOf) : one));
  }

  beforeEach(() => {
    dataFolder = mkdtempSync(join(tmpdir(), 'twinflow-sandbox-'));
    connection = connect();
    space = openSandbox({ file: sandboxFile(dataFolder), space: 'left' });
    issue = space.create('alice', { ...bug, fields: { summary: 'Printer on fire' } });
  });
  afterEach(async () => {
    space.close();
    await connection.close?.();
    rmSync(dataFolder, { recursive: true });
  });

  it('are a type of each template, part of its other types, with a text in the markup of these', async () => {
    for (const { name, types, projects } of templates.values()) {
      const tried = sandbox.connect({ space: name, template: name }, {});
      const [project] = projects;
      const listed = await tried.entityTypes(project?.id ?? '');
      const items = types.filter((type) => !isPartType(type)).map(({ id }) => id);
      assert.ok(items.length > 1, name);
      assert.deepEqual(listed.slice(items.length), [
        { id: 'comment', name: 'Comment', partOf: items, role: 'comment' },
        { id: 'attachment', name: 'Attachment', partOf: items, role: 'attachment' },
      ]);
      assert.deepEqual(
        listed.filter(({ partOf }) => partOf === undefined).map(({ id }) => id),
        items,
      );
      const [text, ...others] = await tried.fields(project?.id ?? '', 'comment');
      assert.deepEqual([text?.id, text?.type, text?.required, text?.format], ['text', 'richtext', true, 'markdown']);
      assert.deepEqual(
        others.filter(({ readOnly }) => !readOnly).map(({ id }) => id),
        name === 'jira' ? ['visibility'] : [],
      );
      await tried.close?.();
    }
  });

  it('have a key, an address on the page of their owner, an author and times', async () => {
    comment('one');
    const second = comment('two', 'bob');
    assert.equal(second.key, 'DEMO-1#2');
    assert.deepEqual(second.owner, { id: issue.id, key: 'DEMO-1', type: '10101' });
    assert.equal(second.url, `/twinflow/sandbox/#left/${issue.id}/${second.id}`);
    assert.equal(second.createdBy?.name, 'Bob Baker');
    assert.deepEqual(second.fields.createdBy, second.createdBy);
    assert.deepEqual(second.fields.visibility, { id: 'public', name: 'Public' });
    assert.deepEqual(await connection.read(scope, [second.id]), [second]);
    assert.equal(space.create('bob', { ...bug, fields: { summary: 'Next' } }).key, 'DEMO-2');
  });

  it('never get the key of one that was deleted', () => {
    comment('one');
    space.remove('alice', comment('two').id);
    assert.equal(comment('three').key, 'DEMO-1#3');
  });

  it('are read for several owners at once, the oldest first, in the order of the owners', async () => {
    const other = space.create('alice', { ...bug, fields: { summary: 'Another' } });
    const bare = space.create('alice', { ...bug, fields: { summary: 'Without' } });
    comment('a');
    comment('x', 'bob', other.id);
    const third = comment('b');
    space.edit('alice', third.id, { text: markdown('b, edited') });
    assert.deepEqual(await textsOf(other.id, bare.id, issue.id), [['x'], [], ['a', 'b, edited']]);
    assert.deepEqual(await connection.parts(scope, [], ['comment']), []);
  });

  it('of an owner that is gone are undefined, and gone with it; those of one that is withheld are not', async () => {
    const { id } = comment('a');
    const other = space.create('alice', { ...bug, fields: { summary: 'Another' } });
    const hidden = comment('x', 'bob', other.id);
    const error = new SyncError('transient', 'not now');
    space.withhold(other.id, error);
    space.remove('alice', issue.id);
    assert.deepEqual(await textsOf(issue.id, other.id, '999', 'nonsense'), [undefined, error, undefined, undefined]);
    assert.deepEqual(await connection.read(scope, [id, hidden.id]), [undefined, error]);
    assert.deepEqual(await connection.find({ project: '10000', type: 'comment', owner: other.id }, 5), [error]);
    assert.deepEqual(space.history(id), []);
    space.withhold(other.id, undefined);
    space.withhold(hidden.id, error);
    assert.deepEqual(await textsOf(other.id), [error]);
  });

  it('come neither in lists nor in polls, nor are they pointed at', async () => {
    const { id, key } = comment('Printer');
    assert.equal(space.list({ search: 'Printer' }).total, 1);
    assert.equal(space.list({ search: '#' }).total, 0);
    assert.equal(space.list().total, 1);
    assert.equal(await connection.byKey?.(key), undefined);
    const seen: string[] = [];
    for await (const { entities } of connection.changes(scope, undefined, 1))
      seen.push(...entities.map((one) => one.id));
    assert.deepEqual(seen, [issue.id]);
    assert.deepEqual(
      (await connection.latest?.(scope, 10))?.map((one) => one.id),
      [issue.id],
    );
    assert.throws(() => space.edit('bob', issue.id, { parent: { id } }), /no entity/);
  });

  it('are refused as a type of what is polled, and items as a type of parts', async () => {
    const wrong = { projects: ['10000'], types: ['10101', 'comment'] };
    const poll = async (since?: { time: string }) => {
      for await (const _ of connection.changes(wrong, since, 10)) assert.fail('was not refused');
    };
    const says = { kind: 'invalid', message: /type "Comment".*are parts of other entities/ };
    await assert.rejects(poll(), says);
    await assert.rejects(poll({ time: '2026-01-01T00:00:00Z' }), says);
    await assert.rejects(connection.newest(wrong), says);
    await assert.rejects(connection.parts(scope, [issue.id], ['10101']), {
      kind: 'invalid',
      message: /parts of nothing/,
    });
    await assert.rejects(connection.parts(scope, [issue.id], ['nonsense']), { kind: 'notFound' });
  });

  it('need an owner that can have them, and nothing else has one', async () => {
    const elsewhere = space.create('alice', { project: '10001', type: '10101', fields: { summary: 'Far' } });
    const { id } = comment('a');
    const wrong: [WriteOperation, RegExp][] = [
      [creation('x', { owner: undefined }), /which entity gets it/],
      [creation('x', { owner: '999' }), /no entity 999/],
      [creation('x', { owner: id }), /DEMO-1#1 cannot have one/],
      [creation('x', { owner: elsewhere.id }), /PAY-1 is in another project/],
      [creation('x', { type: '10101', fields: { summary: 'x' } }), /Bug belongs to nothing else/],
    ];
    const results = await connection.write(
      scope,
      wrong.map(([operation]) => operation),
    );
    for (const [index, [, message]] of wrong.entries()) {
      const result = results[index];
      assert.ok(result && !result.ok);
      assert.match(result.error.message, message);
    }
    assert.deepEqual(await textsOf(issue.id), [['a']]);
  });

  it('that are blank are refused, also as an edit, naming the text', async () => {
    const { id } = comment('a');
    const results = await connection.write(scope, [
      creation(' \r\n\t'),
      { kind: 'update', id, fields: { text: markdown(' ') } },
      { kind: 'update', id, fields: { text: null } },
    ]);
    for (const result of results) {
      assert.ok(!result.ok);
      assert.equal(result.error.kind, 'invalid');
      assert.match(result.error.detail.fields?.text ?? '', /^Text is required/);
    }
  });

  it('keep the order in which they were written, and one that fails keeps back no other', async () => {
    space.poisonText('b');
    const results = await connection.write(
      scope,
      ['a', 'b', 'c'].map((text) => creation(text)),
    );
    assert.deepEqual(
      results.map((result) => (result.ok ? result.entity.key : result.error.kind)),
      ['DEMO-1#1', 'transient', 'DEMO-1#2'],
    );
    assert.deepEqual(await textsOf(issue.id), [['a', 'c']]);
  });

  it('move their owner, by a change of nothing, when they are written, edited and deleted', async () => {
    const versions = () => space.get(issue.id)?.version;
    const seen = [versions()];
    const note = <T>(done: T): T => {
      seen.push(versions());
      return done;
    };
    const { id } = note(comment('a', 'bob'));
    space.edit('bob', id, { text: markdown('a') });
    assert.equal(versions(), seen.at(-1), 'an edit that changes nothing moves nothing');
    note(space.edit('bob', id, { text: markdown('b') }));
    note(await connection.remove(scope, [id]));
    assert.equal(new Set(seen).size, 4);
    const { updatedBy, updatedAt, fields } = space.get(issue.id) ?? assert.fail();
    assert.equal(updatedBy?.login, 'sync');
    assert.equal(fields.updated, updatedAt);
    assert.deepEqual(
      space.history(issue.id).map(({ by, fields: changed }) => [by?.login, Object.keys(changed).length > 0]),
      [
        ['sync', false],
        ['bob', false],
        ['bob', false],
        ['alice', true],
      ],
    );
  });

  for (const verb of ['create', 'edit', 'delete'] as const) {
    it(`leave their owner where it is where ${verb} is silent, and the connection says so`, async () => {
      space.silenceParts(verb);
      assert.deepEqual([...(connection.silentParts ?? [])], [verb]);
      const moved: string[] = [];
      let before = space.get(issue.id)?.version;
      const look = (what: string) => {
        const now = space.get(issue.id)?.version;
        if (now !== before) moved.push(what);
        before = now;
      };
      const { id } = comment('a');
      look('create');
      space.edit('alice', id, { text: markdown('b') });
      look('edit');
      await connection.remove(scope, [id]);
      look('delete');
      assert.deepEqual(
        moved,
        ['create', 'edit', 'delete'].filter((one) => one !== verb),
      );
      assert.equal(comment('c').key, 'DEMO-1#2');
    });
  }

  it('are deleted with their history, each alone; one that is gone already is a success', async () => {
    const [one, two, three] = [comment('a'), comment('b'), comment('c')];
    space.edit('alice', two.id, { text: markdown('b2') });
    const results = await connection.remove(scope, [two.id, '999', issue.id, two.id]);
    assert.deepEqual(
      results.map((error) => error?.kind),
      [undefined, undefined, 'invalid', undefined],
    );
    assert.match(results[2]?.message ?? '', /DEMO-1 is no part/);
    assert.deepEqual(await connection.read(scope, [one.id, two.id, three.id]), [one, undefined, three]);
    assert.deepEqual(space.history(two.id), []);
  });

  it('that cannot be deleted now say so, alone; a lost answer says nothing of what became of it', async () => {
    const [one, two] = [comment('a'), comment('b')];
    const lost = new SyncError('transient', 'The line went dead.', { uncertain: true });
    space.poisonText('a', lost);
    assert.deepEqual(await connection.remove(scope, [one.id, two.id]), [lost, undefined]);
    space.poisonText(undefined);
    space.failWrites(1, lost);
    assert.deepEqual(await connection.remove(scope, [one.id]), [lost]);
    assert.deepEqual(await textsOf(issue.id), [['a']]);
    space.failWrites(1, lost, { carriedOut: true });
    assert.deepEqual(await connection.remove(scope, [one.id]), [lost]);
    assert.deepEqual(await textsOf(issue.id), [[]]);
    space.refuse(new SyncError('auth', 'locked'));
    await assert.rejects(connection.remove(scope, [one.id]), { kind: 'auth' });
  });

  it('are found by their marker, and among those that the own account wrote, within their owner', async () => {
    const other = space.create('alice', { ...bug, fields: { summary: 'Another' } });
    comment('by alice');
    const [first, second] = await connection.write(scope, [
      creation('mine', { marker: 'm1' }),
      creation('mine, too', { owner: other.id, marker: 'm2' }),
    ]);
    assert.ok(first?.ok && second?.ok);
    const find = (query: object) => connection.find({ project: '10000', type: 'comment', ...query }, 10);
    assert.deepEqual(await find({ owner: issue.id, marker: 'm1' }), [first.entity]);
    assert.deepEqual(await find({ owner: other.id, marker: 'm1' }), []);
    const createdBySelfSince = first.entity.createdAt;
    assert.deepEqual(await find({ owner: issue.id, createdBySelfSince }), [first.entity]);
    assert.deepEqual(await find({ createdBySelfSince }), [first.entity, second.entity]);
    assert.deepEqual(await connection.markersOf?.([first.entity.id]), [['m1']]);
    assert.deepEqual(await connection.find({ ...bug, createdBySelfSince }, 10), []);
  });

  it('can be written only once in a tracker that only appends, and by their author only in another', async () => {
    const theirs = comment('by alice');
    const [made] = await connection.write(scope, [creation('mine')]);
    assert.ok(made?.ok);
    const edit = async (id: string) => {
      const [result] = await connection.write(scope, [{ kind: 'update', id, fields: { text: markdown('new') } }]);
      return result?.ok ? 'done' : `${result?.error.kind}: ${result?.error.message}`;
    };
    space.restrictParts({ edit: 'author' });
    assert.match(await edit(theirs.id), /^forbidden: DEMO-1#1 could not be changed: only who wrote it/);
    assert.equal(await edit(made.entity.id), 'done');
    space.restrictParts({ edit: 'nobody', delete: 'author' });
    assert.match(await edit(made.entity.id), /^forbidden: DEMO-1#2 could not be changed: nobody may/);
    const removed = await connection.remove(scope, [theirs.id, made.entity.id]);
    assert.deepEqual(
      removed.map((error) => error?.kind),
      ['forbidden', undefined],
    );
  });

  it('come with what they have become meanwhile where writes have no answer', async () => {
    space.blindParts(true);
    const [result] = await connection.write(scope, [creation('mine')]);
    assert.ok(result?.ok);
    assert.equal(result.exact, undefined);
    assert.deepEqual(await connection.read(scope, [result.entity.id]), [result.entity]);
  });

  it('tell listeners of both, the comment and its owner', () => {
    const seen: SandboxChange[] = [];
    const end = space.onChange((change) => seen.push(change));
    const { id } = comment('a');
    space.edit('bob', id, { text: markdown('b') });
    space.remove('bob', id);
    end();
    assert.deepEqual(
      seen.map(({ kind, entity, title }) => [kind, entity.key, title]),
      [
        ['create', 'DEMO-1#1', 'Printer on fire'],
        ['update', 'DEMO-1', 'Printer on fire'],
        ['update', 'DEMO-1#1', 'Printer on fire'],
        ['update', 'DEMO-1', 'Printer on fire'],
        ['remove', 'DEMO-1#1', 'Printer on fire'],
        ['update', 'DEMO-1', 'Printer on fire'],
      ],
    );
  });

  describe('in a file of before there were any', () => {
    /** What the first version of the sandbox wrote. */
    function earlierFile(template: SandboxTemplate): string {
      const file = join(dataFolder, 'earlier.sqlite');
      const db = new DatabaseSync(file);
      db.exec(`
        CREATE TABLE space (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, born TEXT NOT NULL, template TEXT NOT NULL,
          revision INTEGER NOT NULL, last_id INTEGER NOT NULL, numbers TEXT NOT NULL) STRICT;
        CREATE TABLE entity (space INTEGER NOT NULL, id INTEGER NOT NULL, key TEXT NOT NULL, project TEXT NOT NULL,
          type TEXT NOT NULL, revision INTEGER NOT NULL, created_revision INTEGER NOT NULL, created_at TEXT NOT NULL,
          created_by TEXT NOT NULL, updated_at TEXT NOT NULL, updated_by TEXT NOT NULL, marker TEXT, fields TEXT NOT NULL
        ) STRICT;
        CREATE UNIQUE INDEX entity_id ON entity (space, id);
        CREATE UNIQUE INDEX entity_revision ON entity (space, revision);
        CREATE INDEX entity_marker ON entity (space, marker) WHERE marker IS NOT NULL;
        CREATE TABLE history (space INTEGER NOT NULL, entity INTEGER NOT NULL, revision INTEGER NOT NULL, at TEXT NOT NULL,
          by TEXT NOT NULL, changes TEXT NOT NULL, PRIMARY KEY (space, entity, revision)) STRICT, WITHOUT ROWID;
      `);
      db.prepare("INSERT INTO space VALUES (1, 'old', 'b1', ?, 1, 10001, ?)").run(
        JSON.stringify(template),
        '{"10000":1}',
      );
      const at = '2026-01-31T12:00:00.000Z';
      db.prepare(
        `INSERT INTO entity VALUES (1, 10001, 'DEMO-1', '10000', '10101', 1, 1, ?, '712020:a11ce', ?, '712020:a11ce', NULL,
         '{"summary":"Kept"}')`,
      ).run(at, at);
      db.close();
      return file;
    }

    const jira = templates.get('jira') ?? assert.fail();
    const earlier = { ...jira, types: jira.types.filter((type) => !isPartType(type)) };

    it('they can be written as in a new one, and what is there is kept', () => {
      const file = earlierFile(earlier);
      for (const text of ['first', 'second']) {
        const old = openSandbox({ file, space: 'old' });
        assert.equal(old.get('10001')?.fields.summary, 'Kept');
        const made = old.create('bob', {
          ...{ project: '10000', type: 'comment', owner: '10001', fields: { text: markdown(text) } },
        });
        assert.equal(made.key, text === 'first' ? 'DEMO-1#1' : 'DEMO-1#2');
        old.close();
      }
    });

    it('they belong to those types that the tracker has, and other templates stay as they are', () => {
      const few = { ...earlier, types: earlier.types.filter(({ id }) => id !== '10104') };
      const old = openSandbox({ file: earlierFile(few), space: 'old' });
      assert.deepEqual(old.template.types.at(-1)?.partOf, ['10101', '10102', '10103']);
      old.close();
      rmSync(join(dataFolder, 'earlier.sqlite'));
      const own = openSandbox({ file: earlierFile({ ...earlier, name: 'of-my-own' }), space: 'old' });
      assert.ok(!own.template.types.some(isPartType));
      own.close();
    });
  });
});
