/** `${VARIABLE}` in a system's form: the questions of forms read it as Node-RED does, or name the one that has no value. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type FlowNode, NodeRed } from '../support/node-red';

const variable = (name: string): string => ['$', `{${name}}`].join('');

interface Fault {
  error: { message: string; fields?: Record<string, string> };
}

describe('a variable in the form of a system', function () {
  this.timeout(60_000);
  let red: NodeRed;
  let server: Server;
  let address: string;
  const seen: string[] = [];

  before(async () => {
    server = createServer((request, response) => {
      seen.push(`${request.url} ${request.headers['x-redmine-api-key'] ?? ''}`);
      response.writeHead(500).end('out of order');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const at = server.address();
    address = `http://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`;
    red = await NodeRed.start({
      env: { TRACKER_URL: address, TRACKER_KEY: 'a-key-of-the-process', TRACKER_EMPTY: '' },
    });
    const flow: FlowNode[] = [
      { id: 'global', type: 'global-config', name: '', env: [{ name: 'GLOBAL_URL', value: address, type: 'str' }] },
      {
        id: 'system',
        type: 'twinflow-system',
        name: 'Deployed',
        kind: 'redmine',
        config: { url: variable('TRACKER_URL') },
      },
    ];
    await red.deploy(flow);
  });
  beforeEach(() => seen.splice(0));
  after(async () => {
    server?.close();
    await red?.stop();
  });

  const ask = async (system: object): Promise<{ status: number; text: string; fault?: Fault['error'] }> => {
    const response = await fetch(`${red.url}/twinflow/test`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ system }),
    });
    const text = await response.text();
    return { status: response.status, text, fault: (JSON.parse(text) as Partial<Fault>).error };
  };
  const draft = (url: string, apiKey = 'typed-key') => ({ kind: 'redmine', config: { url }, credentials: { apiKey } });

  it('is the process’s, in a form that is not deployed', async () => {
    await ask(draft(variable('TRACKER_URL')));
    assert.match(seen[0] ?? '', /^\/\S* typed-key$/);
  });

  it('is the one of the global environment variables', async () => {
    await ask(draft(variable('GLOBAL_URL')));
    assert.match(seen[0] ?? '', /typed-key$/);
  });

  it('may be a secret, where the address is one too', async () => {
    await ask(draft(variable('TRACKER_URL'), variable('TRACKER_KEY')));
    assert.match(seen[0] ?? '', /a-key-of-the-process$/);
  });

  it('is no way to learn its value: faults do not show it, nor does it go to an address that somebody typed', async () => {
    const answered = await ask(draft(variable('TRACKER_URL'), variable('TRACKER_KEY')));
    assert.ok(answered.fault, answered.text);
    for (const value of [address, address.replace('http://', ''), 'a-key-of-the-process'])
      assert.ok(!answered.text.includes(value), answered.text);
    seen.splice(0);
    const { status, fault } = await ask(draft(address, variable('TRACKER_KEY')));
    assert.equal(status, 400);
    assert.match(fault?.message ?? '', /"[^"]+" is the environment variable TRACKER_KEY: its value is sent only/);
    assert.deepEqual(seen, []);
  });

  it('is named where it has no value', async () => {
    for (const name of ['TRACKER_NOWHERE', 'TRACKER_EMPTY']) {
      const { status, fault } = await ask(draft(variable(name)));
      assert.equal(status, 400);
      assert.match(
        fault?.message ?? '',
        new RegExp(`The environment variable ${name}, which stands in "[^"]+", has no value`),
      );
      assert.deepEqual(fault?.fields, { url: 'has no value' });
    }
    assert.deepEqual(seen, []);
  });

  it('is no part of a longer text, as in Node-RED', async () => {
    const { status, fault } = await ask(draft(`https://${variable('TRACKER_HOST')}/redmine`));
    assert.equal(status, 400);
    assert.match(fault?.message ?? '', /put the whole address into the variable/);
  });
});
