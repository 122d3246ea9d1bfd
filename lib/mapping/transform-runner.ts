/**
 * Runs expressions where they can hold nothing up: in a small process of its own, which is ended when an expression does
 * not come back or takes too much memory. So Node-RED goes on whatever an expression does – a regular expression that
 * backtracks, a list of millions, a recursion without end – and whatever text from a system it does it with. (A thread
 * would not do: where one native call asks for too much memory, V8 ends the whole process with it.) The process starts
 * with the first expression and ends when none has come for a while. All mappers of one integration share it; another
 * integration has its own, and so has each preview.
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
  /** milliseconds after which one that comes to no next step is ended, with its process */
  hardMs: number;
  depth: number;
  items: number;
  /** characters of a result as JSON */
  length: number;
  /** of the process's heap */
  memoryMb: number;
  /** for what a helper asks a system */
  helperMs: number;
  /** so many times an expression may end its process before it rests */
  strikes: number;
  /** milliseconds of that rest */
  restMs: number;
  /** milliseconds without an expression after which the process is given back */
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
  /** one expression at a time, since one of them has ended a process */
  alone: boolean;
  done: boolean;
  resolve: (results: ExpressionResult[]) => void;
  reject: (error: SyncError) => void;
}

/** The worker's file: compiled beside this one, or TypeScript in the tests. */
const extension = extname(__filename);
const WORKER = join(__dirname, `transform-worker${extension}`);

/** What a slow machine takes to start the process. */
const STARTUP_MS = 5_000;
const MOST_CULPRITS = 200;

export class ExpressionRunner {
  private readonly limits: ExpressionLimits;
  private readonly queue: Open[] = [];
  private worker: ChildProcess | undefined;
  private current: Open | undefined;
  /** expressions that have ended a process, and until when (ms since 1970) they are not tried again */
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
   * Evaluates expressions over one entity; one result each, in order.
   * @throws SyncError transient – no process can be had, which says nothing about the expressions
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

  /** Id of the operating system's process; undefined while none is needed. */
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

  /** Ends a process that nobody uses: it holds some 40 MB. */
  private giveBack(): void {
    const { worker } = this;
    this.worker = undefined;
    worker?.kill('SIGKILL');
  }

  /** The expressions of a job that have no result yet, with their places. */
  private static remaining(open: Open): [number, string][] {
    const rest = [...open.expressions.entries()].filter(([index]) => !open.results.has(index));
    return open.alone ? rest.slice(0, 1) : rest;
  }

  /** An expression that has ended its process again and again rests: it would hold up everybody else's. */
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
      // nothing of what Node-RED's environment holds is any business of an expression
      env: bareEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    this.worker = worker;
    this.warm = false;
    worker.on('message', (message) => {
      // only our own file speaks on this channel
      if (this.worker === worker) this.heard(message as FromWorker);
    });
    worker.on('error', (error) => {
      if (this.worker !== worker) return;
      if (this.warm) this.lost(worker, error.message);
      else this.refuse(error.message);
    });
    worker.on('exit', (code, signal) => {
      if (this.worker !== worker) return;
      // V8 aborts where there is no memory left
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

  /** Ends the process when the expressions do not come back. */
  private guard(open: Open): void {
    clearTimeout(this.watch);
    const { hardMs } = this.limits;
    const ms = hardMs * (open.alone ? 1 : ExpressionRunner.remaining(open).length) + (this.warm ? 0 : STARTUP_MS);
    const { worker } = this;
    this.watch = setTimeout(() => {
      // a busy Node-RED may have the answer in its queue already
      setImmediate(() =>
        setImmediate(() => {
          if (this.current !== open || this.worker !== worker || this.asking > 0) return;
          if (worker !== undefined && !open.done) this.lost(worker, `it took longer than ${hardMs} ms`);
        }),
      );
    }, ms);
  }

  /**
   * The process is gone, or is to go. Which of several expressions it was is found out by evaluating them one by one, in
   * a new process.
   */
  private lost(worker: ChildProcess, why: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    clearTimeout(this.watch);
    worker.kill('SIGKILL');
    if (this.current !== undefined) this.settle(this.current, why);
  }

  /** The process has not even started: it is no expression's fault, and no field must be left out for it. */
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

/** Whose mappers may share a runner: an integration, by its node's id, or one preview, by a symbol of its own. */
export type RunnerOwner = string | symbol;

const shared = new Map<RunnerOwner, { runner: ExpressionRunner; users: number }>();

/** The runner that all mappers of an owner share. Call `release` when done with it. */
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
