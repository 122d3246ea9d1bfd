/** GitHub issues, a connector without a line of code, pass the conformance suite on the stand-in. */

import type { Connection } from '../../../lib/connectors/connector';
import { connectorConformance } from '../../conformance/connector';
import { github, REPOSITORY, startGithub, TOKEN } from './github';
import type { StandIn } from './stand-in';
import { byNumber, troublesOf } from './troubles';

const open: Connection[] = [];
let server: StandIn | undefined;

connectorConformance('GitHub issues (declared)', {
  markers: false,
  lacks: {
    markersBack: 'an issue has no place for markers',
    searchableField: 'its only text besides the title is formatted',
    history: 'connector files declare no history',
    deletion: 'only administrators of a repository delete issues',
    leaveOut: 'where the stand-in hides a row in a list, the poll ends with that page and goes on with the next poll',
    poisonEntity: 'a list that breaks does not say which issue breaks it',
  },
  async start() {
    const started = await startGithub();
    server = started;
    const connect = (): Connection => {
      const connection = github.connect({ url: started.url, token: TOKEN }, {});
      open.push(connection);
      return connection;
    };
    const number = (id: string): number => Number(id.split('#')[1]);
    return {
      connection: connect(),
      reconnect: connect,
      troubles: { ...troublesOf(started, byNumber), leaveOut: undefined },
      scope: { projects: [REPOSITORY, 'octo/other.js'], types: ['issue'] },
      project: REPOSITORY,
      type: 'issue',
      title: 'title',
      samples: [
        {
          field: 'body',
          values: [
            { format: 'markdown', content: 'one **two**' },
            { format: 'markdown', content: '- three\n- four' },
          ],
        },
        { field: 'state', values: [{ name: 'closed' }, { name: 'open' }], stays: true },
        { field: 'labels', values: [[{ name: 'bug' }, { name: "it's a label" }], [{ name: 'later' }]] },
        { field: 'assignees', values: [[{ login: 'alice' }], [{ login: 'bob' }, { login: 'alice' }]] },
        { field: 'milestone', values: [{ name: '1.0' }, { id: '2', name: '2.0' }] },
      ],
      person: {
        user: { login: 'alice', id: '2' },
        create: async (titles) =>
          titles.map((title) => `${REPOSITORY}#${started.create('issue', REPOSITORY, { title }, 'alice').number}`),
        async retitle(id, title) {
          started.change(started.row(number(id)), { title });
        },
      },
    };
  },
  async stop() {
    await Promise.all(open.map((connection) => connection.close?.()));
    await server?.stop();
  },
});
