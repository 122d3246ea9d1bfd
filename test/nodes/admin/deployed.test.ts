import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { deployedSystem } from '../../../nodes/admin/deployed';

/** an environment variable, as people write it in a form */
const VARIABLE = ['$', '{REDMINE_URL}'].join('');

const FLOW = [
  { id: 'a', type: 'twinflow-system', kind: 'redmine', config: { url: VARIABLE }, proxy: 'p', tls: '' },
  { id: 'b', type: 'mqtt-broker', broker: 'x' },
];

function nodes(running?: object) {
  return {
    getNode: (id: string) => (id === 'a' ? running : undefined),
    eachNode: (callback: (node: object) => void) => FLOW.forEach(callback),
    getCredentials: (id: string) => ({ apiKey: `stored for ${id}`, cookie: 'not ours' }),
  };
}

describe('a deployed system', () => {
  it('is given as saved, with its own credentials', () => {
    assert.deepEqual(deployedSystem(nodes(), 'a'), {
      kind: 'redmine',
      config: { url: VARIABLE },
      credentials: { apiKey: 'stored for a' },
      proxy: 'p',
      tls: undefined,
    });
  });

  it('shows beside what was saved what its environment variables stand for', () => {
    const system = deployedSystem(
      nodes({ config: { url: 'https://redmine.example' }, credentials: { apiKey: 'from the environment' } }),
      'a',
    );
    assert.deepEqual(system?.effective, { url: 'https://redmine.example' });
    assert.deepEqual(system?.credentials, { apiKey: 'from the environment' });
  });

  it('is never a node of another type, whose credentials are not ours to send', () => {
    assert.equal(deployedSystem(nodes(), 'b'), undefined);
    assert.equal(deployedSystem(nodes(), 'unknown'), undefined);
  });
});
