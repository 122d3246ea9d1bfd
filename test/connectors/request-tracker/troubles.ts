/** What can be wrong with a Request Tracker, brought about by a proxy in front of the real server. */

import type { Troubles } from '../../conformance/connector/harness';
import type { RecordingProxy, Spoilt } from '../../support/proxy';

const json = { 'Content-Type': 'application/json; charset=utf-8' };
const broken: Spoilt = { status: 500, headers: json, body: '{"message":"Internal Server Error"}' };
const PAGE = '<!DOCTYPE html><html><head><title>Not here</title></head><body>nginx</body></html>';

export function troublesOf(proxy: RecordingProxy): Troubles {
  const mend = () => {
    proxy.interfere = undefined;
    proxy.change = undefined;
    proxy.rewrite = undefined;
    proxy.spoil = undefined;
  };
  return {
    credentialsDie: {
      'the token is refused': () => {
        proxy.interfere = () => ({ status: 401, headers: json, body: '{"message":"Unauthorized"}' });
        return mend;
      },
      'the token is not known to RT any more': () => {
        proxy.change = (headers) => ({ ...headers, authorization: 'token 1-31-00000000000000000000000000000000' });
        return mend;
      },
    },
    poisonTitle: (title) => {
      proxy.interfere = (method, _path, body) =>
        method !== 'GET' && body.includes(JSON.stringify(title)) ? broken : undefined;
      return mend;
    },
    poisonEntity: (id) => {
      // RT breaks on it wherever it has to show more of it than its number
      proxy.spoil = (_method, path, body) => {
        if (path.startsWith(`/REST/2.0/ticket/${id}`)) return broken;
        return hasTicket(path, body, id) && path.includes('fields=') ? broken : undefined;
      };
      return mend;
    },
    leaveOut: {
      'without a word': (id) => {
        proxy.rewrite = (path, text) => {
          if (!hasTicket(path, text, id)) return text;
          const body = JSON.parse(text) as { items: { id: string }[] };
          return JSON.stringify({ ...body, items: body.items.filter((ticket) => ticket.id !== id) });
        };
        return mend;
      },
    },
    proxyAnswers: () => {
      proxy.interfere = () => ({ status: 404, headers: { 'Content-Type': 'text/html' }, body: PAGE });
      return mend;
    },
  };
}

/** True for an answer that lists tickets, this one among them. */
function hasTicket(path: string, text: string, id: string): boolean {
  if (!path.startsWith('/REST/2.0/tickets?')) return false;
  const { items } = JSON.parse(text) as { items?: { id: string }[] };
  return items?.some((ticket) => ticket.id === id) ?? false;
}
