/**
 * Jira, Cloud by REST API 3 and Data Center (8.4 and newer) by REST API 2: issues of all types and sub-tasks, both ways.
 * Entity types are issue types, entity ids are issue ids, which stay when an issue is moved; keys are issue keys.
 */

import type { EntityId } from '../../model/entity';
import type { PartVerb, WriteOperation } from '../connector';
import { ATTACHMENT, attachmentType, isOfAttachment } from '../kit/attachments';
import { COMMENT, commentType, isOfComment } from '../kit/comments';
import { eachItsOwn } from '../kit/parts';
import { defineConnector } from '../kit/settings';
import { JiraApi } from './api';
import { AttachmentReader } from './attachments/reader';
import { AttachmentRequests } from './attachments/requests';
import { fileIn } from './attachments/shape';
import { AttachmentWriter } from './attachments/writer';
import { Pace } from './comments/pace';
import { CommentReader } from './comments/reader';
import { CommentRequests } from './comments/requests';
import { fieldsOfComments, placeIn } from './comments/shape';
import { CommentWriter } from './comments/writer';
import { checkSignIn, settings, siteOf } from './config';
import { Converter } from './converting';
import { fieldsOf, lookupValues } from './fields';
import { IssueFinder } from './finding';
import { historyOf } from './history';
import { identify } from './identity';
import { isLinkField } from './links';
import { Metadata } from './metadata';
import { jqlQueries } from './own-queries';
import { Owners } from './owners';
import { PartReader } from './parts';
import { People } from './people';
import { jiraPictures } from './pictures';
import { issuePoller } from './polling';
import { IssueReader } from './reading';
import { Resolver } from './resolving';
import { workflowOf } from './workflow';
import { IssueWriter } from './writing';

/**
 * Atlassian does not say whether the edit or deletion of a comment gives its issue a new update time. Where it does, it is found by
 * the next poll.
 */
const SILENT: ReadonlySet<PartVerb> = new Set(['edit', 'delete']);

const isFile = (id: EntityId): boolean => fileIn(id) !== undefined;
const isPart = (id: EntityId): boolean => placeIn(id) !== undefined || isFile(id);
const isOfFile = isOfAttachment(isFile);
const isOfPart = (operation: WriteOperation): boolean => isOfComment(isPart)(operation) || isOfFile(operation);

export const jira = defineConnector({
  kind: 'jira',
  label: 'Jira',
  category: 'alm',
  settings,
  check: checkSignIn,
  connect(values, { http }) {
    const site = siteOf(values);
    const api = new JiraApi(site, http);
    const metadata = new Metadata(api);
    const people = new People(api);
    const reader = new IssueReader(api, metadata);
    const poller = issuePoller(api, metadata, reader);
    const resolver = new Resolver(metadata, new Converter(api, metadata, people));
    const writer = new IssueWriter(api, metadata, resolver, reader, workflowOf(api), values.concurrency);
    const requests = new CommentRequests(api);
    const owners = new Owners(api, metadata);
    const comments = new CommentReader(api, requests, metadata, owners, reader, values.concurrency);
    const pace = new Pace(api.isCloud);
    const { concurrency } = values;
    const commenter = new CommentWriter(api, requests, comments, metadata, owners, reader, pace, concurrency);
    const fileRequests = new AttachmentRequests(api);
    const files = new AttachmentReader(api, fileRequests, metadata, owners, reader, comments);
    const attacher = new AttachmentWriter(api, fileRequests, files, metadata, owners, reader, pace, concurrency);
    const parts = new PartReader(api, owners, reader, comments, files, concurrency);
    const finder = new IssueFinder(api, metadata, reader, () => writer.recentWrites());

    return {
      identify: () => identify(api, metadata),
      async projects() {
        return (await metadata.projects()).map(({ id, name }) => ({ id, name }));
      },
      async entityTypes(project) {
        const types = (await metadata.project(project)).types.map(({ id, name }) => ({ id, name }));
        const ids = types.map(({ id }) => id);
        return [...types, commentType(ids), attachmentType(ids)];
      },
      async fields(project, type) {
        if (type === ATTACHMENT) return files.fields(project);
        if (type !== COMMENT) return fieldsOf(api, metadata, project, type);
        return fieldsOfComments(api.isCloud, (await metadata.project(project)).isService);
      },
      changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
      newest: (scope) => poller.newest(scope),
      checkpointAt: (time) => poller.checkpointAt(time),
      read: (scope, ids) =>
        eachItsOwn(ids, isPart, {
          whole: (some) => reader.byId(some, scope),
          parts: (some) =>
            eachItsOwn(some, isFile, {
              whole: (notes) => comments.read(scope, notes),
              parts: (ours) => files.read(scope, ours),
            }),
        }),
      parts: (scope, ids, types) => parts.of(scope, ids, types),
      remove: (scope, ids) =>
        eachItsOwn(ids, isFile, {
          whole: (notes) => commenter.remove(scope, notes),
          parts: (ours) => attacher.remove(scope, ours),
        }),
      open: (id) => files.open(id),
      fileRules: () => files.rules(),
      silentParts: SILENT,
      // the same is not said of links
      silentFields: { has: isLinkField },
      remoteLinks: true,
      write: (scope, operations) =>
        eachItsOwn(operations, isOfPart, {
          whole: (some) => writer.write(some),
          parts: (some) =>
            eachItsOwn(some, isOfFile, {
              whole: (notes) => commenter.write(scope, notes),
              parts: (ours) => attacher.write(scope, ours),
            }),
        }),
      find: (query, limit) =>
        query.type === COMMENT
          ? comments.find(query, limit)
          : query.type === ATTACHMENT
            ? files.find(query, limit)
            : finder.find(query, limit),
      queries: jqlQueries(api),
      byKey: (key) => reader.byKey(key),
      latest: (scope, limit) => poller.latest(scope, limit),
      users: (query) => people.find(query),
      pictures: jiraPictures(api.isCloud, site.baseUrl, fileRequests),
      mentions: { person: (id) => people.mentioned(id), idOf: (person) => people.mentionOf(person) },
      lookupValues: (project, type, field, search) => lookupValues(metadata, project, type, field, search),
      history: async (id) => (isFile(id) ? [] : isPart(id) ? comments.history(id) : historyOf(api, metadata, id)),
      async close() {
        pace.close();
        api.close();
      },
    };
  },
});
