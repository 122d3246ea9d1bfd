/**
 * Surveys under way: one at a time for an integration, and one for a person. The last one of each integration is kept for
 * a while, for who closes the form and opens it again.
 */

import { randomUUID } from 'node:crypto';
import { asSyncError, SyncError } from '../../lib/model/errors';
import type { SurveyRun, SurveyView } from '../../lib/plan';

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
  /** free of secrets */
  mask?: (text: string) => string;
}

export class SurveyJobs {
  /** by integration, the last begun at the end */
  private readonly jobs = new Map<string, Job>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @throws SyncError conflict – another one is under way */
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
        throw new SyncError('conflict', 'A plan of yours is being made already, for another integration.');
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

  /** The last one of an integration; undefined where there is none, or it is long over. */
  of(integration: string): SurveyView | undefined {
    this.forget();
    const job = this.jobs.get(integration);
    return job && this.viewOf(job);
  }

  /** Ends it at its next page. What was found stays. @throws SyncError notFound */
  async cancel(integration: string): Promise<SurveyView> {
    const job = this.jobs.get(integration);
    if (!job) throw new SyncError('notFound', 'No plan is being made for this integration (any more).');
    job.ending.abort();
    await job.ended;
    return this.viewOf(job);
  }

  /** Ends all: Node-RED stops, or the flows are deployed anew. */
  end(): void {
    for (const { ending } of this.jobs.values()) ending.abort();
  }

  private settle(view: Job['view'], state: SurveyView['state']): void {
    view.state = state;
    view.endedAt = new Date(this.now()).toISOString();
  }

  private viewOf({ view, run }: Job): SurveyView {
    const { groups } = run.result();
    const brief = groups.map((group) => ({ ...group, samples: {}, findings: [], fields: [] }));
    return { ...view, progress: run.progress(), survey: { groups: view.state === 'running' ? brief : groups } };
  }

  private forget(): void {
    for (const [integration, { view }] of this.jobs) {
      if (view.endedAt === undefined) continue;
      if (this.now() - Date.parse(view.endedAt) > KEPT_MS || this.jobs.size > MOST_KEPT) this.jobs.delete(integration);
    }
  }
}
