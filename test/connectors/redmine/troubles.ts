/**
 * What can be wrong with a Redmine, brought about by a proxy in front of the real server. An issue that breaks every list that
 * holds it is not among them: a poll waits for such a server, it does not go round the issue.
 */

import type { Troubles } from '../../conformance/connector/harness';
import type { Interference, RecordingProxy } from '../../support/proxy';

const broken: Interference = { status: 500, body: '' };
const PAGE = '<!DOCTYPE html><html><head><title>Not here</title></head><body>nginx</body></html>';

export function troublesOf(proxy: RecordingProxy): Troubles {
  const mend = () => {
    proxy.interfere = undefined;
    proxy.change = undefined;
    proxy.rewrite = undefined;
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
