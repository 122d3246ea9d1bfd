/**
 * Bodies that Node-RED's own parser refuses before any route sees them: each of our routes answers them as it answers all
 * faults, with JSON, the status that fits and no word of where the code lies.
 */

import assert from 'node:assert/strict';
import { NodeRed } from '../support/node-red';

const ROUTES = [
  'test',
  'fields',
  'preview',
  'preview/latest',
  'survey',
  'parked/retry',
  'dry-run/again',
  'tables/inspect',
  'tables/look-up',
  'mapping-files/write',
  'sandbox/api/create',
];
const JSON_TYPE = 'application/json';

const BODIES: { what: string; headers: Record<string, string>; body: string; status: number; says: RegExp }[] = [
  { what: 'half an object', headers: { 'Content-Type': JSON_TYPE }, body: '{"system":', status: 400, says: /JSON/ },
  { what: 'no JSON', headers: { 'Content-Type': JSON_TYPE }, body: '<b>secret-1</b>', status: 400, says: /JSON/ },
  { what: 'a mere text', headers: { 'Content-Type': JSON_TYPE }, body: '"text"', status: 400, says: /JSON/ },
  {
    what: 'more than Node-RED takes',
    headers: { 'Content-Type': JSON_TYPE },
    body: JSON.stringify({ text: 'x'.repeat(5_500_000) }),
    status: 413,
    says: /too large/,
  },
  {
    what: 'a form that is too large',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: `a=${'x'.repeat(5_500_000)}`,
    status: 413,
    says: /too large/,
  },
  {
    what: 'an unknown character set',
    headers: { 'Content-Type': `${JSON_TYPE}; charset=iso-8859-1` },
    body: '{}',
    status: 415,
    says: /UTF-8/,
  },
  {
    what: 'an unknown encoding',
    headers: { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'secret-1' },
    body: '{}',
    status: 415,
    says: /UTF-8/,
  },
  {
    what: 'what is said to be compressed and is not',
    headers: { 'Content-Type': JSON_TYPE, 'Content-Encoding': 'gzip' },
    body: '{}',
    status: 400,
    says: /JSON/,
  },
];

describe('A body that nobody can read', function () {
  this.timeout(60_000);
  let red: NodeRed;

  before(async () => {
    red = await NodeRed.start({
      flows: [{ id: 'system', type: 'twinflow-system', kind: 'sandbox', config: {}, version: 1 }],
    });
  });
  after(() => red?.stop());

  for (const { what, headers, body, status, says } of BODIES) {
    it(`is answered with JSON by every route: ${what}`, async () => {
      for (const route of ROUTES) {
        const response = await fetch(`${red.url}/twinflow/${route}`, { method: 'POST', headers, body });
        const text = await response.text();
        assert.equal(response.status, status, `${route}: ${text.slice(0, 300)}`);
        assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
        const { error } = JSON.parse(text) as { error: { kind: string; message: string } };
        assert.equal(error.kind, 'invalid');
        assert.match(error.message, says);
        assert.doesNotMatch(text, /secret-1|node_modules|\bat \S+ \(|file:/, route);
      }
    });
  }

  it('leaves the answers of other routes of Node-RED as they are', async () => {
    const response = await fetch(`${red.url}/flows`, {
      method: 'POST',
      headers: { 'Content-Type': JSON_TYPE },
      body: '{"flows":',
    });
    assert.equal(response.status, 400);
    assert.match(response.headers.get('content-type') ?? '', /text\/html/);
  });
});
