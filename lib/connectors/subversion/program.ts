/**
 * The program `svn`, reading only: without the settings of the machine and its users, without a password on the command line, and in
 * portions that fit into memory.
 */

import { makePrivateFolder } from '../../files/private';
import { SyncError, type SyncErrorKind } from '../../model/errors';
import { keptEnvironment, Program } from '../kit/program';
import type { Repository } from '../kit/repositories';
import { foldersIn, type Info, infoIn, type Revision, revisionsIn } from './log';

const COMMAND_MS = 10 * 60_000;
const MOST_OUTPUT = 64 * 1024 * 1024;
const SAID = 400;

interface Known {
  pattern: RegExp;
  kind: SyncErrorKind;
  advice: string;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /E170001|E215004|E175013|authentication|authorization failed/i,
    kind: 'auth',
    advice: 'Check login and password',
  },
  {
    pattern: /E230001|certificate/i,
    kind: 'auth',
    advice: 'The certificate is not trusted by the machine of Node-RED',
  },
  {
    pattern: /E160013|E170000|E180001|E200009|E160006|E175011|not found|doesn't exist|non-existent/i,
    kind: 'notFound',
    advice: 'Check the address. Some servers give this answer if the account may not see the repository',
  },
  {
    pattern: /E170013|E000\d{3}|E1751\d\d|E670002|E120\d{3}|timed out|refused|unreachable/i,
    kind: 'transient',
    advice: 'Twinflow tries again with the next poll',
  },
];

function failureOf(about: string, command: string, words: string, how: number | string | null): SyncError {
  const lines = words
    .split('\n')
    .map((line) => line.replace(/^svn: /, '').trim())
    .filter((line) => line !== '' && !/^warning/i.test(line));
  const said = lines.join(' ').slice(0, SAID) || `svn ${command} ended with ${how ?? 'no exit code'}`;
  // what it says last is the cause
  const known =
    KNOWN.find(({ pattern }) => pattern.test(lines.at(-1) ?? '')) ?? KNOWN.find(({ pattern }) => pattern.test(words));
  const advice = known ? `. ${known.advice}` : '';
  return new SyncError(known?.kind ?? 'transient', `${about}: ${said.replace(/[.\s]+$/, '')}${advice}`, {
    answer: said,
  });
}

export class Svn {
  private readonly program = new Program('svn', failureOf, MOST_OUTPUT);

  /** @param folder for what the program keeps: its own settings, and nothing else */
  constructor(
    private readonly folder: string,
    private readonly account: { login: string; password: string } | undefined,
    private readonly verifies: boolean,
  ) {}

  async version(): Promise<string> {
    return (await this.run('svn', ['--version', '--quiet'])).trim();
  }

  /** @throws SyncError */
  async info(repository: Repository): Promise<Info> {
    const info = infoIn(await this.ask(repository, ['info', '--xml', '-r', 'HEAD'], ''));
    if (info) return info;
    throw new SyncError('fatal', `${about(repository)}: svn info says nothing that Twinflow understands`);
  }

  /** Names of folders in a folder of the repository; none if it is not there. */
  async folders(repository: Repository, path: string): Promise<string[]> {
    try {
      return foldersIn(await this.ask(repository, ['list', '--xml'], path));
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.kind === 'notFound') return [];
      throw thrown;
    }
  }

  /**
   * Revisions from one on, ascending, at most `limit`. A revision that changes too many paths for one answer comes without them.
   * @param head the newest one
   */
  async log(repository: Repository, from: number, head: number, limit: number): Promise<Revision[]> {
    const range = ['-r', `${from}:${head}`, '--limit', String(limit)];
    try {
      return revisionsIn(await this.ask(repository, ['log', '--xml', '--verbose', ...range], ''));
    } catch (thrown) {
      if (!(thrown instanceof SyncError && thrown.detail.tooLarge)) throw thrown;
      if (limit > 1) return this.log(repository, from, head, Math.ceil(limit / 2));
      return revisionsIn(await this.ask(repository, ['log', '--xml', ...range], ''));
    }
  }

  /** The newest revision as of a time (ISO 8601); 0 if the address led nowhere then. */
  async revisionAt(repository: Repository, time: string): Promise<number> {
    try {
      return infoIn(await this.ask(repository, ['info', '--xml', '-r', `{${time}}`], ''))?.head ?? 0;
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.kind === 'notFound') return 0;
      throw thrown;
    }
  }

  /** @param path below the address */
  private ask(repository: Repository, args: readonly string[], path: string): Promise<string> {
    const { login, password } = this.account ?? {};
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    // an @ at the end says that none before is a revision
    const address = `${repository.address}${encoded === '' ? '' : `/${encoded}`}@`;
    return this.run(
      about(repository),
      [
        ...args,
        ...['--non-interactive', '--no-auth-cache', '--config-dir', this.folder],
        ...(login === undefined ? [] : ['--username', login, '--password-from-stdin']),
        ...(this.verifies
          ? []
          : ['--trust-server-cert-failures', 'unknown-ca,cn-mismatch,expired,not-yet-valid,other']),
        ...['--', address],
      ],
      password,
    );
  }

  private async run(subject: string, args: readonly string[], input = ''): Promise<string> {
    makePrivateFolder(this.folder);
    const env = { ...keptEnvironment(), LC_ALL: 'C.UTF-8' };
    const { output } = await this.program.run(args, env, { about: subject, input, timeoutMs: COMMAND_MS });
    return output.toString('utf8');
  }

  close(): void {
    this.program.close();
  }
}

export const about = ({ name }: Repository): string => `Repository "${name}"`;
