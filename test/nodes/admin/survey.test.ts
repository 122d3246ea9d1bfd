import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import type { RequestGate } from '../../../lib/connectors/http/options';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { SurveyView } from '../../../lib/plan';
import { until } from '../../support/wait';
import { connection, DRAFT, type Harness, SECRET, start } from './harness';

const ENTITY: Entity = {
  ...{ id: '17', key: 'DEMO-17', type: '7', project: '1', version: '1', updatedAt: '2026-05-01T10:00:00Z' },
  fields: { subject: 'Login fails', prio: { id: '2', name: 'High' } },
};
const INTEGRATION = {
  ...{ id: 'int', type: 'twinflow-integration', name: 'A ↔ B', system1: 'sys1', system2: 'sys1' },
  projectPairs: [{ one: { id: '1', name: 'Demo' }, two: { id: '2', name: 'Other' }, direction: 'forward' }],
  typePairs: [{ id: 'bug', one: { id: '7', name: 'Bug' }, two: { id: '8', name: 'Defect' }, direction: 'forward' }],
};
const SUBJECT = { id: 'subject', name: 'Subject', type: 'text' };
const MAPPER = {
  ...{ id: 'fields', type: 'twinflow-field-mapper', pairs: 'all' },
  rows: [{ one: SUBJECT, two: SUBJECT, direction: 'both' }],
};
const ASK = { integration: INTEGRATION, systems: [DRAFT, DRAFT], steps1: [MAPPER], steps2: [], sample: 'all' };

const reading = (changes: Connection['changes']): Partial<Connection> => ({
  write: async () => assert.fail('a plan must not write'),
  changes,
});
const ANSWERS = reading(async function* () {
  yield { entities: [ENTITY, { ...ENTITY, id: '18', key: 'DEMO-18' }], checkpoint: {} };
});
/** One page after another, until nobody asks any more. */
const ENDLESS = reading(async function* () {
  for (let page = 0; ; page += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    yield { entities: [{ ...ENTITY, id: `${page}` }], checkpoint: { page } };
  }
});

const surveyOf = ({ body }: { body: Record<string, unknown> }) => body.survey as SurveyView | undefined;
const messageOf = ({ body }: { body: Record<string, unknown> }) => String(Reflect.get(Object(body.error), 'message'));

describe('the routes of a plan for a whole integration', () => {
  let red: Harness;
  afterEach(() => red.stop());

  const ended = (id = 'int') =>
    until('the plan is made', async () => {
      const view = surveyOf(await red.get(`/twinflow/survey?integration=${id}`));
      return view && view.state !== 'running' ? view : undefined;
    });

  it('ask for the permission to read, or to write; and for the one to deploy where a step reads a sheet', async () => {
    red = await start(ANSWERS);
    await red.get('/twinflow/survey?integration=int');
    await red.post('/twinflow/survey/cancel', { integration: 'int' });
    const sheet = {
      ...{ id: 'values', type: 'twinflow-value-mapper' },
      rows: [
        { ...MAPPER.rows[0], sheet: { from: { kind: 'path', path: '/etc/passwd' }, one: 'a', two: 'b' }, pairs: [] },
      ],
    };
    await red.post('/twinflow/survey', { ...ASK, steps2: [MAPPER, sheet] });
    assert.deepEqual(red.asked, [
      '/twinflow/survey twinflow.read',
      '/twinflow/survey/cancel twinflow.write',
      '/twinflow/survey twinflow.write',
      '/twinflow/survey flows.write',
    ]);
  });

  it('plan all entities by the drafts as they come, and tell what was found', async () => {
    red = await start(ANSWERS);
    assert.deepEqual((await red.get('/twinflow/survey?integration=int')).body, {});
    const begun = surveyOf(await red.post('/twinflow/survey', ASK));
    assert.deepEqual(
      [begun?.state, begun?.integration, begun?.sample, begun?.deployed],
      ['running', 'int', 'all', false],
    );
    const { state, progress, survey } = await ended();
    assert.deepEqual([state, progress], ['done', { read: 2, group: 1, groups: 1 }]);
    const [group] = survey.groups;
    assert.deepEqual([group?.type.name, group?.targetType.name, group?.outcomes.create], ['Bug', 'Defect', 2]);
    assert.deepEqual(
      group?.samples.create?.map(({ source }) => source.key),
      ['DEMO-17', 'DEMO-18'],
    );
    await until('the connections are closed', () => red.closed === 2);
  });

  it('send the requests through the budget of the deployed system', async () => {
    const gate: RequestGate = { enter: () => ({ done: () => undefined }) };
    const gates: unknown[] = [];
    const asked: string[] = [];
    red = await start(ANSWERS, {
      gate: (id) => {
        asked.push(id);
        return gate;
      },
      connect: (_system, given) => {
        gates.push(given);
        throw new SyncError('invalid', 'seen enough');
      },
    });
    await red.post('/twinflow/survey', ASK);
    assert.deepEqual([asked, gates], [['sys1'], [gate]]);
  });

  it('leave nothing open where the second system cannot be connected to', async () => {
    let closed = 0;
    let opened = 0;
    red = await start(ANSWERS, {
      connect: () => {
        opened += 1;
        if (opened === 2) throw new SyncError('invalid', 'no such proxy');
        return connection({
          close: async () => {
            closed += 1;
          },
        });
      },
    });
    assert.match(messageOf(await red.post('/twinflow/survey', ASK)), /no such proxy/);
    assert.deepEqual([opened, closed], [2, 1]);
    assert.deepEqual((await red.get('/twinflow/survey?integration=int')).body, {});
  });

  it('make one at a time, and end it on request; what was found stays', async () => {
    red = await start(ENDLESS);
    await red.post('/twinflow/survey', ASK);
    await until('some were read', async () => {
      const view = surveyOf(await red.get('/twinflow/survey?integration=int'));
      return (view?.progress.read ?? 0) > 3;
    });
    const second = await red.post('/twinflow/survey', ASK);
    assert.equal(second.status, 422);
    assert.match(messageOf(second), /is being made already/);
    const view = surveyOf(await red.post('/twinflow/survey/cancel', { integration: 'int' }));
    assert.equal(view?.state, 'cancelled');
    assert.ok((view?.survey.groups[0]?.samples.create?.length ?? 0) > 3);
    assert.equal((await red.post('/twinflow/survey', { ...ASK, sample: 5 })).status, 200);
    await red.post('/twinflow/survey/cancel', { integration: 'int' });
  });

  it('refuse what no form would send', async () => {
    red = await start(ANSWERS);
    for (const wrong of [
      { ...ASK, integration: undefined },
      { ...ASK, integration: { ...INTEGRATION, id: '' } },
      { ...ASK, systems: [] },
      { ...ASK, sample: 0 },
      { ...ASK, sample: 1e9 },
      { ...ASK, sample: 'some' },
      [],
    ]) {
      assert.equal((await red.post('/twinflow/survey', wrong)).status, 422, JSON.stringify(wrong));
    }
    assert.equal((await red.get('/twinflow/survey')).status, 422);
    assert.equal((await red.post('/twinflow/survey/cancel', { integration: 'other' })).status, 422);
  });

  it('show no secret, whatever a system says', async () => {
    const told = reading(() => {
      throw new SyncError('forbidden', `the key ${SECRET} may not read this`);
    });
    red = await start(told);
    await red.post('/twinflow/survey', ASK);
    const { survey } = await ended();
    assert.equal(survey.groups[0]?.fault, 'the key *** may not read this');
  });
});
