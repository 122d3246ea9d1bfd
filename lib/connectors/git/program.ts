/**
 * Runs the program `git`: without a shell, without the settings of the machine and its users, with limits of time and output.
 * Hooks, prompts and transports that run commands are off.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { SyncError } from '../../model/errors';
import { failureOf } from './failures';

const COMMAND_MS = 120_000;
const MOST_OUTPUT = 128 * 1024 * 1024;
const MOST_WORDS = 20_000;
/** From "please end" to "end". */
const GRACE_MS = 5_000;

/** What ssh and the system need; nothing that could change what git does. */
const KEPT = /^(PATH|HOME|USER|LOGNAME|TMPDIR|TEMP|TMP|SSH_AUTH_SOCK|SYSTEMROOT|USERPROFILE|PATHEXT)$/i;

const FIXED = {
  LC_ALL: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  GIT_SSH_COMMAND: 'ssh -oBatchMode=yes -oConnectTimeout=20',
  GIT_ALLOW_PROTOCOL: 'https:http:ssh:git:file',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
};

const SETTINGS: Record<string, string> = {
  'core.hooksPath': '/dev/null',
  'core.fsmonitor': 'false',
  'gc.autoDetach': 'false',
  // what was rewritten stays: by it is known what has been read
  'gc.pruneExpire': 'never',
  'fetch.unpackLimit': '1',
  'fetch.writeCommitGraph': 'true',
  'http.lowSpeedLimit': '1000',
  'http.lowSpeedTime': '60',
};

export interface RunOptions {
  /** for errors: "Repository demo" */
  about: string;
  input?: string;
  /** further settings, also secret ones: they are in the environment, not in the command line */
  settings?: Record<string, string>;
  timeoutMs?: number;
  /** exit codes other than 0 that are answers */
  codes?: number[];
  /** takes the output piece by piece; without it, all of it is returned */
  onData?: (chunk: Buffer) => void;
  /** objects that are not there are fetched: only while fetching */
  mayFetch?: boolean;
  /** called regularly. @throws SyncError that ends the program */
  watch?: () => void;
}

export interface Ran {
  code: number;
  output: Buffer;
}

/** Programs of one connection; closing it ends those that run. */
export class Git {
  private readonly running = new Set<ChildProcess>();
  private closed = false;

  /** @param settings of every command, by name */
  constructor(private readonly settings: Record<string, string> = {}) {}

  /**
   * @param folder the repository; undefined = none
   * @throws SyncError
   */
  run(folder: string | undefined, args: readonly string[], options: RunOptions): Promise<Ran> {
    const { about, input, timeoutMs = COMMAND_MS, codes = [], onData, watch } = options;
    if (this.closed) return Promise.reject(new SyncError('transient', `${about}: the connection was closed`));
    return new Promise((resolve, reject) => {
      const child = spawn('git', args, {
        env: this.environment(folder, options),
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
        end(new SyncError('transient', `${about}: git ${args[0]} was not done after ${seconds} s and was stopped`));
      }, timeoutMs);
      const watching = watch && setInterval(() => attempt(watch, end), 1_000);
      child.stdout.on('data', (chunk: Buffer) => {
        size += onData ? 0 : chunk.length;
        if (size > MOST_OUTPUT) end(new SyncError('fatal', `${about}: git ${args[0]} answers with too much`));
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
        const missing = 'git is not installed, or not in the PATH of Node-RED. Install it and restart Node-RED';
        reject(new SyncError('fatal', error.code === 'ENOENT' ? missing : `git cannot be run: ${error.message}`));
      });
      child.on('close', (code, signal) => {
        done();
        if (ended) reject(ended);
        else if (this.closed) reject(new SyncError('transient', `${about}: the connection was closed`));
        else if (code === 0 || (code !== null && codes.includes(code)))
          resolve({ code, output: Buffer.concat(chunks) });
        else reject(failureOf(about, args[0] ?? '', words, code ?? signal));
      });
    });
  }

  /** The output as text. @throws SyncError */
  async text(folder: string | undefined, args: readonly string[], options: RunOptions): Promise<string> {
    return (await this.run(folder, args, options)).output.toString('utf8');
  }

  close(): void {
    this.closed = true;
    for (const child of this.running) stop(child);
  }

  private environment(folder: string | undefined, { settings, mayFetch }: RunOptions): Record<string, string> {
    const kept = Object.entries(process.env).flatMap(([name, value]) =>
      KEPT.test(name) && value !== undefined ? [[name, value] as const] : [],
    );
    const all = Object.entries({ ...SETTINGS, ...this.settings, ...settings });
    const asked = all.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name] as const,
      [`GIT_CONFIG_VALUE_${index}`, value] as const,
    ]);
    return {
      ...Object.fromEntries(kept),
      ...FIXED,
      ...Object.fromEntries(asked),
      GIT_CONFIG_COUNT: String(all.length),
      ...(folder !== undefined && { GIT_DIR: folder }),
      ...(mayFetch !== true && { GIT_NO_LAZY_FETCH: '1' }),
    };
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
