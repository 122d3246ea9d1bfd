/**
 * What looks empty is empty: the editor of Azure DevOps leaves a line break behind where somebody deletes a text. And what is
 * empty at the source is empty in a new work item, where its process allows it: "3 - Medium" stayed without a word.
 */

import assert from 'node:assert/strict';
import type { Connection } from '../../lib/connectors/connector';
import type { Fields } from '../../lib/model/values';
import { Colleague, createBug, FABRIKAM, freshStandIn, scope, write } from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';
import { TYPES } from '../systems/azure-devops/process';

const SEVERITY = 'Microsoft.VSTS.Common.Severity';

describe('reality 10: empty texts and fields of Azure DevOps', () => {
  let standIn: StandIn;
  let connection: Connection;

  freshStandIn((fresh) => {
    ({ standIn, connection } = fresh);
  });

  for (const content of [
    '<div><br></div>',
    '<p>&nbsp;</p>',
    '<div><br/></div><div>&nbsp;</div>',
    '<div><span style="font-size:14px"> </span></div>',
  ]) {
    it(`${content} is read as empty, and written as empty`, async () => {
      const alice = new Colleague(standIn, 'alice');
      const [id = ''] = await alice.create(['Described']);
      await alice.change(id, { 'System.Description': content });
      const [entity] = await connection.read(scope, [id]);
      assert.ok(entity && !(entity instanceof Error));
      assert.equal(entity.fields['System.Description'], null);
      const other = await createBug(connection, { 'System.Description': { format: 'html', content: '<p>x</p>' } });
      const fields: Fields = { 'System.Description': { format: 'html', content } };
      const result = await write(connection, { kind: 'update', id: other.id, fields });
      assert.ok(result.ok);
      assert.equal(standIn.service.state.item(Number(other.id))?.fields['System.Description'], undefined);
    });
  }

  it('a picture, a line and a bullet are something', async () => {
    const alice = new Colleague(standIn, 'alice');
    for (const content of ['<img src="a.png">', '<hr>', '<ul><li></li></ul>']) {
      const [id = ''] = await alice.create(['Described']);
      await alice.change(id, { 'System.Description': content });
      const [entity] = await connection.read(scope, [id]);
      assert.ok(entity && !(entity instanceof Error) && entity.fields['System.Description'] !== null, content);
    }
  });

  const create = (fields: Fields, empty: string[]) =>
    write(connection, {
      kind: 'create',
      project: FABRIKAM,
      type: 'Bug',
      fields: { 'System.Title': 'New', ...fields },
      empty,
    });

  it('a field that is empty at the source does not keep the default of the process', async () => {
    const result = await create({}, [SEVERITY]);
    assert.ok(result.ok);
    assert.equal(result.entity.fields[SEVERITY], null);
    assert.equal(result.ignored, undefined);
    assert.equal(standIn.service.state.item(Number(result.entity.id))?.fields[SEVERITY], undefined);
  });

  it('a field that the process fills, and that may be empty, says so; an explicit null is the same as emptiness', async () => {
    const fields = new Map((await connection.fields(FABRIKAM, 'Bug')).map((field) => [field.id, field]));
    assert.equal(fields.get(SEVERITY)?.hasDefault, true);
    for (const id of ['System.State', 'System.AreaPath', 'Custom.ExternalId'])
      assert.equal(fields.get(id)?.hasDefault, undefined);
    const result = await create({ [SEVERITY]: null }, []);
    assert.ok(result.ok && result.entity.fields[SEVERITY] === null);
  });

  it('it goes in the same step as a state that nothing can begin in', async () => {
    const from = standIn.requests.length;
    const result = await create({ 'System.State': { name: 'Resolved' } }, [SEVERITY]);
    assert.ok(result.ok);
    assert.deepEqual([result.entity.fields['System.State'], result.entity.version], [{ name: 'Resolved' }, '2']);
    assert.equal(standIn.requests.slice(from).filter((request) => /workitems\/(\$|\d)/i.test(request)).length, 2);
  });

  it('a default that has to stay is reported, and the work item is kept', async () => {
    const severity = TYPES.find(({ name }) => name === 'Bug')?.fields.find((one) => one.referenceName === SEVERITY);
    assert.ok(severity);
    severity.alwaysRequired = true;
    try {
      const result = await create({}, [SEVERITY]);
      assert.ok(result.ok);
      assert.match(result.ignored?.[SEVERITY] ?? '', /empty at the source.*keeps its default "3 - Medium"/);
    } finally {
      severity.alwaysRequired = undefined;
    }
  });

  it('no field is asked for in vain: one request where there is no default', async () => {
    await create({}, []);
    const from = standIn.requests.length;
    const result = await create({}, ['Custom.ExternalId', 'System.AreaPath']);
    assert.ok(result.ok && result.ignored === undefined);
    assert.deepEqual(
      standIn.requests.slice(from).filter((request) => !/GET/.test(request)).length,
      1,
      standIn.requests.slice(from).join(),
    );
  });
});
