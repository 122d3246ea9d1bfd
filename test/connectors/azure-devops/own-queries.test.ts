import assert from 'node:assert/strict';
import type { Connection, OwnQueries } from '../../../lib/connectors/connector';
import type { SyncError } from '../../../lib/model/errors';
import type { StandIn, StandInOptions } from '../../systems/azure-devops';
import { type Colleague, compared, scope, standIns } from './support';

describe(`Azure DevOps: WIQL conditions as a filter (${compared})`, () => {
  const fresh = standIns();
  let [standIn, connection, alice]: [StandIn?, Connection?, Colleague?] = [];
  let wiql: OwnQueries;

  async function start(options?: StandInOptions): Promise<void> {
    ({ standIn, connection, alice } = await fresh(options));
    wiql = connection?.queries ?? assert.fail();
  }
  const bugs = async (...titles: string[]): Promise<string[]> => (await alice?.create(titles)) ?? assert.fail();
  const among = async (query: string, ids: string[]): Promise<string[]> => [...(await wiql.among(query, ids))].sort();
  const refused = async (asked: Promise<unknown>): Promise<string> => {
    const error = await asked.then(
      () => assert.fail('it should have been refused'),
      (thrown: SyncError) => thrown,
    );
    assert.equal(error.kind, 'invalid', error.message);
    return error.message;
  };

  it('counts what is found in the scope, and shows the first', async () => {
    await start();
    await bugs('Wanted 1', 'Wanted 2', 'Other');
    const { count, first } = await wiql.check(scope, "[System.Title] CONTAINS 'Wanted'");
    assert.equal(count, 2);
    assert.deepEqual(first.map(({ title }) => title).sort(), ['Wanted 1', 'Wanted 2']);
  });

  it('takes the conditions of a whole query as Azure DevOps shows it', async () => {
    await start();
    const [wanted = '', other = ''] = await bugs('Wanted', 'Other');
    const whole =
      "SELECT [System.Id], [System.Title] FROM workitems WHERE [System.Title] = 'Wanted' OR [System.Title] = 'x' ORDER BY [System.Id]";
    assert.deepEqual(await among(whole, [wanted, other]), [wanted]);
    assert.match(
      await refused(wiql.among('SELECT [System.Id] FROM WorkItemLinks WHERE x', ['1'])),
      /not those of links/,
    );
    assert.match(await refused(wiql.among('SELECT [System.Id] FROM WorkItems', ['1'])), /has no WHERE/);
    assert.match(await refused(wiql.among("[System.Title] = 'x' ORDER BY [System.Id]", ['1'])), /without ORDER BY/);
  });

  it('asks for many work items in one request, and only for those', async () => {
    await start();
    const ids = await bugs(...Array.from({ length: 60 }, (_, at) => (at % 2 ? `Wanted ${at}` : `Other ${at}`)));
    standIn?.requests.splice(0);
    assert.equal((await among("[System.Title] CONTAINS 'Wanted'", ids.slice(0, 40))).length, 20);
    assert.equal(standIn?.requests.length, 1);
  });

  it('nested conditions, NOT, and quotes within texts mean what they say', async () => {
    await start();
    const [one = '', two = '', three = ''] = await bugs("It's (open", 'B', 'C');
    const ids = [one, two, three];
    assert.deepEqual(await among("[System.Title] = 'It''s (open'", ids), [one]);
    assert.deepEqual(await among("NOT ([System.Title] = 'B' OR [System.Title] = 'C')", ids), [one]);
    assert.deepEqual(
      await among("[System.Id] > 0 AND ([System.Title] = 'B' OR [System.Title] = 'C')", ids),
      [two, three].sort(),
    );
    assert.match(await refused(wiql.among("[System.Title] = 'x') OR ([System.Id] > 0", ids)), /closes a bracket/);
  });

  it("refuses what Azure DevOps does not know, in Azure DevOps' words", async () => {
    await start();
    for (const query of ['[Custom.Nonsense] = 1', '[System.Title] RESEMBLES 2', '[System.Title] =', 'nonsense'])
      for (const asked of [() => wiql.check(scope, query), () => wiql.among(query, ['1'])])
        assert.match(await refused(asked()), /^The system refuses the WIQL condition: TF51\d+/);
  });
});
