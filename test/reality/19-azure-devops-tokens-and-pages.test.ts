/** Pages and tokens of Azure DevOps that lead nowhere: a repeated token ends, an empty page hides nothing behind it. */

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { azureDevops } from '../../lib/connectors/azure-devops';
import type { Connection } from '../../lib/connectors/connector';
import { Colleague, freshStandIn, one, poll, rejected } from '../connectors/azure-devops/support';
import type { StandIn } from '../systems/azure-devops';

describe('reality 19: pages of Azure DevOps that lead nowhere', () => {
  let standIn: StandIn;
  let connection: Connection;

  freshStandIn(
    (fresh) => {
      ({ standIn, connection } = fresh);
    },
    { watchLinks: true },
  );

  it('empty pages with ever new tokens hide nothing', async () => {
    const alice = new Colleague(standIn, 'alice');
    const ids = await alice.create(['One', 'Two']);
    standIn.faults.emptyPages = 3;
    assert.deepEqual((await poll(connection, undefined, one)).ids, ids);
  });

  it('the same token again ends the poll with an error, after a few requests', async () => {
    await new Colleague(standIn, 'alice').create(['One']);
    standIn.faults.sameToken = true;
    const error = await rejected(poll(connection, undefined, one));
    assert.equal(error.kind, 'transient');
    assert.match(error.message, /makes no progress/);
    assert.ok(standIn.requests.filter((request) => /workitemrevisions/i.test(request)).length <= 3);
    standIn.faults.sameToken = false;
    assert.equal((await poll(connection, undefined, one)).ids.length, 1);
  });

  /** A server whose lists never end. */
  async function endless(answer: (path: string, query: URLSearchParams, count: number) => object) {
    let count = 0;
    const server: Server = createServer((request, response) => {
      count += 1;
      const url = new URL(request.url ?? '/', 'http://x');
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify(answer(url.pathname, url.searchParams, count)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/fabrikam`;
    const other = azureDevops.connect({ url, auth: 'pat', token: 'token', watchLinks: true }, {});
    return {
      other,
      requests: () => count,
      async [Symbol.asyncDispose]() {
        await other.close?.();
        server.closeAllConnections();
        server.close();
      },
    };
  }
  const project = { id: one.projects[0], name: 'Fabrikam' };

  it('tokens that go round in a circle end it, too, in the feed of revisions and in that of links', async () => {
    const token = (query: URLSearchParams) => (query.get('continuationToken') === 'a' ? 'b' : 'a');
    await using circle = await endless((path, query) => {
      if (path.endsWith('/projects')) return { count: 1, value: [project] };
      const isLinks = path.endsWith('workitemlinks');
      return {
        values: [],
        isLastBatch: path.endsWith('workitemrevisions') && query.has('never'),
        continuationToken: isLinks ? token(query) : token(query),
      };
    });
    const error = await rejected(poll(circle.other, undefined, one));
    assert.match(error.message, /makes no progress/);
    assert.ok(circle.requests() < 10, String(circle.requests()));

    await using links = await endless((path, query) => {
      if (path.endsWith('/projects')) return { count: 1, value: [project] };
      if (path.endsWith('workitemrevisions')) return { values: [], isLastBatch: true, continuationToken: 'x' };
      return { values: [], isLastBatch: false, continuationToken: token(query) };
    });
    await poll(links.other, undefined, one);
    assert.ok(links.requests() < 10, String(links.requests()));
  });

  it('a list of projects that is the same from every offset ends, and one by token is read to its end', async () => {
    const page = Array.from({ length: 500 }, (_, index) => ({ id: `p${index}`, name: `P ${index}` }));
    await using same = await endless(() => ({ count: 500, value: page }));
    assert.equal((await same.other.projects()).length, 500);
    assert.ok(same.requests() <= 3);
  });
});
