import assert from 'node:assert/strict';
import { adviceFor, Causes, causeOf, withoutEntity } from '../../lib/engine/causes';
import type { ParkedError, StoredError } from '../../lib/store/store';

const AT = '2026-06-01T12:00:00.000Z';
const error = (message: string, more: Partial<StoredError> = {}): StoredError => ({
  ...{ kind: 'invalid', message, at: AT },
  ...more,
});
const cause = (message: string, more: Partial<StoredError> = {}): string =>
  causeOf({ side: 1, error: error(message, more) });

describe('causes of parked changes', () => {
  it('are the same for other entities, values and numbers', () => {
    assert.equal(
      cause('Bug DEMO-17 → Azure DevOps: "Blocked" is no state'),
      cause('Task DEMO-18 → Azure DevOps: "Later" is no state'),
    );
    assert.equal(cause('the text has 300 characters, 255 fit'), cause('the text has 4711 characters, 255 fit'));
    assert.equal(withoutEntity('Bug 4 → Redmine B: DEMO-17 is closed since 3 days'), '# is closed since # days');
  });

  it('differ by field, reason, kind, node and direction', () => {
    const all = [
      cause('rejected', { fields: { priority: 'cannot be blank' } }),
      cause('rejected', { fields: { priority: 'is not in the list' } }),
      cause('rejected', { fields: { title: 'cannot be blank' } }),
      cause('rejected', { kind: 'conflict' }),
      cause('rejected', { node: 'n1' }),
      cause('rejected'),
      causeOf({ side: 2, error: error('rejected') }),
    ];
    assert.equal(new Set(all).size, all.length);
    assert.equal(cause('one, two', { fields: { a: 'x', b: 'y' } }), cause('two, one', { fields: { b: 'y', a: 'x' } }));
  });

  it('come with the one thing to do', () => {
    const said = (more: Partial<StoredError>) => adviceFor(error('', more));
    assert.equal(said({ fields: { priority: 'x' } }), 'mapping');
    assert.equal(said({ node: 'n1' }), 'mapping');
    assert.equal(said({}), 'value');
    assert.equal(said({ kind: 'forbidden' }), 'permission');
    assert.equal(said({ kind: 'conflict' }), 'decide');
    assert.equal(said({ kind: 'notFound' }), 'counterpart');
    assert.equal(said({ kind: 'transient' }), 'retry');
    assert.equal(said({ kind: 'fatal' }), 'look');
  });

  it('of ten thousand changes are found in portions, soon, and others go on in between', async () => {
    const all: ParkedError[] = Array.from({ length: 10_000 }, (_, index) => ({
      ...{ seq: index * 3, side: 1 },
      error: error(`Bug DEMO-${index} → Azure DevOps: "${index % 7}" is no state`, {
        fields: { state: `"v${index}" is not in the list of ${'abcdefgh'[index % 8]}` },
        at: new Date(Date.parse(AT) + index).toISOString(),
      }),
    }));
    let rests = 0;
    const causes = new Causes(
      { parkedErrors: async (_id, after, limit) => all.filter(({ seq }) => seq > after).slice(0, limit) },
      'integration',
      async () => {
        rests += 1;
      },
    );
    const before = performance.now();
    const list = await causes.list();
    const took = performance.now() - before;
    assert.ok(took < 1_500, `${took} ms`);
    assert.deepEqual([list.length, list.reduce((sum, { count }) => sum + count, 0), rests], [8, 10_000, 10]);
    assert.equal(list[0]?.message, '"0" is no state');
    assert.equal(list[0]?.last, all.at(-8)?.error.at);
    assert.equal((await causes.numbersOf(list[0]?.cause ?? '')).length, 1_250);
  });
});
