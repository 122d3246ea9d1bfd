import assert from 'node:assert/strict';
import type { GroupSurvey } from '../../lib/plan';
import { surveyCsv } from '../../lib/plan/survey-csv';

const group = (more: Partial<GroupSurvey>): GroupSurvey => ({
  direction: 'forward',
  side: 1,
  type: { id: '10101', name: 'Bug' },
  targetType: { id: 'Bug', name: 'Bug' },
  read: 3,
  extent: 'all',
  outcomes: {
    create: 2,
    update: 0,
    delete: 0,
    parked: 1,
    filtered: 0,
    nothing: 0,
    unmapped: 0,
    skipped: 0,
    noPair: 0,
    waits: 0,
  },
  nothing: { unchanged: 0, same: 0, kept: 0 },
  adopted: 0,
  conflicts: 0,
  fields: [],
  findings: [],
  moreFindings: 0,
  samples: {},
  ...more,
});

describe('plan: a survey as CSV', () => {
  it('has a row for each thing that was counted', () => {
    const csv = surveyCsv({
      groups: [
        group({
          fields: [{ field: 'System.Title', name: 'Title', created: 2, updated: 0, kept: 0, conflict: 1 }],
          findings: [
            {
              ...{ kind: 'unresolved', field: 'System.State', name: 'State', value: '"In Review"', count: 4 },
              reason: 'Status: "In Review" has no counterpart, in State',
              examples: [{ key: 'DEMO-1' }, { key: 'DEMO-2' }],
            },
          ],
        }),
      ],
    });
    assert.equal(csv.charCodeAt(0), 0xfeff);
    assert.deepEqual(csv.slice(1).trimEnd().split('\r\n'), [
      'direction,type,target type,what,kind,field,value,reason,count,examples',
      'forward,Bug,Bug,read,all,,,,3,',
      'forward,Bug,Bug,outcome,create,,,,2,',
      'forward,Bug,Bug,outcome,parked,,,,1,',
      'forward,Bug,Bug,field,created,Title (System.Title),,,2,',
      'forward,Bug,Bug,field,conflict,Title (System.Title),,,1,',
      'forward,Bug,Bug,finding,unresolved,State (System.State),"""In Review""","Status: ""In Review"" has no counterpart, in State",4,DEMO-1 DEMO-2',
    ]);
  });

  it('lets no text of a system become a formula', () => {
    const csv = surveyCsv({
      groups: [group({ type: { id: '1', name: '=HYPERLINK("http://x")' }, targetType: { id: '2', name: '@SUM' } })],
    });
    assert.match(csv, /forward,"'=HYPERLINK\(""http:\/\/x""\)",'@SUM,read/);
  });
});
