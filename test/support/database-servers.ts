/**
 * Real database servers of their own for a test: in a folder that goes away, on a free port of 127.0.0.1, without touching any service of the
 * machine. Debian's packages `postgresql` and `mariadb-server-core`.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPool, type Pool as MysqlPool } from 'mysql2/promise';
import { Pool } from 'pg';
import type { Needed } from './need';
import { freePort } from './ports';
import { until } from './wait';

/** Who servers run as: none of them runs as root. */
interface Account {
  uid?: number;
  gid?: number;
}

function accountOf(user: string): Account {
  if (process.getuid?.() !== 0) return {};
  const id = (flag: string) => Number(execFileSync('id', [flag, user], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

function folderFor(account: Account, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `twinflow-${name}-`));
  if (account.uid !== undefined && account.gid !== undefined) chownSync(folder, account.uid, account.gid);
  return folder;
}

const run = (file: string, args: string[], options: Account & { cwd: string }): string =>
  execFileSync(file, args, { ...options, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGKILL'), 10_000).unref();
  });
}

/** What a server says on its way. */
function wordsOf(server: ChildProcess): () => string {
  let words = '';
  server.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-2_000);
  });
  return () => words;
}

async function answers(name: string, server: ChildProcess, said: () => string, ask: () => Promise<boolean>) {
  await until(`${name} answers`, async () => server.exitCode !== null || (await ask()), 30_000);
  if (server.exitCode !== null) throw new Error(`${name} has ended: ${said()}`);
}

/** The newest installed PostgreSQL's programs. */
function postgresPrograms(): string | undefined {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  return versions.map((version) => join(root, version, 'bin')).find((bin) => existsSync(join(bin, 'initdb')));
}

const mariaDbProgram = (): string | undefined =>
  ['/usr/sbin/mariadbd', '/usr/bin/mariadbd'].find((file) => existsSync(file));

export interface DatabaseServer {
  port: number;
  login: string;
  password: string;
  stop(): Promise<void>;
}

const TRANSACTIONS_PER_SEGMENT = 1_048_576;

export interface PostgresServer extends DatabaseServer {
  /** as the owner of everything */
  admin: Pool;
}

/** @param next number of the next transaction, shortly before 2^32: then the numbers in rows come round */
export async function startPostgres(bin: string, next?: number): Promise<PostgresServer> {
  const account = accountOf('postgres');
  const folder = folderFor(account, 'postgres');
  const data = join(folder, 'data');
  const secret = join(folder, 'password');
  writeFileSync(secret, 'admin');
  if (account.uid !== undefined && account.gid !== undefined) chownSync(secret, account.uid, account.gid);
  const options = { ...account, cwd: folder };
  run(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'admin', '--pwfile', secret, '-A', 'scram-sha-256', '-E', 'UTF8', '--locale', 'C.UTF-8', '-N'],
    options,
  );
  if (next !== undefined) {
    // no row is of a transaction that would then be in the future
    for (const database of ['postgres', 'template1'])
      execFileSync(join(bin, 'postgres'), ['--single', '-D', data, database], {
        ...options,
        input: 'VACUUM FREEZE\n',
        stdio: ['pipe', 'ignore', 'ignore'],
        timeout: 60_000,
      });
    // the states of transactions around that number, which a database that had come so far would have
    const segment = Math.floor(next / TRANSACTIONS_PER_SEGMENT)
      .toString(16)
      .toUpperCase()
      .padStart(4, '0');
    run('/bin/sh', ['-c', `head -c 262144 /dev/zero > ${join(data, 'pg_xact', segment)}`], options);
    run(join(bin, 'pg_resetwal'), ['-x', String(next), '-u', String(next - 100_000), '-D', data], options);
  }
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off', 'timezone=America/New_York'];
  const server = spawn(
    join(bin, 'postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said = wordsOf(server);
  const admin = new Pool({ host: '127.0.0.1', port, user: 'admin', password: 'admin', database: 'postgres', max: 10 });
  admin.on('error', () => undefined);
  await answers('PostgreSQL', server, said, async () => (await admin.query('SELECT 1')).rowCount === 1);
  await admin.query("CREATE ROLE sync LOGIN PASSWORD 'secret'");
  return running(port, admin, server, folder);
}

/** A server that answers. @param admin of its administrator, closed with it @param folder its data, deleted with it */
function running<Admin extends { end(): Promise<void> }>(
  port: number,
  admin: Admin,
  server: ChildProcess,
  folder: string,
) {
  return {
    ...{ port, login: 'sync', password: 'secret', admin },
    async stop() {
      await admin.end();
      await ended(server);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface MariaDbServer extends DatabaseServer {
  admin: MysqlPool;
}

export async function startMariaDb(program: string): Promise<MariaDbServer> {
  const account = accountOf('nobody');
  const folder = folderFor(account, 'mariadb');
  const data = join(folder, 'data');
  mkdirSync(data);
  if (account.uid !== undefined && account.gid !== undefined) chownSync(data, account.uid, account.gid);
  // what mariadb-install-db does, which needs programs of the client's package
  const tables = ['mysql_system_tables', 'mysql_performance_tables', 'mysql_system_tables_data'].map((name) =>
    readFileSync(`/usr/share/mysql/${name}.sql`, 'utf8'),
  );
  execFileSync(program, ['--no-defaults', '--bootstrap', `--datadir=${data}`, '--log-warnings=0'], {
    ...account,
    cwd: folder,
    input: ['CREATE DATABASE mysql;', 'USE mysql;', 'SET @auth_root_socket = NULL;', ...tables].join('\n'),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const port = await freePort();
  const server = spawn(
    program,
    [
      ...['--no-defaults', `--datadir=${data}`, `--port=${port}`, '--bind-address=127.0.0.1'],
      ...[`--socket=${join(folder, 's')}`, '--skip-name-resolve', '--innodb-flush-log-at-trx-commit=0'],
      ...['--innodb-buffer-pool-size=32M', '--default-time-zone=-05:00', '--character-set-server=utf8mb4'],
    ],
    { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said = wordsOf(server);
  const admin = createPool({
    ...{ host: '127.0.0.1', port, user: 'root', password: '', connectionLimit: 10, charset: 'utf8mb4' },
    timezone: 'Z',
  });
  await answers('MariaDB', server, said, async () => (await admin.query('SELECT 1')).length > 0);
  await admin.query("CREATE USER sync@'127.0.0.1' IDENTIFIED BY 'secret'");
  return running(port, admin, server, folder);
}

const bin = postgresPrograms();
export const postgres: Needed<string> = bin
  ? { there: bin }
  : { missing: 'PostgreSQL is not installed (Debian: postgresql)' };

const mariadbd = mariaDbProgram();
export const mariaDb: Needed<string> = mariadbd
  ? { there: mariadbd }
  : { missing: 'MariaDB is not installed (Debian: mariadb-server-core)' };
