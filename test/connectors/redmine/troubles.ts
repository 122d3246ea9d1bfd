/** What can be wrong with a Redmine, brought about by a proxy in front of the real server. */

import type { Troubles } from '../../conformance/connector/harness';
import type { RecordingProxy, Spoilt } from '../../support/proxy';

const broken: Spoilt = { status: 500, body: '' };
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
      'the key is refused': () => {
        proxy.interfere = () => ({ status: 401, headers: { 'Content-Type': 'application/json' }, body: '' });
        return mend;
      },
      'the key is no good, and the server lets strangers in': () => {
        proxy.change = ({ 'x-redmine-api-key': _key, authorization: _login, ...headers }) => headers;
        return mend;
      },
    },
    poisonTitle: (title) => {
      proxy.interfere = (method, _path, body) =>
        method !== 'GET' && body.includes(JSON.stringify(title)) ? broken : undefined;
      return mend;
    },
    poisonEntity: (id) => {
      proxy.spoil = (_method, path, body) => {
        if (path.startsWith(`/issues/${id}.json`)) return broken;
        if (!path.startsWith('/issues.json')) return undefined;
        const { issues } = JSON.parse(body) as { issues?: { id: number }[] };
        return issues?.some((issue) => String(issue.id) === id) ? broken : undefined;
      };
      return mend;
    },
    leaveOut: {
      'without a word': (id) => {
        proxy.rewrite = (path, text) => {
          if (!path.startsWith('/issues.json') || !path.includes('issue_id=')) return text;
          const body = JSON.parse(text) as { issues: { id: number }[] };
          return JSON.stringify({ ...body, issues: body.issues.filter((issue) => String(issue.id) !== id) });
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
