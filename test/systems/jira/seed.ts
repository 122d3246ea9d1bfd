/**
 * What the stand-in's site holds from the start: two projects, five issue types, people, a workflow with a field that a
 * transition requires, and a field of every kind.
 */

export type Kind =
  | 'line'
  | 'url'
  | 'area'
  | 'number'
  | 'date'
  | 'datetime'
  | 'select'
  | 'multiselect'
  | 'cascade'
  | 'user'
  | 'users'
  | 'labels'
  | 'components'
  | 'version'
  | 'versions'
  | 'priority'
  | 'resolution'
  | 'parent'
  | 'epicLink'
  | 'time'
  | 'sprint'
  | 'rank';

export interface Option {
  id: string;
  value: string;
  children?: Option[];
}

export interface FieldSpec {
  id: string;
  name: string;
  kind: Kind;
  schema: { type: string; items?: string; system?: string; custom?: string; customId?: number };
  create: boolean;
  edit: boolean;
  required?: boolean;
  options?: Option[];
  /** only there */
  deployment?: 'cloud' | 'datacenter';
}

export interface Person {
  login: string;
  accountId: string;
  key: string;
  name: string;
  email: string;
  /** the address is not shown to others */
  hidden?: boolean;
  apiToken: string;
  scopedToken: string;
  password: string;
  accessToken: string;
}

const person = (login: string, name: string, number: number, hidden = false): Person => ({
  login,
  accountId: `712020:${login}-${number}`,
  key: `JIRAUSER${number}`,
  name,
  email: `${login}@example.com`,
  hidden,
  apiToken: `api-token-of-${login}`,
  scopedToken: `scoped-token-of-${login}`,
  password: `password-of-${login}`,
  accessToken: `personal-access-token-of-${login}`,
});

export const PEOPLE: Person[] = [
  person('sync', 'Sync Account', 10100),
  person('alice', 'Alice Adams', 10101),
  person('bob', 'Bob Brown', 10102),
  person('carol', 'Carol Clark', 10103, true),
];

export const CLIENT = { id: 'client-of-sync', secret: 'client-secret-of-sync' };
export const CLOUD_ID = '11223344-a1b2-3b33-c444-def123456789';

export const TYPES = [
  { id: '10000', name: 'Epic', subtask: false, hierarchyLevel: 1 },
  { id: '10001', name: 'Story', subtask: false, hierarchyLevel: 0 },
  { id: '10002', name: 'Bug', subtask: false, hierarchyLevel: 0 },
  { id: '10003', name: 'Task', subtask: false, hierarchyLevel: 0 },
  { id: '10004', name: 'Sub-task', subtask: true, hierarchyLevel: -1 },
];

const project = (id: string, key: string, name: string, first: number) => ({
  id,
  key,
  name,
  components: ['Backend', 'Frontend', 'Documentation'].map((one, index) => ({ id: String(first + index), name: one })),
  versions: ['1.0', '2.0', '3.0'].map((one, index) => ({ id: String(first + 10 + index), name: one })),
});
export const PROJECTS = [project('10200', 'DEMO', 'Demo', 10400), project('10201', 'SUPP', 'Support', 10500)];

export const PRIORITIES = ['Highest', 'High', 'Medium', 'Low', 'Lowest'].map((name, index) => ({
  id: String(index + 1),
  name,
}));
export const RESOLUTIONS = ['Done', "Won't Do", 'Duplicate'].map((name, index) => ({
  id: String(10600 + index),
  name,
}));
export const SPRINTS = [
  { id: 1, name: 'Sprint 1', state: 'closed' },
  { id: 2, name: 'Sprint 2', state: 'active' },
  { id: 3, name: 'Sprint 3', state: 'future' },
];

const category = (id: number, key: string, name: string) => ({ id, key, name, colorName: 'blue-gray' });
const [TODO, DOING, DONE] = [
  category(2, 'new', 'To Do'),
  category(4, 'indeterminate', 'In Progress'),
  category(3, 'done', 'Done'),
];
export const STATUSES = [
  { id: '10300', name: 'To Do', category: TODO },
  { id: '10301', name: 'In Progress', category: DOING },
  { id: '10302', name: 'In Review', category: DOING },
  { id: '10303', name: 'Done', category: DONE },
  // no way leads there
  { id: '10304', name: 'Archived', category: DONE },
];

export interface TransitionSpec {
  id: string;
  name: string;
  from: string;
  to: string;
  /** fields of its screen; true = required */
  screen?: Record<string, boolean>;
  clears?: string;
}

export const TRANSITIONS: TransitionSpec[] = [
  { id: '11', name: 'Start', from: '10300', to: '10301' },
  { id: '21', name: 'Ask for review', from: '10301', to: '10302' },
  { id: '31', name: 'Stop', from: '10301', to: '10300' },
  { id: '41', name: 'Approve', from: '10302', to: '10303', screen: { resolution: true, fixVersions: false } },
  { id: '51', name: 'Reject', from: '10302', to: '10301' },
  { id: '61', name: 'Reopen', from: '10303', to: '10300', clears: 'resolution' },
];

const system = (id: string, name: string, kind: Kind, type: string, items?: string): FieldSpec => ({
  id,
  name,
  kind,
  schema: { type, ...(items ? { items } : {}), system: id },
  create: true,
  edit: true,
});

const custom = (
  number: number,
  name: string,
  kind: Kind,
  type: string,
  plugin: string,
  options?: string[],
  items?: string,
): FieldSpec => ({
  id: `customfield_${number}`,
  name,
  kind,
  schema: {
    type,
    ...(items ? { items } : {}),
    custom: plugin.includes(':') ? plugin : `com.atlassian.jira.plugin.system.customfieldtypes:${plugin}`,
    customId: number,
  },
  create: true,
  edit: true,
  ...(options ? { options: options.map((value, index) => ({ id: String(number * 10 + index), value })) } : {}),
});

const AREAS: Option[] = [
  {
    id: '20000',
    value: 'Hardware',
    children: [
      { id: '20001', value: 'Display' },
      { id: '20002', value: 'Keyboard' },
    ],
  },
  {
    id: '20010',
    value: 'Software',
    children: [
      { id: '20011', value: 'Display' },
      { id: '20012', value: 'Network' },
    ],
  },
];

export const FIELDS: FieldSpec[] = [
  { ...system('summary', 'Summary', 'line', 'string'), required: true },
  system('description', 'Description', 'area', 'string'),
  system('environment', 'Environment', 'area', 'string'),
  system('priority', 'Priority', 'priority', 'priority'),
  system('labels', 'Labels', 'labels', 'array', 'string'),
  system('components', 'Components', 'components', 'array', 'component'),
  system('fixVersions', 'Fix versions', 'versions', 'array', 'version'),
  system('versions', 'Affects versions', 'versions', 'array', 'version'),
  system('assignee', 'Assignee', 'user', 'user'),
  { ...system('reporter', 'Reporter', 'user', 'user'), required: true },
  system('duedate', 'Due date', 'date', 'date'),
  system('parent', 'Parent', 'parent', 'issuelink'),
  system('timetracking', 'Time tracking', 'time', 'timetracking'),
  { ...system('resolution', 'Resolution', 'resolution', 'resolution'), create: false, edit: false },
  custom(10010, 'Story points', 'number', 'number', 'float'),
  custom(10011, 'Severity', 'select', 'option', 'select', ['Critical', 'Major', 'Minor']),
  custom(10012, 'Platforms', 'multiselect', 'array', 'multicheckboxes', ['Linux', 'macOS', 'Windows'], 'option'),
  { ...custom(10013, 'Area', 'cascade', 'option-with-child', 'cascadingselect'), options: AREAS },
  custom(10014, 'Reviewer', 'user', 'user', 'userpicker'),
  custom(10015, 'Approvers', 'users', 'array', 'multiuserpicker', undefined, 'user'),
  custom(10016, 'Release notes', 'area', 'string', 'textarea'),
  custom(10017, 'External ID', 'line', 'string', 'textfield'),
  custom(10018, 'External link', 'url', 'string', 'url'),
  custom(10019, 'Verified at', 'datetime', 'datetime', 'datetime'),
  custom(10020, 'Sprint', 'sprint', 'array', 'com.pyxis.greenhopper.jira:gh-sprint', undefined, 'json'),
  custom(10021, 'Kind of work', 'select', 'option', 'radiobuttons', ['Planned', 'Unplanned']),
  custom(10022, 'Tags', 'labels', 'array', 'labels', undefined, 'string'),
  custom(10023, 'Target version', 'version', 'version', 'version'),
  custom(10024, 'Flagged on', 'date', 'date', 'datepicker'),
  { ...custom(10025, 'Found in', 'multiselect', 'array', 'multiselect', ['Test', 'Field'], 'option'), create: false },
  {
    ...custom(10026, 'Epic Link', 'epicLink', 'any', 'com.pyxis.greenhopper.jira:gh-epic-link'),
    deployment: 'datacenter',
  },
  { ...custom(10027, 'Rank', 'rank', 'any', 'com.pyxis.greenhopper.jira:gh-lexo-rank'), create: false, edit: false },
  // in the projects' context, but on no screen
  { ...custom(10028, 'Score', 'number', 'number', 'float'), create: false, edit: false },
];

/** Fields that Jira keeps by itself, as GET /field lists them. */
export const KEPT: { id: string; name: string; schema?: FieldSpec['schema'] }[] = [
  { id: 'issuekey', name: 'Key' },
  ...[
    ['issuetype', 'Issue Type', 'issuetype'],
    ['project', 'Project', 'project'],
    ['status', 'Status', 'status'],
    ['created', 'Created', 'datetime'],
    ['updated', 'Updated', 'datetime'],
    ['resolutiondate', 'Resolved', 'datetime'],
    ['creator', 'Creator', 'user'],
    ['votes', 'Votes', 'votes'],
    ['watches', 'Watchers', 'watches'],
    ['timeoriginalestimate', 'Original estimate', 'number'],
    ['timeestimate', 'Remaining Estimate', 'number'],
    ['timespent', 'Time Spent', 'number'],
  ].map(([id = '', name = '', type = '']) => ({ id, name, schema: { type, system: id } })),
];
