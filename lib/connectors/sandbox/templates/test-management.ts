/** A tracker that behaves like a test-management tool such as TestRail: keys such as C17, test cases and test runs. */

import {
  attachmentsOn,
  commentsOn,
  listOf,
  MARKDOWN,
  type SandboxField,
  type SandboxTemplate,
  type SandboxType,
} from '../template';
import { cast } from './people';

const title: SandboxField = { id: 'title', name: 'Title', type: 'text', required: true, maxLength: 250 };

const last: SandboxField[] = [
  { id: 'refs', name: 'References', type: 'text', maxLength: 500 },
  { id: 'custom_external_link', name: 'External link', type: 'url', custom: true, maxLength: 2000 },
  { id: 'custom_tags', name: 'Tags', type: 'text', multi: true, custom: true, maxLength: 100 },
  { id: 'created_by', name: 'Created by', type: 'user', readOnly: true, auto: 'createdBy' },
  { id: 'created_on', name: 'Created on', type: 'datetime', readOnly: true, auto: 'createdAt' },
  { id: 'updated_by', name: 'Updated by', type: 'user', readOnly: true, auto: 'updatedBy' },
  { id: 'updated_on', name: 'Updated on', type: 'datetime', readOnly: true, auto: 'updatedAt' },
];

const testCase: SandboxField[] = [
  title,
  { id: 'section_id', name: 'Section', type: 'lookup', values: [], required: true, createOnly: true },
  {
    id: 'type_id',
    name: 'Type',
    type: 'lookup',
    values: listOf(['Acceptance', 'Functional', 'Performance', 'Regression', 'Security', 'Usability', 'Other']),
    initial: { id: '7', name: 'Other' },
  },
  {
    id: 'priority_id',
    name: 'Priority',
    type: 'lookup',
    values: listOf(['Low', 'Medium', 'High', 'Critical']),
    initial: { id: '2', name: 'Medium' },
  },
  { id: 'estimate', name: 'Estimate', type: 'duration' },
  {
    id: 'milestone_id',
    name: 'Milestone',
    type: 'lookup',
    // 1.0 is released: cases with this value keep it, but it can no longer be selected
    values: [{ id: '1', name: '1.0', selectable: false }, ...listOf(['1.1', '2.0'], 2)],
  },
  { id: 'custom_owner', name: 'Owner', type: 'user', custom: true },
  {
    id: 'custom_preconds',
    name: 'Preconditions',
    type: 'richtext',
    format: 'markdown',
    dialect: MARKDOWN,
    custom: true,
    maxLength: 65535,
  },
  {
    id: 'custom_steps',
    name: 'Steps',
    type: 'richtext',
    format: 'markdown',
    dialect: MARKDOWN,
    custom: true,
    maxLength: 65535,
  },
  {
    id: 'custom_expected',
    name: 'Expected result',
    type: 'richtext',
    format: 'markdown',
    dialect: MARKDOWN,
    custom: true,
    maxLength: 65535,
  },
  {
    id: 'custom_automation',
    name: 'Automation',
    type: 'lookup',
    custom: true,
    values: listOf(['None', 'Planned', 'Automated'], 0),
  },
  { id: 'custom_ready', name: 'Ready', type: 'boolean', custom: true },
  {
    id: 'custom_platforms',
    name: 'Platforms',
    type: 'lookup',
    multi: true,
    custom: true,
    values: listOf(['Desktop', 'Tablet', 'Phone']),
  },
  ...last,
];

const testRun: SandboxField[] = [
  title,
  { id: 'description', name: 'Description', type: 'richtext', format: 'markdown', dialect: MARKDOWN, maxLength: 65535 },
  {
    id: 'status_id',
    name: 'Status',
    type: 'lookup',
    values: listOf(['Untested', 'Passed', 'Blocked', 'Retest', 'Failed']),
    initial: { id: '1', name: 'Untested' },
  },
  { id: 'assignedto_id', name: 'Assigned to', type: 'user' },
  { id: 'case_id', name: 'Test case', type: 'reference' },
  { id: 'due_on', name: 'Due on', type: 'date' },
  { id: 'completed_on', name: 'Completed on', type: 'datetime' },
  { id: 'passed_count', name: 'Passed', type: 'number', integer: true, min: 0 },
  { id: 'elapsed', name: 'Elapsed', type: 'duration' },
  ...last,
];

const types: SandboxType[] = [
  { id: 'case', name: 'Test Case', fields: testCase },
  { id: 'run', name: 'Test Run', fields: testRun },
];

export const testManagement: SandboxTemplate = {
  name: 'test-management',
  label: 'Test management',
  keys: 'C{id}',
  title: 'title',
  people: cast({
    alice: { id: '1', login: 'aarcher', name: 'A. Archer' },
    bob: { id: '2', login: 'bbaker', name: 'B. Baker' },
    carol: { id: '3', login: 'cclark', name: 'C. Clark' },
    sync: { id: '4', login: 'integration', name: 'Integration' },
  }),
  projects: [
    { id: '1', name: 'Web shop', lists: { section_id: listOf(['Login', 'Checkout', 'Search']) } },
    { id: '2', name: 'Mobile app', lists: { section_id: listOf(['Onboarding', 'Payments'], 11) } },
  ],
  types: [...types, commentsOn(types, { maxLength: 65535 }), attachmentsOn(types)],
};
