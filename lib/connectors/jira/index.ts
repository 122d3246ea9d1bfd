/**
 * Jira, Cloud by REST API 3 and Data Center (8.4 and newer) by REST API 2: issues of all types and sub-tasks, both ways.
 * Entity types are issue types, entity ids are issue ids, which stay when an issue is moved; keys are issue keys.
 */

import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { serverOf } from '../http/place';
import { JiraApi } from './api';
import { config, settingsOf } from './config';
import { Converter } from './converting';
import { fieldsOf, lookupValues } from './fields';
import { IssueFinder } from './finding';
import { historyOf } from './history';
import { identify } from './identity';
import { Members } from './members';
import { Metadata } from './metadata';
import { People } from './people';
import { IssuePoller } from './polling';
import { IssueReader } from './reading';
import { Resolver } from './resolving';
import { Workflow } from './workflow';
import { IssueWriter } from './writing';

function connect(values: ConnectorConfig, context: ConnectContext): Connection {
  const settings = settingsOf(values);
  const api = new JiraApi(settings, context.http);
  const metadata = new Metadata(api);
  const people = new People(api);
  const members = new Members(metadata);
  const reader = new IssueReader(api, metadata, members);
  const poller = new IssuePoller(api, reader, members);
  const resolver = new Resolver(metadata, new Converter(api, metadata, people));
  const writer = new IssueWriter(api, resolver, reader, new Workflow(api), settings.concurrency);
  const finder = new IssueFinder(api, metadata, reader, () => writer.recentIds());

  return {
    identify: () => identify(api, metadata),
    async projects() {
      return (await metadata.projects()).map(({ id, name }) => ({ id, name }));
    },
    async entityTypes(project) {
      return (await metadata.project(project)).types.map(({ id, name }) => ({ id, name }));
    },
    fields: (project, type) => fieldsOf(api, metadata, project, type),
    changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
    newest: (scope) => poller.newest(scope),
    checkpointAt: (time) => poller.checkpointAt(time),
    read: (scope, ids) => reader.byId(ids, scope),
    remoteLinks: true,
    write: (scope, operations) => writer.write(scope, operations),
    find: (query, limit) => finder.find(query, limit),
    byKey: (key) => reader.byKey(key),
    latest: (scope, limit) => poller.latest(scope, limit),
    users: (query) => people.find(query),
    lookupValues: (project, type, field, search) => lookupValues(metadata, project, type, field, search),
    history: (id) => historyOf(api, metadata, id),
    async close() {
      api.close();
    },
  };
}

export const jira: Connector = {
  kind: 'jira',
  label: 'Jira',
  category: 'alm',
  config,
  place: ({ url }) => serverOf(`${url ?? ''}`),
  connect,
};
