/**
 * Redmine, 4.1 and newer, by its REST API (https://www.redmine.org/projects/redmine/wiki/Rest_api): issues of all
 * trackers, both ways. Entity types are trackers, entity ids and keys are issue numbers.
 */

import { SyncError } from '../../model/errors';
import type { ConfigField, ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { parseBaseUrl } from '../http/client';
import { serverOf } from '../http/place';
import { type Credentials, RedmineApi } from './api';
import { fieldsOf } from './fields';
import { findIssues } from './finding';
import { historyOf } from './history';
import { identify } from './identity';
import { MARKUPS } from './markup';
import { Metadata } from './metadata';
import { People } from './people';
import { IssuePoller } from './polling';
import { IssueReader } from './reading';
import { FieldResolver } from './resolving';
import { IssueWriter } from './writing';

const CONCURRENCY = 2;

const config: ConfigField[] = [
  {
    name: 'url',
    label: 'URL',
    type: 'url',
    required: true,
    placeholder: 'https://redmine.example.com',
    hint: "The address of Redmine's start page. REST must be enabled: Administration → Settings → API.",
  },
  {
    name: 'auth',
    label: 'Sign in with',
    type: 'select',
    default: 'apiKey',
    options: [
      { value: 'apiKey', label: 'API key' },
      { value: 'login', label: 'Login and password' },
    ],
  },
  {
    name: 'apiKey',
    label: 'API key',
    type: 'secret',
    required: true,
    hint: "In Redmine under My account, on the right. An administrator's key shows custom field lists and e-mail addresses.",
    visibleIf: { name: 'auth', value: 'apiKey' },
  },
  { name: 'login', label: 'Login', type: 'secret', required: true, visibleIf: { name: 'auth', value: 'login' } },
  { name: 'password', label: 'Password', type: 'secret', required: true, visibleIf: { name: 'auth', value: 'login' } },
  {
    name: 'textFormatting',
    label: 'Text formatting',
    type: 'select',
    default: 'markdown',
    options: [
      { value: 'markdown', label: 'Markdown / CommonMark' },
      { value: 'textile', label: 'Textile' },
    ],
    hint: 'As in Administration → Settings → General; Redmine does not tell it to other programs.',
  },
  {
    name: 'concurrency',
    label: 'Writes at the same time',
    type: 'select',
    default: String(CONCURRENCY),
    options: ['1', '2', '4', '8'].map((value) => ({ value, label: value })),
  },
];

function credentialsOf(values: ConnectorConfig): Credentials {
  const problems: Record<string, string> = {};
  const text = (name: string, label: string): string => {
    const value = values[name];
    const given = typeof value === 'string' ? value.trim() : '';
    if (given === '') problems[name] = `${label} is missing`;
    return given;
  };
  const credentials: Credentials =
    values.auth === 'login'
      ? { kind: 'login', login: text('login', 'Login'), password: text('password', 'Password') }
      : { kind: 'apiKey', apiKey: text('apiKey', 'API key') };
  if (Object.keys(problems).length > 0) {
    throw new SyncError('invalid', `Redmine: ${Object.values(problems).join(', ')}`, { fields: problems });
  }
  return credentials;
}

function connect(values: ConnectorConfig, context: ConnectContext): Connection {
  const markup = MARKUPS[values.textFormatting === 'textile' ? 'textile' : 'markdown'];
  const baseUrl = parseBaseUrl(typeof values.url === 'string' ? values.url : '').href;
  const api = new RedmineApi(baseUrl, credentialsOf(values), context.http);
  const metadata = new Metadata(api);
  const people = new People(api, metadata);
  const reader = new IssueReader(api, metadata, people, markup);
  const poller = new IssuePoller(api, metadata, reader);
  const concurrency = Math.min(8, Math.max(1, Math.floor(Number(values.concurrency)) || CONCURRENCY));
  const writer = new IssueWriter(api, new FieldResolver(metadata, people), reader, concurrency);

  return {
    identify: () => identify(api, metadata),
    async projects() {
      const list = await metadata.projects();
      return list.map(({ id, name, parent }) => ({ id, name, ...(parent ? { parent } : {}) }));
    },
    async entityTypes(project) {
      const { trackers } = await metadata.project(project);
      return trackers.map(({ id, name }) => ({ id, name }));
    },
    fields: (project, type) => fieldsOf(metadata, project, type, markup),
    changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
    newest: (scope) => poller.newest(scope),
    checkpointAt: (time) => poller.checkpointAt(time),
    read: (_scope, ids) => reader.byId(ids),
    write: (scope, operations) => writer.write(scope, operations),
    find: (query, limit) => findIssues(api, metadata, reader, query, limit),
    async byKey(key) {
      const [found] = await reader.byId([key.trim().replace(/^#/, '')]);
      if (found instanceof SyncError) throw found;
      return found;
    },
    latest: (scope, limit) => poller.latest(scope, limit),
    users: (query) => people.find(query),
    history: (id) => historyOf(api, metadata, people, reader, id),
    async close() {
      api.close();
    },
  };
}

export const redmine: Connector = {
  kind: 'redmine',
  label: 'Redmine',
  category: 'alm',
  config,
  place: ({ url }) => serverOf(`${url ?? ''}`),
  connect,
};
