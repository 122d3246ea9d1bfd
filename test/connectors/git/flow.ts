/** A flow from a real repository to the sandbox. */

import type { FlowNode } from '../../support/node-red';

/** An item type of the sandbox that speaks like Jira. */
export const STORY = '10102';
const text = (id: string, name: string, more = {}) => ({ id, name, type: 'text', ...more });

/** Commits of the repository `demo` become stories of the sandbox `jira`. */
export const commitsToStories = (repository: string, direction = 'forward'): FlowNode[] => [
  { id: 'tab', type: 'tab', label: 'Commits' },
  {
    ...{ id: 'repository', type: 'twinflow-system', name: 'Repository', kind: 'git', version: 1 },
    config: { repositories: repository, auth: 'none' },
  },
  {
    ...{ id: 'tracker', type: 'twinflow-system', name: 'Jira', kind: 'sandbox', version: 1 },
    config: { space: 'jira', template: 'jira', user: 'sync' },
  },
  {
    ...{
      id: 'commits',
      type: 'twinflow-integration',
      name: 'Commits',
      active: true,
      system1: 'repository',
      system2: 'tracker',
    },
    projectPairs: [{ one: { id: 'demo', name: 'demo' }, two: { id: '10000', name: 'Demo' }, direction: 'forward' }],
    typePairs: [{ id: 'pair', one: { id: 'commit', name: 'Commit' }, two: { id: STORY, name: 'Story' }, direction }],
    backlinks: { 2: { key: 'customfield_10050' } },
    ...{ retries: 3, lostAfterMs: 600_000, version: 2 },
  },
  {
    ...{ id: 'poll', type: 'twinflow-poller', z: 'tab', integration: 'commits', side: '1', schedule: 'interval' },
    ...{ interval: 1, unit: 'seconds', start: 'newest', pageSize: 100, window: 200, version: 1, wires: [['map']] },
  },
  {
    ...{ id: 'map', type: 'twinflow-field-mapper', z: 'tab', integration: 'commits', pairs: 'all', wires: [['write']] },
    rows: [
      { one: text('summary', 'First line'), two: text('summary', 'Summary', { maxLength: 255 }), direction: 'forward' },
      {
        one: { id: 'message', name: 'Message', type: 'richtext', format: 'text' },
        two: { id: 'description', name: 'Description', type: 'richtext', format: 'markdown' },
        direction: 'forward',
      },
      {
        one: text('workItems', 'Work items', { multi: true }),
        two: text('labels', 'Labels', { multi: true }),
        direction: 'forward',
      },
    ],
    version: 1,
  },
  {
    ...{ id: 'write', type: 'twinflow-writer', z: 'tab', integration: 'commits', batchSize: 50, dryRun: false },
    ...{ version: 1, wires: [[]] },
  },
];

const COMMENT_ROWS = [
  { one: text('workItem', 'Work item'), two: text('item', 'Item', { maxLength: 255 }), direction: 'forward' },
  {
    two: { id: 'text', name: 'Text', type: 'richtext', format: 'markdown' },
    direction: 'forward',
    transform: {
      forward: {
        kind: 'template',
        template: '**{{author}}** committed {{sha}} to {{repository}}:\n\n{{message}}\n\n{{paths}}',
        fields: [
          { id: 'author', name: 'Author', type: 'user' },
          { id: 'sha', name: 'Revision', type: 'text' },
          { id: 'repository', name: 'Repository', type: 'text' },
          { id: 'message', name: 'Message', type: 'richtext', format: 'text' },
          { id: 'paths', name: 'Changed paths', type: 'text', multi: true },
        ],
      },
    },
  },
  {
    one: { id: 'keyword', name: 'Closing word', type: 'lookup' },
    two: { id: 'item.status', name: 'Item: Status', type: 'lookup' },
    direction: 'forward',
  },
];

/** Commits of the repository `demo` become comments on the items of the sandbox `jira` that they name, and close them. */
export const commitsToComments = (repository: string): FlowNode[] =>
  commitsToStories(repository)
    .map((node) => {
      if (node.type === 'twinflow-integration')
        return {
          ...node,
          typePairs: [
            {
              ...{ id: 'pair', one: { id: 'commit-item', name: 'Commit, for each work item' }, direction: 'forward' },
              two: { id: 'item-comment', name: 'Comment on an item' },
            },
          ],
          backlinks: {},
        };
      if (node.type === 'twinflow-field-mapper') return { ...node, rows: COMMENT_ROWS, wires: [['values']] };
      return node;
    })
    .concat({
      ...{ id: 'values', type: 'twinflow-value-mapper', z: 'tab', integration: 'commits', pairs: 'all', version: 1 },
      rows: [
        {
          one: { id: 'keyword', name: 'Closing word', type: 'lookup' },
          two: { id: 'item.status', name: 'Item: Status', type: 'lookup' },
          pairs: ['fixes', 'closes', 'resolves'].map((word) => ({
            ...{ one: { id: word, name: word }, two: { id: '10003', name: 'Done' }, direction: 'forward' },
          })),
        },
      ],
      wires: [['write']],
    });
