import assert from 'node:assert/strict';
import type { GroupSurvey, Survey } from '../../../lib/plan';
import { SurveyJobs, type SurveyStart } from '../../../nodes/admin/survey-jobs';

const found: GroupSurvey = {
  ...{ direction: 'forward', side: 1, type: { id: '1', name: 'Bug' }, targetType: { id: '2', name: 'Defect' } },
  ...{
    read: 7,
    extent: 'all',
    nothing: { unchanged: 0, same: 0, kept: 0 },
    adopted: 0,
    conflicts: 0,
    fields: [],
    moreFindings: 0,
  },
  outcomes: {
    create: 7,
    update: 0,
    delete: 0,
    parked: 0,
    filtered: 0,
    nothing: 0,
    unmapped: 0,
    skipped: 0,
    noPair: 0,
    waits: 0,
  },
  findings: [{ kind: 'required', field: 'area', name: 'Area', reason: 'gets none', count: 7, examples: [] }],
  samples: {},
};

/** A survey that goes on until it is told to end. */
function running(): SurveyStart['run'] & { finish: (error?: Error) => void } {
  let settle: (error?: Error) => void = () => undefined;
  return {
    finish: (error) => settle(error),
    progress: () => ({ read: 7, group: 0, groups: 1 }),
    result: (): Survey => ({ groups: [found] }),
    run: (signal) =>
      new Promise((resolve, reject) => {
        settle = (error) => (error ? reject(error) : resolve());
        signal.addEventListener('abort', () => reject(signal.reason));
      }),
  };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('Surveys under way', () => {
  it('tell counts while they run, and everything when they are done', async () => {
    const jobs = new SurveyJobs(() => Date.UTC(2026, 5, 1));
    const run = running();
    const started = jobs.start({ integration: 'i', by: 'anna', sample: 100, run });
    assert.deepEqual([started.state, started.by, started.startedAt], ['running', 'anna', '2026-06-01T00:00:00.000Z']);
    assert.deepEqual(started.survey.groups[0]?.findings, []);
    assert.equal(started.survey.groups[0]?.outcomes.create, 7);
    run.finish();
    await soon();
    assert.deepEqual([jobs.of('i')?.state, jobs.of('i')?.survey.groups], ['done', [found]]);
    assert.equal(jobs.of('other'), undefined);
  });

  it('are one at a time for an integration, and for a person', async () => {
    const jobs = new SurveyJobs();
    const first = running();
    jobs.start({ integration: 'i', by: 'anna', sample: 100, run: first });
    assert.throws(() => jobs.start({ integration: 'i', by: 'bob', sample: 1, run: running() }), {
      kind: 'conflict',
      message: /A plan of anna for this integration is being made already/,
    });
    assert.throws(() => jobs.start({ integration: 'j', by: 'anna', sample: 1, run: running() }), { kind: 'conflict' });
    jobs.start({ integration: 'j', by: 'bob', sample: 1, run: running() });
    first.finish();
    await soon();
    assert.equal(jobs.start({ integration: 'i', by: 'anna', sample: 1, run: running() }).state, 'running');
  });

  it('end when asked to, all of them when the flows stop, and keep what they have found', async () => {
    const jobs = new SurveyJobs();
    jobs.start({ integration: 'i', sample: 'all', run: running() });
    jobs.start({ integration: 'j', sample: 'all', run: running() });
    const cancelled = await jobs.cancel('i');
    assert.deepEqual([cancelled.state, cancelled.fault, cancelled.survey.groups], ['cancelled', undefined, [found]]);
    jobs.end();
    await soon();
    assert.equal(jobs.of('j')?.state, 'cancelled');
    await assert.rejects(jobs.cancel('never'), { kind: 'notFound' });
  });

  it('say why they failed, without secrets, and are forgotten after an hour', async () => {
    let now = 0;
    const jobs = new SurveyJobs(() => now);
    const run = running();
    jobs.start({ integration: 'i', sample: 1, run, mask: (text) => text.replace('s3cret', '***') });
    run.finish(new Error('refused with s3cret'));
    await soon();
    assert.deepEqual([jobs.of('i')?.state, jobs.of('i')?.fault], ['failed', 'refused with ***']);
    now = 60 * 60_000 + 1;
    assert.equal(jobs.of('i'), undefined);
  });
});
