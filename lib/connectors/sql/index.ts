/**
 * Databases: PostgreSQL, MySQL and MariaDB, SQLite. Tables are entity types, their columns are fields, and rows are read and written, with
 * parameters only.
 */

import { isAbsolute } from 'node:path';
import type { Connection } from '../connector';
import type { HttpOptions } from '../http/options';
import { alternatives, choice, defineConnector, flag, requiredText, secret, text } from '../kit/settings';
import { SqlConnection } from './connection';
import { Mysql } from './mysql';
import { Postgres } from './postgres';
import { Sqlite } from './sqlite';

const DEFAULT_PORT: Record<string, string> = { postgres: '5432', mysql: '3306' };

const seconds = (value: number, label: string) => ({ value: String(value), label });

/** undefined if the zone exists */
function wrongZone(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return undefined;
  } catch {
    return `Time zone: "${zone.slice(0, 60)}" is not a time zone such as Europe/Berlin`;
  }
}

const optional = (name: string): string | undefined => (name === '-' ? undefined : name);

const SERVER = {
  host: requiredText({ label: 'Host', placeholder: 'db.example.com' }),
  port: text({ label: 'Port', hint: 'Empty: the usual one, 5432 or 3306.' }),
};
const ACCOUNT = {
  login: secret({ label: 'Login' }),
  password: secret({ label: 'Password' }),
  encrypted: flag({
    label: 'Encrypted (TLS)',
    hint: "The server's certificate is checked, with the TLS configuration below if there is one.",
  }),
};

/** The form's TLS configuration, for a driver. */
function tlsOf(encrypted: boolean, http: HttpOptions | undefined) {
  if (!encrypted) return undefined;
  const { ca, cert, key, passphrase, servername, verify = true } = http?.tls ?? {};
  return {
    rejectUnauthorized: verify,
    ...{ ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) },
    ...{ ...(passphrase && { passphrase }), ...(servername && { servername }) },
  };
}

export const sql = defineConnector({
  kind: 'sql',
  label: 'Database (SQL)',
  category: 'database',
  settings: {
    database: alternatives(
      { label: 'Database' },
      {
        sqlite: {
          label: 'SQLite',
          settings: {
            file: requiredText({ label: 'File', placeholder: '/var/lib/app/app.sqlite', hint: 'An absolute path.' }),
          },
        },
        postgres: {
          label: 'PostgreSQL',
          settings: { ...SERVER, name: requiredText({ label: 'Database name' }), ...ACCOUNT },
        },
        mysql: {
          label: 'MySQL, MariaDB',
          settings: {
            ...SERVER,
            schema: text({ label: 'Schema', hint: 'Empty: all that the account may see.' }),
            ...ACCOUNT,
          },
        },
      },
    ),
    updated: text(
      {
        label: 'Column: last change',
        hint: 'Its time is set by the database or by whoever changes a row. Tables without it are compared as a whole; - means that no table has it.',
      },
      'updated_at',
    ),
    created: text({ label: 'Column: created', hint: 'The time at which a row was created.' }, 'created_at'),
    creator: text({ label: 'Column: created by', hint: 'Twinflow writes its account into it.' }),
    marker: text({
      label: 'Column: marker',
      hint: 'A text column in which Twinflow marks rows that it creates, to find them again if an answer is lost. A unique index is advised.',
    }),
    overlap: choice(
      { label: 'Overlap', hint: 'How far behind the newest change is read again: longer than any transaction takes.' },
      [seconds(10, '10 seconds'), seconds(2, '2 seconds'), seconds(60, '1 minute'), seconds(600, '10 minutes')],
    ),
    zone: text({ label: 'Time zone', hint: 'Of times that name none, for example Europe/Berlin.' }, 'UTC'),
  },
  check({ database, zone }) {
    const problems: Record<string, string> = {};
    const wrong = wrongZone(zone);
    if (wrong !== undefined) problems.zone = wrong;
    if (database.kind === 'sqlite') {
      if (!isAbsolute(database.file)) problems.file = 'File is not an absolute path';
    } else {
      const port = Number(database.port ?? 1);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) problems.port = 'Port is not a number from 1 to 65535';
      if (/[\s/@]/.test(database.host)) problems.host = 'Host is not the name or the address of a host';
    }
    return problems;
  },
  place: ({ database = 'sqlite', file, host, port, name }) =>
    (database === 'sqlite' ? ['sqlite', file] : [database, host, port || DEFAULT_PORT[`${database}`], name])
      .map((part) => `${part ?? ''}`.trim())
      .join(' ')
      .trim(),
  connect({ database, updated, created, creator, marker, overlap, zone }, { http }): Connection {
    const names = { updated: optional(updated), created: optional(created), creator, marker };
    const timeColumns = new Set([names.updated, names.created].flatMap((name) => name ?? []));
    const options = { zone, overlapMs: Number(overlap) * 1000, timeColumns };
    switch (database.kind) {
      case 'sqlite':
        return new SqlConnection(new Sqlite({ ...options, file: database.file }), names);
      case 'postgres': {
        const { host, port, name, login: user, password, encrypted } = database;
        const ssl = tlsOf(encrypted, http);
        const server = { host, port: Number(port ?? DEFAULT_PORT.postgres), database: name, user, password };
        return new SqlConnection(new Postgres({ connection: { ...server, ssl: ssl ?? false }, zone }), names);
      }
      case 'mysql': {
        const { host, port, schema, login: user, password, encrypted } = database;
        const ssl = tlsOf(encrypted, http);
        const server = { host, port: Number(port ?? DEFAULT_PORT.mysql), user, password, ...(ssl && { ssl }) };
        return new SqlConnection(new Mysql({ ...options, connection: server, schema }), names);
      }
    }
  },
});
