/**
 * Runs expressions in a small separate process, where they can block nothing. The process is ended if an expression
 * does not return or uses too much memory. Node-RED continues whatever an expression does to a text from a system: a
 * regular expression that backtracks, a list of millions, an endless recursion. (A thread would not be enough: if a
 * single native call requests too much memory, V8 ends the whole process.) The process starts with the first expression
 * and ends after a while without any. All mappers of one integration share a process; each integration and each preview
 * has its own.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { extname, join } from 'node:path';
import { bareEnvironment, processEnded } from '../files/processes';
import { SyncError } from '../model/errors';
import type { AskedHelper, ExpressionResult, Helpers } from './transform';
import type { ExpressionInput, FromWorker, ToWorker, WorkerSettings } from './transform-protocol';

export interface ExpressionLimits {
  /** milliseconds of evaluation after which an expression is ended at its next step */
  timeMs: number;
  /** milliseconds after which an expression without a next step is ended, together with its process */
  hardMs: number;
  depth: number;
  items: number;
  /** characters of a result as JSON */
  length: number;
  /** of the process's heap */
  memoryMb: number;
  /** for a helper's question to a system */
  helperMs: number;
  /** how often an expression may end its process before it is disabled for a while */
  strikes: number;
  /** milliseconds for which it is disabled */
  restMs: number;
  /** milliseconds without an expression after which the process is ended */
  idleMs: number;
}

export const EXPRESSION_LIMITS: ExpressionLimits = {
  timeMs: 50,
  hardMs: 500,
  depth: 500,
  items: 100_000,
  length: 1_000_000,
  memoryMb: 96,
  helperMs: 20_000,
  strikes: 5,
  restMs: 60_000,
  idleMs: 300_000,
};

interface Open {
  job: number;
  expressions: string[];
  input: ExpressionInput;
  helpers: Helpers;
  /** results so far, by index */
  results: Map<number, ExpressionResult>;
  /** one expression at a time, because one of them has ended a process */
  alone: boolean;
  done: boolean;
  resolve: (results: ExpressionResult[]) => void;
  reject: (error: SyncError) => void;
}

/** The worker's file: compiled next to this one, or TypeScript in the tests. */
const extension = extname(__filename);
const WORKER = join(__dirname, `transform-worker${extension}`);

/** Time that a slow machine needs to start the process. */
const STARTUP_MS = 5_000;
const MOST_CULPRITS = 200;

export class ExpressionRunner {
  private readonly limits: ExpressionLimits;
  private readonly queue: Open[] = [];
  private worker: ChildProcess | undefined;
  private current: Open | undefined;
  /** expressions that have ended a process, and the time (ms since 1970) until which they are disabled */
  private readonly culprits = new Map<string, { times: number; until: number; why: string }>();
  private jobs = 0;
  private asking = 0;
  private watch: NodeJS.Timeout | undefined;
  private idle: NodeJS.Timeout | undefined;
  private closed = false;
  /** the process has started */
  private warm = false;

  constructor(limits: Partial<ExpressionLimits> = {}) {
    this.limits = { ...EXPRESSION_LIMITS, ...limits };
  }

  /**
   * Evaluates expressions for one item; one result each, in order.
   * @throws SyncError transient if no process can be started, which says nothing about the expressions
   */
  evaluate(expressions: string[], input: ExpressionInput, helpers: Helpers): Promise<ExpressionResult[]> {
    if (expressions.length === 0) return Promise.resolve([]);
    if (this.closed) return Promise.resolve(expressions.map(() => ({ error: 'the node was stopped' })));
    return new Promise((resolve, reject) => {
      this.jobs += 1;
      this.queue.push({
        job: this.jobs,
        expressions,
        input,
        helpers,
        results: new Map(),
        alone: false,
        done: false,
        resolve,
        reject,
      });
      this.next();
    });
  }

  /** Process id in the operating system; undefined while no process is needed. */
  get process(): number | undefined {
    return this.worker?.pid;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.idle);
    const open = [...(this.current ? [this.current] : []), ...this.queue.splice(0)];
    this.current = undefined;
    clearTimeout(this.watch);
    const { worker } = this;
    this.worker = undefined;
    for (const { expressions, resolve } of open) resolve(expressions.map(() => ({ error: 'the node was stopped' })));
    worker?.kill('SIGKILL');
  }

  private next(): void {
    if (this.current !== undefined || this.closed) return;
    this.current = this.queue.shift();
    clearTimeout(this.idle);
    if (this.current !== undefined) this.start(this.current);
    else this.idle = setTimeout(() => this.giveBack(), this.limits.idleMs).unref();
  }

  /** Ends an unused process: it takes some 40 MB. */
  private giveBack(): void {
    const { worker } = this;
    this.worker = undefined;
    worker?.kill('SIGKILL');
  }

  /** The expressions of a job without a result so far, with their indices. */
  private static remaining(open: Open): [number, string][] {
    const rest = [...open.expressions.entries()].filter(([index]) => !open.results.has(index));
    return open.alone ? rest.slice(0, 1) : rest;
  }

  /** An expression that has ended its process repeatedly is disabled for a while: it would block everybody else's. */
  private setAside(open: Open): void {
    for (const [index, source] of ExpressionRunner.remaining(open)) {
      const culprit = this.culprits.get(source);
      if (culprit === undefined || culprit.until <= Date.now()) continue;
      open.results.set(index, { error: `${culprit.why}, again and again: it rests for a while` });
    }
  }

  private start(open: Open): void {
    this.setAside(open);
    const expressions = ExpressionRunner.remaining(open).map(([, source]) => source);
    if (expressions.length === 0) {
      this.finish(open);
      return;
    }
    this.asking = 0;
    try {
      const worker = this.worker ?? this.fork();
      worker.send({ job: open.job, expressions, input: open.input } satisfies ToWorker);
    } catch (thrown) {
      this.refuse(thrown instanceof Error ? thrown.message : String(thrown));
      return;
    }
    this.guard(open);
  }

  private fork(): ChildProcess {
    const { timeMs, depth, items, length, memoryMb } = this.limits;
    const settings: WorkerSettings = { timeMs, depth, items, length };
    const worker = fork(WORKER, [JSON.stringify(settings)], {
      execArgv: [`--max-old-space-size=${memoryMb}`, ...(extension === '.ts' ? ['--import', 'tsx'] : [])],
      // expressions must not see anything of Node-RED's environment
      env: bareEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.worker = worker;
    this.warm = false;
    worker.on('message', (message) => {
      // only Twinflow's own worker writes to this channel
      if (this.worker === worker) this.heard(message as FromWorker);
    });
    worker.on('error', (error) => {
      if (this.worker !== worker) return;
      if (this.warm) this.lost(worker, error.message);
      else this.refuse(error.message);
    });
    worker.on('exit', (code, signal) => {
      if (this.worker !== worker) return;
      // V8 aborts if there is no memory left
      const memory = signal === 'SIGABRT' || code === 134;
      if (!this.warm && !memory) {
        this.refuse(processEnded('that evaluates expressions', WORKER, signal ?? code));
        return;
      }
      this.lost(
        worker,
        memory ? `it needs more than ${memoryMb} MB of memory` : `its process ended (${signal ?? code})`,
      );
    });
    // it must not keep Node-RED from ending
    worker.unref();
    worker.channel?.unref();
    return worker;
  }

  private heard(message: FromWorker): void {
    const open = this.current;
    this.warm = true;
    if (open === undefined) return;
    if ('ready' in message) {
      this.guard(open);
    } else if ('ask' in message) {
      this.help(open, message.ask, message.helper, message.args);
    } else if (message.job === open.job) {
      const arrived: [number, ExpressionResult][] = [];
      message.results.forEach((result, place) => {
        const index = ExpressionRunner.remaining(open)[place]?.[0];
        if (index !== undefined) arrived.push([index, result]);
      });
      for (const [index, result] of arrived) {
        open.results.set(index, result);
        if (this.culprits.size > 0) this.culprits.delete(open.expressions[index] ?? '');
      }
      clearTimeout(this.watch);
      this.start(open);
    }
  }

  private help(open: Open, ask: number, helper: AskedHelper, args: unknown[]): void {
    this.asking += 1;
    clearTimeout(this.watch);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`$${helper}() got no answer within ${this.limits.helperMs / 1000} seconds`)),
        this.limits.helperMs,
      );
      timer.unref();
    });
    const { worker } = this;
    const answer = (more: { value?: unknown; error?: string }): void => {
      clearTimeout(timer);
      if (this.current !== open || this.worker !== worker) return;
      this.asking -= 1;
      worker?.send({ answer: ask, ...more } satisfies ToWorker);
      if (this.asking === 0) this.guard(open);
    };
    Promise.race([Promise.resolve().then(() => open.helpers[helper](...args)), late]).then(
      (value) => answer({ value: value ?? null }),
      (thrown: unknown) => answer({ error: thrown instanceof Error ? thrown.message : String(thrown) }),
    );
  }

  /** Ends the process if the expressions do not return. */
  private guard(open: Open): void {
    clearTimeout(this.watch);
    const { hardMs } = this.limits;
    const ms = hardMs * (open.alone ? 1 : ExpressionRunner.remaining(open).length) + (this.warm ? 0 : STARTUP_MS);
    const { worker } = this;
    this.watch = setTimeout(() => {
      // a busy Node-RED may already have the answer in its queue
      setImmediate(() =>
        setImmediate(() => {
          if (this.current !== open || this.worker !== worker || this.asking > 0) return;
          if (worker !== undefined && !open.done) this.lost(worker, `it took longer than ${hardMs} ms`);
        }),
      );
    }, ms);
  }

  /**
   * The process has ended or will be ended. To find the expression that caused it, they are evaluated one by one in a
   * new process.
   */
  private lost(worker: ChildProcess, why: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    clearTimeout(this.watch);
    worker.kill('SIGKILL');
    if (this.current !== undefined) this.settle(this.current, why);
  }

  /** The process did not even start. That is not an expression's fault, and no field may be left out because of it. */
  private refuse(why: string): void {
    const { worker } = this;
    this.worker = undefined;
    clearTimeout(this.watch);
    worker?.kill('SIGKILL');
    const open = this.current;
    this.current = undefined;
    open?.reject(new SyncError('transient', why));
    this.next();
  }

  private settle(open: Open, why: string): void {
    const rest = ExpressionRunner.remaining(open);
    const [first] = rest;
    if (rest.length === 1 && first !== undefined) {
      const [index, source] = first;
      open.results.set(index, { error: why });
      if (this.culprits.size >= MOST_CULPRITS) this.culprits.clear();
      const times = (this.culprits.get(source)?.times ?? 0) + 1;
      this.culprits.set(source, {
        times,
        until: times < this.limits.strikes ? 0 : Date.now() + this.limits.restMs,
        why,
      });
    }
    open.alone = true;
    this.start(open);
  }

  private finish(open: Open): void {
    clearTimeout(this.watch);
    open.done = true;
    this.current = undefined;
    open.resolve(open.expressions.map((_, index) => open.results.get(index) ?? { error: 'it was not evaluated' }));
    this.next();
  }
}

/** Identifies the mappers that may share a runner: an integration, by its node's id, or one preview, by a symbol of
 * its own. */
export type RunnerOwner = string | symbol;

const shared = new Map<RunnerOwner, { runner: ExpressionRunner; users: number }>();

/** The runner that all mappers of an owner share. Call `release` when it is no longer needed. */
export function acquireRunner(owner: RunnerOwner): { runner: ExpressionRunner; release: () => void } {
  const entry = shared.get(owner) ?? { runner: new ExpressionRunner(), users: 0 };
  shared.set(owner, entry);
  entry.users += 1;
  let released = false;
  return {
    runner: entry.runner,
    release() {
      if (released) return;
      released = true;
      entry.users -= 1;
      if (entry.users > 0) return;
      if (shared.get(owner) === entry) shared.delete(owner);
      entry.runner.close();
    },
  };
}
