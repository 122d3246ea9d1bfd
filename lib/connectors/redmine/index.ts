/**
 * Redmine, 4.1 and newer, by its REST API (https://www.redmine.org/projects/redmine/wiki/Rest_api): issues of all
 * trackers, their notes and their attachments, both ways. Entity types are trackers, comments and attachments, entity ids and keys are
 * issue numbers and places in their pages (`41#change-7`, `41#attachment-7`).
 */

import type { EntityId } from '../../model/entity';
import { SyncError } from '../../model/errors';
import type { WriteOperation } from '../connector';
import { ATTACHMENT, attachmentType, isOfAttachment } from '../kit/attachments';
import { COMMENT, commentType, isOfComment } from '../kit/comments';
import { eachItsOwn } from '../kit/parts';
import { address, alternatives, choice, concurrency, defineConnector, secret } from '../kit/settings';
import { RedmineApi } from './api';
import { AttachmentWriter } from './attachment-writing';
import { AttachmentReader, FILE_IDS } from './attachments';
import { CommentErrors } from './comment-errors';
import { CommentWriter } from './comment-writing';
import { CommentReader } from './comments';
import { fieldsOf } from './fields';
import { findIssues } from './finding';
import { historyOf } from './history';
import { identify } from './identity';
import { MARKUPS } from './markup';
import { Metadata } from './metadata';
import { NOTE_IDS } from './notes';
import { redmineQueries } from './own-queries';
import { PartReader } from './parts';
import { People } from './people';
import { redminePictures } from './pictures';
import { IssuePoller } from './polling';
import { IssueReader } from './reading';
import { relationFields } from './relations';
import { FieldResolver } from './resolving';
import { IssueWriter } from './writing';

export const redmine = defineConnector({
  kind: 'redmine',
  label: 'Redmine',
  category: 'alm',
  settings: {
    url: address({
      label: 'URL',
      placeholder: 'https://redmine.example.com',
      hint: "The address of Redmine's start page. REST must be enabled: Administration → Settings → API.",
    }),
    auth: alternatives(
      { label: 'Sign in with' },
      {
        apiKey: {
          label: 'API key',
          settings: {
            apiKey: secret({
              label: 'API key',
              hint: "In Redmine under My account, on the right. An administrator's key shows custom field lists and e-mail addresses.",
            }),
          },
        },
        login: {
          label: 'Login and password',
          settings: { login: secret({ label: 'Login' }), password: secret({ label: 'Password' }) },
        },
      },
    ),
    textFormatting: choice(
      {
        label: 'Text formatting',
        hint: 'As in Administration → Settings → General. The Redmine API does not report this setting.',
      },
      [
        { value: 'markdown', label: 'Markdown / CommonMark' },
        { value: 'textile', label: 'Textile' },
      ],
    ),
    concurrency: concurrency(2),
  },
  connect({ url, auth, textFormatting, concurrency: atATime }, { http }) {
    const markup = MARKUPS[textFormatting];
    const api = new RedmineApi(
      url,
      auth.kind === 'login'
        ? { kind: 'basic', username: auth.login, password: auth.password }
        : { kind: 'key', header: 'X-Redmine-API-Key', key: auth.apiKey },
      http,
    );
    const metadata = new Metadata(api);
    const people = new People(api, metadata);
    const reader = new IssueReader(api, metadata, people, markup);
    const poller = new IssuePoller(api, metadata, reader);
    const comments = new CommentReader(api, metadata, people, reader, markup, atATime);
    const attachments = new AttachmentReader(api, metadata, people, reader);
    const attachmentWriter = new AttachmentWriter(api, metadata, attachments, comments, atATime);
    const parts = new PartReader(comments, attachments);
    const commentWriter = new CommentWriter(api, metadata, comments, new CommentErrors(metadata), markup, atATime);
    const writer = new IssueWriter(api, new FieldResolver(metadata, people), reader, atATime);

    return {
      identify: () => identify(metadata),
      async projects() {
        const list = await metadata.projects();
        return list.map(({ id, name, parent }) => ({ id, name, ...(parent ? { parent } : {}) }));
      },
      async entityTypes(project) {
        const { trackers } = await metadata.project(project);
        const ids = trackers.map(({ id }) => id);
        return [...trackers.map(({ id, name }) => ({ id, name })), commentType(ids), attachmentType(ids)];
      },
      fields: (project, type) =>
        type === COMMENT
          ? comments.fields(project)
          : type === ATTACHMENT
            ? attachments.fields(project)
            : fieldsOf(metadata, project, type, markup),
      changes: (scope, since, pageSize) => poller.changes(scope, since, pageSize),
      newest: (scope) => poller.newest(scope),
      checkpointAt: (time) => poller.checkpointAt(time),
      read: (_scope, ids) =>
        eachItsOwn(ids, isPart, {
          whole: (some) => reader.byId(some),
          parts: (some) =>
            eachItsOwn(some, isFile, {
              whole: (notes) => comments.byId(notes),
              parts: (files) => attachments.byId(files),
            }),
        }),
      parts: (_scope, owners, types) => parts.of(owners, types),
      write: (scope, operations) =>
        eachItsOwn(operations, isOfPart, {
          whole: (some) => writer.write(scope, some),
          parts: (some) =>
            eachItsOwn(some, isOfAttachment(isFile), {
              whole: (notes) => commentWriter.write(scope, notes),
              parts: (files) => attachmentWriter.write(scope, files),
            }),
        }),
      remove: (_scope, ids) =>
        eachItsOwn(ids, isFile, {
          whole: (notes) => commentWriter.remove(notes),
          parts: (files) => attachmentWriter.remove(files),
        }),
      open: (id) => attachments.open(id),
      fileRules: async () => attachmentWriter.rules(),
      silentParts: new Set(['edit', 'delete'] as const),
      silentFields: new Set(relationFields().map(({ id }) => id)),
      find: (query, limit) =>
        query.type === COMMENT
          ? comments.find(query, limit)
          : query.type === ATTACHMENT
            ? attachments.find(query, limit)
            : findIssues(api, metadata, reader, query, limit),
      queries: redmineQueries(api),
      async byKey(key) {
        const [found] = await reader.byId([key.trim().replace(/^#/, '')]);
        if (found instanceof SyncError) throw found;
        return found;
      },
      latest: (scope, limit) => poller.latest(scope, limit),
      users: (query) => people.find(query),
      pictures: redminePictures(api.baseUrl),
      mentions: { person: (login) => people.mentioned(login), idOf: ({ login }) => login, byLogin: true },
      // of these Redmine keeps no earlier state
      history: async (id) => (isPart(id) ? [] : historyOf(api, metadata, people, reader, id)),
      async close() {
        api.close();
      },
    };
  },
});

const isNote = (id: EntityId): boolean => NOTE_IDS.read(id) !== undefined;
const isFile = (id: EntityId): boolean => FILE_IDS.read(id) !== undefined;
const isPart = (id: EntityId): boolean => isNote(id) || isFile(id);
const isOfPart = (operation: WriteOperation): boolean =>
  isOfComment(isNote)(operation) || isOfAttachment(isFile)(operation);
