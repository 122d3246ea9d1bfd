/**
 * Azure DevOps, Services and Server, by its REST API 7.x (https://learn.microsoft.com/rest/api/azure/devops/): work items
 * of all types, both ways. Entity types are work item types by name, projects are GUIDs, an entity's version is its
 * revision.
 */

import type { EntityId, EntityType } from '../../model/entity';
import type { WriteOperation } from '../connector';
import { serverOf } from '../http/place';
import { ATTACHMENT, attachmentType, isOfAttachment } from '../kit/attachments';
import type { Credentials } from '../kit/auth';
import { COMMENT, commentType, isOfComment } from '../kit/comments';
import { eachItsOwn } from '../kit/parts';
import { defineConnector } from '../kit/settings';
import { tokenAt } from '../kit/tokens/feed';
import { checkedZone } from '../kit/zone';
import { AzureDevOpsApi, principalOf } from './api';
import { FileAuthors } from './attachments/authors';
import { AttachmentReader } from './attachments/reader';
import { AttachmentRequests } from './attachments/requests';
import { fileIn } from './attachments/shape';
import { RelationUpdates } from './attachments/updates';
import { AttachmentWriter } from './attachments/writer';
import { batchesOf } from './batch';
import { CommentReader } from './comments/reader';
import { CommentRequests } from './comments/requests';
import { fieldsOfComments, placeIn } from './comments/shape';
import { CommentWriter } from './comments/writer';
import { fieldsOf, lookupValuesOf } from './fields';
import { findWorkItems } from './finding';
import { historyOf } from './history';
import { identify, selfOf } from './identity';
import { LinkWriter } from './link-writing';
import { changesSilently } from './links';
import { FRESH_MS, Metadata } from './metadata';
import { wiqlQueries } from './own-queries';
import { PartReader } from './parts';
import { Patcher } from './patching';
import { Paths } from './paths';
import { isGuid, People } from './people';
import { azureDevOpsPictures } from './pictures';
import { RevisionPoller } from './polling';
import { WorkItemReader } from './reading';
import { missing, settings } from './settings';
import { Wiql } from './wiql';
import { WorkItemWriter } from './writing';

const isFile = (id: EntityId): boolean => fileIn(id) !== undefined;
const isPart = (id: EntityId): boolean => placeIn(id) !== undefined || isFile(id);
const isOfFile = isOfAttachment(isFile);
const isOfPart = (operation: WriteOperation): boolean => isOfComment(isPart)(operation) || isOfFile(operation);

export const azureDevops = defineConnector({
  ...{ kind: 'azure-devops', label: 'Azure DevOps', category: 'alm', richText: 'html' },
  settings,
  check: missing,
  place: ({ url }) => organisation(serverOf(`${url ?? ''}`)),
  connect({ url, auth, apiVersion, longText, timeZone, missingPaths, watchLinks, ...rules }, { http }) {
    const knowsMarkdown = apiVersion !== '7.0';
    const format = knowsMarkdown ? longText : 'html';
    const createPaths = missingPaths === 'create';
    const credentials: Credentials =
      auth.kind === 'pat'
        ? { kind: 'basic', username: '', password: auth.token }
        : principalOf(auth, auth.tenant ?? '', auth.tokenUrl);
    const api = new AzureDevOpsApi(url, apiVersion, credentials, http);
    const { bypassRules } = rules;
    const metadata = new Metadata(api, { bypassRules, timeZone: timeZone ? checkedZone(timeZone, 'timeZone') : '' });
    const people = new People(api, metadata);
    const reader = new WorkItemReader(api, metadata, people);
    const wiql = new Wiql(api);
    const poller = new RevisionPoller(api, metadata, reader, wiql, watchLinks);
    const patcher = new Patcher(metadata, people, new Paths(api, metadata, createPaths), knowsMarkdown);
    const batches = batchesOf(api, rules);
    const links = new LinkWriter(api, batches, reader);
    const writer = new WorkItemWriter(batches, metadata, patcher, reader, links, bypassRules);
    const requests = new CommentRequests(api);
    const comments = new CommentReader(requests, reader, () => selfOf(api));
    const commenter = new CommentWriter(requests, comments, reader, knowsMarkdown);
    const fileRequests = new AttachmentRequests(api);
    const files = new AttachmentReader(url, fileRequests, new FileAuthors(api), reader, () => selfOf(api));
    const attacher = new AttachmentWriter(url, fileRequests, new RelationUpdates(batches, reader), files, reader);
    const parts = new PartReader(reader, comments, files);
    return {
      identify: () =>
        identify(api, metadata, people, { ...rules, createPaths, hasComments: (project) => requests.isKnown(project) }),
      projects: () => metadata.projects(),
      async entityTypes(project) {
        const { id } = await metadata.project(project);
        const types = (await metadata.types(await metadata.project(project), FRESH_MS)).map(({ name }) => name);
        const all: EntityType[] = types.map((name) => ({ id: name, name }));
        const hasComments = await requests.isKnown(id);
        return [...all, ...(hasComments ? [commentType(types)] : []), attachmentType(types)];
      },
      async fields(project, type) {
        if (type !== COMMENT && type !== ATTACHMENT) return fieldsOf(metadata, project, type, { format, createPaths });
        await metadata.project(project);
        return type === COMMENT ? fieldsOfComments(format) : files.fields();
      },
      changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
      newest: (scope) => poller.newest(scope),
      checkpointAt: tokenAt,
      read: (_scope, ids) =>
        eachItsOwn(ids, isPart, {
          whole: (some) => reader.read(some),
          parts: (some) =>
            eachItsOwn(some, isFile, {
              whole: (notes) => comments.read(notes),
              parts: (ours) => files.read(ours),
            }),
        }),
      parts: (_scope, owners, types) => parts.of(owners, types),
      remove: (_scope, ids) =>
        eachItsOwn(ids, isFile, {
          whole: (notes) => commenter.remove(notes),
          parts: (ours) => attacher.remove(ours),
        }),
      open: (id) => files.open(id),
      fileRules: async () => attacher.rules(),
      write: (scope, operations) =>
        eachItsOwn(operations, isOfPart, {
          whole: (some) => writer.write(scope, some),
          parts: (some) =>
            eachItsOwn(some, isOfFile, {
              whole: (notes) => commenter.write(notes),
              parts: (ours) => attacher.write(ours),
            }),
        }),
      ...(!watchLinks && { silentFields: { has: changesSilently } }),
      remoteLinks: true,
      keepsMarkers: true,
      markersOf: (ids) => reader.markersOf(ids),
      find: (query, limit) =>
        query.type === COMMENT
          ? comments.find(query, limit)
          : query.type === ATTACHMENT
            ? files.find(query, limit)
            : findWorkItems(metadata, reader, wiql, query, limit),
      queries: wiqlQueries(metadata, reader, wiql),
      byKey: (key) => reader.byKey(key),
      latest: (scope, limit) => poller.latest(scope, limit),
      users: (query) => people.find(query),
      pictures: azureDevOpsPictures(api.baseUrl),
      mentions: {
        person: (id) => people.mentioned(id),
        idOf: ({ id }) => (id !== undefined && isGuid(id) ? id : undefined),
      },
      lookupValues: (project, type, field, search) => lookupValuesOf(metadata, project, type, field, search),
      history: async (id) =>
        isFile(id) ? [] : isPart(id) ? comments.history(id) : historyOf(api, metadata, reader, id),
      close: async () => api.close(),
    };
  },
});

/** An organization has two URLs:
 * https://learn.microsoft.com/azure/devops/release-notes/2018/sep-10-azure-devops-launch */
const organisation = (server: string): string =>
  server.replace(/^([a-z0-9-]+)\.visualstudio\.com(?:\/defaultcollection)?$/, 'dev.azure.com/$1');
