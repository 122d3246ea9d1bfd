/**
 * Runs work that may take much time or memory in separate processes. A job is ended when it exceeds its time or memory,
 * and Node-RED continues. A process starts with the first job, is reused, and ends when there has been no job for a
 * while.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { bareEnvironment, processEnded } from '../files/processes';
import { SyncError } from '../model/errors';

/** A function of the worker's table, by its name. Arguments and results are plain data. */
export interface Job {
  name: string;
  args: unknown[];
}

export type JobAnswer = { result: unknown } | { failed: string };

export interface ProcessLimits {
  /** milliseconds for one job */
  ms: number;
  /** of a process's heap */
  memoryMb: number;
  /** number of processes that work in parallel */
  processes: number;
  /** milliseconds without a job after which they end */
  idleMs: number;
}

/** Time that a slow machine needs to start a process. */
const STARTUP_MS = 8_000;

interface Waiting {
  job: Job;
  resolve: (answer: JobAnswer) => void;
  reject: (error: SyncError) => void;
}

interface Worker {
  child: ChildProcess;
  warm: boolean;
  current: Waiting | undefined;
  timer: NodeJS.Timeout | undefined;
}

export class LimitedProcesses {
  private readonly queue: Waiting[] = [];
  private readonly workers = new Set<Worker>();
  /** jobs without an answer */
  private open = 0;

  /** @param file the worker: first sends 'ready', then answers each `Job` with a `JobAnswer` */
  constructor(
    private readonly file: string,
    private readonly limits: ProcessLimits,
  ) {}

  /**
   * The answer to a job; `failed`, in words that complete "the text", if it exceeded a limit.
   * @throws SyncError transient if no process can be started
   */
  async run(job: Job): Promise<JobAnswer> {
    this.open += 1;
    try {
      return await new Promise((resolve, reject) => {
        this.queue.push({ job, resolve, reject });
        this.next();
      });
    } finally {
      this.open -= 1;
    }
  }

  /** True while a job has no answer. */
  get isBusy(): boolean {
    return this.open > 0;
  }

  /** Ends all processes. */
  close(): void {
    for (const worker of this.workers) this.end(worker);
  }

  private next(): void {
    const waiting = this.queue[0];
    if (!waiting) return;
    let free = [...this.workers].find(({ current }) => current === undefined);
    if (!free && this.workers.size < this.limits.processes) {
      try {
        free = this.start();
      } catch (thrown) {
        this.queue.shift();
        waiting.reject(new SyncError('transient', thrown instanceof Error ? thrown.message : String(thrown)));
        return;
      }
    }
    if (!free) return;
    this.queue.shift();
    const worker = free;
    clearTimeout(worker.timer);
    worker.current = waiting;
    this.guard(worker);
    // a process that is already gone reports that by its exit
    worker.child.send(waiting.job, () => undefined);
  }

  private start(): Worker {
    const extension = extname(this.file);
    const child = fork(this.file, [], {
      execArgv: [`--max-old-space-size=${this.limits.memoryMb}`, ...(extension === '.ts' ? ['--import', 'tsx'] : [])],
      // texts must not see anything of Node-RED's environment
      env: bareEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const worker: Worker = { child, warm: false, current: undefined, timer: undefined };
    this.workers.add(worker);
    child.on('message', (message) => {
      if (message !== 'ready') {
        // only Twinflow's own worker writes to this channel
        this.answer(worker, message as JobAnswer);
        return;
      }
      worker.warm = true;
      if (worker.current) this.guard(worker);
    });
    child.on('error', (error) => this.lost(worker, error.message));
    child.on('exit', (code, signal) => {
      // V8 aborts if there is no memory left
      const memory = signal === 'SIGABRT' || signal === 'SIGKILL' || code === 134;
      if (memory && worker.current) this.strike(worker, `needs more than ${this.limits.memoryMb} MB of memory`);
      else this.lost(worker, processEnded('that reads long texts', this.file, signal ?? code));
    });
    // it must not keep Node-RED from ending
    child.unref();
    child.channel?.unref();
    return worker;
  }

  private guard(worker: Worker): void {
    clearTimeout(worker.timer);
    const { ms } = this.limits;
    worker.timer = setTimeout(
      () => {
        // a busy Node-RED may already have the answer in its queue
        setImmediate(() => setImmediate(() => this.late(worker)));
      },
      ms + (worker.warm ? 0 : STARTUP_MS),
    );
  }

  private late(worker: Worker): void {
    if (worker.current) this.strike(worker, `takes longer than ${this.limits.ms / 1000} seconds to be read`);
  }

  private answer(worker: Worker, answer: JobAnswer): void {
    const { current } = worker;
    worker.current = undefined;
    clearTimeout(worker.timer);
    worker.timer = setTimeout(() => this.end(worker), this.limits.idleMs);
    worker.timer.unref();
    current?.resolve(answer);
    this.next();
  }

  private strike(worker: Worker, why: string): void {
    const { current } = worker;
    this.end(worker);
    current?.resolve({ failed: why });
    this.next();
  }

  private lost(worker: Worker, why: string): void {
    const { current } = worker;
    this.end(worker);
    current?.reject(new SyncError('transient', why));
    this.next();
  }

  private end(worker: Worker): void {
    worker.current = undefined;
    clearTimeout(worker.timer);
    this.workers.delete(worker);
    worker.child.removeAllListeners();
    // ignore further messages of a process that is being ended
    worker.child.on('error', () => undefined);
    worker.child.kill('SIGKILL');
  }
}
