import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compileDomains,
  directoryOf,
  domainIssues,
  isDomain,
  type MappedFields,
  resolveUsers,
} from '../../lib/mapping';
import type { Direction, DirectionSetting, DomainRule, UserValue } from '../../lib/model';

const rule = (one: string, two: string, direction: DirectionSetting = 'both'): DomainRule => ({ one, two, direction });
const CLOUD = rule('@corp.example', '@corp.onmicrosoft.example');

const rewrite = (rules: DomainRule[], email: string, direction: Direction = 'forward') =>
  compileDomains(rules, direction)(email);

describe('mapping/domains: the domain of an address', () => {
  it('is rewritten forward and backward, whatever the case, and nothing but the domain', () => {
    assert.deepEqual(rewrite([CLOUD], 'Ann.Lee@CORP.example'), ['Ann.Lee@corp.onmicrosoft.example']);
    assert.deepEqual(rewrite([CLOUD], 'ann@corp.onmicrosoft.example', 'backward'), ['ann@corp.example']);
    assert.deepEqual(rewrite([CLOUD], 'ann@other.example'), []);
    assert.deepEqual(rewrite([CLOUD], 'ann@sub.corp.example'), []);
    assert.deepEqual(rewrite([CLOUD], 'ann@notcorp.example'), []);
    assert.deepEqual(rewrite([CLOUD], '"a@corp.example"@x.example'), []);
  });

  it('is left alone in the way that the rule does not go', () => {
    const oneWay = rule('corp.example', 'corp.onmicrosoft.example', 'forward');
    assert.deepEqual(rewrite([oneWay], 'ann@corp.onmicrosoft.example', 'backward'), []);
  });

  it('may be one of several: each is tried, in the order of the rules', () => {
    const rules = [CLOUD, rule('old.example', 'corp.onmicrosoft.example'), rule('corp.example', 'corp2.example')];
    assert.deepEqual(rewrite(rules, 'ann@old.example'), ['ann@corp.onmicrosoft.example']);
    assert.deepEqual(rewrite(rules, 'ann@corp.example'), ['ann@corp.onmicrosoft.example', 'ann@corp2.example']);
  });

  it('may be any sub-domain, which keeps its name, or becomes one domain one way', () => {
    const star = rule('*.corp.example', '*.corp.onmicrosoft.example');
    assert.deepEqual(rewrite([star], 'ann@eu.corp.example'), ['ann@eu.corp.onmicrosoft.example']);
    assert.deepEqual(rewrite([star], 'ann@a.eu.corp.onmicrosoft.example', 'backward'), ['ann@a.eu.corp.example']);
    assert.deepEqual(rewrite([star], 'ann@corp.example'), []);
    const all = rule('*.corp.example', 'corp.example', 'forward');
    assert.deepEqual(rewrite([all], 'ann@eu.corp.example'), ['ann@corp.example']);
  });
});

describe('mapping/domains: rules', () => {
  const codes = (...rules: DomainRule[]) => domainIssues(rules).map(({ level, code }) => `${level} ${code}`);

  it('are fine where every address comes back', () => {
    assert.deepEqual(codes(CLOUD, rule('*.corp.example', '*.corp.onmicrosoft.example')), []);
  });

  it('must be domains, a * only in front of one, and with a partner on the other side', () => {
    for (const wrong of [
      '',
      'corp example',
      'a@b@c',
      '*',
      'x.*.example',
      '.example',
      'corp.',
      'https://corp.example',
    ]) {
      assert.deepEqual(codes(rule(wrong, 'corp.example')), ['error badDomain'], wrong);
    }
    assert.ok(isDomain('büro.example') && isDomain('corp') && isDomain('*.corp.example'));
    assert.deepEqual(codes(rule('corp.example', '*.corp.example')), ['error starAlone']);
    assert.deepEqual(codes(rule('*.corp.example', 'corp.example')), ['error starAlone']);
    assert.deepEqual(codes(rule('a.example', '@A.example ')), ['warning sameDomain']);
  });

  it('say which addresses come back as others', () => {
    const [issue] = domainIssues([CLOUD, rule('old.example', 'corp.onmicrosoft.example')]);
    assert.deepEqual(issue?.code, 'comesBack');
    assert.deepEqual(issue?.round, ['@old.example', '@corp.onmicrosoft.example', '@corp.example']);
    assert.equal(issue?.rule, 1);
    assert.deepEqual(codes(rule('a.example', 'b.example', 'forward')), ['warning comesBack']);
    assert.deepEqual(codes(rule('a.example', 'b.example', 'forward'), rule('a.example', 'b.example', 'backward')), []);
  });

  it('that say once more what another says are of no use', () => {
    assert.deepEqual(codes(CLOUD, CLOUD), ['warning unused']);
  });

  it('property: where nothing is reported, an address comes back as itself; nothing is ever thrown', () => {
    const part = fc.constantFrom('a', 'b', 'c');
    const domain = fc
      .tuple(fc.constantFrom('', '', '*.'), fc.array(part, { minLength: 1, maxLength: 2 }))
      .map(([star, parts]) => `${star}${parts.join('.')}`);
    const anyRule = fc.record({
      one: fc.oneof({ weight: 9, arbitrary: domain }, { weight: 1, arbitrary: fc.string() }),
      two: fc.oneof({ weight: 9, arbitrary: domain }, { weight: 1, arbitrary: fc.string() }),
      direction: fc.constantFrom<DirectionSetting>('both', 'both', 'forward', 'backward'),
    });
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 3 }), fc.oneof(fc.emailAddress(), fc.string()), (rules, email) => {
        for (const direction of ['forward', 'backward'] as const) compileDomains(rules, direction)(email);
        domainIssues(rules);
      }),
      { numRuns: 1000 },
    );
    let returned = 0;
    const goodRule = anyRule.filter((one) => domainIssues([one]).length === 0);
    fc.assert(
      fc.property(
        fc.array(goodRule, { maxLength: 3 }),
        fc.array(part, { minLength: 1, maxLength: 4 }),
        (rules, parts) => {
          if (domainIssues(rules).length > 0) return;
          const there = `x@${parts.join('.')}`;
          for (const over of rewrite(rules, there)) {
            assert.equal(rewrite(rules, over, 'backward')[0], there);
            returned += 1;
          }
        },
      ),
      { numRuns: 3000 },
    );
    assert.ok(returned > 100, String(returned));
  });
});

describe('mapping/domains: people', () => {
  const ONE: UserValue[] = [
    { id: '1', name: 'Ann Lee', login: 'ann', email: 'ann@corp.example' },
    { id: '2', name: 'Bob Ray', login: 'bob', email: 'bob@corp.example' },
    { id: '3', name: 'Guest', login: 'guest', email: 'guest@partner.example' },
  ];
  const TWO: UserValue[] = [
    { id: 'a', name: 'Lee, Ann', email: 'ann@corp.onmicrosoft.example' },
    { id: 'b', name: 'Bob Ray', login: 'bob', email: 'bob@elsewhere.example' },
    { id: 'c', name: 'Guest', email: 'guest@partner.example' },
  ];
  const sides = { forward: directoryOf(TWO), backward: directoryOf(ONE) };

  const resolve = async (person: UserValue, direction: Direction, how = { from: ['owner'] }, rules = [CLOUD]) => {
    const { id: _own, ...known } = person;
    const input: MappedFields = {
      fields: { lead: known },
      mapped: { lead: { type: 'user', source: person, ...how } },
      unresolved: {},
    };
    const result = await resolveUsers(input, new Map(), sides[direction], undefined, compileDomains(rules, direction));
    return result.fields.lead;
  };

  it('are the same person there and back', async () => {
    for (const person of [ONE[0], ONE[2]]) {
      const there = await resolve(person ?? {}, 'forward');
      assert.notEqual(there, undefined);
      assert.deepEqual(await resolve(there as UserValue, 'backward'), person);
    }
  });

  it('are found by their own address where the rewritten one is nobody’s', async () => {
    const rules = [rule('partner.example', 'nowhere.example')];
    assert.deepEqual(await resolve(ONE[2] ?? {}, 'forward', undefined, rules), TWO[2]);
  });

  it('of the same login and name, but with an address that no rule explains, are somebody else', async () => {
    assert.equal(await resolve(ONE[1] ?? {}, 'forward'), undefined);
    const rules = [CLOUD, rule('corp.example', 'elsewhere.example')];
    assert.deepEqual(await resolve(ONE[1] ?? {}, 'forward', undefined, rules), TWO[1]);
  });

  it('that a constant names are the target’s: their address is not rewritten', async () => {
    const wrong = { email: 'guest@partner.example' };
    const rules = [rule('partner.example', 'corp.onmicrosoft.example')];
    assert.deepEqual(await resolve(wrong, 'forward', { from: [] }, rules), TWO[2]);
  });
});
