/** Which part of the stand-in answers which address. The ids of the locations are the vendor's. */

import type { StoredFile } from '../files';
import { ApiError } from './answer';
import type { Attachments } from './attachments';
import type { Comments } from './comments';
import type { Core } from './core';
import type { Right } from './faults';
import type { Feeds } from './feeds';
import type { Items } from './items';
import type { PatchOperation } from './patch';
import type { StandInPerson } from './people';
import { type Call, type Handler, type Route, Routes } from './routes';
import type { Structure } from './structure';
import { UNEXPECTED, type Writes } from './writes';

type Request = Call<StandInPerson>;
type Answer = Handler<StandInPerson>;

/** What a request of a batch is compared with: the description of the single request that it stands for. */
export type CheckInBatch = (
  method: string,
  uri: string,
  contentType: string,
  body: unknown,
  status: number,
  answer: unknown,
) => void;

export interface Parts {
  core: Core;
  structure: Structure;
  items: Items;
  feeds: Feeds;
  writes: Writes;
  comments: Comments;
  attachments: Attachments;
}

const PATCH = 'application/json-patch+json';
const JSON_TYPE = 'application/json';
/** The part of an address that names a type: `$Bug`. */
const TYPED = ['$', '{type}'].join('');

export function apiOf(parts: Parts, checkInBatch: CheckInBatch): Routes<StandInPerson> {
  const { core, structure, items, feeds, writes, comments, attachments } = parts;
  const { faults } = core;
  const id = ({ at }: Request): number => Number(at.id);
  const needs = (right: Right): void => {
    if (faults.lacking.has(right)) throw unauthorised();
  };
  const of = ({ at }: Request): number => Number(at.workItemId);
  const within = ({ at }: Request): string => {
    if (at.project !== undefined) return at.project;
    throw new ApiError(
      404,
      'VssResourceNotFoundException',
      'A project name is required in order to perform this operation.',
    );
  };
  const tree = ({ at }: Request): string =>
    at.structureGroup === '1' ? 'iterations' : at.structureGroup === '0' ? 'areas' : (at.structureGroup ?? '');
  const written = (call: Request): PatchOperation[] => {
    wants(call, PATCH);
    needs('write');
    if (call.query.get('bypassRules') === 'true') needs('bypass');
    if (call.query.get('suppressNotifications') === 'true') needs('suppress');
    const operations = document(call.body);
    const poisoned = faults.poisoned(operations, 'alone');
    if (poisoned !== undefined) throw new ApiError(poisoned, 'InternalServerError', UNEXPECTED);
    return operations;
  };
  const batch: Answer = (call) => {
    wants(call, JSON_TYPE);
    if (faults.batchRefused !== undefined)
      throw new ApiError(faults.batchRefused, 'AccessCheckException', 'The batch endpoint cannot be used.');
    needs('write');
    needs('batch');
    return writes.several(call.body, call.by, checkInBatch);
  };
  const reads = (call: Request): Request => {
    wants(call, JSON_TYPE);
    return call;
  };

  const wit = (
    location: string,
    resource: string,
    template: string,
    version: number,
    methods: Route<StandInPerson>['methods'],
  ): Route<StandInPerson> => ({ location, area: 'wit', resource, template, version, methods });
  const core_ = (location: string, resource: string, template: string, version: number, get: Answer) => ({
    ...wit(location, resource, template, version, { GET: get }),
    area: 'core',
  });

  return new Routes<StandInPerson>([
    {
      ...wit('e81700f7-3be2-46de-8624-2eb35882fcaa', 'ResourceAreas', '_apis/{resource}/{areaId}', 1, {
        // without areas of its own, everything is at this address: as a server answers
        GET: () => ({ count: 0, value: null }),
      }),
      area: 'Location',
      preview: true,
    },
    {
      ...wit('00d9565f-ed9c-4a06-9a50-00e7896ccab4', 'ConnectionData', '_apis/{resource}', 1, {
        GET: ({ by }) => structure.connectionData(by),
      }),
      area: 'Location',
      preview: true,
    },
    {
      ...wit('28010c54-d0c0-4c89-a5b0-1c9e188b9fb7', 'Identities', '_apis/{resource}/{id}', 1, {
        GET: ({ query }) => {
          needs('identities');
          return structure.identities(query);
        },
      }),
      area: 'IMS',
    },
    {
      ...wit('dd3b8bd6-c7fc-4cbd-929a-933d9c011c9d', 'permissions', '_apis/{resource}/{namespace}/{permissions}', 2, {
        // whether the account has all of the bits, for each token
        GET: ({ at, query }) => {
          const tags = at.namespace === 'bb50f182-8e5e-40b8-bc21-e8752a1e7ae2';
          const right = tags ? 'tags' : at.permissions === '512' ? 'comments' : 'nodes';
          const tokens = (query.get('tokens') ?? '').split(query.get('delimiter') ?? ',');
          return { count: tokens.length, value: tokens.map(() => !faults.lacking.has(right)) };
        },
      }),
      area: 'Security',
    },
    core_('603fe2ac-9723-48b9-88ad-09305aa6c6e1', 'projects', '_apis/{resource}/{projectId}', 4, ({ at, query }) =>
      at.projectId === undefined ? structure.projects(query) : structure.project(at.projectId),
    ),
    core_(
      'd30a3dd1-f8ba-442a-b86a-bd0c0c383e59',
      'teams',
      '_apis/projects/{projectId}/{resource}/{teamId}',
      3,
      ({ at }) => structure.teams(at.projectId ?? ''),
    ),
    core_(
      '294c494c-2600-4d7e-b76c-3dd50c3c95be',
      'members',
      '_apis/projects/{projectId}/teams/{teamId}/{resource}',
      2,
      () => structure.members(),
    ),
    wit('3f5d2a6e-9c1b-4f7a-8d2e-5b6c7a8d9e0f', '$batch', '_apis/{area}/{resource}', 1, { PATCH: batch, POST: batch }),
    wit('b51fd764-e5c2-4b9b-aaf7-3395cf4bdd94', 'fields', '{project}/_apis/{area}/{resource}/{fieldNameOrRefName}', 3, {
      GET: ({ at }) =>
        at.fieldNameOrRefName === undefined ? structure.fields() : structure.field(at.fieldNameOrRefName),
    }),
    wit('908509b6-4248-4475-a1cd-829139ba419f', 'workItemsBatch', '{project}/_apis/{area}/{resource}', 1, {
      POST: (call) => items.batch(reads(call).body),
    }),
    wit('1a9c53f7-f243-4447-b110-35ef023636e4', 'wiql', '{project}/{team}/_apis/{area}/{resource}', 2, {
      POST: (call) => feeds.wiql(reads(call).body, call.query, call.by),
    }),
    wit('f828fe59-dd87-495d-a17c-7a8d6211ca6c', 'workItemRevisions', '{project}/_apis/{area}/reporting/{resource}', 2, {
      GET: ({ at, query }) => {
        needs('reporting');
        return feeds.feed(at.project, query);
      },
      POST: (call) => feeds.feedByPost(call.at.project, call.query, reads(call).body),
    }),
    wit('b5b5b6d0-0308-40a1-b3f4-b9bb3c66878f', 'workItemLinks', '{project}/_apis/{area}/reporting/{resource}', 3, {
      GET: ({ at, query }) => feeds.linkFeed(at.project, query),
    }),
    wit('62d3d110-0047-428c-ad3c-4fe872c91c74', 'workItems', `{project}/_apis/{area}/{resource}/${TYPED}`, 3, {
      POST: (call) => writes.create(within(call), call.at.type ?? '', written(call), call.query, call.by, core.now()),
    }),
    wit('72c7ddf8-2cdc-4f60-90cd-ab71c14a399b', 'workItems', '{project}/_apis/{area}/{resource}/{id}', 3, {
      GET: (call) =>
        call.at.id === undefined ? items.list(call.query) : items.get(id(call), call.query, call.at.project),
      PATCH: (call) => writes.update(id(call), written(call), call.query, call.by, core.now()),
      DELETE: (call) => {
        const gone = writes.remove(id(call), core.now(), call.by);
        if (call.query.get('destroy') === 'true') core.state.destroy(id(call));
        return gone;
      },
    }),
    wit(
      'a00c85a5-80fa-4565-99c3-bcd2181434bb',
      'revisions',
      '{project}/_apis/{area}/workItems/{id}/{resource}/{revisionNumber}',
      3,
      {
        GET: (call) =>
          call.at.revisionNumber === undefined
            ? items.revisions(id(call), call.query)
            : items.revision(id(call), Number(call.at.revisionNumber)),
      },
    ),
    wit(
      '6570bf97-d02c-4a91-8d93-3abe9895b1a9',
      'updates',
      '{project}/_apis/{area}/workItems/{id}/{resource}/{updateNumber}',
      3,
      {
        GET: (call) =>
          call.at.updateNumber === undefined
            ? items.updates(id(call), call.query)
            : items.update(id(call), Number(call.at.updateNumber)),
      },
    ),
    {
      ...wit(
        '608aac0a-32e1-4493-a863-b9cf4566d257',
        'comments',
        '{project}/_apis/{area}/workItems/{workItemId}/{resource}/{commentId}',
        4,
        {
          GET: (call) =>
            call.at.commentId === undefined
              ? comments.list(within(call), of(call), call.query)
              : comments.get(within(call), of(call), Number(call.at.commentId), call.query),
          POST: (call) => comments.add(within(call), of(call), reads(call).body, call.query, call.by),
          PATCH: (call) =>
            comments.update(within(call), of(call), Number(call.at.commentId), reads(call).body, call.query, call.by),
          DELETE: (call) => comments.remove(within(call), of(call), Number(call.at.commentId), call.by),
        },
      ),
      preview: true,
    },
    {
      ...wit(
        '49e03b34-3be0-42e3-8a5d-e8dfb88ac954',
        'versions',
        '{project}/_apis/{area}/workItems/{workItemId}/comments/{commentId}/{resource}/{version}',
        1,
        { GET: (call) => comments.versions(within(call), of(call), Number(call.at.commentId)) },
      ),
      preview: true,
    },
    wit('b70d8d39-926c-465e-b927-b1bf0e5ca0e0', 'recyclebin', '{project}/_apis/{area}/{resource}/{id}', 2, {
      GET: (call) => {
        needs('recyclebin');
        return call.at.id === undefined
          ? writes.recycledOf((call.query.get('ids') ?? '').split(',').filter(Boolean).map(Number))
          : writes.recycled(id(call));
      },
      PATCH: (call) => writes.restore(id(reads(call)), call.by),
      DELETE: (call) => writes.destroy(id(call)),
    }),
    wit('7c9d7a76-4a09-43e8-b5df-bd792f4ac6aa', 'states', '{project}/_apis/{area}/workItemTypes/{type}/{resource}', 1, {
      GET: (call) => structure.states(within(call), call.at.type ?? ''),
    }),
    wit(
      'bd293ce5-3d25-4192-8e67-e8092e879efb',
      'fields',
      '{project}/_apis/{area}/workItemTypes/{type}/{resource}/{field}',
      3,
      {
        GET: (call) =>
          call.at.field === undefined
            ? structure.typeFields(within(call), call.at.type ?? '', call.query)
            : structure.typeField(within(call), call.at.type ?? '', call.at.field, call.query),
      },
    ),
    wit('7c8d7a76-4a09-43e8-b5df-bd792f4ac6aa', 'workItemTypes', '{project}/_apis/{area}/{resource}/{type}', 2, {
      GET: (call) =>
        call.at.type === undefined ? structure.types(within(call)) : structure.type(within(call), call.at.type),
    }),
    wit('9b9f5734-36c8-415e-ba67-f83b45c31408', 'workItemTypeCategories', '{project}/_apis/{area}/{resource}', 2, {
      GET: (call) => structure.categories(within(call)),
    }),
    wit(
      '5a172953-1b41-49d3-840a-33f79c3ce89f',
      'classificationNodes',
      '{project}/_apis/{area}/{resource}/{structureGroup}/{*path}',
      2,
      {
        GET: (call) => structure.node(within(call), tree(call), call.at.path ?? '', call.query),
        POST: (call) => structure.addNode(within(call), tree(call), call.at.path ?? '', reads(call).body),
        PATCH: (call) => structure.renameNode(within(call), tree(call), call.at.path ?? '', reads(call).body),
        DELETE: (call) => structure.removeNode(within(call), tree(call), call.at.path ?? ''),
      },
    ),
    wit('a70579d1-f53a-48ee-a5be-7be8659023b9', 'classificationNodes', '{project}/_apis/{area}/{resource}', 2, {
      GET: (call) => structure.trees(within(call), call.query),
    }),
    wit('bc15bc60-e7a8-43cb-ab01-2106be3983a1', 'tags', '{project}/_apis/{area}/{resource}', 1, {
      GET: (call) => structure.tags(within(call)),
    }),
    wit('f5d33bc9-5b49-4a3c-a9bd-f3cd46dd2165', 'workItemRelationTypes', '_apis/{area}/{resource}', 2, {
      GET: () => structure.relationTypes(),
    }),
    wit('e07b5fa4-1499-494d-a496-64b860fd64ff', 'attachments', '{project}/_apis/{area}/{resource}/{id}', 3, {
      POST: (call) => {
        needs('write');
        return attachments.create(call.query, call.contentType, fileOf(call));
      },
      PUT: (call) => {
        needs('write');
        return attachments.append(call.at.id ?? '', call.contentType, call.range, fileOf(call));
      },
      GET: ({ at }) => attachments.get(at.id ?? ''),
    }),
  ]);
}

function fileOf({ file }: Request): StoredFile {
  if (file) return file;
  throw new ApiError(400, 'ArgumentNullException', 'Value cannot be null. Parameter name: uploadStream');
}

const unauthorised = () =>
  new ApiError(403, 'AccessCheckException', 'TF400813: The user is not authorized to access this resource.');

function wants({ contentType, path }: Request, wanted: string): void {
  if (contentType?.split(';')[0] === wanted) return;
  throw new ApiError(
    415,
    'VssRequestContentTypeNotSupportedException',
    `VS403415: The request indicated a Content-Type of "${contentType}" for "${path}", which is not supported. Valid content types for this method are: ${wanted}.`,
  );
}

function document(body: unknown): PatchOperation[] {
  if (Array.isArray(body)) return body as PatchOperation[];
  throw new ApiError(
    400,
    'VssPropertyValidationException',
    'You must pass a valid patch document in the body of the request.',
  );
}
