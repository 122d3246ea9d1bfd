/**
 * What the stand-in's site holds from the start: a company-managed project and one like it, a team-managed and a service
 * project, five issue types, people of every sort, a workflow with a field that a transition requires and a status in which
 * nothing can be edited, and a field of every kind.
 */

import type { LinkType } from './issue';

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
  | 'rank'
  | 'security';

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
  /** what a new issue has if the create doesn't say */
  preset?: string;
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
  /** the account was deactivated */
  inactive?: boolean;
  /** `customer`: of a service project's portal; `app`: no person */
  accountType: 'atlassian' | 'customer' | 'app';
  apiToken: string;
  scopedToken: string;
  password: string;
  accessToken: string;
}

const person = (
  login: string,
  name: string,
  number: number,
  { accountType = 'atlassian', ...more }: Partial<Pick<Person, 'hidden' | 'inactive' | 'accountType'>> = {},
): Person => ({
  login,
  accountId: `712020:${login}-${number}`,
  key: `JIRAUSER${number}`,
  name,
  email: `${login}@example.com`,
  accountType,
  ...more,
  apiToken: `api-token-of-${login}`,
  scopedToken: `scoped-token-of-${login}`,
  password: `password-of-${login}`,
  accessToken: `personal-access-token-of-${login}`,
});

export const PEOPLE: Person[] = [
  person('sync', 'Sync Account', 10100),
  person('alice', 'Alice Adams', 10101),
  person('bob', 'Bob Brown', 10102),
  person('carol', 'Carol Clark', 10103, { hidden: true }),
  person('dave', 'Dave Dunn', 10104, { inactive: true }),
  person('erin', 'Erin Evans', 10105, { accountType: 'customer' }),
  person('bot', 'Automation for Jira', 10106, { accountType: 'app' }),
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

export interface ProjectSpec {
  id: string;
  key: string;
  name: string;
  /** `next-gen`: managed by its team, with boards of type `simple` */
  style: 'classic' | 'next-gen';
  projectTypeKey: 'software' | 'service_desk';
  components: { id: string; name: string }[];
  versions: { id: string; name: string; archived: boolean; released: boolean }[];
}

const project = (
  id: string,
  key: string,
  name: string,
  first: number,
  style: ProjectSpec['style'] = 'classic',
  projectTypeKey: ProjectSpec['projectTypeKey'] = 'software',
): ProjectSpec => ({
  ...{ id, key, name, style, projectTypeKey },
  components: ['Backend', 'Frontend', 'Documentation'].map((one, index) => ({ id: String(first + index), name: one })),
  versions: ['1.0', '2.0', '3.0', '0.9'].map((one, index) => ({
    id: String(first + 10 + index),
    name: one,
    archived: one === '0.9',
    released: one === '1.0' || one === '0.9',
  })),
});
export const PROJECTS = [
  project('10200', 'DEMO', 'Demo', 10400),
  project('10201', 'SUPP', 'Support', 10500),
  project('10202', 'TEAM', 'Team', 10700, 'next-gen'),
  project('10203', 'HELP', 'Help desk', 10800, 'classic', 'service_desk'),
];

/** Members of project roles and groups, for comments that only they see. */
export const ROLES: Record<string, string[]> = {
  Administrators: ['alice'],
  Developers: ['sync', 'alice', 'bob', 'carol'],
};
export const GROUPS: Record<string, string[]> = { staff: ['sync', 'alice', 'bob'], board: ['alice'] };

export const SECURITY_LEVELS = [
  { id: '10900', name: 'Staff', members: ['sync', 'alice', 'bob', 'carol'] },
  { id: '10901', name: 'Board', members: ['alice'] },
];

/** A board's sprints; a team's board that has none does not support them. */
export const BOARDS = [
  { id: 1, name: 'DEMO board', type: 'scrum', project: '10200', sprints: true },
  { id: 2, name: 'DEMO flow', type: 'kanban', project: '10200', sprints: false },
  { id: 3, name: 'TEAM board', type: 'simple', project: '10202', sprints: true },
  { id: 4, name: 'TEAM ideas', type: 'simple', project: '10202', sprints: false },
];

export const PRIORITIES = ['Highest', 'High', 'Medium', 'Low', 'Lowest'].map((name, index) => ({
  id: String(index + 1),
  name,
}));
export const RESOLUTIONS = ['Done', "Won't Do", 'Duplicate'].map((name, index) => ({
  id: String(10600 + index),
  name,
}));
export const SPRINTS = [
  { id: 1, name: 'Sprint 1', state: 'closed', board: 1 },
  { id: 2, name: 'Sprint 2', state: 'active', board: 1 },
  { id: 3, name: 'Sprint 3', state: 'future', board: 1 },
  { id: 4, name: 'TEAM Sprint 1', state: 'active', board: 3 },
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
  { id: '10305', name: 'Locked', category: DONE },
];
/** In these nothing can be edited: the workflow says `jira.issue.editable = false`. */
export const UNEDITABLE = new Set(['10305']);

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
  { id: '71', name: 'Lock', from: '10303', to: '10305' },
  { id: '81', name: 'Unlock', from: '10305', to: '10303' },
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
  system('security', 'Security Level', 'security', 'securitylevel'),
  system('parent', 'Parent', 'parent', 'issuelink'),
  system('timetracking', 'Time tracking', 'time', 'timetracking'),
  { ...system('resolution', 'Resolution', 'resolution', 'resolution'), create: false, edit: false },
  custom(10010, 'Story points', 'number', 'number', 'float'),
  { ...custom(10011, 'Severity', 'select', 'option', 'select', ['Critical', 'Major', 'Minor']), preset: '100112' },
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

/** Types of links, as a new site has them. */
export const LINK_TYPES: LinkType[] = [
  { id: '10000', name: 'Blocks', inward: 'is blocked by', outward: 'blocks' },
  { id: '10001', name: 'Cloners', inward: 'is cloned by', outward: 'clones' },
  { id: '10002', name: 'Duplicate', inward: 'is duplicated by', outward: 'duplicates' },
  { id: '10003', name: 'Relates', inward: 'relates to', outward: 'relates to' },
];
