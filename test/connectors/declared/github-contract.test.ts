/**
 * What the GitHub file makes Twinflow send, and what the stand-in answers, fits GitHub's API description (npm `@octokit/openapi`), which
 * is not part of the project: TWINFLOW_CONTRACTS names its folder.
 */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, type Needed } from '../../support/need';
import { projectRoot } from '../../support/node-red';
import { Contract } from '../../systems/jira/contract';
import { github, REPOSITORY, startGithub, TOKEN } from './github';

type Json = Record<string, unknown>;

const folder = process.env.TWINFLOW_CONTRACTS ?? join(projectRoot, '..', 'shared', 'contracts');
const file = join(folder, 'github', 'api.github.com.subset.json');
const needed: Needed<string> = existsSync(file) ? { there: file } : { missing: `needs ${file}` };

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `nullable`, as OpenAPI 3.0 says it, in JSON Schema's words. */
function withNull(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withNull);
  if (!isJson(value)) return value;
  const { nullable, ...rest } = value;
  const converted = Object.fromEntries(Object.entries(rest).map(([key, one]) => [key, withNull(one)]));
  return nullable === true ? { anyOf: [converted, { type: 'null' }] } : converted;
}

/** The description, with its references to parameters and answers replaced by them. */
function description(): Json {
  const whole = withNull(JSON.parse(readFileSync(file, 'utf8')));
  assert.ok(isJson(whole) && isJson(whole.paths));
  const resolved = (one: unknown): unknown => {
    if (!isJson(one) || typeof one.$ref !== 'string') return one;
    return one.$ref
      .slice(2)
      .split('/')
      .reduce((at: unknown, key) => (isJson(at) ? at[key] : undefined), whole);
  };
  for (const path of Object.values(whole.paths)) {
    for (const operation of Object.values(isJson(path) ? path : {}).filter(isJson)) {
      if (Array.isArray(operation.parameters)) operation.parameters = operation.parameters.map(resolved);
      if (!isJson(operation.responses)) continue;
      const entries = Object.entries(operation.responses).map(([status, one]) => [status, resolved(one)]);
      operation.responses = Object.fromEntries(entries);
    }
  }
  return whole;
}

const TEMPLATES: [RegExp, string][] = [
  [/^\/repos\/[^/]+\/[^/]+\/issues\/\d+$/, '/repos/{owner}/{repo}/issues/{issue_number}'],
  [/^\/repos\/[^/]+\/[^/]+\/(issues|labels|milestones|assignees)$/, '/repos/{owner}/{repo}/$1'],
  [/^\/users\/[^/]+$/, '/users/{username}'],
];
/** The stand-in shows only what the file reads of these. */
const SHORT = ['/user', '/user/repos', '/users/{username}'];

describeWith("GitHub's API description", needed, () => {
  it('knows every path, parameter and body that the file makes Twinflow send, and every answer about issues', async function () {
    this.timeout(30_000);
    const contract = new Contract(description());
    const server = await startGithub();
    const connection = github.connect({ url: server.url, token: TOKEN }, {});
    try {
      const scope = { projects: [REPOSITORY], types: ['issue'] };
      await connection.identify();
      await connection.fields(REPOSITORY, 'issue');
      const fields = {
        ...{ title: 'By the book', body: { format: 'markdown' as const, content: 'text' }, state: { name: 'closed' } },
        ...{ labels: [{ name: 'bug' }], assignees: [{ login: 'alice' }], milestone: { name: '2.0' } },
      };
      const [made] =
        (await connection.write?.(scope, [{ kind: 'create', project: REPOSITORY, type: 'issue', fields }])) ?? [];
      assert.ok(made?.ok, JSON.stringify(made));
      assert.equal(made.ignored, undefined);
      const cleared = { body: null, labels: null, assignees: null, milestone: null, state: { name: 'open' } };
      const [emptied] =
        (await connection.write?.(scope, [{ kind: 'update', id: made.entity.id, fields: cleared }])) ?? [];
      assert.ok(emptied?.ok && emptied.ignored === undefined, JSON.stringify(emptied));
      server.create('issue', REPOSITORY, { title: 'pull', pull_request: {} }, 'alice');
      for await (const page of connection.changes(scope, undefined, 5)) assert.ok(page.checkpoint);
      for await (const page of connection.changes(scope, await connection.newest(scope), 5)) assert.ok(page.checkpoint);
      await connection.users?.({ login: 'bob' });
      await connection.users?.({ search: 'b', project: REPOSITORY });
      await connection.latest?.(scope, 3);
      await connection.find?.({ project: REPOSITORY, type: 'issue', createdBySelfSince: '2026-01-01T00:00:00Z' }, 10);
      await connection.read(scope, [`${REPOSITORY}#999`]);
      const problems = server.seen.flatMap(({ method, path, sent, status, answer }) => {
        const { pathname, searchParams } = new URL(path, server.url);
        const known = TEMPLATES.find(([pattern]) => pattern.test(pathname));
        const template = known ? pathname.replace(known[0], known[1]) : pathname;
        const found = contract.violations({
          ...{ method, template, query: searchParams, request: sent, status, response: answer },
        });
        return SHORT.includes(template) ? found.filter((one) => !one.includes(': answer')) : found;
      });
      assert.ok(server.seen.length > 15);
      assert.deepEqual([...new Set(problems)], []);
    } finally {
      await connection.close?.();
      await server.stop();
    }
  });
});
