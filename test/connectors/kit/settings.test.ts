import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import {
  address,
  alternatives,
  choice,
  concurrency,
  defineConnector,
  flag,
  otherAddress,
  secret,
  text,
} from '../../../lib/connectors/kit/settings';
import { SyncError } from '../../../lib/model/errors';

describe('connector kit: settings', () => {
  let given: unknown;
  const connector = defineConnector({
    ...{ kind: 'example', label: 'Example', category: 'alm' },
    settings: {
      url: address({ label: 'URL' }),
      token: secret({ label: 'Token' }),
      flavour: choice({ label: 'Flavour' }, [
        { value: 'plain', label: 'Plain' },
        { value: 'sweet', label: 'Sweet' },
      ]),
      note: text({ label: 'Note' }),
      concurrency: concurrency(2),
    },
    connect(values) {
      given = values;
      return {} as Connection;
    },
  });

  it('declare the form’s inputs', () => {
    assert.deepEqual(
      connector.config.map(({ name, type, required, default: usual }) => [name, type, required ?? false, usual]),
      [
        ['url', 'url', true, undefined],
        ['token', 'secret', true, undefined],
        ['flavour', 'select', false, 'plain'],
        ['note', 'text', false, undefined],
        ['concurrency', 'select', false, '2'],
      ],
    );
  });

  it('give checked values, defaults where nothing is chosen', () => {
    connector.connect({ url: 'https://example.com/rt', token: ' abc ' }, {});
    assert.deepEqual(given, {
      ...{ url: 'https://example.com/rt/', token: 'abc', flavour: 'plain', note: undefined, concurrency: 2 },
    });
    connector.connect({ url: 'https://example.com', token: 'abc', flavour: 'sweet', note: 'x', concurrency: '8' }, {});
    assert.deepEqual(given, { url: 'https://example.com/', token: 'abc', flavour: 'sweet', note: 'x', concurrency: 8 });
  });

  it('name every input that has the wrong type, optional ones too', () => {
    const strange = defineConnector({
      ...{ kind: 'strange', label: 'Strange', category: 'alm' },
      settings: {
        ...{ url: otherAddress({ label: 'Other URL' }, undefined), note: text({ label: 'Note' }, 'none') },
        ...{ mail: flag({ label: 'Mail' }), concurrency: concurrency(2) },
        flavour: choice({ label: 'Flavour' }, [{ value: 'plain', label: 'Plain' }]),
      },
      connect: () => ({}) as Connection,
    });
    const fields = (values: object): unknown => {
      try {
        strange.connect(JSON.parse(JSON.stringify(values)), {});
        return undefined;
      } catch (thrown) {
        assert.ok(thrown instanceof SyncError);
        return thrown.detail.fields;
      }
    };
    assert.deepEqual(fields({ url: 5, note: true, mail: 'yes', concurrency: 'many', flavour: ['plain'] }), {
      url: 'Other URL is 5, not a text',
      note: 'Note is true, not a text',
      mail: 'Mail is "yes", not true or false',
      concurrency: 'Parallel writes is "many", not a number',
      flavour: 'Flavour is ["plain"], not a text',
    });
    assert.equal(fields({ url: null, note: '', mail: null, concurrency: 4, flavour: '' }), undefined);
  });

  it('name every input that is wrong, at once', () => {
    assert.throws(
      () => connector.connect({ url: 'example', flavour: 'bitter' }, {}),
      (error: unknown) => {
        assert.ok(error instanceof SyncError && error.kind === 'invalid');
        assert.deepEqual(Object.keys(error.detail.fields ?? {}), ['url', 'token', 'flavour']);
        assert.match(error.message, /Token is missing/);
        return true;
      },
    );
  });

  it('refuse a secret under a name that Node-RED would not keep', () => {
    const settings = { pin: secret({ label: 'PIN' }) };
    const define = () =>
      defineConnector({ kind: 'x', label: 'X', category: 'alm', settings, connect: () => ({}) as Connection });
    assert.throws(define, /pin/);
  });

  describe('of several ways to sign in', () => {
    const signing = defineConnector({
      ...{ kind: 'signing', label: 'Signing', category: 'alm' },
      settings: {
        url: address({ label: 'URL' }),
        auth: alternatives(
          { label: 'Sign in with' },
          {
            key: { label: 'Key', settings: { apiKey: secret({ label: 'API key' }) } },
            client: {
              label: 'Client',
              settings: {
                clientId: secret({ label: 'Client id' }),
                tokenUrl: otherAddress({ label: 'Token address' }, 'https://login.example.com/token'),
              },
            },
          },
        ),
        quiet: flag({ label: 'Quiet' }, true),
      },
      check: ({ auth, quiet }): Record<string, string> =>
        auth.kind === 'client' && !quiet ? { quiet: 'A client must be quiet' } : {},
      connect(values) {
        given = values;
        return {} as Connection;
      },
    });
    const refused = (config: Record<string, string | boolean>): Record<string, string> => {
      try {
        signing.connect(config, {});
      } catch (thrown) {
        if (thrown instanceof SyncError && thrown.kind === 'invalid') return thrown.detail.fields ?? {};
      }
      return assert.fail('was taken');
    };
    const url = 'https://example.com/x/';

    it('show the inputs of the one that is chosen', () => {
      const at = (value: string) => ({ name: 'auth', value });
      assert.deepEqual(
        signing.config.map(({ name, visibleIf }) => [name, visibleIf]),
        [
          ['url', undefined],
          ['auth', undefined],
          ['apiKey', at('key')],
          ['clientId', at('client')],
          ['tokenUrl', at('client')],
          ['quiet', undefined],
        ],
      );
    });

    it('are read by the one that is chosen, the first where none is', () => {
      signing.connect({ url, apiKey: 'k' }, {});
      assert.deepEqual(given, { url, auth: { kind: 'key', apiKey: 'k' }, quiet: true });
      signing.connect({ url, auth: 'client', clientId: 'c', quiet: true }, {});
      const tokenUrl = 'https://login.example.com/token';
      assert.deepEqual(given, { url, auth: { kind: 'client', clientId: 'c', tokenUrl }, quiet: true });
    });

    it('name what they lack, and what does not go together', () => {
      assert.deepEqual(refused({ url, auth: 'client', tokenUrl: 'nowhere' }), {
        clientId: 'Client id is missing',
        tokenUrl: 'Token address is not a URL',
      });
      assert.deepEqual(refused({ url, auth: 'magic' }), { auth: 'Sign in with has no option "magic"' });
      assert.deepEqual(refused({ url, auth: 'client', clientId: 'c', quiet: false }), {
        quiet: 'A client must be quiet',
      });
    });

    it('two configurations of one address are one server', () => {
      assert.equal(signing.place?.({ url: 'HTTPS://Example.com:443/x' }), 'example.com/x');
      const odd = {
        ...{ kind: 'odd', label: 'Odd', category: 'alm' as const },
        settings: { space: text({ label: 'Space' }) },
      };
      const made = defineConnector({ ...odd, place: ({ space }) => `${space}`, connect: () => ({}) as Connection });
      assert.equal(made.place?.({ space: 's' }), 's');
    });
  });

  it('take a number of writes at a time that no form offers', () => {
    const config = { url: 'https://example.com', token: 'abc' };
    for (const [value, number] of [
      ['3', 3],
      ['99', 8],
      ['', 2],
    ] as const) {
      connector.connect({ ...config, concurrency: value }, {});
      assert.equal((given as { concurrency: number }).concurrency, number);
    }
  });
});
