import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Connection } from '../../../lib/connectors/connector';
import {
  listOf,
  listSandboxes,
  openSandbox,
  type SandboxChange,
  type SandboxField,
  type SandboxSpace,
  type SandboxTemplate,
  sandbox,
  sandboxFile,
} from '../../../lib/connectors/sandbox';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';

/** One project and one type with a field of every type. */
function tiny(fields: SandboxField[]): SandboxTemplate {
  return {
    name: 'tiny',
    label: 'Tiny',
    keys: '{prefix}-{number}',
    title: 'title',
    people: [
      { id: 'p1', name: 'Ann', login: 'ann', email: 'ann@example.com' },
      { id: 'p2', name: 'Ann', login: 'ann2', email: 'ann2@example.com' },
      { id: 'p3', name: 'Sync', login: 'sync', email: 'sync@example.com' },
    ],
    projects: [{ id: 'A', name: 'Project A', prefix: 'A' }],
    types: [
      { id: 'item', name: 'Item', fields: [{ id: 'title', name: 'Title', type: 'text', required: true }, ...fields] },
    ],
  };
}

/** The problems that a refused write names, by field. */
function problemsOf(write: () => unknown): Record<string, string> {
  try {
    write();
  } catch (error) {
    assert.ok(error instanceof SyncError, String(error));
    assert.equal(error.kind, 'invalid');
    return error.detail.fields ?? {};
  }
  assert.fail('was not refused');
}

describe('sandbox space', () => {
  let space: SandboxSpace;
  // spaces in memory live as long as anything in this process has one open
  let count = 0;
  const item = { project: 'A', type: 'item' };

  beforeEach(() => {
    count += 1;
    space = openSandbox({
      space: `tiny ${count}`,
      template: tiny([
        { id: 'short', name: 'Short', type: 'text', maxLength: 5 },
        { id: 'tags', name: 'Tags', type: 'text', multi: true },
        { id: 'about', name: 'About', type: 'richtext', format: 'markdown' },
        { id: 'count', name: 'Count', type: 'number', integer: true, min: 0, max: 9 },
        { id: 'flag', name: 'Flag', type: 'boolean' },
        { id: 'day', name: 'Day', type: 'date' },
        { id: 'at', name: 'At', type: 'datetime' },
        { id: 'spent', name: 'Spent', type: 'duration' },
        { id: 'size', name: 'Size', type: 'lookup', values: listOf(['S', 'M', 'L']) },
        { id: 'owner', name: 'Owner', type: 'user' },
        { id: 'parent', name: 'Parent', type: 'reference' },
        { id: 'link', name: 'Link', type: 'url' },
        { id: 'once', name: 'Once', type: 'text', createOnly: true },
        {
          id: 'state',
          name: 'State',
          type: 'lookup',
          required: true,
          values: listOf(['New']),
          initial: { id: '1', name: 'New' },
        },
        { id: 'by', name: 'By', type: 'user', auto: 'createdBy' },
      ]),
    });
  });
  afterEach(() => space.close());

  it('gives keys, numbers and initial values to what is created', () => {
    const first = space.create('ann', { ...item, fields: { title: 'One' } });
    const second = space.create('ann', { ...item, fields: { title: 'Two' } });
    assert.deepEqual([first.key, second.key], ['A-1', 'A-2']);
    assert.deepEqual(first.fields.state, { id: '1', name: 'New' });
    assert.equal(first.fields.short, null);
    assert.equal(first.createdBy?.email, 'ann@example.com');
    assert.deepEqual(first.fields.by, first.createdBy);
  });

  it('names every wrong field at once, in words', () => {
    const problems = problemsOf(() =>
      space.create('ann', {
        ...item,
        fields: {
          short: 'far too long',
          tags: 'not a list',
          about: { format: 'html', content: '<p>x</p>' },
          count: 3.5,
          flag: 'yes',
          day: '2026-02-30',
          at: '2026-01-01T12:00:00',
          spent: 1.5,
          size: { name: 'XL' },
          owner: { name: 'Ann' },
          parent: { id: '99' },
          link: 'javascript:alert(1)',
          by: { id: 'p1' },
          nonsense: 'x',
          ['__proto__']: 'x',
        },
      }),
    );
    assert.deepEqual(Object.keys(problems).sort(), [
      '__proto__',
      'about',
      'at',
      'by',
      'count',
      'day',
      'flag',
      'link',
      'nonsense',
      'owner',
      'parent',
      'short',
      'size',
      'spent',
      'tags',
      'title',
    ]);
    assert.equal(problems.title, 'Title is required.');
    assert.equal(problems.size, 'Size has no value "XL". It has: S, M, L.');
    assert.equal(problems.short, 'Short is too long: 12 characters, at most 5 are allowed.');
    assert.equal(problems.owner, 'Owner: there is no single person with the name "Ann".');
    assert.equal(space.list().total, 0);
  });

  it('counts a character outside the basic plane as one', () => {
    assert.equal(
      space.create('ann', { ...item, fields: { title: 'x', short: '😀😀😀😀😀' } }).fields.short,
      '😀😀😀😀😀',
    );
  });

  it('finds lookup values and people by name only and stores them whole', () => {
    const { fields } = space.create('ann', {
      ...item,
      fields: { title: 'x', size: { name: 'm' }, owner: { email: 'ANN2@example.com' } },
    });
    assert.deepEqual(fields.size, { id: '2', name: 'M' });
    assert.deepEqual(fields.owner, { id: 'p2', name: 'Ann', login: 'ann2', email: 'ann2@example.com' });
  });

  it('keeps what may be set on create only, and never empties a required field', () => {
    const { id } = space.create('ann', { ...item, fields: { title: 'x', once: 'a' } });
    assert.deepEqual(Object.keys(problemsOf(() => space.edit('ann', id, { once: 'b', title: '' }))), ['once', 'title']);
    assert.equal(space.edit('ann', id, { once: 'a' }).fields.once, 'a');
  });

  it('gives an edit that changes nothing no new version', () => {
    const created = space.create('ann', { ...item, fields: { title: 'x', tags: ['a', 'b'] } });
    assert.equal(space.edit('sync', created.id, { title: 'x', tags: ['a', 'b'] }).version, created.version);
    assert.equal(space.history(created.id).length, 1);
  });

  it('reports who changed what, newest first, back to the creation', () => {
    const { id } = space.create('ann', { ...item, fields: { title: 'one', count: 1 } });
    space.edit('sync', id, { title: 'two', count: 2 });
    space.edit('ann2', id, { count: null });
    assert.deepEqual(
      space.history(id).map(({ by, fields }) => [by?.login, fields]),
      [
        ['ann2', { count: { old: 2, new: null } }],
        ['sync', { title: { old: 'one', new: 'two' }, count: { old: 1, new: 2 } }],
        [
          'ann',
          {
            title: { old: null, new: 'one' },
            count: { old: null, new: 1 },
            state: { old: null, new: { id: '1', name: 'New' } },
          },
        ],
      ],
    );
  });

  it('searches keys and titles, and takes wildcards literally', () => {
    for (const title of ['100% done', '100 percent', 'Other']) space.create('ann', { ...item, fields: { title } });
    const titles = (search: string) => space.list({ search }).entities.map((entity) => space.titleOf(entity));
    assert.deepEqual(titles('100%'), ['100% done']);
    assert.deepEqual(titles('a-3'), ['Other']);
    assert.deepEqual(space.list({ limit: 1, offset: 1 }).total, 3);
  });

  it('calls listeners for what was stored, not for what was rejected', () => {
    const seen: SandboxChange[] = [];
    const end = space.onChange((change) => seen.push(change));
    const { id } = space.create('ann', { ...item, fields: { title: 'one' } });
    space.edit('sync', id, { title: 'two' });
    assert.throws(() => space.edit('sync', id, { title: '' }));
    space.remove('ann', id);
    end();
    space.create('ann', { ...item, fields: { title: 'unheard' } });
    assert.deepEqual(
      seen.map(({ kind, title, by }) => [kind, title, by.login]),
      [
        ['create', 'one', 'ann'],
        ['update', 'two', 'sync'],
        ['remove', 'two', 'ann'],
      ],
    );
  });

  it('stores a write although a listener fails', async () => {
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const end = space.onChange(() => {
      throw new Error('broken listener');
    });
    space.create('ann', { ...item, fields: { title: 'stored' } });
    end();
    assert.match((await warned).message, /broken listener/);
    assert.equal(space.list().total, 1);
  });

  describe('switches', () => {
    it('freezes, sets and coarsens the clock', () => {
      space.setClock('2026-03-29T00:59:59.750Z', { frozen: true });
      assert.equal(space.create('ann', { ...item, fields: { title: 'x' } }).updatedAt, '2026-03-29T00:59:59.750Z');
      space.setClockResolution(1000);
      assert.equal(space.create('ann', { ...item, fields: { title: 'x' } }).updatedAt, '2026-03-29T00:59:59.000Z');
      space.setClock(undefined);
      assert.ok(space.create('ann', { ...item, fields: { title: 'x' } }).updatedAt > '2026-04-01');
    });

    it('fails writes, before they are made or after', () => {
      const lost = new SyncError('transient', 'The line went dead.', { uncertain: true });
      space.failWrites(1, lost);
      assert.throws(() => space.create('ann', { ...item, fields: { title: 'never' } }), lost);
      space.failWrites(1, lost, { carriedOut: true });
      assert.throws(() => space.create('ann', { ...item, fields: { title: 'made' } }), lost);
      space.create('ann', { ...item, fields: { title: 'fine' } });
      assert.deepEqual(
        space.list().entities.map((entity) => space.titleOf(entity)),
        ['fine', 'made'],
      );
    });

    it('trims texts', () => {
      space.trimTexts(true);
      assert.equal(space.create('ann', { ...item, fields: { title: '  x ' } }).fields.title, 'x');
    });
  });
});

describe('sandbox connection', () => {
  const folder = () => mkdtempSync(join(tmpdir(), 'twinflow-sandbox-'));
  let dataFolder: string;
  let connection: Connection;
  let space: SandboxSpace;
  const scope = { projects: ['10000', '10001'], types: ['10101', '10102'] };
  const bug = { project: '10000', type: '10101' };

  beforeEach(() => {
    dataFolder = folder();
    connection = sandbox.connect({ space: 'left', template: 'jira' }, { dataFolder });
    space = openSandbox({ file: sandboxFile(dataFolder), space: 'left' });
  });
  afterEach(async () => {
    space.close();
    await connection.close?.();
    rmSync(dataFolder, { recursive: true });
  });

  async function titles(
    since?: Record<string, unknown>,
  ): Promise<{ titles: unknown[]; checkpoint: Record<string, unknown> }> {
    const read: Entity[] = [];
    let checkpoint: Record<string, unknown> = {};
    for await (const page of connection.changes(scope, since, 10)) {
      read.push(...page.entities);
      checkpoint = page.checkpoint;
    }
    return { titles: read.map((entity) => entity.fields.summary), checkpoint };
  }

  it('finds by many values at once, over an index: a search that reads all items holds up Node-RED', async () => {
    const made = Array.from({ length: 30 }, (_, index) =>
      space.create('alice', { ...bug, fields: { summary: `Item ${index}`, customfield_10050: `O'R-${index}` } }),
    );
    const field = { id: 'customfield_10050', values: ["O'R-7", "O'R-8", 'nobody', "O'R-7"] };
    assert.deepEqual(
      (await connection.find?.({ ...bug, field }, 10))?.map((one) => ('key' in one ? one.key : one)),
      [made[7]?.key, made[8]?.key],
    );
    const db = new DatabaseSync(sandboxFile(dataFolder) ?? '', { readOnly: true });
    try {
      const query = `SELECT id FROM entity WHERE space = 1 AND json_extract(fields, '$."customfield_10050"') IN ('a', 'b')`;
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${query}`).all();
      assert.match(JSON.stringify(plan), /USING INDEX entity_value_/);
    } finally {
      db.close();
    }
  });

  it('says which inputs of the form are missing or wrong', () => {
    const error = (config: Record<string, string>) => {
      try {
        sandbox.connect(config, {});
      } catch (thrown) {
        return thrown instanceof SyncError ? thrown.detail.fields : thrown;
      }
      return undefined;
    };
    assert.deepEqual(error({ template: 'jira' }), { space: 'Name is missing' });
    assert.deepEqual(error({ space: 'x', template: 'lotus' }), { template: 'Behaves like has no option "lotus"' });
  });

  it('refuses an unknown user as a server refuses a login', async () => {
    const other = sandbox.connect({ space: 'left', template: 'jira', user: 'mallory' }, { dataFolder });
    await assert.rejects(other.identify(), { kind: 'auth' });
    await assert.rejects(async () => other.write?.(scope, [{ kind: 'update', id: '1', fields: {} }]), { kind: 'auth' });
    await other.close?.();
  });

  it('keeps the template that a space was created with, and says so', async () => {
    const other = sandbox.connect({ space: 'left', template: 'azure-devops' }, { dataFolder });
    const { missing } = await other.identify();
    assert.match(missing.join(), /created to behave like Jira/);
    assert.equal((await other.projects())[0]?.name, 'Demo');
    await other.close?.();
    assert.deepEqual((await connection.identify()).missing, []);
  });

  it('keeps its data when everything is closed and opened again', async () => {
    space.create('alice', { ...bug, fields: { summary: 'kept' } });
    space.close();
    await connection.close?.();
    assert.deepEqual(
      listSandboxes(sandboxFile(dataFolder)).map(({ name, template, revision }) => [name, template, revision]),
      [['left', 'jira', 1]],
    );
    connection = sandbox.connect({ space: 'left' }, { dataFolder });
    space = openSandbox({ file: sandboxFile(dataFolder), space: 'left' });
    assert.deepEqual((await titles()).titles, ['kept']);
  });

  it('shows a write to the lagging index later, and skips nothing', async () => {
    space.setIndexLag(80);
    space.create('alice', { ...bug, fields: { summary: 'late' } });
    const early = await titles();
    assert.deepEqual(early.titles, []);
    assert.equal((await connection.find?.({ ...bug, field: { id: 'summary', values: ['late'] } }, 5))?.length, 1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual((await titles(early.checkpoint)).titles, ['late']);
  });

  it('stops where the space was set back or made again instead of skipping changes (trap 14)', async () => {
    space.create('alice', { ...bug, fields: { summary: 'x' } });
    const { checkpoint } = await titles();
    await assert.rejects(titles({ ...checkpoint, revision: 99 }), { kind: 'fatal' });
    await assert.rejects(titles({ ...checkpoint, born: 'another' }), { kind: 'fatal' });
  });

  it('loses nothing and repeats no revision when another process writes at the same time', async function () {
    this.timeout(20_000);
    const script = `
      const { openSandbox } = require(${JSON.stringify(join(__dirname, '../../../lib/connectors/sandbox'))});
      const space = openSandbox({ file: ${JSON.stringify(sandboxFile(dataFolder))}, space: 'left' });
      process.stdout.write('ready');
      for (let i = 0; i < 200; i++) {
        space.create('bob', { project: '10000', type: '10101', fields: { summary: 'other ' + i } });
      }
      space.close();`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    for (let i = 0; i < 200; i++) {
      space.create('alice', { ...bug, fields: { summary: `mine ${i}` } });
      if (i % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert.equal(await ended, 0);
    const read = (await titles()).titles;
    assert.equal(read.length, 400);
    assert.equal(new Set(read).size, 400);
    assert.equal(space.revision(), 400);
  });
});
