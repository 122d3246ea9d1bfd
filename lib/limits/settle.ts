/**
 * Gives pure functions a limit of time and memory that no input can bypass, without making them asynchronous.
 *
 * `bounded` runs clearly cheap work at once. Other work never runs here: `bounded` notes the job and returns the cheap
 * fallback. `settled` has the noted jobs done in another process and calls its work again, which then finds their
 * results. A decision made of pure functions thus remains pure, and is repeated only if it met something costly.
 * `atOnce` is for work that cannot wait: there the fallback is the answer. Outside of both, nothing is limited.
 */

import type { Job, JobAnswer } from './process';

/** Nearly all work meets nothing costly: for that, a scope holds nothing. */
interface Scope {
  known?: Map<string, JobAnswer>;
  wanted?: Map<string, Job>;
}

/** The work that is running now. It is synchronous, so there is one at most. */
let current: Scope | undefined;
let unlimited = false;

/** Maximum number of rounds of jobs for one decision; each round depends on the results of the previous one. */
const MOST_ROUNDS = 12;

/** A process that has limits itself runs everything at once. */
export function runUnlimited(): void {
  unlimited = true;
}

/** True within `settled` and `atOnce`. */
export const isLimited = (): boolean => !unlimited && current !== undefined;

/**
 * @param job the request to another process; its result is that of `run`, as plain data
 * @param isCheap whether `run` certainly ends within a few milliseconds
 * @param otherwise the fallback, cheap whatever the input; receives the reason if the job exceeded a limit
 */
export function bounded<Result>(
  job: Job,
  isCheap: () => boolean,
  run: () => Result,
  otherwise: (why: string | undefined) => Result,
): Result {
  if (unlimited || !current || isCheap()) return run();
  const key = JSON.stringify([job.name, job.args]);
  const known = current.known?.get(key);
  if (known === undefined) {
    current.wanted ??= new Map();
    current.wanted.set(key, job);
    return otherwise(undefined);
  }
  // the worker's function of that name is the one that calls this
  return 'failed' in known ? otherwise(known.failed) : (known.result as Result);
}

/**
 * The result of some work, with its costly parts done elsewhere. Returned at once if there are none.
 * @param work synchronous, deterministic and without effects
 * @param run does a job in another process
 */
export function settled<Result>(work: () => Result, run: (job: Job) => Promise<JobAnswer>): Result | Promise<Result> {
  const scope: Scope = {};
  const first = within(scope, work);
  return scope.wanted ? again(scope, work, run) : first;
}

function within<Result>(scope: Scope, work: () => Result): Result {
  const outer = current;
  current = scope;
  try {
    return work();
  } finally {
    current = outer;
  }
}

/** The result of some work that cannot wait: costly parts are replaced by their fallback. */
export const atOnce = <Result>(work: () => Result): Result => within({}, work);

async function again<Result>(scope: Scope, work: () => Result, run: (job: Job) => Promise<JobAnswer>): Promise<Result> {
  const known = new Map<string, JobAnswer>();
  scope.known = known;
  for (let round = 1; ; round++) {
    const jobs = [...(scope.wanted ?? [])];
    scope.wanted = undefined;
    const answers = await Promise.all(jobs.map(([, job]) => run(job)));
    jobs.forEach(([key], index) => {
      const answer = answers[index];
      if (answer) known.set(key, answer);
    });
    const result = within(scope, work);
    if (!scope.wanted || round === MOST_ROUNDS) return result;
  }
}
