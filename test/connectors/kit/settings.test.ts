import assert from 'node:assert/strict';
import type { Connection } from '../../../lib/connectors/connector';
import { address, choice, concurrency, defineConnector, secret, text } from '../../../lib/connectors/kit/settings';
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
});
