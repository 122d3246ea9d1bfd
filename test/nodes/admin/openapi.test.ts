/** The description of the admin routes for other tools: it names what is there, and answers are as it says. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { deployedChain } from '../../../lib/plan/drawn/deployed';
import { registerActivity } from '../../../nodes/admin/activity';
import { registerDescription } from '../../../nodes/admin/description';
import { registerExplain } from '../../../nodes/admin/explain';
import { registerLinks } from '../../../nodes/admin/links';
import { registerLive } from '../../../nodes/admin/live';
import { registerMetrics } from '../../../nodes/admin/metrics';
import { registerOperations } from '../../../nodes/admin/operations';
import { Workbench } from '../../engine/workbench';
import { JsonServer } from './json-host';

interface Operation {
  operationId: string;
  security: { token: string[] }[];
  responses: { 200: { content: Record<string, { schema: object }> } };
}

const file = join(__dirname, '../../../nodes/admin/openapi.json');
const description = JSON.parse(readFileSync(file, 'utf8')) as {
  paths: Record<string, Partial<Record<'get' | 'post', Operation>>>;
  components: object;
};

describe('the description of the admin routes', () => {
  let bench: Workbench;
  let server: JsonServer;

  beforeEach(async () => {
    bench = await Workbench.start({ retries: 0 });
    server = new JsonServer();
    const integrations = () => [{ config: bench.integration.config, ready: Promise.resolve(bench.integration) }];
    const chain = (id: string, side: 1 | 2) => deployedChain([], id, side);
    registerOperations(server.host, { integrations, chain, forget: async () => undefined });
    registerLinks(server.host, { integrations });
    registerExplain(server.host, { integrations, chain });
    registerActivity(server.host, { integrations, journal: async () => bench.store });
    registerMetrics(server.host, { integrations, landed: () => [] });
    registerLive(server.host, { watch: () => () => undefined });
    registerDescription(server.host);
    await server.start();
  });

  afterEach(async () => {
    await server.stop();
    await bench.stop();
  });

  const all = () =>
    Object.entries(description.paths).flatMap(([path, methods]) =>
      (['get', 'post'] as const).flatMap((method) => {
        const operation = methods[method];
        return operation ? [{ path, method, operation }] : [];
      }),
    );

  it('names every route, each with the permission that it asks for', async () => {
    for (const { path, method, operation } of all()) {
      server.denied = operation.security[0]?.token[0] ?? '';
      const route = path.slice('/twinflow/'.length);
      const { status } = method === 'get' ? await server.text(route) : await server.post(route, {});
      assert.equal(status, 401, `${method} ${path} does not ask for ${server.denied}`);
    }
    const described = all().map(({ path, method }) => `${method.toUpperCase()} ${path}`);
    assert.deepEqual([...new Set(described)].sort(), server.routes().sort());
  });

  it('describes the answers as they are', async () => {
    const integration = 'integration';
    bench.one.save(undefined, { title: 'A', priority: 'Low' });
    await bench.sync();
    bench.two.refuses = () => ({ priority: 'cannot be blank' });
    const { id } = bench.one.save(undefined, { title: 'B' });
    await bench.sync();
    const [parked] = (await bench.integration.commands.parked(0, 1)).items;
    assert.ok(parked);
    const note = { at: '2026-06-01T12:00:00.000Z', integration, outcome: 'action', words: ['poll'], by: 'anna' };
    await bench.store.note([note], { entries: 10, since: 0 });
    const ajv = new Ajv({ strict: false });
    ajv.addSchema({ $id: 'https://twinflow/api', components: description.components });
    const asked: [string, object?][] = [
      ['operations'],
      ['failures'],
      [`parked?integration=${integration}`],
      [`parked-change?integration=${integration}&event=${parked.event}`],
      [`links?integration=${integration}`],
      [`link?integration=${integration}&entity=one-1`],
      ['explain', { integration, key: id }],
      ['poll', { integration }],
      ['link/sync', { integration, entity: 'one-1' }],
      ['parked/fields', { integration, event: parked.event }],
      ['parked/decide', { integration, events: [parked.event], side: 1 }],
      ['parked/retry', { integration, events: [parked.event] }],
      ['activity'],
      ['activity/hours'],
      ['openapi.json'],
    ];
    for (const [route, body] of asked) {
      const { status, body: answer } = body ? await server.post(route, body) : await server.get(route);
      assert.equal(status, 200, route);
      const [path = ''] = route.split('?');
      const operation = description.paths[`/twinflow/${path}`]?.[body ? 'post' : 'get'];
      const schema = operation?.responses[200].content['application/json']?.schema;
      assert.ok(schema, route);
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"https://twinflow/api#/')) as object;
      const validate = ajv.compile(absolute);
      assert.ok(validate(answer), `${route}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(answer)}`);
    }
    const { body } = await server.post('explain', { integration, key: id });
    const [{ verdict }] = body.items as [{ verdict: { text: string } }];
    assert.doesNotMatch(verdict.text, /__/);
    assert.match(verdict.text, / /);
  });
});
