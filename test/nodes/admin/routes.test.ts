import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import type { Checkpoint } from '../../../lib/model/checkpoint';
import { SyncError } from '../../../lib/model/errors';
import { connection, DRAFT, type Harness, SECRET, STORED, start, TRACKER } from './harness';

const POSTS = ['test', 'projects', 'types', 'fields', 'lookup-values', 'users', 'newest'];
const FULL = { system: DRAFT, project: '1', type: '7', field: 'prio', projects: ['1'], types: ['7'] };

describe('the admin routes', () => {
  let red: Harness;
  afterEach(() => red.stop());

  describe('permission', () => {
    it('is asked for on every route: to read for the connectors, to write where a system is contacted', async () => {
      red = await start();
      await red.get('/twinflow/connectors');
      for (const route of POSTS) assert.equal((await red.post(`/twinflow/${route}`, FULL)).status, 200, route);
      assert.deepEqual(red.asked, [
        '/twinflow/connectors twinflow.read',
        ...POSTS.map((route) => `/twinflow/${route} twinflow.write`),
      ]);
    });

    it('that is refused keeps the system from being contacted', async () => {
      red = await start({}, {}, (permission) => permission === 'twinflow.read');
      assert.equal((await red.get('/twinflow/connectors')).status, 200);
      for (const route of POSTS) assert.equal((await red.post(`/twinflow/${route}`, FULL)).status, 401, route);
      assert.equal(red.opened.length, 0);
    });
  });

  describe('a stored secret', () => {
    it('is used for the deployed address, whether it is absent from the draft or stands there as __PWRD__', async () => {
      red = await start();
      await red.post('/twinflow/test', { system: DRAFT });
      await red.post('/twinflow/test', { system: { ...DRAFT, credentials: { apiKey: '__PWRD__' } }, reload: true });
      assert.deepEqual(
        red.opened.map(({ credentials }) => credentials.apiKey),
        [SECRET, SECRET],
      );
    });

    const elsewhere = {
      'another address': { ...DRAFT, config: { ...DRAFT.config, url: 'https://evil.example' } },
      'another proxy': { ...DRAFT, proxy: 'proxy-of-mine' },
      'another TLS configuration': { ...DRAFT, tls: 'no-verification' },
    };
    for (const [what, system] of Object.entries(elsewhere)) {
      it(`is not sent to ${what}: the form asks for it again`, async () => {
        red = await start();
        const { status, body } = await red.post('/twinflow/test', { system });
        assert.equal(status, 400);
        assert.match(JSON.stringify(body), /Enter the secret again \(API key\), since the address changed/);
        assert.equal(red.opened.length, 0);
      });
    }

    it('is not sent to another kind of system', async () => {
      const other = { ...TRACKER, kind: 'other' };
      red = await start({}, { connectors: () => [TRACKER, other] });
      const { status } = await red.post('/twinflow/test', { system: { ...DRAFT, kind: 'other' } });
      assert.equal(status, 400);
      assert.equal(red.opened.length, 0);
    });

    it('is used when a switch changes that has nothing to do with the address', async () => {
      red = await start();
      const system = { ...DRAFT, config: { ...DRAFT.config, notify: true } };
      assert.equal((await red.post('/twinflow/test', { system })).status, 200);
      assert.equal(red.opened[0]?.credentials.apiKey, SECRET);
    });

    it('is used when only one of the offered choices changes', async () => {
      const stored = { ...STORED, credentials: { apiKey: SECRET, password: 'a password' } };
      red = await start({}, { deployed: () => stored });
      const system = { ...DRAFT, config: { ...DRAFT.config, auth: 'password' } };
      assert.equal((await red.post('/twinflow/test', { system })).status, 200);
      assert.deepEqual(red.opened[0]?.credentials, { password: 'a password' });
    });

    it('is not sent for a choice that the connector does not offer', async () => {
      const site = {
        name: 'site',
        label: 'Site',
        type: 'select' as const,
        options: [{ value: 'eu', label: 'Europe' }],
      };
      const config = [...TRACKER.config, site];
      red = await start(
        {},
        {
          connectors: () => [{ ...TRACKER, config }],
          deployed: () => ({ ...STORED, config: { ...STORED.config, site: 'eu' } }),
        },
      );
      const at = (value: string) => ({ system: { ...DRAFT, config: { ...DRAFT.config, site: value } } });
      assert.equal((await red.post('/twinflow/test', at('evil.example'))).status, 400);
      assert.equal((await red.post('/twinflow/test', at('eu'))).status, 200);
      assert.equal(red.opened.length, 1);
    });

    it('gives way to one that was typed, to any address', async () => {
      red = await start();
      const config = { url: 'https://new.example', auth: 'key' };
      await red.post('/twinflow/test', { system: { ...DRAFT, config, credentials: { apiKey: 'typed now' } } });
      assert.equal(red.opened[0]?.credentials.apiKey, 'typed now');
      assert.equal(red.opened[0]?.config.url, 'https://new.example');
    });

    it('of an input that is not shown is not used', async () => {
      red = await start({}, { deployed: () => ({ ...STORED, credentials: { apiKey: SECRET, password: 'old one' } }) });
      await red.post('/twinflow/test', { system: DRAFT });
      assert.deepEqual(red.opened[0]?.credentials, { apiKey: SECRET });
    });

    it('is in no answer, not even where the system repeats it in its refusal', async () => {
      const basic = Buffer.from(`:${SECRET}`).toString('base64');
      red = await start({
        identify: async () => {
          throw new SyncError('auth', `The system refused the key ${SECRET}.`, {
            answer: `Authorization: Basic ${basic} at https://u:pw@tracker.example?key=${encodeURIComponent(SECRET)}`,
            fields: { apiKey: `not ${SECRET}` },
          });
        },
        projects: async () => {
          throw new Error(`fetch failed with ${SECRET}`);
        },
      });
      for (const route of ['test', 'projects']) {
        const { text, status } = await red.post(`/twinflow/${route}`, { system: DRAFT });
        assert.ok(status >= 400);
        assert.ok(!text.includes(SECRET) && !text.includes(basic) && !text.includes('u:pw'), text);
      }
    });

    it('that was typed is in no answer either', async () => {
      red = await start({
        identify: async () => {
          throw new SyncError('auth', 'refused: typed-secret');
        },
      });
      const system = { ...DRAFT, credentials: { apiKey: 'typed-secret' } };
      assert.ok(!(await red.post('/twinflow/test', { system })).text.includes('typed-secret'));
    });
  });

  describe('an answer', () => {
    it('describes the connectors without their functions, and names the time zone of the server', async () => {
      red = await start();
      const { body } = await red.get('/twinflow/connectors');
      const { connect, ...described } = TRACKER;
      assert.equal(typeof connect, 'function');
      const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
      assert.deepEqual(body, { items: [JSON.parse(JSON.stringify(described))], timeZone });
    });

    it('holds only the properties that a form needs', async () => {
      const chatty = { id: '1', name: 'Demo', internalToken: 'x' };
      red = await start({ projects: async () => [chatty] });
      assert.deepEqual((await red.post('/twinflow/projects', { system: DRAFT })).body, {
        items: [{ id: '1', name: 'Demo' }],
      });
    });

    it('is cut at 5,000 entries, and says so', async () => {
      const many = Array.from({ length: 6000 }, (_, index) => ({ id: String(index), name: `Project ${index}` }));
      red = await start({ projects: async () => many });
      const { body } = await red.post('/twinflow/projects', { system: DRAFT });
      assert.equal(Array.isArray(body.items) && body.items.length, 5000);
      assert.equal(body.truncated, true);
    });

    it('names people by what was typed, or exactly those with an address, login or name', async () => {
      const asked: unknown[] = [];
      red = await start({
        users: async (query) => {
          asked.push(query);
          return [{ id: '7', name: 'Ann', email: 'ann@example.org' }];
        },
      });
      const users = async (query: object) => (await red.post('/twinflow/users', { ...FULL, ...query })).body.items;
      assert.deepEqual(await users({ email: 'ann@example.org' }), [{ id: '7', name: 'Ann', email: 'ann@example.org' }]);
      await users({ login: 'ann' });
      await users({ search: 'an', email: '' });
      assert.deepEqual(asked, [{ email: 'ann@example.org' }, { login: 'ann' }, { search: 'an', project: '1' }]);
    });

    it('reports which entity types are parts, of which types, and in which role', async () => {
      red = await start({
        entityTypes: async () => [
          { id: '7', name: 'Bug' },
          { id: 'note', name: 'Note', partOf: ['7'], role: 'comment' },
        ],
      });
      assert.deepEqual((await red.post('/twinflow/types', FULL)).body.items, [
        { id: '7', name: 'Bug' },
        { id: 'note', name: 'Note', partOf: ['7'], role: 'comment' },
      ]);
    });

    it("lists a lookup field's own values by what was typed, and asks the system where it has no list", async () => {
      const asked: unknown[] = [];
      red = await start({
        lookupValues: async (...question) => {
          asked.push(question);
          return [{ id: '5', name: '2.0' }];
        },
      });
      const values = async (field: string, search: string) =>
        (await red.post('/twinflow/lookup-values', { ...FULL, field, search })).body.items;
      assert.deepEqual(await values('prio', 'hi'), [{ id: '2', name: 'High' }]);
      assert.deepEqual(asked, []);
      assert.deepEqual(await values('version', '2.'), [{ id: '5', name: '2.0' }]);
      assert.deepEqual(asked, [['1', '7', 'version', '2.']]);
    });

    it('reports the newest update as the start of polling, else 26 hours ago', async () => {
      const entity = { id: '9', key: '9', type: '7', project: '1', version: 'v', fields: {} };
      red = await start({
        newest: async ({ projects }) => (projects[0] === '1' ? { at: 'x' } : undefined),
        changes: async function* () {
          yield { entities: [{ ...entity, updatedAt: '2026-03-01T10:00:00Z' }], checkpoint: {} };
          throw new Error('the second page must not be asked for');
        },
      });
      const { body } = await red.post('/twinflow/newest', FULL);
      assert.deepEqual(body, { found: true, at: '2026-03-01T10:00:00Z' });
      const none = (await red.post('/twinflow/newest', { ...FULL, projects: ['2'] })).body;
      assert.equal(none.found, false);
      const hours = (Date.now() - Date.parse(String(none.from))) / 3_600_000;
      assert.ok(Math.abs(hours - 26) < 0.1, String(none.from));
    });

    it('of a system that is read by revision is the newest revision, and no time where there is none', async () => {
      const revisionIn = ({ at }: Checkpoint) => (at === 0 ? undefined : `r${at}`);
      red = await start({ newest: async ({ projects }) => ({ at: projects[0] === '1' ? 7 : 0 }), revisionIn });
      assert.deepEqual((await red.post('/twinflow/newest', FULL)).body, { found: true, revision: 'r7' });
      const none = { ...FULL, projects: ['2'] };
      assert.deepEqual((await red.post('/twinflow/newest', none)).body, { found: false });
    });
  });

  describe('a fault', () => {
    it('of the system comes with its kind, in words, and never as 401 or 403, which would end the login', async () => {
      const faults: [SyncError, number][] = [
        [new SyncError('auth', 'The key was refused.'), 422],
        [new SyncError('forbidden', 'Not yours.'), 422],
        [new SyncError('transient', 'No connection.'), 503],
        [new SyncError('fatal', 'That is not a Tracker.'), 502],
      ];
      let present = 0;
      red = await start({
        identify: async () => {
          throw faults[present]?.[0];
        },
      });
      for (const [index, [fault, status]] of faults.entries()) {
        present = index;
        const answer = await red.post('/twinflow/test', { system: DRAFT });
        assert.equal(answer.status, status);
        assert.deepEqual(answer.body, { error: { kind: fault.kind, message: fault.message } });
      }
    });

    it('names the inputs it is about', async () => {
      red = await start(
        {},
        {
          connect: () => {
            throw new SyncError('invalid', 'The address is no URL.', { fields: { url: 'no URL' } });
          },
        },
      );
      const { status, body } = await red.post('/twinflow/test', { system: DRAFT });
      assert.equal(status, 422);
      assert.deepEqual(body, {
        error: { kind: 'invalid', message: 'The address is no URL.', fields: { url: 'no URL' } },
      });
    });

    it('of the form is reported before any system is contacted', async () => {
      red = await start();
      for (const body of [{}, [], { system: 'x' }, { system: { kind: '' } }, { system: { kind: 'unheard-of' } }])
        assert.equal((await red.post('/twinflow/projects', body)).status, 400, JSON.stringify(body));
      const { body, status } = await red.post('/twinflow/types', { system: DRAFT });
      assert.equal(status, 422);
      assert.match(JSON.stringify(body), /Choose the project first/);
    });

    it('ends a question that the system never answers', async () => {
      red = await start({ projects: () => new Promise(() => undefined) }, { timeLimitMs: 40 });
      const { status, text } = await red.post('/twinflow/projects', { system: DRAFT });
      assert.equal(status, 503);
      assert.match(text, /no answer within/);
    });

    it('is a body that is too large', async () => {
      red = await start();
      const { status } = await red.post('/twinflow/projects', { system: DRAFT, search: 'x'.repeat(70_000) });
      assert.equal(status, 413);
      assert.equal(red.opened.length, 0);
    });
  });

  describe('a connection', () => {
    it('serves the next question too, but not one about another system', async () => {
      red = await start();
      await red.post('/twinflow/projects', { system: DRAFT });
      await red.post('/twinflow/types', FULL);
      assert.equal(red.opened.length, 1);
      await red.post('/twinflow/projects', { system: { ...DRAFT, credentials: { apiKey: 'another one' } } });
      assert.equal(red.opened.length, 2);
    });

    it('is made again, and the old one closed, when the form reloads', async () => {
      red = await start();
      await red.post('/twinflow/projects', { system: DRAFT });
      await red.post('/twinflow/projects', { system: DRAFT, reload: true });
      assert.equal(red.opened.length, 2);
      assert.equal(red.closed, 1);
    });

    it('is closed when it has rested for a while', async () => {
      red = await start({}, { idleMs: 10 });
      await red.post('/twinflow/projects', { system: DRAFT });
      for (let tries = 0; red.closed === 0 && tries < 200; tries += 1)
        await new Promise((later) => setTimeout(later, 5));
      assert.equal(red.closed, 1);
    });

    it('that is in use is closed only when its question is answered', async () => {
      let answer: (() => void) | undefined;
      let closed = false;
      let first = true;
      red = await start(
        {},
        {
          connect: () => {
            const slow = first;
            first = false;
            return connection({
              projects: async () => {
                if (slow) await new Promise<void>((go) => (answer = go));
                assert.equal(closed, false);
                return [{ id: '1', name: 'Demo' }];
              },
              ...(slow && {
                close: async () => {
                  closed = true;
                },
              }),
            });
          },
        },
      );
      const pending = red.post('/twinflow/projects', { system: DRAFT });
      while (!answer) await new Promise((later) => setTimeout(later, 2));
      await red.post('/twinflow/projects', { system: DRAFT, reload: true });
      assert.equal(closed, false);
      answer();
      assert.equal((await pending).status, 200);
      assert.equal(closed, true);
    });
  });
});
