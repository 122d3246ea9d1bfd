/** 20: `~ "DEMO"` was all that was left of DEMO-5: nearly every issue was read to find the one of which it is the key. */

import assert from 'node:assert/strict';
import { contains } from '../../lib/connectors/jira/jql';
import { assertContract, BUG, connect, DEMO, requestsOf, scope, start, written } from '../connectors/jira/server';
import { findNow } from '../support/delivered';

const KEY = 'customfield_10017';

describe('20: keys of one digit in Jira', function () {
  this.timeout(30_000);

  for (const deployment of ['cloud', 'datacenter'] as const) {
    it(`are searched for as the phrase that they are: one issue is read, not all (${deployment})`, async () => {
      const jira = await start({ deployment, searchCap: 5 });
      const connection = connect(jira);
      try {
        const keys = Array.from({ length: 30 }, (_, index) => `DEMO-${index + 1}`);
        const creates = keys.map((key) => ({
          ...{ kind: 'create' as const, project: DEMO, type: BUG },
          fields: { summary: `From ${key}`, [KEY]: key },
        }));
        const made = ((await connection.write?.(scope, creates)) ?? []).map((one) => written(one).entity.id);
        const other = connect(jira);
        const find = (values: string[]) =>
          findNow(other, { project: DEMO, type: BUG, field: { id: KEY, values } }, 100);
        assert.deepEqual(await find(['DEMO-99']), []);
        const requests = await requestsOf(jira, async () => {
          assert.deepEqual(
            (await find(['DEMO-5']))?.map(({ id }) => id),
            [made[4]],
          );
        });
        // one for the highest key, one for what was looked for; 30 that have "DEMO" are six pages
        assert.equal(requests.filter((one) => /search/.test(one)).length, 2, requests.join('\n'));
        assert.deepEqual(
          (await find(['DEMO-3', 'DEMO-30', 'DEMO-31']))?.map(({ id }) => id),
          [made[2], made[29]],
        );
        await other.close?.();
      } finally {
        await connection.close?.();
        await jira.stop();
        assertContract(jira);
      }
    });
  }

  it('so are numbers, addresses and names with signs; a text of several words is searched for by its words', () => {
    const asked = (text: string) => contains(KEY, text)?.replace('cf[10017] ~ ', '');
    assert.equal(asked('DEMO-5'), String.raw`"\"DEMO-5\""`);
    assert.equal(asked('MY_KEY-17'), String.raw`"\"MY_KEY-17\""`);
    assert.equal(asked('7'), String.raw`"\"7\""`);
    assert.equal(asked('https://example.com/issues/5'), String.raw`"\"https://example.com/issues/5\""`);
    assert.equal(asked('Printer 5 is on fire'), '"Printer 5 fire"');
    assert.equal(asked('say "no" to AND*'), '"say no"');
    // nothing that an index holds
    for (const text of ['', '#', 'a', 'the', 'to be']) assert.equal(asked(text), undefined, text);
  });
});
