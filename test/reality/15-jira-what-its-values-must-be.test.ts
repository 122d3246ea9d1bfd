/**
 * What only the connector knows of Jira's values reaches the mapper as properties of `Field`: characters, lengths and their
 * unit, and which values exist but cannot be chosen any more (entry 16).
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import type { Field } from '../../lib/model/entity';
import type { Fields } from '../../lib/model/values';
import {
  BUG,
  connect,
  DEMO,
  type Deployment,
  edit,
  make,
  refused,
  scope,
  start,
  written,
} from '../connectors/jira/server';
import type { Jira } from '../systems/jira';

describe('What Jira says its values must be', () => {
  let jira: Jira;
  let connection: Connection;
  const begin = async (deployment: Deployment = 'cloud'): Promise<Map<string, Field>> => {
    jira = await start({ deployment });
    connection = connect(jira);
    return new Map((await connection.fields(DEMO, BUG)).map((field) => [field.id, field]));
  };
  afterEach(async () => {
    await connection.close?.();
    await jira.stop();
  });
  const matches = (pattern: string | undefined, text: string) => new RegExp(pattern ?? '$^', 'u').test(text);
  const create = async (fields: Fields) => {
    const summary = 'New';
    return (
      await connection.write?.(scope, [{ kind: 'create', project: DEMO, type: BUG, fields: { summary, ...fields } }])
    )?.[0];
  };

  it('a label has no blanks of any kind and at most 255 characters, an own field of labels too', async () => {
    const fields = await begin();
    for (const id of ['labels', 'customfield_10022']) {
      const rule = fields.get(id)?.entry;
      assert.equal(rule?.maxLength, 255);
      assert.equal(rule?.says, 'a label has no blanks and at most 255 characters');
      for (const bad of ['two words', 'tab\tbetween', 'no\u00a0break', 'line\nend'])
        assert.ok(matches(rule?.without, bad), bad);
      for (const good of ['one', 'with-dash', 'a,b', 'ümläut', '😀']) assert.ok(!matches(rule?.without, good), good);
    }
  });

  it('a summary is one line of 255, counted as Java counts', async () => {
    const summary = (await begin()).get('summary');
    assert.deepEqual([summary?.maxLength, summary?.length], [255, { unit: 'utf16' }]);
    for (const bad of ['two\nlines', 'two\r\nlines']) assert.ok(matches(summary?.entry?.without, bad));
    assert.ok(!matches(summary?.entry?.without, 'one line'));
  });

  it('a document on Cloud is measured by its text; Data Center’s limit is an administrator’s, and not guessed', async () => {
    const cloud = await begin();
    for (const id of ['description', 'environment', 'customfield_10016']) {
      const field = cloud.get(id);
      assert.deepEqual([field?.maxLength, field?.length], [32_767, { unit: 'utf16', of: 'text' }], id);
    }
    await connection.close?.();
    await jira.stop();
    assert.equal((await begin('datacenter')).get('description')?.maxLength, undefined);
  });

  for (const deployment of ['cloud', 'datacenter'] as Deployment[]) {
    it(`an archived version is known and cannot be chosen: a create is refused with the field, others are not touched (${deployment})`, async () => {
      const fields = await begin(deployment);
      for (const id of ['fixVersions', 'versions', 'customfield_10023']) {
        assert.deepEqual(
          fields.get(id)?.values?.map(({ name, selectable }) => [name, selectable]),
          [
            ['1.0', undefined],
            ['2.0', undefined],
            ['3.0', undefined],
            ['0.9', false],
          ],
          id,
        );
      }
      assert.ok(fields.get('priority')?.values?.every(({ selectable }) => selectable === undefined));
      const error = refused(await create({ fixVersions: [{ name: '0.9' }] }));
      assert.match(
        error.detail.fields?.fixVersions ?? '',
        /"0.9" is archived or disabled and can no longer be selected/,
      );
      const { entity } = written(await create({ fixVersions: [{ name: '1.0' }] }));
      assert.deepEqual(entity.fields.fixVersions, [{ id: '10410', name: '1.0' }]);
    });
  }

  it('what an issue holds already is not judged again: an archived version stays beside a new one', async () => {
    await begin();
    const issue = make(jira, 'Old');
    issue.values.fixVersions = ['10413'];
    edit(jira, issue.id, { summary: 'Still old' });
    const fixVersions = [{ name: '0.9' }, { name: '2.0' }];
    const [result] =
      (await connection.write?.(scope, [{ kind: 'update', id: issue.id, fields: { fixVersions } }])) ?? [];
    assert.deepEqual(written(result).entity.fields.fixVersions, [
      { id: '10413', name: '0.9' },
      { id: '10411', name: '2.0' },
    ]);
  });

  it('nobody who has left is found for a user field', async () => {
    await begin();
    assert.deepEqual(await connection.users?.({ name: 'Dave Dunn' }), []);
    assert.match(refused(await create({ assignee: { email: 'dave@example.com' } })).message, /nobody/);
  });
});
