/** What can be wrong with a declared system, brought about by its stand-in. */

import type { Troubles } from '../../conformance/connector/harness';
import { Refusal, type StandIn } from './stand-in';

const PAGE = '<!DOCTYPE html><html><head><title>Not here</title></head><body>nginx</body></html>';

/**
 * @param ofEntity an entry of a list is this entity's
 * @param wrapper the property that holds a list
 * @param isList of a path; an answer of one entity may be a list, too
 */
export function troublesOf(
  server: StandIn,
  ofEntity: (entry: unknown, id: string) => boolean,
  wrapper = 'result',
  isList: (path: string) => boolean = () => true,
): Troubles {
  const mend = () => {
    server.interfere = undefined;
    server.spoil = undefined;
  };
  return {
    credentialsDie: {
      'the token is refused': () => {
        server.interfere = () => ({ status: 401, body: server.vendor.error(new Refusal(401, 'Bad credentials')) });
        return mend;
      },
    },
    poisonTitle: (title) => {
      server.interfere = (method, _path, body) =>
        method !== 'GET' && body.includes(JSON.stringify(title))
          ? { status: 500, body: server.vendor.error(new Refusal(500, 'Server Error')) }
          : undefined;
      return mend;
    },
    leaveOut: {
      'without a word': (id) => {
        const without = (body: unknown): unknown => {
          if (Array.isArray(body)) return body.filter((entry: unknown) => !ofEntity(entry, id));
          const wrapped: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, wrapper) : undefined;
          return Array.isArray(wrapped) ? { ...Object(body), [wrapper]: without(wrapped) } : body;
        };
        server.spoil = (_method, path, answer) => (isList(path) ? { ...answer, body: without(answer.body) } : answer);
        return mend;
      },
    },
    proxyAnswers: () => {
      server.interfere = () => ({ status: 404, body: PAGE });
      return mend;
    },
  };
}

/** For entities with ids `project#number`. */
export const byNumber = (entry: unknown, id: string): boolean => {
  const of = (name: string): unknown => Reflect.get(Object(entry), name);
  return String(of('iid') ?? of('number')) === id.split('#')[1];
};
