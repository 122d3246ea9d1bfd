/**
 * Admin routes below /twinflow/ that answer in JSON: each behind a permission, with bodies of limited size, errors in
 * the form `{ error: { kind, message, fields? } }`, and changes in Node-RED's audit log.
 */

import type { NodeAPI } from 'node-red';
import { asSyncError, type SyncErrorKind } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import { guardRoutes } from '../shared/guard';
import { userOf } from './person';

/** The used part of Node-RED's API. */
export type JsonHost = Pick<NodeAPI, 'httpAdmin' | 'auth'> & {
  log?: { audit(entry: object, request?: object): void };
};

export type Body = Record<string, unknown>;
type Handler = ReturnType<NodeAPI['auth']['needsPermission']>;
type Request = Parameters<Handler>[0];
type Response = Parameters<Handler>[1];

export interface JsonRoutes {
  /** Behind `twinflow.read`. @param reply receives the query */
  get(path: string, reply: (query: Body) => Promise<object>): void;
  /** Behind `twinflow.write`. @param reply receives the body, and the name of who is logged in */
  post(path: string, reply: (body: Body, by: string | undefined) => Promise<object>): void;
}

export const LONGEST_TEXT = 20_000;
const LARGEST_BODY = 1_000_000;
/** Properties of a body that say what it is about, for the log. */
const ABOUT = ['entity', 'one', 'two', 'reason'];

// never 401 or 403: the editor would read them as the end of its own login
const STATUS: Record<SyncErrorKind, number> = {
  auth: 422,
  forbidden: 422,
  notFound: 404,
  invalid: 422,
  conflict: 409,
  rateLimited: 503,
  transient: 503,
  fatal: 500,
};

export function jsonRoutes({ httpAdmin, auth, log }: JsonHost): JsonRoutes {
  guardRoutes(httpAdmin);
  return {
    get(path, reply) {
      httpAdmin.get(`/twinflow/${path}`, auth.needsPermission('twinflow.read'), (request, response) =>
        answer(response, reply(request.query)),
      );
    },
    post(path, reply) {
      httpAdmin.post(`/twinflow/${path}`, auth.needsPermission('twinflow.write'), (request, response) => {
        const { body, fault } = bodyOf(request);
        if (!body) return sendJson(response, fault.status, { error: { kind: 'invalid', message: fault.message } });
        const about = ABOUT.map((name) => textOf(body[name], 200)).filter((text) => text !== '');
        log?.audit(
          {
            ...{ event: `twinflow.${path}`, integration: body.integration, events: body.events ?? body.event },
            ...(body.cause !== undefined && { cause: body.cause }),
            ...(about.length > 0 && { about }),
          },
          request,
        );
        answer(response, reply(body, userOf(request)));
      });
    },
  };
}

export const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

/** A whole number of a query, at most `most`. */
export function whole(value: unknown, fallback: number, most: number): number {
  const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : fallback;
  return Math.min(number, most);
}

/** A text of a query or body; '' if there is none. */
export const textOf = (value: unknown, longest = 500): string =>
  typeof value === 'string' ? value.trim().slice(0, longest) : '';

type Read = { body: Body; fault?: undefined } | { body?: undefined; fault: { status: number; message: string } };

function bodyOf(request: Request): Read {
  const body: unknown = request.body;
  if (!isObject(body)) return { fault: { status: 400, message: 'Send a JSON object.' } };
  if (JSON.stringify(body).length > LARGEST_BODY) return { fault: { status: 413, message: 'This is too large.' } };
  return { body };
}

function answer(response: Response, reply: Promise<object>): void {
  reply.then(
    (body) => sendJson(response, 200, body),
    (thrown: unknown) => refuse(response, thrown),
  );
}

/** Answers with an error. */
export function refuse(response: Response, thrown: unknown): void {
  const { kind, message, detail } = asSyncError(thrown);
  sendJson(response, STATUS[kind], { error: { kind, message: cut(message), fields: detail.fields } });
}

/** Answers with JSON. */
export function sendJson(response: Response, status: number, body: object): void {
  if (response.writableEnded || response.destroyed) return;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(body));
}
