import assert from 'node:assert/strict';
import { isElsewhere, type KinAsking } from '../../lib/engine/peers/elsewhere';
import { type Peer, Peers } from '../../lib/engine/peers/peers';
import type { IntegrationConfig } from '../../lib/model/config';
import type { KinLink, LinkEnd, StoredEvent } from '../../lib/store/store';

const pair = { one: { id: 'P', name: 'P' }, two: { id: 'P', name: 'P' }, direction: 'both' as const };
const bugs = { one: { id: 'Bug', name: 'Bug' }, two: { id: 'Bug', name: 'Bug' }, direction: 'both' as const };
const configOf = (id: string, system1: string, system2: string): IntegrationConfig => ({
  ...{ id, name: id, active: true, retries: 1, lostAfterMs: 1, system1, system2 },
  projectPairs: [pair],
  typePairs: [{ ...bugs, id: 'bugs' }],
});

const end = (system: string, id: string, isInDoubt: boolean): LinkEnd => ({
  ...{ system, version: '1', baseline: {}, ref: { id, key: id, type: 'Bug', project: 'P' } },
  ...(isInDoubt && { pending: { title: [{ sent: 'new' }] } }),
});

/** Two integrations of A-1 and B-1, and one over C-1; the younger of the two asks about a change of A-1. */
function ask({ inDoubt }: { inDoubt: string[] }, ...others: string[]): Promise<string | undefined> {
  const all: Record<string, [number, string, string]> = {
    older: [1, 'a', 'b'],
    'over C': [2, 'a', 'c'],
    'and on': [3, 'c', 'b'],
    younger: [4, 'a', 'b'],
  };
  const links = Object.entries(all).map(([integration, [id, one, two]]): KinLink => {
    const ends: KinLink['ends'] = [end(one, `${one}-1`, false), end(two, `${two}-1`, inDoubt.includes(integration))];
    return { id, integration, ends, places: [one, two] };
  });
  const peers = new Peers();
  const known = (integration: string): boolean => integration === 'younger' || others.includes(integration);
  for (const [id, [, one, two]] of Object.entries(all)) {
    if (!known(id)) continue;
    const peer: Peer = {
      config: configOf(id, one, two),
      carriesFrom: () => true,
      relevant: () => ({ fields: new Set(['title']) }),
      ignoresOwn: () => false,
      resume: () => undefined,
      lookAt: async () => undefined,
    };
    peers.join(peer);
  }
  const asking: KinAsking = {
    config: configOf('younger', 'a', 'b'),
    store: { kinOf: async () => links.filter(({ integration }) => known(integration)) },
    peers,
    systems: { 1: { id: 'a', place: 'a' }, 2: { id: 'b', place: 'b' } },
    relevance: { of: () => ({ fields: new Set(['title']) }) },
  };
  const link = links.find(({ integration }) => integration === 'younger');
  const event: StoredEvent = {
    ...{ seq: 9, state: 'sent', delivery: 1, attempts: 0, stale: false, flow: { integration: 'younger', side: 1 } },
    entity: { id: 'a-1', key: 'a-1', type: 'Bug', project: 'P', version: '2', updatedAt: '', fields: { title: 'new' } },
    link,
  };
  return isElsewhere(asking, event, 'B');
}

describe('a change that other integrations carry', () => {
  it('is left to an older integration of the same two items, and to others that lead there', async () => {
    assert.match((await ask({ inDoubt: [] }, 'older')) ?? '', /other integrations keep it in sync with b-1/);
    assert.match((await ask({ inDoubt: [] }, 'over C', 'and on')) ?? '', /other integrations/);
    assert.equal(await ask({ inDoubt: [] }), undefined);
  });

  it('is left to it as well where an update of either of them is in doubt: both know of that', async () => {
    assert.match((await ask({ inDoubt: ['older', 'younger'] }, 'older')) ?? '', /other integrations/);
  });

  it('is not left to those that know nothing of an update in doubt', async () => {
    assert.equal(await ask({ inDoubt: ['younger'] }, 'older'), undefined);
    assert.equal(await ask({ inDoubt: ['younger', 'over C', 'and on'] }, 'over C', 'and on'), undefined);
  });
});
