/** What the conformance suite cannot ask of all systems: relations between items of a sandbox, as people see and write them. */

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSandbox, type SandboxSpace, sandbox, sandboxFile } from '../../../lib/connectors/sandbox';
import { withLater } from '../../../lib/connectors/sandbox/template';
import { templates } from '../../../lib/connectors/sandbox/templates';
import { SyncError } from '../../../lib/model/errors';
import type { Value } from '../../../lib/model/values';

describe('relations of a sandbox', () => {
  let folder: string;
  let space: SandboxSpace;
  const item = (summary: string): string =>
    space.create('alice', { project: '10000', type: '10101', fields: { summary } }).id;
  const to = (...keys: string[]): Value => keys.map((key) => ({ id: '', key }));
  const keys = (id: string, field: string): string[] => {
    const value = space.get(id)?.fields[field] ?? [];
    return (Array.isArray(value) ? value : []).map((one) =>
      typeof one === 'object' && 'key' in one ? (one.key ?? '') : '',
    );
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'twinflow-sandbox-'));
    const made = sandbox.connect({ space: 'links', template: 'jira', user: 'sync' }, { dataFolder: folder });
    await made.identify();
    space = openSandbox({ file: sandboxFile(folder), space: 'links' });
    await made.close?.();
  });

  afterEach(() => {
    space.close();
    rmSync(folder, { recursive: true });
  });

  it('are a change of both items, by who made them, in the history of both', () => {
    const [one, two] = [item('one'), item('two')];
    const [before, otherBefore] = [space.get(one)?.version, space.get(two)?.version];
    space.edit('bob', one, { link_blocks: to('DEMO-2'), summary: 'One' });
    assert.deepEqual([keys(one, 'link_blocks'), keys(two, 'link_is_blocked_by')], [['DEMO-2'], ['DEMO-1']]);
    assert.ok(space.get(one)?.version !== before && space.get(two)?.version !== otherBefore);
    assert.equal(space.get(two)?.updatedBy?.login, 'bob');
    const [change] = space.history(two);
    assert.deepEqual(Object.keys(change?.fields ?? {}), ['link_is_blocked_by']);
    const { version } = space.get(two) ?? {};
    space.edit('alice', two, { link_is_blocked_by: to('DEMO-1') });
    assert.equal(space.get(two)?.version, version, 'it is there already');
    space.edit('alice', two, { link_is_blocked_by: null });
    assert.deepEqual([keys(one, 'link_blocks'), keys(two, 'link_is_blocked_by')], [[], []]);
  });

  it('end with an item that is deleted', () => {
    const [one, two, three] = [item('one'), item('two'), item('three')];
    space.edit('alice', one, { link_relates_to: to('DEMO-2', 'DEMO-3') });
    space.remove('alice', two);
    assert.deepEqual([keys(one, 'link_relates_to'), keys(three, 'link_relates_to')], [['DEMO-3'], ['DEMO-1']]);
  });

  it('that cannot be made are refused to people, with nothing written', () => {
    const one = item('one');
    for (const key of ['DEMO-1', 'DEMO-99'])
      assert.throws(
        () => space.edit('alice', one, { link_blocks: to(key), summary: 'Written' }),
        (thrown) => thrown instanceof SyncError && /blocks: /.test(thrown.detail.fields?.link_blocks ?? ''),
        key,
      );
    assert.equal(space.titleOf(space.get(one) ?? assert.fail('gone')), 'one');
  });

  it('come with a new item, may be a circle, and reach those who watch', () => {
    const told: string[] = [];
    const [one, two] = [item('one'), item('two')];
    space.onChange(({ kind, entity, fields }) => told.push(`${kind} ${entity.key} ${Object.keys(fields)}`));
    space.create('bob', { project: '10000', type: '10103', fields: { summary: 'three', link_blocks: to('DEMO-1') } });
    assert.match(told[0] ?? '', /^create DEMO-3 .*link_blocks/);
    assert.deepEqual(told.slice(1), ['update DEMO-1 link_is_blocked_by']);
    space.edit('bob', one, { link_blocks: to('DEMO-2') });
    space.edit('bob', two, { link_blocks: to('DEMO-3') });
    assert.deepEqual([keys(one, 'link_is_blocked_by'), keys(two, 'link_is_blocked_by')], [['DEMO-3'], ['DEMO-1']]);
  });

  it('are there in spaces that are older than they are', () => {
    const now = templates.get('jira') ?? assert.fail('there is no template');
    const old = {
      ...now,
      types: now.types.map((type) => ({ ...type, fields: type.fields.filter(({ mirror }) => mirror === undefined) })),
    };
    const later = withLater(old, now)?.types.find(({ id }) => id === '10101');
    const relations = (later?.fields ?? []).filter(({ mirror }) => mirror !== undefined).map(({ id }) => id);
    assert.deepEqual(relations.length, 5);
    assert.equal(withLater(now, now), undefined);
  });
});
