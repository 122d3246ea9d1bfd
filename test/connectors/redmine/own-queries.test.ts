import assert from 'node:assert/strict';
import type { OwnQueries } from '../../../lib/connectors/connector';
import type { SyncError } from '../../../lib/model/errors';
import { describeWith } from '../../support/need';
import { type Counted, connectAs, scope, server } from './server';

/** Custom fields of the seeded Redmine: 1 "External ID" is used as a filter, 2 "External URL" is not. */
describeWith('Filters of Redmine as a filter, on the real Redmine', server, (redmine) => {
  let sync: Counted;
  let queries: OwnQueries;
  const ids: string[] = [];

  before(async function () {
    this.timeout(30_000);
    redmine.reset();
    sync = connectAs(redmine, 'sync');
    queries = sync.connection.queries ?? assert.fail();
    for (const [subject, external] of [
      ['Wanted one', 'X'],
      ['Wanted two', 'Y'],
      ['Other', 'X'],
    ]) {
      const fields = { subject: subject ?? '', cf_1: external ?? '' };
      const results = await sync.connection.write?.(scope, [{ kind: 'create', project: '1', type: '1', fields }]);
      const [result] = results ?? [];
      if (!result?.ok) assert.fail(result?.error.message);
      ids.push(result.entity.id);
    }
  });
  after(async () => {
    await sync.connection.close?.();
    redmine.reset();
  });

  const among = async (query: string): Promise<string[]> => [...(await queries.among(query, ids))].sort();
  const refused = async (asked: Promise<unknown>): Promise<string> => {
    const error = await asked.then(
      () => assert.fail('it should have been refused'),
      (thrown: SyncError) => thrown,
    );
    assert.equal(error.kind, 'invalid', error.message);
    return error.message;
  };

  it('are parameters as its API takes them: open issues alone, unless they name a status', async () => {
    const [one = '', two = '', three = ''] = ids;
    assert.deepEqual(await among('subject=~Wanted'), [one, two].sort());
    assert.deepEqual(await among('cf_1=X'), [one, three].sort());
    assert.deepEqual(await among('cf_1=X|Y&subject=~Wanted'), [one, two].sort());
    assert.deepEqual(await among('status_id=closed'), []);
    assert.deepEqual(await among('status_id=*&cf_1=Y'), [two]);
  });

  it('are the address of a list of issues', async () => {
    const [one = ''] = ids;
    const list = new URLSearchParams([
      ...[
        ['set_filter', '1'],
        ['sort', 'id:desc'],
        ['c[]', 'subject'],
      ],
      ...[
        ['f[]', 'subject'],
        ['op[subject]', '~'],
        ['v[subject][]', 'Wanted'],
      ],
      ...[
        ['f[]', 'cf_1'],
        ['op[cf_1]', '='],
        ['v[cf_1][]', 'X'],
        ['f[]', ''],
      ],
    ]);
    assert.deepEqual(await among(`${redmine.url}/projects/alpha/issues?${list}`), [one]);
    assert.deepEqual(await among(`${redmine.url}/projects/beta/issues?${list}`), []);
  });

  it('are a saved query, of which all issues are read', async () => {
    // "Reported issues" are those of the account itself
    assert.deepEqual(await among('query_id=2'), [...ids].sort());
    assert.match(await refused(among('query_id=2&subject=x')), /no other filters beside a saved query/);
  });

  it('count what is found in the scope, and show the first', async () => {
    const { count, first } = await queries.check(scope, 'subject=~Wanted');
    assert.equal(count, 2);
    assert.deepEqual(first.map(({ title }) => title).sort(), ['Wanted one', 'Wanted two']);
  });

  it('are refused where Redmine would pass over them and find everything', async () => {
    assert.match(await refused(among('cf_999=1')), /passes over the filter "cf_999"/);
    assert.match(await refused(among('cf_2=http://x')), /not marked "Used as a filter"/);
    assert.match(await refused(queries.check(scope, 'nonsense=1')), /passes over the filter "nonsense"/);
    assert.match(await refused(among('f[]=subject&v[subject][]=x')), /no operator/);
    assert.match(await refused(among('f[]=subject&op[subject]=nonsense&v[subject][]=x')), /no operator/);
    assert.match(await refused(among('issue_id=1')), /cannot be used/);
    assert.match(await refused(among('just words')), /no filter of Redmine/);
    assert.match(await refused(among('set_filter=1')), /no filter in this/);
  });

  it('that take an empty value say so', async () => {
    assert.match(await refused(among('f[]=subject&op[subject]=~')), /cannot be blank/);
  });
});
