/** What a system answers may hold the key that it was sent: in an error about a field, cut off, escaped, in a 200. */

import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { createHttpClient } from '../../lib/connectors/http/client';
import { createMask } from '../../lib/connectors/http/masking';
import { connectors } from '../../lib/connectors/registry';
import { SyncError } from '../../lib/model/errors';
import { connectSystem } from '../../nodes/shared/connect';
import { endAll, failure, KEY } from '../connectors/http/clients';
import { httpServer, json } from '../connectors/http/servers';
import { BUG, configOf, DEMO, scope, start } from '../connectors/jira/server';
import { cpuMs } from '../support/cpu';

const whole = (error: unknown): string => inspect(error, { depth: 10, showHidden: true, maxStringLength: null });

describe('a key that a system echoes', () => {
  afterEach(endAll);

  const asked = async (status: number, body: unknown, key = KEY, type = 'application/json') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const server = await httpServer((_request, response) => {
      response.writeHead(status, { 'Content-Type': type }).end(text);
    });
    const client = createHttpClient({
      baseUrl: server.url,
      product: 'Redmine',
      headers: { 'X-Redmine-API-Key': key },
      parseError: (_status, answer) => {
        const errors: unknown =
          typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'errors') : undefined;
        return typeof errors === 'object' && errors !== null
          ? { text: Object.values(errors).join('; '), fields: errors as Record<string, string> }
          : undefined;
      },
    });
    try {
      return await client.post('issues.json', {}).then(
        () => assert.fail('it should have failed'),
        (thrown: unknown) => thrown,
      );
    } finally {
      client.close();
    }
  };

  it('is masked in what is said of a field, and in the field’s name', async () => {
    const error = await asked(422, { errors: { subject: `"${KEY}" is not a subject`, [`x ${KEY}`]: 'unknown' } });
    assert.ok(error instanceof SyncError);
    assert.deepEqual(error.detail.fields, { subject: '"***" is not a subject', 'x ***': 'unknown' });
    assert.ok(!whole(error).includes(KEY));
  });

  it('is masked where the answer is cut in the middle of it', async () => {
    for (const length of [495, 490, 487]) {
      const error = await asked(500, `${'x'.repeat(length)}${KEY} and more`, KEY, 'text/plain');
      assert.ok(!whole(error).includes(KEY.slice(0, 5)), `after ${length} characters`);
      const html = await asked(404, `<title>${'x'.repeat(length - 300)}${KEY}</title>`, KEY, 'text/html');
      assert.ok(!whole(html).includes(KEY.slice(0, 5)));
      const broken = await asked(200, `${'x'.repeat(length - 300)}${KEY} no JSON`, KEY, 'text/plain');
      assert.ok(!whole(broken).includes(KEY.slice(0, 5)));
    }
  });

  it('is masked however it is escaped', async () => {
    const key = `a"b<c>&d'e f\\gü`;
    const mask = createMask([key]);
    for (const shown of [
      ...[key, JSON.stringify(key), encodeURIComponent(key), encodeURIComponent(key).replaceAll('%20', '+')],
      ...['a&quot;b&lt;c&gt;&amp;d&#39;e f\\gü', 'a&#34;b&lt;c&gt;&amp;d&#x27;e f\\gü', 'a"b&lt;c&gt;&amp;d\'e f\\gü'],
    ])
      assert.equal(mask(`[${shown}]`).replaceAll('"', ''), '[***]', shown);
  });

  it('does not make the masking slow, whatever a server answers instead', async () => {
    const mask = createMask([KEY]);
    for (const piece of ['?', '?key', ';a', 'a', 'ftp://', '://x', '=', '&token=']) {
      const begun = cpuMs();
      mask(piece.repeat(100_000 / piece.length));
      const took = cpuMs() - begun;
      assert.ok(took < 200, `${piece}: ${took} ms`);
    }
  });

  it('is masked in a refusal that fills megabytes, of which little is kept', async () => {
    const errors = Object.fromEntries(
      Array.from({ length: 2000 }, (_, at) => [`f${at}`, `${KEY} ${'y'.repeat(2000)}`]),
    );
    const error = await asked(422, { errors });
    assert.ok(error instanceof SyncError);
    assert.ok(!whole(error).includes(KEY));
    assert.ok(JSON.stringify(error.detail).length < 400_000);
  });

  it('is masked in the refused element of a batch that was answered 201', async () => {
    const jira = await start();
    try {
      const { apiKey, ...config } = configOf(jira);
      assert.ok(typeof apiKey === 'string');
      const settings = { kind: 'jira', config, credentials: { apiKey } };
      const connection = connectSystem({ getNode: () => undefined }, (kind) => Reflect.get(connectors, kind), settings);
      jira.interfere(/^POST .*\/issue\/bulk/, () => ({
        status: 201,
        body: {
          issues: [],
          errors: [0, 1].map((failedElementNumber) => ({
            ...{ status: 400, failedElementNumber },
            elementErrors: { errorMessages: [`no ${apiKey}`], errors: { summary: `${apiKey} is no summary` } },
          })),
        },
      }));
      const operation = { kind: 'create', project: DEMO, type: BUG, fields: { summary: 'One' } } as const;
      const results = await connection.write?.(scope, [operation, operation]);
      await connection.close?.();
      assert.ok(results);
      const text = whole(results);
      assert.ok(text.includes('is no summary'), text);
      assert.ok(!text.includes(apiKey), text);
    } finally {
      await jira.stop();
    }
  });

  it('is masked in what a poll throws', async () => {
    const server = await httpServer(json({ errors: [`Subject ${KEY}`] }, 422));
    const settings = {
      ...{ kind: 'redmine', config: { url: server.url, auth: 'apiKey', textFormatting: 'textile', concurrency: '2' } },
      credentials: { apiKey: KEY },
    };
    const connection = connectSystem({ getNode: () => undefined }, (kind) => Reflect.get(connectors, kind), settings);
    const pages = connection.changes({ projects: ['1'], types: ['1'] }, undefined, 10);
    const error = await failure(pages[Symbol.asyncIterator]().next(), 'invalid');
    assert.match(error.message, /Subject \*\*\*/);
    await connection.close?.();
  });
});
