/** Request Tracker passes the conformance suite on the real server. */

import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { requestTracker as connector } from '../../../lib/connectors/request-tracker';
import { connectorConformance } from '../../conformance/connector';
import { type RecordingProxy, recordingProxy } from '../../support/proxy';
import { requestTracker } from '../../support/request-tracker';
import { filesUnderTest } from './files';
import { troublesOf } from './troubles';

const there = 'there' in requestTracker ? requestTracker.there : undefined;
const open: Connection[] = [];

let proxy: RecordingProxy | undefined;

const connect = (url: string): Connection => {
  if (!there) throw new Error('no server');
  const connection = connector.connect({ url, token: there.token('sync'), publicComments: 'reply' }, {});
  open.push(connection);
  return connection;
};

connectorConformance('Request Tracker 5', {
  markers: false,
  parts: { markers: false, edits: false, removals: false },
  relations: {
    ends: [
      ['DependsOn', 'DependedOnBy'],
      ['RefersTo', 'ReferredToBy'],
      ['ReferredToBy', 'RefersTo'],
      ['MemberOf', 'Members'],
      ['DependedOnBy', 'DependsOn'],
    ],
  },
  files: { markers: false, renames: false, removals: false },
  lacks: {
    markersBack: 'a ticket has no place for markers',
    richText: 'a ticket has no text of its own: what is written to it are messages',
  },
  ...('missing' in requestTracker ? { unavailable: requestTracker.missing } : {}),
  timeoutMs: 120_000,
  async start() {
    if (!there) throw new Error('no server');
    there.configure();
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
      normalise: (text, field) => (field === 'text' ? text.replace(/\r\n/g, '\n') : text.trim()),
      parts: {
        type: 'comment',
        text: 'text',
        many: 120,
        tickMs: 1_000,
        loseAnswer: () => {
          if (proxy)
            proxy.interfere = (method, path) => (method === 'POST' && path.endsWith('/comment') ? 'lose' : undefined);
          return () => {
            if (proxy) proxy.interfere = undefined;
          };
        },
        person: {
          async add(owner, texts) {
            for (const Content of texts)
              await there.send('alice', 'POST', `ticket/${owner}/comment`, { Content, ContentType: 'text/plain' });
            const ids: string[] = [];
            for (let page = 1; ; page++) {
              const path = `ticket/${owner}/history?per_page=100&page=${page}&fields=Type`;
              const { items } = await there.send<{ items: { id: string; Type: string }[] }>('alice', 'GET', path);
              ids.push(...items.flatMap(({ id, Type }) => (Type === 'Comment' ? [`${owner}#txn-${id}`] : [])));
              if (items.length < 100) return ids.slice(-texts.length);
            }
          },
          edit: async () => assert.fail('nobody can'),
        },
      },
      files: filesUnderTest(there, proxy),
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
