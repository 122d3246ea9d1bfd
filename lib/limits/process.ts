/**
 * Work that may take long, or much memory, in processes of its own: each job is ended when its time or memory is over, and
 * Node-RED goes on. A process starts with the first job, is used again, and ends when nothing has been asked for a while.
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
  /** processes that work side by side */
  processes: number;
  /** milliseconds without a job after which they end */
  idleMs: number;
}

/** What a slow machine takes to start a process. */
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

  /** @param file the worker: answers each `Job` with a `JobAnswer`, and says 'ready' first */
  constructor(
    private readonly file: string,
    private readonly limits: ProcessLimits,
  ) {}

  /**
   * The answer of a job; `failed`, in words that go on after "the text", where it struck a limit.
   * @throws SyncError transient – no process can be had
   */
  run(job: Job): Promise<JobAnswer> {
    return new Promise((resolve, reject) => {
      this.queue.push({ job, resolve, reject });
      this.next();
    });
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
    // a process that is gone already says so by its exit
    worker.child.send(waiting.job, () => undefined);
  }

  private start(): Worker {
    const extension = extname(this.file);
    const child = fork(this.file, [], {
      execArgv: [`--max-old-space-size=${this.limits.memoryMb}`, ...(extension === '.ts' ? ['--import', 'tsx'] : [])],
      // nothing of what Node-RED's environment holds is any business of a text
      env: bareEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const worker: Worker = { child, warm: false, current: undefined, timer: undefined };
    this.workers.add(worker);
    child.on('message', (message) => {
      if (message !== 'ready') {
        // only our own file speaks on this channel
        this.answer(worker, message as JobAnswer);
        return;
      }
      worker.warm = true;
      if (worker.current) this.guard(worker);
    });
    child.on('error', (error) => this.lost(worker, error.message));
    child.on('exit', (code, signal) => {
      // V8 aborts where there is no memory left
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
        // a busy Node-RED may have the answer in its queue already
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
    // a process that is being ended has nothing more to say
    worker.child.on('error', () => undefined);
    worker.child.kill('SIGKILL');
  }
}
