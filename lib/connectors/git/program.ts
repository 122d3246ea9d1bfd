/**
 * Runs the program `git`: without the settings of the machine and its users. Hooks, prompts and transports that run commands are off.
 */

import { keptEnvironment, Program, type ProgramOptions, type Ran } from '../kit/program';
import { failureOf } from './failures';

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

export interface RunOptions extends ProgramOptions {
  /** further settings, also secret ones: they are in the environment, not in the command line */
  settings?: Record<string, string>;
  /** objects that are not there are fetched: only while fetching */
  mayFetch?: boolean;
}

/** Programs of one connection; closing it ends those that run. */
export class Git {
  private readonly program = new Program('git', failureOf);

  /** @param settings of every command, by name */
  constructor(private readonly settings: Record<string, string> = {}) {}

  /**
   * @param folder the repository; undefined = none
   * @throws SyncError
   */
  run(folder: string | undefined, args: readonly string[], options: RunOptions): Promise<Ran> {
    return this.program.run(args, this.environment(folder, options), options);
  }

  /** The output as text. @throws SyncError */
  async text(folder: string | undefined, args: readonly string[], options: RunOptions): Promise<string> {
    return (await this.run(folder, args, options)).output.toString('utf8');
  }

  close(): void {
    this.program.close();
  }

  private environment(folder: string | undefined, { settings, mayFetch }: RunOptions): Record<string, string> {
    const all = Object.entries({ ...SETTINGS, ...this.settings, ...settings });
    const asked = all.flatMap(([name, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, name] as const,
      [`GIT_CONFIG_VALUE_${index}`, value] as const,
    ]);
    return {
      ...keptEnvironment(),
      ...FIXED,
      ...Object.fromEntries(asked),
      GIT_CONFIG_COUNT: String(all.length),
      ...(folder !== undefined && { GIT_DIR: folder }),
      ...(mayFetch !== true && { GIT_NO_LAZY_FETCH: '1' }),
    };
  }
}
