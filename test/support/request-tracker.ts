/**
 * The real Request Tracker, if it runs. URL and tokens come from the environment (RT_X_URL, RT_X_ALICE_TOKEN …) or from
 * the script that manages the server (TWINFLOW_RT_SCRIPT, otherwise the one next to the project).
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Needed } from './need';
import { projectRoot } from './node-red';

const script = process.env.TWINFLOW_RT_SCRIPT ?? join(projectRoot, '..', 'shared', 'systems', 'rt.sh');

const RIGHTS = `
use RT; RT::LoadConfig(); RT::Init();
my $group = RT::Group->new(RT->SystemUser); $group->LoadSystemInternalGroup('Privileged');
my $all = $group->PrincipalObj;
$all->RevokeRight(Right => 'ShowTicket', Object => $RT::System);
my $queues = RT::Queues->new(RT->SystemUser); $queues->UnLimit;
while (my $queue = $queues->Next) {
  my %on = (Right => 'ShowTicket', Object => $queue);
  (grep { $_ eq $queue->Name } @ARGV) ? $all->GrantRight(%on) : $all->RevokeRight(%on);
}`;

export type RtUser = 'root' | 'sync' | 'alice' | 'bob';

export interface RtFile {
  name: string;
  bytes: Uint8Array<ArrayBuffer>;
  type?: string;
  /** of the message that carries it */
  text?: string;
}

export interface RtHeld {
  id: string;
  TransactionId: string;
  /** empty: it is no file */
  Filename: string;
  ContentType: string;
}

export class RtServer {
  constructor(
    readonly url: string,
    private readonly tokens: Record<RtUser, string>,
  ) {}

  token(user: RtUser): string {
    return this.tokens[user];
  }

  /** @returns the answer's JSON, undefined if there is none. @throws if the answer is not 2xx */
  async send<T = unknown>(user: RtUser, method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}/REST/2.0/${path}`, {
      method,
      headers: { Authorization: `token ${this.token(user)}`, 'Content-Type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return (text.trim() === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Restricts the right ShowTicket, which everybody has in every queue of the seeded server, to these queues. REST
   * 2.0 has no call for it. */
  showTicketsOf(...queues: string[]): void {
    const folder = join(dataFolder(), 'rt-x');
    const environment = {
      ...{ PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder, LANG: 'C.UTF-8' },
      ...{ RT_SITE_CONFIG: join(folder, 'RT_SiteConfig.pm'), RT_SITE_CONFIG_DIR: join(folder, 'conf.d') },
    };
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const perl = ['perl', '-I/usr/share/request-tracker5/lib', '-e', RIGHTS, ...queues];
    execFileSync('runuser', ['-u', 'www-data', '--', 'env', '-i', ...variables, ...perl], { cwd: '/', stdio: 'pipe' });
  }

  /**
   * Sets options of the server, which is restarted with them. Without any, it gets back those that it had.
   * @param settings in Perl: `Set($MaxAttachmentSize, 1000);`
   */
  configure(settings = ''): void {
    const file = join(dataFolder(), 'rt-x', 'conf.d', 'twinflow-test.pm');
    if (settings === '' && !existsSync(file)) return;
    if (settings === '') rmSync(file);
    else writeFileSync(file, `${settings}\n1;\n`);
    for (const command of ['stop', 'start']) execFileSync('bash', [script, command, 'x'], { stdio: 'ignore' });
  }

  /** Adds a message with a file. @returns the number of its transaction */
  async attach(user: RtUser, ticket: string, file: RtFile, how: 'comment' | 'correspond' = 'comment'): Promise<string> {
    const form = new FormData();
    const text = file.text === undefined ? {} : { Content: file.text };
    form.append('JSON', JSON.stringify({ ContentType: 'text/plain', ...text }));
    form.append('Attachments', new Blob([file.bytes], { type: file.type ?? 'application/octet-stream' }), file.name);
    const response = await fetch(`${this.url}/REST/2.0/ticket/${ticket}/${how}`, {
      ...{ method: 'POST', headers: { Authorization: `token ${this.token(user)}` }, body: form },
    });
    const transaction = /\/transaction\/(\d+)$/.exec(response.headers.get('location') ?? '')?.[1];
    if (transaction === undefined) throw new Error(`${file.name}: ${response.status} ${await response.text()}`);
    return transaction;
  }

  /** What transactions of a ticket hold: texts and files, the oldest first. */
  async held(ticket: string): Promise<RtHeld[]> {
    const path = `ticket/${ticket}/attachments?per_page=100&fields=Filename,ContentType,TransactionId`;
    return (await this.send<{ items: RtHeld[] }>('root', 'GET', path)).items;
  }

  /** The bytes of a file. */
  async bytes(attachment: string): Promise<Buffer> {
    const { Content } = await this.send<{ Content: string }>('root', 'GET', `attachment/${attachment}`);
    return Buffer.from(Content, 'base64');
  }

  /** Resets to the seeded state, while the server keeps running. */
  reset(): void {
    execFileSync('bash', [script, 'reset', 'x'], { stdio: 'pipe' });
  }
}

/** The folder of the server's data: by default the script's own. */
function dataFolder(): string {
  const known = process.env.REALSYS_DATA ?? /REALSYS_DATA:-([^}]+)\}/.exec(readFileSync(script, 'utf8'))?.[1];
  if (known === undefined) throw new Error(`${script} does not say where its data is`);
  return known;
}

function environment(): Record<string, string | undefined> {
  if (process.env.RT_X_URL || !existsSync(script)) return process.env;
  const { stdout, status } = spawnSync('bash', [script, 'env', 'x'], { encoding: 'utf8' });
  if (status !== 0) return process.env;
  return Object.fromEntries(
    stdout.split('\n').flatMap((line) => (line.includes('=') ? [line.split(/=(.*)/s, 2)] : [])),
  );
}

function answers(url: string): boolean {
  const asked = `fetch(process.argv[1] + '/REST/2.0/rt').then(() => process.exit(0), () => process.exit(1))`;
  return spawnSync(process.execPath, ['-e', asked, url], { timeout: 10_000 }).status === 0;
}

function find(): Needed<RtServer> {
  const values = environment();
  const url = values.RT_X_URL;
  if (!url) return { missing: 'needs a Request Tracker: RT_X_URL is not set' };
  if (!answers(url)) return { missing: `needs a Request Tracker: nothing answers at ${url}` };
  const token = (user: string): string => values[`RT_X_${user.toUpperCase()}_TOKEN`] ?? '';
  return {
    there: new RtServer(url, { root: token('root'), sync: token('sync'), alice: token('alice'), bob: token('bob') }),
  };
}

export const requestTracker: Needed<RtServer> = find();
