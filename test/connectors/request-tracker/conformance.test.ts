/** Request Tracker passes the conformance suite on the real server. */

import type { Connection } from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import { connectorConformance } from '../../conformance/connector';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { requestTracker } from '../../support/request-tracker';
import { troublesOf } from './troubles';

const there = 'there' in requestTracker ? requestTracker.there : undefined;
const open: Connection[] = [];

let proxy: RecordingProxy | undefined;

const connect = (url: string): Connection => {
  if (!there) throw new Error('no server');
  const connection = connector.connect({ url, token: there.token('sync') }, {});
  open.push(connection);
  return connection;
};

connectorConformance('Request Tracker 5', {
  markers: false,
  ...('missing' in requestTracker ? { unavailable: requestTracker.missing } : {}),
  timeoutMs: 120_000,
  async start() {
    if (!there) throw new Error('no server');
    there.reset();
    proxy = await recordingProxy(there.url);
    return {
      connection: connect(proxy.url),
      troubles: troublesOf(proxy),
      reconnect: () => connect(there.url),
      scope: { projects: ['1', '3'], types: ['ticket'] },
      project: '1',
      type: 'ticket',
      title: 'Subject',
      many: 20,
      samples: [
        { field: 'Status', values: [{ name: 'open' }, { name: 'resolved' }], stays: true },
        { field: 'Owner', values: [{ login: 'sync' }, { email: 'sync@rt.example' }] },
        { field: 'Requestor', values: [[{ login: 'alice' }], [{ email: 'bob@rt.example' }, { login: 'alice' }]] },
        { field: 'Priority', values: [20, 80], stays: true },
        { field: 'Starts', values: ['2026-02-28T10:11:12.000Z', '2028-02-29T23:59:59.000Z'] },
        { field: 'Due', values: ['2027-02-28T00:00:00.000Z', '2028-02-29T12:00:00.000Z'] },
        { field: 'TimeEstimated', values: [5400, 600] },
        { field: 'CF.2', values: ['OTHER-1', "it's \\ other"] },
        { field: 'CF.3', values: ['https://example.com/a?b=c#d', 'http://example.com/'] },
        { field: 'CF.4', values: [{ name: 'High' }, { name: 'Low' }] },
        { field: 'CF.5', values: [[{ name: 'Mail' }, { name: 'Web' }], [{ name: 'Database' }]] },
        { field: 'CF.6', values: ['2027-03-04T05:06:07.000Z', '2028-02-29T23:00:00.000Z'] },
      ],
      searchable: 'CF.2',
      normalise: (text) => text.trim(),
      person: {
        user: { login: 'alice', name: 'Alice Adams', email: 'alice@rt.example' },
        async create(titles) {
          const ids: string[] = [];
          for (const Subject of titles) {
            ids.push((await there.send<{ id: string }>('alice', 'POST', 'ticket', { Queue: '1', Subject })).id);
          }
          return ids;
        },
        async retitle(id, Subject) {
          await there.send('alice', 'PUT', `ticket/${id}`, { Subject });
        },
        async remove(id) {
          await there.send('alice', 'DELETE', `ticket/${id}`);
        },
      },
    };
  },
  async stop() {
    await Promise.all(open.map((connection) => connection.close?.()));
    await proxy?.stop();
    there?.reset();
  },
});
