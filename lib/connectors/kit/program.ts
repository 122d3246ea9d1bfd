/** Runs a program of the machine: without a shell, with an environment of its own, with limits of time and output. */

import { type ChildProcess, spawn } from 'node:child_process';
import { SyncError } from '../../model/errors';

const COMMAND_MS = 120_000;
const MOST_OUTPUT = 128 * 1024 * 1024;
const MOST_WORDS = 20_000;
/** From "please end" to "end". */
const GRACE_MS = 5_000;

/** What programs need of Node-RED's environment; nothing that could change what they do. */
const KEPT = /^(PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|SSH_AUTH_SOCK|SYSTEMROOT|USERPROFILE|PATHEXT)$/i;

export const keptEnvironment = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      KEPT.test(name) && value !== undefined ? [[name, value] as const] : [],
    ),
  );

export interface ProgramOptions {
  /** for errors: "Repository demo" */
  about: string;
  /** what it reads; also secrets, which the command line would show to everybody */
  input?: string;
  timeoutMs?: number;
  /** exit codes other than 0 that are answers */
  codes?: number[];
  /** takes the output piece by piece; without it, all of it is returned */
  onData?: (chunk: Buffer) => void;
  /** called regularly. @throws SyncError that ends the program */
  watch?: () => void;
}

export interface Ran {
  code: number;
  output: Buffer;
}

/** What a program says when it fails, as an error with what to do. @param how exit code or signal */
export type FailureOf = (about: string, command: string, words: string, how: number | string | null) => SyncError;

/** Runs of one connection; closing it ends those that are under way. */
export class Program {
  private readonly running = new Set<ChildProcess>();
  private closed = false;

  /** @param name of the program: `git` */
  constructor(
    private readonly name: string,
    private readonly failureOf: FailureOf,
    private readonly mostOutput = MOST_OUTPUT,
  ) {}

  /**
   * @param env its whole environment
   * @throws SyncError; with `tooLarge` if it answers with too much
   */
  run(args: readonly string[], env: Record<string, string>, options: ProgramOptions): Promise<Ran> {
    const { about, input, timeoutMs = COMMAND_MS, codes = [], onData, watch } = options;
    const { name } = this;
    if (this.closed) return Promise.reject(new SyncError('transient', `${about}: the connection was closed`));
    return new Promise((resolve, reject) => {
      const child = spawn(name, args, {
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
        windowsHide: true,
        // a group of its own, so that its helpers end with it
        detached: process.platform !== 'win32',
      });
      this.running.add(child);
      const chunks: Buffer[] = [];
      let [size, words] = [0, ''];
      let ended: SyncError | undefined;
      const end = (error: SyncError): void => {
        if (ended) return;
        ended = error;
        stop(child);
      };
      const timer = setTimeout(() => {
        const seconds = Math.round(timeoutMs / 1000);
        end(new SyncError('transient', `${about}: ${name} ${args[0]} was not done after ${seconds} s and was stopped`));
      }, timeoutMs);
      const watching = watch && setInterval(() => attempt(watch, end), 1_000);
      child.stdout.on('data', (chunk: Buffer) => {
        size += onData ? 0 : chunk.length;
        if (size > this.mostOutput)
          end(new SyncError('fatal', `${about}: ${name} ${args[0]} answers with too much`, { tooLarge: true }));
        else if (onData) attempt(() => onData(chunk), end);
        else chunks.push(chunk);
      });
      child.stderr.on('data', (chunk: Buffer) => {
        words = (words + chunk.toString('utf8')).slice(-MOST_WORDS);
      });
      // it may have ended before it has read everything: its exit code tells
      child.stdin.on('error', () => undefined);
      child.stdin.end(input ?? '');
      const done = (): void => {
        clearTimeout(timer);
        clearInterval(watching);
        this.running.delete(child);
      };
      child.on('error', (error: NodeJS.ErrnoException) => {
        done();
        const missing = `${name} is not installed, or not in the PATH of Node-RED. Install it and restart Node-RED`;
        reject(new SyncError('fatal', error.code === 'ENOENT' ? missing : `${name} cannot be run: ${error.message}`));
      });
      child.on('close', (code, signal) => {
        done();
        if (ended) reject(ended);
        else if (this.closed) reject(new SyncError('transient', `${about}: the connection was closed`));
        else if (code === 0 || (code !== null && codes.includes(code)))
          resolve({ code, output: Buffer.concat(chunks) });
        else reject(this.failureOf(about, args[0] ?? '', words, code ?? signal));
      });
    });
  }

  close(): void {
    this.closed = true;
    for (const child of this.running) stop(child);
  }
}

/** Asks a program and its helpers to end, and makes them if they don't. */
function stop(child: ChildProcess): void {
  const kill = (signal: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined && process.platform !== 'win32') process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch {
      // it has ended
    }
  };
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
  timer.unref();
  child.once('close', () => clearTimeout(timer));
}

function attempt(work: () => void, failed: (error: SyncError) => void): void {
  try {
    work();
  } catch (thrown) {
    failed(thrown instanceof SyncError ? thrown : new SyncError('fatal', String(thrown)));
  }
}
