/** An empty source field was not sent with a create, so that Jira's default stayed without a word. */

import assert from 'node:assert/strict';
import { BUG, connect, DEMO, start, written } from '../connectors/jira/server';

describe('A field of a new Jira issue that is empty at the source', () => {
  it('is emptied where Jira has a default and takes it, and named where the default stays', async () => {
    const jira = await start();
    const connection = connect(jira);
    const [result] =
      (await connection.write?.({ projects: [DEMO], types: [BUG] }, [
        {
          kind: 'create',
          project: DEMO,
          type: BUG,
          fields: { summary: 'Empty' },
          empty: ['priority', 'reporter', 'customfield_10011', 'labels'],
        },
      ])) ?? [];
    const { entity, ignored } = written(result);
    assert.deepEqual(
      [entity.fields.customfield_10011, entity.fields.labels],
      [null, null],
      'the severity has a default',
    );
    assert.deepEqual(Object.keys(ignored ?? {}).sort(), ['priority', 'reporter']);
    assert.match(ignored?.reporter ?? '', /Reporter cannot be empty: Jira's default stays/);
    await connection.close?.();
    await jira.stop();
  });
});
