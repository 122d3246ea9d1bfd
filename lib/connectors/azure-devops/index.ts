/**
 * Azure DevOps, Services and Server, by its REST API 7.x (https://learn.microsoft.com/rest/api/azure/devops/): work items
 * of all types, both ways. Entity types are work item types by name, projects are GUIDs, an entity's version is its
 * revision.
 */

import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../connector';
import { serverOf } from '../http/place';
import { AzureDevOpsApi } from './api';
import { Batches } from './batch';
import { config, settingsOf } from './config';
import { fieldsOf, lookupValuesOf } from './fields';
import { findWorkItems } from './finding';
import { historyOf } from './history';
import { identify } from './identity';
import { LinkFeed } from './links';
import { FRESH_MS, Metadata } from './metadata';
import { Patcher } from './patching';
import { Paths } from './paths';
import { People } from './people';
import { RevisionPoller, SETTLE_MS } from './polling';
import { WorkItemReader } from './reading';
import { Wiql } from './wiql';
import { WorkItemWriter } from './writing';

function connect(values: ConnectorConfig, context: ConnectContext): Connection {
  const settings = settingsOf(values);
  const { version, bypassRules } = settings;
  const api = new AzureDevOpsApi(settings.baseUrl, version, settings.credentials, context.http);
  const metadata = new Metadata(api, settings);
  const people = new People(api, metadata);
  const reader = new WorkItemReader(api, metadata, people);
  const wiql = new Wiql(api);
  const links = settings.watchLinks ? new LinkFeed(api, SETTLE_MS) : undefined;
  const poller = new RevisionPoller(api, metadata, reader, wiql, links);
  const paths = new Paths(api, metadata, settings.createPaths);
  const patcher = new Patcher(api, metadata, people, paths, version !== '7.0');
  const batches = new Batches(api, version, settings);
  const writer = new WorkItemWriter(batches, metadata, patcher, reader, bypassRules);

  return {
    identify: () => identify(api, metadata, people, settings),
    projects: () => metadata.projects(),
    async entityTypes(project) {
      const types = await metadata.types(await metadata.project(project), FRESH_MS);
      return types.map(({ name }) => ({ id: name, name }));
    },
    fields: (project, type) => fieldsOf(metadata, project, type, settings),
    changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
    newest: (scope) => poller.newest(scope),
    checkpointAt: (time) => poller.checkpointAt(time),
    read: (_scope, ids) => reader.read(ids),
    write: (scope, operations) => writer.write(scope, operations),
    remoteLinks: true,
    keepsMarkers: true,
    find: (query, limit) => findWorkItems(metadata, reader, wiql, query, limit),
    byKey: (key) => reader.byKey(key),
    latest: (scope, limit) => poller.latest(scope, limit),
    users: (query) => people.find(query),
    lookupValues: (project, type, field, search) => lookupValuesOf(metadata, project, type, field, search),
    history: (id) => historyOf(api, metadata, reader, id),
    async close() {
      api.close();
    },
  };
}

export const azureDevops: Connector = {
  kind: 'azure-devops',
  label: 'Azure DevOps',
  category: 'alm',
  config,
  richText: 'html',
  place: ({ url }) => organisation(serverOf(`${url ?? ''}`)),
  connect,
};

/** An organisation has two addresses: https://learn.microsoft.com/azure/devops/release-notes/2018/sep-10-azure-devops-launch */
const organisation = (server: string): string =>
  server.replace(/^([a-z0-9-]+)\.visualstudio\.com(?:\/defaultcollection)?$/, 'dev.azure.com/$1');
