/** A tracker that behaves like Jira: keys such as DEMO-17, To Do … Done, custom fields with numeric ids. */

import {
  attachmentsOn,
  commentsOn,
  listOf,
  MARKDOWN,
  relationsOf,
  type SandboxField,
  type SandboxTemplate,
  type SandboxType,
} from '../template';
import { cast } from './people';

const PRIORITIES = listOf(['Highest', 'High', 'Medium', 'Low', 'Lowest']);
const STATUSES = listOf(['To Do', 'In Progress', 'In Review', 'Done'], 10000);

const common: SandboxField[] = [
  {
    id: 'summary',
    name: 'Summary',
    type: 'text',
    required: true,
    maxLength: 255,
    length: { unit: 'utf16' },
    entry: { without: '[\\r\\n]', says: 'a summary is one line' },
  },
  { id: 'description', name: 'Description', type: 'richtext', format: 'markdown', dialect: MARKDOWN, maxLength: 32767 },
  {
    id: 'status',
    name: 'Status',
    type: 'lookup',
    values: STATUSES,
    required: true,
    initial: { id: '10000', name: 'To Do' },
  },
  {
    id: 'priority',
    name: 'Priority',
    type: 'lookup',
    values: PRIORITIES,
    required: true,
    initial: { id: '3', name: 'Medium' },
  },
  { id: 'assignee', name: 'Assignee', type: 'user' },
  { id: 'reporter', name: 'Reporter', type: 'user', readOnly: true, auto: 'createdBy' },
  {
    id: 'labels',
    name: 'Labels',
    type: 'text',
    multi: true,
    maxLength: 255,
    entry: { without: '\\s', says: 'a label has no blanks' },
  },
  { id: 'components', name: 'Components', type: 'lookup', multi: true, values: [] },
  { id: 'duedate', name: 'Due date', type: 'date' },
];

const estimate: SandboxField = { id: 'timeoriginalestimate', name: 'Original estimate', type: 'duration' };
const storyPoints: SandboxField = {
  id: 'customfield_10016',
  name: 'Story Points',
  type: 'number',
  custom: true,
  min: 0,
  max: 1000,
};
const parent: SandboxField = { id: 'parent', name: 'Parent', type: 'reference' };
const environment: SandboxField = {
  id: 'environment',
  name: 'Environment',
  type: 'richtext',
  format: 'markdown',
  dialect: MARKDOWN,
  maxLength: 32767,
};

const relations = relationsOf(
  [
    ['link_blocks', 'blocks'],
    ['link_is_blocked_by', 'is blocked by'],
  ],
  [
    ['link_duplicates', 'duplicates'],
    ['link_is_duplicated_by', 'is duplicated by'],
  ],
  [['link_relates_to', 'relates to']],
);

const last: SandboxField[] = [
  ...relations,
  { id: 'customfield_10050', name: 'External reference', type: 'text', custom: true, maxLength: 255 },
  { id: 'customfield_10051', name: 'External link', type: 'url', custom: true, maxLength: 2000 },
  { id: 'customfield_10052', name: 'Flagged', type: 'boolean', custom: true },
  { id: 'customfield_10053', name: 'Verified at', type: 'datetime', custom: true },
  { id: 'customfield_10054', name: 'Reviewers', type: 'user', multi: true, custom: true },
  { id: 'created', name: 'Created', type: 'datetime', readOnly: true, auto: 'createdAt' },
  { id: 'updated', name: 'Updated', type: 'datetime', readOnly: true, auto: 'updatedAt' },
];

const types: SandboxType[] = [
  { id: '10101', name: 'Bug', fields: [...common, environment, estimate, parent, ...last] },
  { id: '10102', name: 'Story', fields: [...common, storyPoints, estimate, parent, ...last] },
  { id: '10103', name: 'Task', fields: [...common, estimate, parent, ...last] },
  { id: '10104', name: 'Epic', fields: [...common, storyPoints, ...last] },
];

export const jira: SandboxTemplate = {
  name: 'jira',
  label: 'Jira',
  keys: '{prefix}-{number}',
  firstId: 10001,
  title: 'summary',
  people: cast({
    alice: { id: '712020:a11ce', login: 'alice', name: 'Alice Archer' },
    bob: { id: '712020:b0b00', login: 'bob', name: 'Bob Baker' },
    carol: { id: '712020:ca401', login: 'carol', name: 'Carol Clark' },
    sync: { id: '712020:5c000', login: 'sync', name: 'Twinflow Sync' },
  }),
  projects: [
    {
      id: '10000',
      name: 'Demo',
      prefix: 'DEMO',
      lists: { components: listOf(['Web', 'Server', 'Mobile app', 'Documentation'], 10100) },
    },
    {
      id: '10001',
      name: 'Payments',
      prefix: 'PAY',
      lists: { components: listOf(['Checkout', 'Invoices', 'Refunds'], 10200) },
    },
  ],
  types: [...types, commentsOn(types, { maxLength: 32767, visibility: true }), attachmentsOn(types)],
};
