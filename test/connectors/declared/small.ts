/** A small connector file for tests, of which parts are replaced. */

import { stringify } from 'yaml';
import { declaredConnector } from '../../../lib/connectors/declared/connector';
import type { ConnectorFile } from '../../../lib/connectors/declared/format';
import { loadConnector } from '../../../lib/connectors/declared/load';

type Json = Record<string, unknown>;

export const SMALL: Json = {
  ...{ connector: 1, kind: 'small', label: 'Small', category: 'alm' },
  settings: [
    { name: 'url', label: 'URL', type: 'url' },
    { name: 'space', label: 'Space', type: 'text' },
    { name: 'token', label: 'Token', type: 'secret' },
  ],
  http: {
    base: '{setting.url}/api',
    auth: { by: 'bearer', token: 'token' },
    errors: { message: 'message' },
  },
  identity: { get: '/me', server: 'Small' },
  people: { id: 'id', login: 'login' },
  projects: { by: 'one', id: 'all', name: 'Everything' },
  types: [
    {
      id: 'ticket',
      name: 'Ticket',
      item: { id: 'id', updatedAt: 'at' },
      fields: [{ id: 'title', name: 'Title', type: 'text', required: true }],
      read: { get: '/tickets/{id|path}' },
      changes: {
        feed: 'time',
        list: { get: '/tickets', query: { from: '{from}' }, page: { by: 'offset', max: 10 } },
        newest: { query: { order: 'desc' } },
        ...{ time: 'iso', step: '1s', settle: '5s' },
      },
      create: { post: '/tickets' },
      update: { method: 'PUT', path: '/tickets/{id|path}' },
      find: { own: { get: '/tickets', query: { q: 'by = {self|sql}' } } },
    },
  ],
};

/** A copy in which the value at a path is another one; undefined removes it. */
export function changed(path: string, value: unknown, of: Json = SMALL): Json {
  const copy = structuredClone(of);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at: unknown = copy;
  for (const key of keys) at = Reflect.get(Object(at), key);
  if (value === undefined) Reflect.deleteProperty(Object(at), last);
  else Reflect.set(Object(at), last, value);
  return copy;
}

/** The problems of a file, without its name. */
export function problemsOf(file: unknown): string[] {
  const loaded = loadConnector(stringify(file), 'small.yaml');
  return 'problems' in loaded ? loaded.problems.map((one) => one.replace(/^small\.yaml(:\d+)?: /, '')) : [];
}

export function fileOf(file: unknown): ConnectorFile {
  const loaded = loadConnector(stringify(file), 'small.yaml');
  if ('file' in loaded) return loaded.file;
  throw new Error(loaded.problems.join('\n'));
}

export const connectorOf = (file: unknown) => declaredConnector(fileOf(file));
