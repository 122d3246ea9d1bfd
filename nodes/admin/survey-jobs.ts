/**
 * Current plans for whole integrations: one at a time per integration, and one per user. The last one of each
 * integration is kept for a while, for users who close the form and open it again.
 */

import { randomUUID } from 'node:crypto';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { Counts, SurveyRun, SurveyView } from '../../lib/plan';

interface Job {
  view: Omit<SurveyView, 'progress' | 'survey'>;
  run: Pick<SurveyRun, 'progress' | 'result'>;
  ending: AbortController;
  ended: Promise<void>;
}

const KEPT_MS = 60 * 60_000;
const MOST_KEPT = 20;

export interface SurveyStart {
  integration: string;
  by?: string;
  sample: number | 'all';
  deployed?: boolean;
  run: Pick<SurveyRun, 'progress' | 'result' | 'run'>;
  /** without secrets */
  mask?: (text: string) => string;
}

export class SurveyJobs {
  /** by integration, the one started last at the end */
  private readonly jobs = new Map<string, Job>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @throws SyncError conflict if another one is running */
  start({ integration, by, sample, deployed = true, run, mask = (text) => text }: SurveyStart): SurveyView {
    this.forget();
    for (const { view } of this.jobs.values()) {
      if (view.state !== 'running') continue;
      if (view.integration === integration) {
        const who = view.by === undefined ? '' : ` of ${view.by}`;
        throw new SyncError(
          'conflict',
          `A plan${who} for this integration is being made already. Wait for it, or end it.`,
        );
      }
      if (by !== undefined && view.by === by) {
        throw new SyncError('conflict', 'One of your plans is still running, for another integration.');
      }
    }
    const view: Job['view'] = {
      job: randomUUID(),
      integration,
      ...(by !== undefined && { by }),
      startedAt: new Date(this.now()).toISOString(),
      state: 'running',
      sample,
      deployed,
    };
    const ending = new AbortController();
    const ended = run.run(ending.signal).then(
      () => this.settle(view, ending.signal.aborted ? 'cancelled' : 'done'),
      (thrown: unknown) => {
        this.settle(view, ending.signal.aborted ? 'cancelled' : 'failed');
        if (!ending.signal.aborted) view.fault = mask(asSyncError(thrown).message);
      },
    );
    const job = { view, run, ending, ended };
    this.jobs.delete(integration);
    this.jobs.set(integration, job);
    return this.viewOf(job);
  }

  /** The last one of an integration; undefined if there is none, or it ended long ago. */
  of(integration: string): SurveyView | undefined {
    this.forget();
    const job = this.jobs.get(integration);
    return job && this.viewOf(job);
  }

  /** Ends it at its next page. Its results so far are kept. @throws SyncError notFound */
  async cancel(integration: string): Promise<SurveyView> {
    const job = this.jobs.get(integration);
    if (!job) throw new SyncError('notFound', 'No plan is running for this integration.');
    job.ending.abort();
    await job.ended;
    return this.viewOf(job);
  }

  /** Ends all: Node-RED stops, or all flows are deployed again. */
  end(): void {
    for (const { ending } of this.jobs.values()) ending.abort();
  }

  private settle(view: Job['view'], state: SurveyView['state']): void {
    view.state = state;
    view.endedAt = new Date(this.now()).toISOString();
  }

  private viewOf({ view, run }: Job): SurveyView {
    const { groups } = run.result();
    const briefly = <One extends Counts>(counts: One): One => ({ ...counts, samples: {}, findings: [], fields: [] });
    const brief = groups.map((group) => ({
      ...briefly(group),
      ...(group.parts && { parts: { ...group.parts, pairs: group.parts.pairs.map(briefly) } }),
    }));
    return { ...view, progress: run.progress(), survey: { groups: view.state === 'running' ? brief : groups } };
  }

  private forget(): void {
    for (const [integration, { view }] of this.jobs) {
      if (view.endedAt === undefined) continue;
      if (this.now() - Date.parse(view.endedAt) > KEPT_MS || this.jobs.size > MOST_KEPT) this.jobs.delete(integration);
    }
  }
}
