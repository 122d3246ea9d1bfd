/**
 * What we send to Redmine, and what the real server answers, fits the published description of its API
 * (d-yoshi/redmine-openapi). The file is not part of the project: TWINFLOW_CONTRACTS names its folder.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import Ajv from 'ajv';
import { describeWith, type Needed } from '../../support/need';
import { projectRoot } from '../../support/node-red';
import { recordingProxy } from '../../support/proxy';
import { connectTo, scope, server } from './server';

const file = join(process.env.TWINFLOW_CONTRACTS ?? join(projectRoot, '..', 'shared', 'contracts'), 'redmine-5.0.yml');
const needed: Needed<NonNullable<typeof server extends Needed<infer T> ? T : never>> = existsSync(file)
  ? server
  : { missing: `needs ${file}` };

type Json = Record<string, unknown>;

/** The description as a JSON schema: `nullable` told in JSON schema's words. */
function description(): Json {
  const yaml: { load(text: string): unknown } = createRequire(__filename)('js-yaml');
  const convert = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(convert);
    if (typeof value !== 'object' || value === null) return value;
    const { nullable, example: _example, ...rest } = value as Json;
    const converted = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, convert(one)]));
    if (nullable && typeof converted.type === 'string') converted.type = [converted.type, 'null'];
    return converted;
  };
  return convert(yaml.load(readFileSync(file, 'utf8'))) as Json;
}

describeWith("Redmine's published API description", needed, (redmine) => {
  let ajv: Ajv;
  before(() => {
    ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema(description(), 'redmine');
  });
  const check = (pointer: string[], value: unknown) => {
    const path = pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
    const validate = ajv.getSchema(`redmine#/${path}`);
    assert.ok(validate, path);
    assert.ok(validate(value), `${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
  };
  const body = ['content', 'application/json', 'schema'];

  it('knows every path that is asked, and describes what is sent and answered', async function () {
    this.timeout(20_000);
    const line = await recordingProxy(redmine.url);
    const { connection } = connectTo(line.url, redmine.key('admin'));
    try {
      await connection.identify();
      await connection.fields('1', '1');
      for await (const page of connection.changes(scope, undefined, 5)) if (page.entities.length > 0) break;
      const fields = {
        subject: 'By the book',
        description: { format: 'markdown' as const, content: 'text' },
        ...{
          status: { name: 'New' },
          priority: { name: 'High' },
          category: { name: 'Backend' },
          start_date: '2026-01-01',
        },
        ...{
          fixed_version: { name: '1.0' },
          estimated_hours: 5400,
          done_ratio: 30,
          is_private: false,
          parent: { id: '1' },
        },
        ...{ cf_1: 'X', cf_4: 3, cf_5: [{ name: 'API' }] },
      };
      const [made] = (await connection.write?.(scope, [{ kind: 'create', project: '1', type: '1', fields }])) ?? [];
      assert.ok(made?.ok);
      const cleared = {
        category: null,
        fixed_version: null,
        estimated_hours: null,
        start_date: null,
        parent: null,
        description: null,
      };
      const [emptied] =
        (await connection.write?.(scope, [{ kind: 'update', id: made.entity.id, fields: cleared }])) ?? [];
      assert.ok(emptied?.ok);
      assert.deepEqual([emptied.ignored, emptied.entity.fields.category], [undefined, null]);

      const known: string[] = Object.keys(description().paths as Json);
      for (const { path } of line.requests) {
        const [plain = ''] = path.split('?');
        const generic = plain.replace(/\/\d+(?=[/.])/g, '/{}').replace(/\.json$/, '.{}');
        const there = known.map((one) => one.replace(/\{[^}]*\}/g, '{}'));
        assert.ok(there.includes(generic), `${generic} is not described`);
      }
      const issues = ['paths', '/issues.{format}'];
      const [create] = line.writes();
      check([...issues, 'post', 'requestBody', ...body], JSON.parse(create?.body ?? ''));
      const update = line.writes()[1];
      const one = ['paths', '/issues/{issue_id}.{format}'];
      check([...one, 'put', 'requestBody', ...body], JSON.parse(update?.body ?? ''));
      check([...issues, 'get', 'responses', '200', ...body], await redmine.as('sync').get('/issues.json'));
    } finally {
      await connection.close?.();
      await line.stop();
      redmine.reset();
    }
  });
});
