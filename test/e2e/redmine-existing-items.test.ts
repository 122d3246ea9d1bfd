import { redmine as connector } from '../../lib/connectors/redmine';
import { describeWithRedmine, type RedmineServer } from '../support/redmine';
import { type ExistingEnd, existingRules } from './existing-rules';

/** Beta, in which no other test writes at the same time, and the tracker that the fewest seeded issues have. */
const [PROJECT, TRACKER] = ['2', '3'];

describeWithRedmine('e2e/redmine: existing items', function (a, b) {
  this.timeout(180_000);

  existingRules(() => {
    const end = (server: RedmineServer): ExistingEnd => {
      const as = (user: 'sync' | 'alice') =>
        connector.connect({ url: server.url, auth: 'apiKey', apiKey: server.key(user) }, { http: {} });
      return { sync: as('sync'), person: as('alice'), project: PROJECT, type: TRACKER };
    };
    const second = { id: 'due_date', type: 'date' } as const;
    return { one: end(a), two: end(b), title: 'subject', second, values: ['2031-05-05', '2031-06-06'] };
  });
});
