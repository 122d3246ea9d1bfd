/**
 * A real OData v4 server (npm simple-odata-server on nedb), with what it lacks and others have: who creates and changes, ETags, and 404
 * for what there is not.
 */

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

type Doc = Record<string, unknown>;
type Callback = (error: Error | null, value?: unknown) => void;

interface Database {
  insertAsync(doc: Doc): Promise<Doc>;
  findOneAsync(query: Doc): Promise<Doc | null>;
  updateAsync(query: Doc, update: Doc, options: Doc): Promise<unknown>;
  removeAsync(query: Doc, options: Doc): Promise<number>;
}
interface Server {
  model(model: Doc): Server;
  adapter(adapter: unknown): Server;
  beforeInsert(hook: (set: string, doc: Doc, request: IncomingMessage, done: Callback) => void): Server;
  beforeUpdate(
    hook: (set: string, query: Doc, update: { $set: Doc }, request: IncomingMessage, done: Callback) => void,
  ): Server;
  handle(request: IncomingMessage, response: ServerResponse): void;
}

const load = createRequire(__filename);
const serverAt: (url: string) => Server = load('simple-odata-server');
const adapterOf: (get: (set: string, done: (error: Error | null, db: Database) => void) => void) => unknown =
  load('simple-odata-server-nedb');
const Nedb: new (options: Doc) => Database = load('@seald-io/nedb');

const of = (type: string): Doc => ({ type: `Edm.${type}` });
const MODEL = {
  namespace: 'desk',
  entityTypes: {
    Ticket: {
      _id: { type: 'Edm.String', key: true },
      ...{ Number: of('String'), Title: of('String'), Notes: of('String'), State: of('String') },
      ...{ Tags: { type: 'Collection(Edm.String)' }, Points: of('Double'), Public: of('Boolean'), Due: of('Date') },
      ...{ Start: of('DateTimeOffset'), Estimate: of('Double'), ExternalKey: of('String'), Marker: of('String') },
      ...{ CreatedBy: of('String'), CreatedAt: of('DateTimeOffset'), ModifiedAt: of('DateTimeOffset') },
    },
  },
  entitySets: { Tickets: { entityType: 'desk.Ticket' } },
};

export const PASSWORD = 'correct horse';
const PEOPLE = ['sync', 'alice'];

export const tagOf = (doc: Doc): string =>
  `W/"${createHash('sha1').update(JSON.stringify(doc)).digest('hex').slice(0, 12)}"`;

export class OData {
  readonly db = new Nedb({ inMemoryOnly: true });
  url = '';
  private server: Server | undefined;
  private readonly http = createServer((request, response) => {
    this.handle(request, response).catch(() => request.socket.destroy());
  });
  private count = 0;

  async start(): Promise<this> {
    this.http.listen(0, '127.0.0.1');
    await once(this.http, 'listening');
    const address = this.http.address();
    this.url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/odata`;
    this.server = serverAt(this.url)
      .model(MODEL)
      .adapter(adapterOf((_set, done) => done(null, this.db)))
      .beforeInsert((_set, doc, request, done) => {
        Object.assign(doc, this.begun(userOf(request)));
        done(null);
      })
      .beforeUpdate((_set, _query, update, _request, done) => {
        update.$set.ModifiedAt = new Date();
        done(null);
      });
    return this;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, 'close');
  }

  private begun(by: string | undefined): Doc {
    const now = new Date();
    this.count += 1;
    return { Number: `TKT-${this.count}`, State: 'New', CreatedBy: by, CreatedAt: now, ModifiedAt: now };
  }

  /** Somebody else creates, without HTTP. */
  async create(Title: string, by = 'alice'): Promise<string> {
    const { _id } = await this.db.insertAsync({ ...this.begun(by), Title });
    return String(_id);
  }

  async retitle(_id: string, Title: string): Promise<void> {
    const before = await this.db.findOneAsync({ _id });
    // the clock of this database has milliseconds
    while (before?.ModifiedAt instanceof Date && before.ModifiedAt.getTime() >= Date.now()) await sleep(1);
    await this.db.updateAsync({ _id }, { $set: { Title, ModifiedAt: new Date() } }, {});
  }

  async remove(_id: string): Promise<void> {
    await this.db.removeAsync({ _id }, {});
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, message: string) => {
      request.resume();
      response.writeHead(status, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ error: { code: String(status), message } }));
    };
    if (userOf(request) === undefined) return refuse(401, 'Authentication is required');
    const [, key] =
      /^\/odata\/Tickets\('(.*)'\)$/.exec(decodeURIComponent(new URL(request.url ?? '/', this.url).pathname)) ?? [];
    if (key !== undefined) {
      const doc = await this.db.findOneAsync({ _id: key.replaceAll("''", "'") });
      if (!doc) return refuse(404, `There is no ticket with the key ${key}`);
      const sent = request.headers['if-match'];
      if (request.method === 'PATCH' && sent === undefined) return refuse(428, 'If-Match is required');
      if (request.method === 'PATCH' && sent !== '*' && sent !== tagOf(doc))
        return refuse(412, 'The ticket has changed');
      response.setHeader('ETag', tagOf(doc));
    }
    this.server?.handle(request, response);
  }
}

function userOf({ headers }: IncomingMessage): string | undefined {
  const [, basic = ''] = /^Basic (.+)$/.exec(headers.authorization ?? '') ?? [];
  const [user, password] = Buffer.from(basic, 'base64').toString().split(':');
  return PEOPLE.find((one) => one === user && password === PASSWORD);
}
