/**
 * Routes of plans for a whole integration, with the forms' own drafts, deployed or not. Nothing is written.
 *
 *   POST /twinflow/survey          { integration, systems, steps1, steps2, sample } → { survey } twinflow.write
 *   POST /twinflow/survey/cancel   { integration } → { survey }                                  twinflow.write
 *   GET /twinflow/survey?integration → { survey? }: its progress, or its result twinflow.read
 *
 * `integration` and `systems` are as in preview.ts, and the steps are those of the chain of each side. `sample` is
 * 'all', or how many of the items that changed last. If a step has a sheet, which makes the server read a file,
 * starting also requires flows.write. The work continues when the form is closed, and ends when the flows stop.
 * Requests to a deployed system use its budget, after all others.
 */

import type { Connection } from '../../lib/connectors/connector';
import { createMask, type Mask } from '../../lib/connectors/http/masking';
import { readIntegration } from '../../lib/engine/config';
import type { Side } from '../../lib/model/entity';
import { asSyncError, SyncError } from '../../lib/model/errors';
import { append } from '../../lib/model/lists';
import { isObject } from '../../lib/model/shape';
import { type Counts, type PartsSurvey, type PlanStep, type Survey, SurveyRun, type SurveyView } from '../../lib/plan';
import { bodyOf } from './answers';
import { userOf } from './person';
import { LARGEST_BODY, readsSheet, stepsOf } from './preview';
import { boundedPlan } from './preview-bounds';
import { type Handler, send, sendError, TIME_LIMIT_MS, within } from './respond';
import { type AdminHost, type AdminServices, draftedSystem } from './services';
import type { SurveyJobs } from './survey-jobs';

/** More would be in memory at once; for more, use all. */
const LARGEST_SAMPLE = 1_000;

const bad = (message: string): SyncError => new SyncError('invalid', message);
const plain: Mask = (text) => text;

function sampleOf(value: unknown): number | 'all' {
  if (value === 'all') return value;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= LARGEST_SAMPLE) return value;
  throw bad(`Choose how many entities are looked at: 1 to ${LARGEST_SAMPLE}, or all.`);
}

function integrationOf(value: unknown): string {
  if (typeof value === 'string' && value !== '') return value;
  throw bad('Choose an integration first.');
}

const stepsOfSides = (body: Record<string, unknown>): Record<Side, PlanStep[]> => ({
  1: stepsOf({ steps: body.steps1 }),
  2: stepsOf({ steps: body.steps2 }),
});

/** Adds the routes. @param jobs running plans; the caller that made them ends them */
export function registerSurvey(host: AdminHost, services: AdminServices, jobs: SurveyJobs): void {
  const start = async (
    body: Record<string, unknown>,
    by: string | undefined,
    secrets: string[],
  ): Promise<SurveyView> => {
    if (JSON.stringify(body).length > LARGEST_BODY) throw bad('The forms of this chain are too large for a plan.');
    if (!isObject(body.integration)) throw bad('Choose an integration first.');
    const config = readIntegration(body.integration);
    const integration = integrationOf(config.id);
    const sample = sampleOf(body.sample);
    const steps = stepsOfSides(body);
    const drafts: unknown[] = Array.isArray(body.systems) ? body.systems.slice(0, 2) : [];
    const open = (draft: unknown) => {
      const { settings } = draftedSystem(services, draft, (learned) => append(secrets, learned));
      const id = isObject(draft) && typeof draft.id === 'string' ? draft.id : '';
      return services.connect(settings, services.gate?.(id));
    };
    const store = await services.links?.(integration);
    const opened: Connection[] = [];
    const close = () => Promise.allSettled(opened.map((connection) => connection.close?.()));
    try {
      const one = open(drafts[0]);
      opened.push(one);
      const two = open(drafts[1]);
      opened.push(two);
      const { dataFolder, others } = services;
      const run = new SurveyRun({
        config,
        steps,
        connections: [one, two],
        store,
        others,
        dataFolder,
        sample,
      });
      const mask = createMask(secrets);
      return jobs.start({
        ...{ integration, by, sample, mask, deployed: store !== undefined },
        run: {
          progress: () => run.progress(),
          result: () => masked(run.result(), mask),
          run: (signal) => run.run(signal).finally(close),
        },
      });
    } catch (thrown) {
      await close();
      throw thrown;
    }
  };

  const post =
    (act: (body: Record<string, unknown>, by: string | undefined, secrets: string[]) => Promise<SurveyView>): Handler =>
    (request, response) => {
      const secrets: string[] = [];
      within(services.timeLimitMs ?? TIME_LIMIT_MS, () => act(bodyOf(request.body), userOf(request), secrets)).then(
        (survey) => send(response, 200, { survey }),
        (thrown: unknown) => sendError(response, asSyncError(thrown), createMask(secrets)),
      );
    };

  const needsDeploy: Handler = (request, response, next) => {
    const { steps1, steps2 } = bodyOf(request.body);
    if (readsSheet(steps1) || readsSheet(steps2)) host.auth.needsPermission('flows.write')(request, response, next);
    else next();
  };
  const mayWrite = host.auth.needsPermission('twinflow.write');
  host.httpAdmin.post('/twinflow/survey', mayWrite, needsDeploy, post(start));
  host.httpAdmin.post(
    '/twinflow/survey/cancel',
    mayWrite,
    post(async ({ integration }) => jobs.cancel(integrationOf(integration))),
  );
  host.httpAdmin.get('/twinflow/survey', host.auth.needsPermission('twinflow.read'), (request, response) => {
    try {
      const survey = jobs.of(integrationOf(request.query.integration));
      send(response, 200, survey ? { survey } : {});
    } catch (thrown) {
      sendError(response, asSyncError(thrown), plain);
    }
  });
}

/** Texts of systems and errors, without secrets. */
function masked({ groups }: Survey, mask: Mask): Survey {
  const counts = <One extends Counts>(one: One): One => ({
    ...one,
    ...(one.fault !== undefined && { fault: mask(one.fault) }),
    findings: one.findings.map((finding) => ({ ...finding, reason: mask(finding.reason) })),
    samples: Object.fromEntries(
      Object.entries(one.samples).map(([kind, plans]) => [kind, plans.map((plan) => boundedPlan(plan, mask))]),
    ),
  });
  const partsOf = ({ pairs, undelivered, fault, ...rest }: PartsSurvey): PartsSurvey => ({
    ...rest,
    pairs: pairs.map(counts),
    ...(undelivered && { undelivered: { ...undelivered, why: mask(undelivered.why) } }),
    ...(fault !== undefined && { fault: mask(fault) }),
  });
  return { groups: groups.map((group) => ({ ...counts(group), ...(group.parts && { parts: partsOf(group.parts) }) })) };
}
