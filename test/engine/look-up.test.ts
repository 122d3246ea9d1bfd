/** Items that are on both sides before they are synced: found by their fields, and linked instead of made again. */

import assert from 'node:assert/strict';
import fc from 'fast-check';
import { adoptedBases, lookUpOutcome } from '../../lib/engine/write/adopting';
import { concerned } from '../../lib/merge/fields';
import type { IntegrationConfig, LookUpRule } from '../../lib/model/config';
import { ITEM_KEY } from '../../lib/model/config';
import type { Entity } from '../../lib/model/entity';
import { SyncError } from '../../lib/model/errors';
import { isSameText, plainPart, textFinder } from '../../lib/model/same-text';
import type { Fields } from '../../lib/model/values';
import { Workbench } from './workbench';

const field = (id: string) => ({ id, name: id, type: 'text' as const });
const TITLE: LookUpRule = {
  fields: [{ one: field('title'), two: field('title'), how: 'equal' }],
  ...{ none: 'create', one: 'adopt', several: 'park', differing: 'rows' },
};

const withRule = (
  rule: Partial<LookUpRule> = {},
  direction: 'both' | 'forward' = 'both',
): Partial<IntegrationConfig> => {
  const [bug, project] = [
    { id: 'Bug', name: 'Bug' },
    { id: 'P', name: 'P' },
  ];
  return {
    typePairs: [{ id: 'bugs', one: bug, two: bug, direction, lookUp: { ...TITLE, ...rule } }],
    projectPairs: [{ one: project, two: project, direction }],
  };
};

describe('A look-up before a create', () => {
  let bench: Workbench;
  const start = async (rule: Partial<LookUpRule> = {}, direction: 'both' | 'forward' = 'forward'): Promise<void> => {
    bench = await Workbench.start(withRule(rule, direction));
    bench.one.searches = true;
    bench.two.searches = true;
  };
  afterEach(() => bench.stop());
  const linkedWith = async (id: string): Promise<string | undefined> =>
    (await bench.store.linkOf('integration', 1, id))?.ends[1].ref.id;

  it('links what is there, and creates the rest', async () => {
    await start();
    bench.two.save('two-1', { title: ' Cart loses items ' });
    bench.one.save('one-1', { title: 'Cart loses items', priority: 'high' });
    bench.one.save('one-2', { title: 'Another one' });
    await bench.sync();
    assert.equal(await linkedWith('one-1'), 'two-1');
    assert.equal(bench.two.entities.size, 2);
    assert.equal(bench.two.entities.get('two-1')?.fields.priority, 'high');
    assert.deepEqual(
      bench.results.map(({ outcome }) => outcome),
      ['adopted', 'created'],
    );
  });

  it('recognizes the pair from whichever side it is read first, and adopts each item once', async () => {
    await start({}, 'both');
    for (const title of ['A', 'B', 'C']) {
      bench.one.save(`one-${title}`, { title });
      bench.two.save(`two-${title}`, { title });
    }
    // a second one of the same title is a new item: its counterpart is taken
    bench.one.save('one-A2', { title: 'A' });
    await bench.sync();
    await bench.sync();
    for (const title of ['A', 'B', 'C']) assert.equal(await linkedWith(`one-${title}`), `two-${title}`);
    assert.deepEqual([bench.one.entities.size, bench.two.entities.size], [4, 4]);
    const writes = bench.one.asked.length + bench.two.asked.length;
    await bench.sync();
    assert.equal(bench.one.asked.length + bench.two.asked.length, writes, 'a second run changes nothing');
  });

  for (const [none, outcome] of [
    ['create', [1, 0, 0]],
    ['skip', [0, 1, 0]],
    ['park', [0, 0, 1]],
  ] as const) {
    it(`that finds nothing: ${none}`, async () => {
      await start({ none });
      bench.one.save('one-1', { title: 'New' });
      await bench.sync();
      const skipped = bench.results.filter((result) => result.outcome === 'skipped').length;
      const parked = bench.failures.filter((failure) => failure.parked).length;
      assert.deepEqual([bench.two.entities.size, skipped, parked], outcome);
    });
  }

  for (const [several, made, linked] of [
    ['park', 0, undefined],
    ['adopt', 0, 'two-1'],
    ['create', 1, 'new'],
    ['skip', 0, undefined],
  ] as const) {
    it(`that finds several: ${several}`, async () => {
      await start({ several });
      bench.two.save('two-1', { title: 'Twin' });
      bench.two.save('two-2', { title: 'Twin' });
      bench.one.save('one-1', { title: 'Twin' });
      await bench.sync();
      assert.equal(bench.two.entities.size, 2 + made);
      const link = await linkedWith('one-1');
      if (linked === 'new') assert.ok(link !== undefined && link !== 'two-1' && link !== 'two-2');
      else assert.equal(link, linked);
      if (several === 'park')
        assert.match((await bench.parked()).error.message, /2 items in Two may belong to it: two-1, two-2/);
    });
  }

  it('that finds one may leave it alone', async () => {
    await start({ one: 'skip' });
    bench.two.save('two-1', { title: 'There' });
    bench.one.save('one-1', { title: 'There' });
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, bench.two.asked.length, await linkedWith('one-1')], [1, 0, undefined]);
    assert.equal(bench.results[0]?.warnings[0]?.reason, 'two-1 in Two is there already');
  });

  it('compares all fields of the rule, in any case if it says so, and finds keys within texts', async () => {
    await start({
      fields: [
        { one: field('title'), two: field('title'), how: 'ignoreCase' },
        { one: field('priority'), two: field('priority'), how: 'equal' },
      ],
    });
    bench.two.save('two-1', { title: 'STRASSE ÄÖ', priority: 'low' });
    bench.two.save('two-2', { title: 'Strasse äö', priority: 'high' });
    bench.one.save('one-1', { title: 'strasse Äö', priority: 'high' });
    await bench.sync();
    assert.equal(await linkedWith('one-1'), 'two-2');
    await bench.stop();
    await start({ fields: [{ one: field(ITEM_KEY), two: field('note'), how: 'inside' }] });
    bench.two.save('two-7', { title: 'x', note: 'see one-17 for more' });
    bench.two.save('two-8', { title: 'y', note: '(one-1)' });
    bench.one.save('one-1', { title: 'z' });
    await bench.sync();
    assert.equal(await linkedWith('one-1'), 'two-8');
  });

  it('finds by the key that a field of the source holds', async () => {
    await start({ fields: [{ one: field('note'), two: field(ITEM_KEY), how: 'equal' }] });
    bench.two.save('two-9', { title: 'x' });
    bench.one.save('one-1', { title: 'z', note: 'two-9' });
    await bench.sync();
    assert.equal(await linkedWith('one-1'), 'two-9');
  });

  it('looks for nothing by an empty field', async () => {
    await start({ fields: [{ one: field('note'), two: field('note'), how: 'equal' }] });
    bench.two.save('two-1', { title: 'x', note: null });
    bench.one.save('one-1', { title: 'y', note: null });
    await bench.sync();
    assert.deepEqual([bench.two.entities.size, bench.two.searched.length], [2, 0]);
  });

  it('asks for a batch in one request, and for one that cannot be searched alone', async () => {
    await start();
    for (let number = 0; number < 10; number += 1) {
      bench.two.save(`two-${number}`, { title: `Bug ${number}` });
      bench.one.save(`one-${number}`, { title: `Bug ${number}` });
    }
    await bench.sync();
    assert.equal(bench.two.searched.length, 1);
    assert.equal(bench.two.entities.size, 10);
    bench.two.cannotSearch = 'Bug b';
    for (const title of ['Bug a', 'Bug b', 'Bug c']) bench.one.save(`one-${title}`, { title });
    await bench.sync(600_000);
    assert.equal(bench.two.entities.size, 12, 'what cannot be looked up is not made');
    assert.match((await bench.parked()).error.message, /Whether "Bug b" is there in title cannot be looked up/);
  });

  it('creates nothing while the target does not tell whether it is there', async () => {
    await start();
    bench.two.save('two-1', { title: 'Hidden' });
    bench.two.unshown.add('two-1');
    bench.one.save('one-1', { title: 'Hidden' });
    await bench.sync(600_000);
    assert.equal(bench.two.entities.size, 1);
    assert.match((await bench.parked()).error.message, /it is not known whether it is there already/);
  });

  it('creates nothing when the search fails as a whole', async () => {
    await start();
    bench.two.fault = new SyncError('transient', 'HTTP 503', { status: 503 });
    bench.one.save('one-1', { title: 'Bug' });
    await bench.sync();
    bench.two.fault = undefined;
    bench.two.save('two-1', { title: 'Bug' });
    await bench.sync(600_000);
    assert.equal(await linkedWith('one-1'), 'two-1');
    assert.equal(bench.two.entities.size, 1);
  });
});

describe('Fields that differ when an item is adopted', () => {
  let bench: Workbench;
  afterEach(() => bench.stop());

  /** Both sides after all is synced: title, priority, note of each. */
  const synced = async (differing: LookUpRule['differing'], older: 'one' | 'two'): Promise<Fields[]> => {
    bench = await Workbench.start(withRule({ differing }, 'both'));
    bench.one.searches = true;
    bench.two.searches = true;
    const save = {
      one: () => bench.one.save('one-1', { title: 'Bug', priority: 'one', note: 'only one' }),
      two: () => bench.two.save('two-1', { title: 'Bug', priority: 'two', link: 'x' }),
    };
    save[older]();
    await bench.wait(5_000);
    save[older === 'one' ? 'two' : 'one']();
    // side 1 is read, side 2 only has what the look-up finds
    await bench.sync();
    await bench.sync();
    assert.deepEqual([bench.one.entities.size, bench.two.entities.size], [1, 1]);
    return [...bench.one.entities.values(), ...bench.two.entities.values()].map(({ fields }) => fields);
  };

  it('the side that is synced first wins, and an empty field takes the other one’s value', async () => {
    const [one, two] = await synced('source', 'one');
    assert.equal(one?.priority, two?.priority);
    assert.deepEqual([one?.note, two?.note], ['only one', 'only one']);
  });

  for (const older of ['one', 'two'] as const) {
    it(`the newest wins, also as the conflict rules of the rows have it: ${older} is older`, async () => {
      for (const differing of ['newest', 'rows'] as const) {
        const [one, two] = await synced(differing, older);
        const newer = older === 'one' ? 'two' : 'one';
        assert.deepEqual([one?.priority, two?.priority], [newer, newer]);
        if (differing === 'newest') await bench.stop();
      }
    });
  }

  it('or the change is parked, with the fields', async () => {
    bench = await Workbench.start(withRule({ differing: 'park' }, 'forward'));
    bench.one.searches = true;
    bench.two.searches = true;
    bench.two.save('two-1', { title: 'Bug', priority: 'two' });
    bench.two.save('two-2', { title: 'Same', priority: 'p' });
    bench.one.save('one-1', { title: 'Bug', priority: 'one' });
    bench.one.save('one-2', { title: 'Same', priority: 'p', note: 'n' });
    await bench.sync();
    const { error } = await bench.parked();
    assert.match(error.message, /two-1 in Two belongs to it, and a field differs/);
    assert.deepEqual(Object.keys(error.fields ?? {}), ['priority']);
    assert.equal(bench.two.entities.get('two-2')?.fields.note, 'n');
  });

  it('one way, the target keeps what it has if it wins', async () => {
    bench = await Workbench.start(withRule({ differing: 'target' }, 'forward'));
    bench.one.searches = true;
    bench.two.searches = true;
    bench.two.save('two-1', { title: 'Bug', priority: 'two' });
    bench.one.save('one-1', { title: 'Bug', priority: 'one', note: 'n' });
    await bench.sync();
    const fields = bench.two.entities.get('two-1')?.fields;
    assert.deepEqual([fields?.priority, fields?.note], ['two', 'n']);
    bench.one.save('one-1', { priority: 'edited' });
    await bench.sync();
    assert.equal(bench.two.entities.get('two-1')?.fields.priority, 'edited');
  });
});

describe('Adoption, without a system', () => {
  const entity = (key: string): Entity => ({
    id: key,
    key,
    type: 'T',
    project: 'P',
    version: '',
    updatedAt: '',
    fields: {},
  });

  it('has an outcome for each number of items, with their keys', () => {
    const found = ['a', 'b', 'c', 'd', 'e', 'f'].map(entity);
    assert.deepEqual(lookUpOutcome(TITLE, [], 'X'), { do: 'create' });
    assert.deepEqual(lookUpOutcome(TITLE, found, 'X'), {
      do: 'park',
      reason: '6 items in X may belong to it: a, b, c, d, e …',
    });
    const outcome = lookUpOutcome({ ...TITLE, several: 'adopt' }, found, 'X');
    assert.equal(outcome.do === 'adopt' && outcome.found.key, 'a');
  });

  it('never makes a change of an empty field, and never of both sides of one field', () => {
    const text = fc.constantFrom<string | null>(null, 'x', 'y', ' x ');
    fc.assert(
      fc.property(
        fc.record({ a: text, b: text }),
        fc.record({ a: text, b: text }),
        fc.constantFrom('source', 'target', 'newest', 'rows', 'park'),
        fc.boolean(),
        (here, there, differ, isNewer) => {
          const at = (hour: number) => `2026-11-30T1${hour}:00:00Z`;
          const mapped = { a: { from: ['a'] }, b: { from: ['b'] } };
          const entityHere = { fields: here, updatedAt: at(isNewer ? 2 : 0) };
          const message = {
            topic: '',
            payload: here,
            sync: {
              ...{
                integration: 'i',
                direction: 'forward' as const,
                event: '1.1',
                kind: 'create' as const,
                changed: [],
              },
              entity: { ...entity('k'), updatedAt: '' },
              ...{ pair: 'p', target: { type: 'T', project: 'P' }, mapped },
            },
          };
          const bases = adoptedBases(differ, message, entityHere, { fields: there, updatedAt: at(1) });
          const changed = concerned({
            mapped,
            source: { base: bases.source, now: here, updatedAt: '' },
            target: { base: bases.target, now: there, updatedAt: '' },
          }).map((one) => one.field);
          for (const name of ['a', 'b'] as const) {
            if (here[name] === null && there[name] !== null) assert.ok(!changed.includes(name));
            if (here[name] !== null && there[name] === null) assert.ok(changed.includes(name));
          }
          const won = differ === 'newest' ? (isNewer ? 'source' : 'target') : differ;
          for (const name of bases.differing) {
            if (won === 'target') assert.ok(!changed.includes(name));
            if (won === 'source') assert.equal(bases.target[name], there[name as 'a' | 'b']);
          }
        },
      ),
    );
  });

  it('compares texts, never patterns: signs of every query language mean themselves', () => {
    const hostile = [
      'a" OR "1"="1',
      "O'Brien",
      '[System.Id] > 0',
      '100%',
      '_',
      '\\',
      'x) OR (1=1',
      '~"*',
      '.*',
      'DEMO-1',
    ];
    for (const text of hostile) {
      for (const how of ['equal', 'ignoreCase', 'inside'] as const) {
        assert.deepEqual(
          hostile.filter((other) => isSameText(text, other, how)),
          [text],
          `${text} ${how}`,
        );
      }
    }
    assert.equal(isSameText('DEMO-1', 'see DEMO-1, and DEMO-17', 'inside'), true);
    assert.equal(isSameText('DEMO-1', 'DEMO-17', 'inside'), false);
    assert.equal(textFinder(['x', 'Ä'], 'ignoreCase')(['ä']), true);
    assert.equal(textFinder(['x'], 'equal')(null), false);
    assert.equal(textFinder([''], 'inside')('anything'), false);
    assert.equal(plainPart('ÄRGER mit 100% Login'), 'RGER mit 100');
    assert.equal(plainPart('Ошибка'), '');
  });
});
