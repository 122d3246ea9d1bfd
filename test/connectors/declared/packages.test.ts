/** An npm package registers a connector; one that cannot be used says why, once, and affects no other. */

import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { ConnectorPackages } from '../../../lib/connectors/declared/packages';
import { connectors } from '../../../lib/connectors/registry';
import { changed, SMALL } from './small';

const definition = (connector: unknown, more: object = {}) => ({
  ...{ type: 'twinflow-connector', api: 1, id: 'acme', module: 'node-red-twinflow-acme', connector },
  ...more,
});

describe('connectors of packages', () => {
  const told: string[] = [];
  const packages = (...registered: unknown[]): ConnectorPackages =>
    new ConnectorPackages(
      () => registered,
      new Set(Object.keys(connectors)),
      (problem) => told.push(problem),
    );
  beforeEach(() => {
    told.length = 0;
  });

  it('are the file as an object or as text, and one that is registered later is there at once', () => {
    const registered: unknown[] = [definition(SMALL)];
    const found = new ConnectorPackages(
      () => registered,
      new Set(),
      (problem) => told.push(problem),
    );
    assert.deepEqual(Object.keys(found.connectors()), ['small']);
    registered.push(definition(stringify(changed('kind', 'other')), { module: 'other' }));
    assert.deepEqual(Object.keys(found.connectors()), ['small', 'other']);
    assert.equal(found.connectors().small?.label, 'Small');
    assert.equal(found.connectors().small, found.connectors().small, 'made once');
    assert.deepEqual(told, []);
  });

  it('say once what is wrong, with the name of the package', () => {
    const circle: Record<string, unknown> = {};
    circle.own = circle;
    const found = packages(
      definition(SMALL, { api: 2 }),
      definition(changed('http.base', 'file:///etc')),
      definition(changed('kind', 'redmine')),
      definition(circle, { module: 'round' }),
      definition(undefined, { module: 'empty' }),
      definition(() => SMALL, { module: 'code' }),
      'not a definition',
      definition(SMALL, { module: 'good' }),
      definition(SMALL, { module: 'second' }),
    );
    for (let times = 0; times < 3; times++) assert.deepEqual(Object.keys(found.connectors()), ['small']);
    assert.equal(told.length, 7);
    assert.match(
      told[0] ?? '',
      /^node-red-twinflow-acme: it registers a connector for interface 2, and this Twinflow has 1/,
    );
    assert.match(told[1] ?? '', /^node-red-twinflow-acme:\d+: http\.base: it begins with/);
    assert.match(told[2] ?? '', /the kind "redmine" is one of Twinflow's own/);
    assert.match(told[3] ?? '', /^round: .*circular/i);
    assert.match(told[4] ?? '', /^empty:.*a map is expected/);
    assert.match(told[5] ?? '', /^code:.*a map is expected/);
    assert.match(told[6] ?? '', /^second: the kind "small" is that of good, which is used/);
  });
});
