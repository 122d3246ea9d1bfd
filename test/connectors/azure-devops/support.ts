/** Short ways to a stand-in of Azure DevOps and to connections with it. */

import assert from 'node:assert/strict';
import { azureDevops } from '../../../lib/connectors/azure-devops';
import type {
  Checkpoint,
  Connection,
  ConnectorConfig,
  Scope,
  WriteOperation,
  WriteResult,
} from '../../../lib/connectors/connector';
import type { FileContent } from '../../../lib/model/content';
import type { Entity } from '../../../lib/model/entity';
import { SyncError } from '../../../lib/model/errors';
import type { Fields } from '../../../lib/model/values';
import { type FilesUnderTest, fileBytes, type PartPerson, type Troubles } from '../../conformance/connector';
import {
  contractMissing,
  PEOPLE,
  type StandIn,
  type StandInOptions,
  startAzureDevOps,
} from '../../systems/azure-devops';
import type { SignIn } from '../../systems/azure-devops/faults';

export const FABRIKAM = '6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c';
export const CONTOSO = '0f1e2d3c-4b5a-4678-9abc-def012345678';
export const scope: Scope = { projects: [FABRIKAM, CONTOSO], types: ['Bug', 'User Story', 'Task'] };
export const one: Scope = { projects: [FABRIKAM], types: ['Bug', 'User Story', 'Task'] };

/** For titles: whether requests and answers are compared with the vendor's description. */
export const compared =
  contractMissing === undefined
    ? 'compared with the description'
    : `not compared with the description: ${contractMissing}`;

export type Who = 'sync' | 'alice' | 'bob' | 'carol';
export const personOf = (who: Who) => {
  const found = PEOPLE.find(({ uniqueName }) => uniqueName === `${who}@example.com`);
  assert.ok(found);
  return found;
};

export function connectTo(standIn: Pick<StandIn, 'url'>, config: ConnectorConfig = {}, who: Who = 'sync'): Connection {
  return azureDevops.connect({ url: standIn.url, auth: 'pat', token: personOf(who).token, ...config }, {});
}

/** Somebody who uses the API with a token of their own, past the connector. */
export class Colleague {
  constructor(
    private readonly standIn: StandIn,
    private readonly who: Who,
  ) {}

  get user() {
    const { id, displayName, uniqueName } = personOf(this.who);
    return { id, name: displayName, login: uniqueName, email: uniqueName };
  }

  async send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<unknown> {
    const basic = Buffer.from(`:${personOf(this.who).token}`).toString('base64');
    const response = await fetch(
      `${this.standIn.url}/${path}${path.includes('?') ? '&' : '?'}api-version=${/\/comments/.test(path) ? '7.1-preview' : '7.1'}`,
      {
        method,
        headers: { Authorization: `Basic ${basic}`, ...(body === undefined ? {} : { 'Content-Type': contentType }) },
        body: body === undefined ? undefined : body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body),
      },
    );
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  /** All in one request, and so at the same time. */
  async create(titles: string[], type = 'Bug', project = 'Fabrikam'): Promise<string[]> {
    const requests = titles.map((title, index) => ({
      method: 'PATCH',
      uri: `/${project}/_apis/wit/workitems/$${encodeURIComponent(type)}?api-version=7.1`,
      headers: { 'Content-Type': 'application/json-patch+json' },
      body: [
        { op: 'add', path: '/id', value: -1 - index },
        { op: 'add', path: '/fields/System.Title', value: title },
      ],
    }));
    const answer = (await this.send('PATCH', '_apis/wit/$batch', requests)) as { value: { body: string }[] };
    return answer.value.map(({ body }) => String((JSON.parse(body) as { id: number }).id));
  }

  async change(id: string, fields: Record<string, unknown>): Promise<void> {
    const body = Object.entries(fields).map(([field, value]) => ({ op: 'add', path: `/fields/${field}`, value }));
    await this.send('PATCH', `_apis/wit/workitems/${id}`, body, 'application/json-patch+json');
  }

  async remove(id: string): Promise<void> {
    await this.send('DELETE', `_apis/wit/workitems/${id}`);
  }

  /** Comments on work items of Fabrikam. */
  readonly comments: Required<Omit<PartPerson, 'hide'>> = {
    add: async (owner, texts) => {
      const ids: string[] = [];
      for (const text of texts) {
        const made = (await this.send('POST', this.commentAt(owner), { text })) as { id: number };
        ids.push(`${owner}#comment-${made.id}`);
      }
      return ids;
    },
    edit: async (id, text) => {
      await this.send('PATCH', this.commentAt(id), { text });
    },
    remove: async (id) => {
      await this.send('DELETE', this.commentAt(id));
    },
  };

  /** Attaches a file, as the form does. @returns the part's id */
  async attach(owner: string, name: string, bytes: Uint8Array<ArrayBuffer>, attributes = {}): Promise<string> {
    const path = `_apis/wit/attachments?fileName=${encodeURIComponent(name)}`;
    const { id, url } = (await this.send('POST', path, bytes, 'application/octet-stream')) as {
      id: string;
      url: string;
    };
    const value = {
      rel: 'AttachedFile',
      url,
      attributes: { comment: '', name, resourceSize: bytes.length, ...attributes },
    };
    await this.patch(owner, [{ op: 'add', path: '/relations/-', value }]);
    return `${owner}#attachment-${id}`;
  }

  async detach(id: string): Promise<void> {
    const [owner = '', upload = ''] = id.split('#attachment-');
    const item = (await this.send('GET', `_apis/wit/workitems/${owner}?$expand=relations`)) as {
      relations: { url: string }[];
    };
    const index = item.relations.findIndex(({ url }) => url.includes(upload));
    await this.patch(owner, [{ op: 'remove', path: `/relations/${index}` }]);
  }

  private async patch(id: string, operations: unknown[]): Promise<void> {
    await this.send('PATCH', `_apis/wit/workitems/${id}`, operations, 'application/json-patch+json');
  }

  /** @param id of a work item, or of a comment */
  private commentAt(id: string): string {
    const [owner, comment] = id.split('#comment-');
    return `Fabrikam/_apis/wit/workItems/${owner}/comments${comment === undefined ? '' : `/${comment}`}`;
  }
}

/** What a test has of a stand-in of its own. */
export interface Fresh {
  standIn: StandIn;
  connection: Connection;
  alice: Colleague;
}

/**
 * Starts stand-ins for the tests of a suite. What a test has started is closed behind it, and no request and no answer may
 * have been one that the vendor's description forbids.
 */
export function standIns(): (options?: StandInOptions, config?: ConnectorConfig) => Promise<Fresh> {
  const open: Fresh[] = [];
  afterEach(async () => {
    for (const { connection, standIn } of open.splice(0)) {
      await connection.close?.();
      await standIn.stop();
      assert.deepEqual(standIn.violations, []);
    }
  });
  return async (options, config) => {
    const standIn = await startAzureDevOps(options);
    const fresh = { standIn, connection: connectTo(standIn, config), alice: new Colleague(standIn, 'alice') };
    open.push(fresh);
    return fresh;
  };
}

/** A stand-in of its own for each test of a suite. @param use takes it, and prepares what the tests share */
export function freshStandIn(use: (fresh: Fresh) => void | Promise<void>, config?: ConnectorConfig): void {
  const start = standIns();
  beforeEach(async () => use(await start({}, config)));
}

/** One poll to its end. */
export async function poll(connection: Connection, since: Checkpoint | undefined, within = scope, pageSize = 100) {
  const entities: Entity[] = [];
  const checkpoints: Checkpoint[] = [];
  for await (const page of connection.changes(within, since, pageSize)) {
    entities.push(...page.entities);
    checkpoints.push(page.checkpoint);
  }
  const checkpoint: Checkpoint = JSON.parse(JSON.stringify(checkpoints.at(-1)));
  return { entities, checkpoint, ids: entities.map(({ id }) => id) };
}

/** A bug in Fabrikam, written by the connection. */
export const createBug = (connection: Connection, fields: Fields, marker?: string): Promise<Entity> =>
  written(connection, {
    kind: 'create',
    project: FABRIKAM,
    type: 'Bug',
    fields: { 'System.Title': 'A bug', ...fields },
    marker,
  });

/** The error that a call fails with. */
export async function rejected(call: Promise<unknown> | undefined): Promise<SyncError> {
  assert.ok(call, 'the connection cannot do that');
  const error = await call.then(
    () => assert.fail('was not refused'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SyncError, String(error));
  return error;
}

/** The one result of one write. */
export async function write(connection: Connection, operation: WriteOperation): Promise<WriteResult> {
  const [result] = (await connection.write?.(scope, [operation])) ?? [undefined];
  assert.ok(result);
  return result;
}

/** The error of a write that is refused. */
export async function refused(connection: Connection, operation: WriteOperation): Promise<SyncError> {
  const result = await write(connection, operation);
  if (result.ok) assert.fail('the write should have been refused');
  return result.error;
}

/** The entity of a write that is carried out. */
export async function written(connection: Connection, operation: WriteOperation): Promise<Entity> {
  const result = await write(connection, operation);
  if (!result.ok) assert.fail(result.error.message);
  return result.entity;
}

/** What goes wrong with attachments, and somebody who adds some. */
export function filesUnderTest(standIn: StandIn, person: Colleague): FilesUnderTest {
  const { faults } = standIn;
  const inPlaceOf = (status: number, headers: Record<string, string>, body: string) => (id: string) => {
    const upload = id.replace(/^.*#attachment-/, '');
    faults.spoilt.set(upload, { status, headers, body });
    return () => void faults.spoilt.delete(upload);
  };
  const binary = { 'Content-Type': 'application/octet-stream' };
  const html = { 'Content-Type': 'text/html; charset=utf-8' };
  const signIn = '<!DOCTYPE html><html><head><title>Azure DevOps Services | Sign In</title></head></html>';
  return {
    type: 'attachment',
    large: 50_000_000,
    limitTo: (bytes) => {
      const before = faults.mostAttachmentBytes;
      faults.mostAttachmentBytes = bytes;
      return () => {
        faults.mostAttachmentBytes = before;
      };
    },
    person: {
      add: async (owner, content: FileContent) => person.attach(owner, content.name, await fileBytes(content)),
      remove: (id) => person.detach(id),
    },
    broken: {
      'half of the bytes': inPlaceOf(200, binary, 'x'.repeat(500)),
      'more bytes': inPlaceOf(200, binary, 'x'.repeat(1_500)),
      'a page to sign in': inPlaceOf(203, html, signIn),
      'a page to sign in, as if it were the file': inPlaceOf(200, html, signIn),
      'the way to a page to sign in': inPlaceOf(
        302,
        { Location: 'https://spsprodweu1.vssps.visualstudio.com/_signin' },
        '',
      ),
      'a page of a gateway': inPlaceOf(404, html, '<!DOCTYPE html><html><title>404</title></html>'),
    },
    // the connection looks into the work item afterwards, which does not answer either
    loseAnswer: () => {
      standIn.loseNextAnswer = true;
      faults.lost = /workitemsbatch$/i;
      return () => {
        faults.lost = undefined;
      };
    },
  };
}

/** The switches of the conformance suite. */
export function troublesOf(standIn: StandIn): Troubles {
  const { faults } = standIn;
  const dead = (how: SignIn) => () => {
    Object.assign(faults, { credentialsDead: how, deadFor: personOf('sync').uniqueName });
    return () => {
      faults.credentialsDead = undefined;
    };
  };
  const listed = (set: Set<number>) => (id: string) => {
    set.add(Number(id));
    return () => void set.delete(Number(id));
  };
  return {
    credentialsDie: {
      'the sign-in page': dead('page'),
      '401': dead('401'),
      '401 with a page': dead('401-html'),
      'a redirect': dead('redirect'),
    },
    poisonTitle: (title) => {
      faults.poison = { title, status: 500, within: 'whole' };
      return () => {
        faults.poison = undefined;
      };
    },
    poisonEntity: listed(faults.broken),
    leaveOut: {
      'without a word': listed(faults.leftOut),
      'a hole, and 404 for one alone': (id) => {
        faults.feedShowsHidden = true;
        return listed(faults.hidden)(id);
      },
    },
    proxyAnswers: () => {
      faults.lost = /./;
      return () => {
        faults.lost = undefined;
      };
    },
  };
}
