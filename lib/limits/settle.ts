/**
 * Pure functions with a limit of time and memory that no input can cheat, without being asynchronous themselves.
 *
 * `bounded` runs what is plainly cheap at once. What isn't, it never runs here: it notes the job, and answers with the
 * cheap way out. `settled` has the noted jobs done in another process, and calls its work again, which then finds their
 * results. So a decision that is made of pure functions stays one, and is made again only where it met something costly.
 * `atOnce` is for work that cannot wait: there the way out is the answer. Around both, nothing is limited.
 */

import type { Job, JobAnswer } from './process';

interface Scope {
  known: Map<string, JobAnswer>;
  wanted: Map<string, Job>;
}

/** The work that is running now: it is synchronous, so that there is one at most. */
let current: Scope | undefined;
let unlimited = false;

/** So many rounds of jobs one decision may need; each finds what depends on the results of the one before. */
const MOST_ROUNDS = 12;

/** In a process that has limits itself, everything is run at once. */
export function runUnlimited(): void {
  unlimited = true;
}

/** True within `settled` and `atOnce`. */
export const isLimited = (): boolean => !unlimited && current !== undefined;

/**
 * @param job what another process is asked for; its result is that of `run`, as plain data
 * @param isCheap whether `run` is certain to be over in a few milliseconds
 * @param otherwise the way out, cheap whatever the input; with the reason where the job struck a limit
 */
export function bounded<Result>(
  job: Job,
  isCheap: () => boolean,
  run: () => Result,
  otherwise: (why: string | undefined) => Result,
): Result {
  if (unlimited || !current || isCheap()) return run();
  const key = JSON.stringify([job.name, job.args]);
  const known = current.known.get(key);
  if (known === undefined) {
    current.wanted.set(key, job);
    return otherwise(undefined);
  }
  // the worker's function of that name is the very one that calls this
  return 'failed' in known ? otherwise(known.failed) : (known.result as Result);
}

/**
 * The result of some work, with what was too costly to be done at once done elsewhere. At once where nothing was.
 * @param work synchronous, and the same each time it is called: no effects
 * @param run does a job in another process
 */
export function settled<Result>(work: () => Result, run: (job: Job) => Promise<JobAnswer>): Result | Promise<Result> {
  const scope: Scope = { known: new Map(), wanted: new Map() };
  const once = (): Result => {
    const outer = current;
    current = scope;
    scope.wanted.clear();
    try {
      return work();
    } finally {
      current = outer;
    }
  };
  const first = once();
  return scope.wanted.size === 0 ? first : again(scope, once, run);
}

/** The result of some work that cannot wait: of what is too costly, the way out. */
export function atOnce<Result>(work: () => Result): Result {
  const outer = current;
  current = { known: new Map(), wanted: new Map() };
  try {
    return work();
  } finally {
    current = outer;
  }
}

async function again<Result>(scope: Scope, once: () => Result, run: (job: Job) => Promise<JobAnswer>): Promise<Result> {
  for (let round = 1; ; round++) {
    const jobs = [...scope.wanted];
    const answers = await Promise.all(jobs.map(([, job]) => run(job)));
    jobs.forEach(([key], index) => {
      const answer = answers[index];
      if (answer) scope.known.set(key, answer);
    });
    const result = once();
    if (scope.wanted.size === 0 || round === MOST_ROUNDS) return result;
  }
}
