/** How often auto map is right, on twelve pairs of real trackers: published in docs/auto-map.md, and never worse than there. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { proposeProjects, proposeTypes, proposeValues } from '../../lib/mapping/auto-map';
import { projectRoot } from '../support/node-red';
import { KINDS, PAIRS } from './vocabulary/pairs';
import { judge, score, table } from './vocabulary/score';
import { fieldsOf, SYSTEMS } from './vocabulary/systems';

const named = (...names: string[]) => names.map((name) => ({ id: name.toLowerCase(), name }));
const shown = (found: { one: { name: string }; two: { name: string }; direction: string }[]): string[] =>
  found.map(({ one, two, direction }) => `${one.name} ${direction} ${two.name}`);

describe('mapping/vocabulary: what auto map proposes between real trackers', () => {
  it('has answers that exist in both systems', () => {
    for (const pair of PAIRS)
      for (const kind of KINDS) {
        const names = (system: 'one' | 'two'): string[] =>
          kind === 'fields' ? fieldsOf(pair[system]).map(({ name }) => name) : SYSTEMS[pair[system]][kind];
        const [ones, twos] = [names('one'), names('two')];
        for (const line of pair[kind].split(';').filter((text) => text.trim() !== '')) {
          const [one = '', two = ''] = line.trim().replace(/^~/, '').split(' = ');
          assert.ok(ones.includes(one) && twos.includes(two), `${pair.one} – ${pair.two}, ${kind}: ${line.trim()}`);
        }
      }
  });

  for (const kind of KINDS) {
    it(`proposes ${kind} of which at least 95 % are not wrong, and finds at least 90 % (held out: 85 % and 60 %)`, () => {
      const [known, heldOut] = [score(kind, false), score(kind, true)];
      assert.ok(known.precision >= 0.95 && known.recall >= 0.9, JSON.stringify(known));
      assert.ok(heldOut.precision >= 0.85 && heldOut.recall >= 0.6, JSON.stringify(heldOut));
    });
  }

  it('is as good as the documentation says', () => {
    assert.ok(readFileSync(join(projectRoot, 'docs', 'auto-map.md'), 'utf8').includes(table()), table());
  });

  it('pairs every severity of Jira with that of Azure DevOps, where names alone are wrong', () => {
    const [pair] = PAIRS;
    assert.ok(pair);
    const { right, wrong } = judge(pair, 'severities');
    assert.deepEqual([right.length, wrong], [4, []]);
  });
});

describe('mapping/scales: the order of lists', () => {
  it('pairs scales of equal length from the most urgent on, whichever end comes first', () => {
    assert.deepEqual(shown(proposeValues(named('Low', 'Normal', 'High'), named('P1', 'P2', 'P3'))).sort(), [
      'High both P1',
      'Low both P3',
      'Normal both P2',
    ]);
  });

  it('leaves lists alone that are no scales, however long', () => {
    assert.deepEqual(proposeValues(named('Login', 'Payments', 'Search'), named('UI', 'Backend', 'Docs')), []);
    assert.deepEqual(proposeValues(named('1.0', '2.0'), named('3.0', '4.0')), []);
    assert.deepEqual(proposeValues(named('3 - Left', '4 - Right'), named('1 - Up', '2 - Down')), []);
  });

  it('pairs a step of a workflow that is alone between known ones', () => {
    assert.deepEqual(
      shown(proposeValues(named('Open', 'Doing', 'Checked', 'Done'), named('New', 'Active', 'Tested', 'Closed'))).at(
        -1,
      ),
      'Checked both Tested',
    );
  });

  it('does not pair steps by order where the lists run differently', () => {
    const found = shown(proposeValues(named('Done', 'Odd', 'New'), named('New', 'Even', 'Done')));
    assert.deepEqual(found.sort(), ['Done both Done', 'New both New']);
  });

  it('uses each value once in both directions, whatever the lists are', () => {
    const words = [
      'P1',
      'P2',
      'P3',
      '1 - High',
      '2 - Low',
      'High',
      'Low',
      'Urgent',
      'New',
      'Done',
      'Active',
      'x',
      '',
      '3',
      'Sev 1',
    ];
    const lists = fc.uniqueArray(fc.constantFrom(...words), { maxLength: 8 });
    fc.assert(
      fc.property(lists, lists, (ones, twos) => {
        const found = proposeValues(named(...ones), named(...twos));
        const both = found.filter(({ direction }) => direction === 'both');
        assert.equal(new Set(both.map(({ one }) => one.id)).size, both.length);
        assert.equal(new Set(both.map(({ two }) => two.id)).size, both.length);
        for (const { one, two, confidence } of found) {
          assert.ok(ones.includes(one.name) && twos.includes(two.name));
          assert.ok(confidence >= 0.6 && confidence <= 1);
        }
      }),
    );
  });
});

describe('mapping/auto-map: projects and types', () => {
  it('pairs projects with the same name, and the only two; never similar ones', () => {
    assert.deepEqual(shown(proposeProjects(named('Web shop', 'Apps'), named('web-shop', 'App store'))), [
      'Web shop both web-shop',
    ]);
    assert.deepEqual(shown(proposeProjects(named('Demo'), named('Fabrikam'))), ['Demo both Fabrikam']);
    assert.deepEqual(proposeProjects(named('Shop', 'SHOP', 'x'), named('shop', 'y')), []);
  });

  it('pairs each item type once', () => {
    assert.deepEqual(shown(proposeTypes(named('Bug', 'Defect', 'Story'), named('Bug', 'User Story'))).sort(), [
      'Bug both Bug',
      'Story both User Story',
    ]);
  });
});
