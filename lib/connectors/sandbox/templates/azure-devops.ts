/**
 * A tracker that behaves like Azure DevOps: numbers as keys, reference names as field ids, area and iteration paths.
 * Its rich text is Markdown, which Azure DevOps offers for large text fields in addition to HTML
 * (https://learn.microsoft.com/azure/devops/project/wiki/markdown-guidance), so that the demo is readable on both
 * sides.
 */

import {
  attachmentsOn,
  commentsOn,
  listOf,
  MARKDOWN,
  relationsOf,
  type SandboxField,
  type SandboxProject,
  type SandboxTemplate,
  type SandboxType,
} from '../template';
import { cast } from './people';

const PRIORITIES = listOf(['1', '2', '3', '4']);
const SEVERITIES = listOf(['1 - Critical', '2 - High', '3 - Medium', '4 - Low']);
const STATES = listOf(['New', 'Active', 'Resolved', 'Closed']);

const common: SandboxField[] = [
  {
    id: 'System.Title',
    name: 'Title',
    type: 'text',
    required: true,
    maxLength: 255,
    length: { unit: 'utf16' },
    entry: { without: '[\\r\\n]', says: 'a title is one line' },
  },
  {
    id: 'System.Description',
    name: 'Description',
    type: 'richtext',
    format: 'markdown',
    dialect: MARKDOWN,
    maxLength: 1000000,
  },
  {
    id: 'System.State',
    name: 'State',
    type: 'lookup',
    values: STATES,
    required: true,
    initial: { id: '1', name: 'New' },
  },
  {
    id: 'Microsoft.VSTS.Common.Priority',
    name: 'Priority',
    type: 'lookup',
    values: PRIORITIES,
    initial: { id: '2', name: '2' },
  },
  { id: 'System.AssignedTo', name: 'Assigned To', type: 'user' },
  { id: 'System.AreaPath', name: 'Area Path', type: 'lookup', values: [], required: true },
  { id: 'System.IterationPath', name: 'Iteration Path', type: 'lookup', values: [] },
  {
    id: 'System.Tags',
    name: 'Tags',
    type: 'text',
    multi: true,
    maxLength: 400,
    entry: {
      without: '[,;\\p{Cc}\\u{10000}-\\u{10ffff}]',
      says: 'a tag has no comma, no semicolon and no emoji',
    },
  },
  { id: 'System.Parent', name: 'Parent', type: 'reference' },
  { id: 'Microsoft.VSTS.Scheduling.TargetDate', name: 'Target Date', type: 'date' },
];

const severity: SandboxField = {
  id: 'Microsoft.VSTS.Common.Severity',
  name: 'Severity',
  type: 'lookup',
  values: SEVERITIES,
  initial: { id: '3', name: '3 - Medium' },
};
const systemInfo: SandboxField = {
  id: 'Microsoft.VSTS.TCM.SystemInfo',
  name: 'System Info',
  type: 'richtext',
  format: 'markdown',
  dialect: MARKDOWN,
  maxLength: 1000000,
};
const storyPoints: SandboxField = {
  id: 'Microsoft.VSTS.Scheduling.StoryPoints',
  name: 'Story Points',
  type: 'number',
  min: 0,
  max: 1000,
};
const remaining: SandboxField = {
  id: 'Microsoft.VSTS.Scheduling.RemainingWork',
  name: 'Remaining Work',
  type: 'duration',
};

const relations = relationsOf(
  [
    ['System.LinkTypes.Dependency-Forward', 'Successor'],
    ['System.LinkTypes.Dependency-Reverse', 'Predecessor'],
  ],
  [
    ['System.LinkTypes.Duplicate-Forward', 'Duplicate'],
    ['System.LinkTypes.Duplicate-Reverse', 'Duplicate Of'],
  ],
  [['System.LinkTypes.Related', 'Related']],
);

const last: SandboxField[] = [
  ...relations,
  { id: 'Custom.ExternalId', name: 'External ID', type: 'text', custom: true, maxLength: 255 },
  { id: 'Custom.ExternalLink', name: 'External Link', type: 'url', custom: true, maxLength: 2000 },
  { id: 'Custom.Blocked', name: 'Blocked', type: 'boolean', custom: true },
  { id: 'Custom.VerifiedAt', name: 'Verified At', type: 'datetime', custom: true },
  { id: 'Custom.Reviewers', name: 'Reviewers', type: 'user', multi: true, custom: true },
  {
    id: 'Custom.Platforms',
    name: 'Platforms',
    type: 'lookup',
    multi: true,
    custom: true,
    values: listOf(['Windows', 'Linux', 'macOS', 'iOS', 'Android']),
  },
  { id: 'System.CreatedBy', name: 'Created By', type: 'user', readOnly: true, auto: 'createdBy' },
  { id: 'System.CreatedDate', name: 'Created Date', type: 'datetime', readOnly: true, auto: 'createdAt' },
  { id: 'System.ChangedBy', name: 'Changed By', type: 'user', readOnly: true, auto: 'updatedBy' },
  { id: 'System.ChangedDate', name: 'Changed Date', type: 'datetime', readOnly: true, auto: 'updatedAt' },
];

/** A project whose area and iteration paths start with its name, as in Azure DevOps. */
function project(id: string, name: string, areas: string[], firstList: number): SandboxProject {
  return {
    id,
    name,
    lists: {
      'System.AreaPath': listOf([name, ...areas.map((area) => `${name}\\${area}`)], firstList),
      'System.IterationPath': listOf(
        [name, `${name}\\Sprint 1`, `${name}\\Sprint 2`, `${name}\\Sprint 3`],
        firstList + 50,
      ),
    },
  };
}

const types: SandboxType[] = [
  { id: 'Bug', name: 'Bug', fields: [...common, severity, systemInfo, remaining, ...last] },
  { id: 'User Story', name: 'User Story', fields: [...common, storyPoints, ...last] },
  { id: 'Task', name: 'Task', fields: [...common, remaining, ...last] },
  { id: 'Feature', name: 'Feature', fields: [...common, storyPoints, ...last] },
];

export const azureDevops: SandboxTemplate = {
  name: 'azure-devops',
  label: 'Azure DevOps',
  keys: '{id}',
  title: 'System.Title',
  people: cast({
    alice: { id: 'aad.YWxpY2U', login: 'alice@example.com', name: 'Archer, Alice' },
    bob: { id: 'aad.Ym9i', login: 'bob@example.com', name: 'Baker, Bob' },
    carol: { id: 'aad.Y2Fyb2w', login: 'carol@example.com', name: 'Clark, Carol (External)' },
    sync: { id: 'aad.c3luYw', login: 'sync@example.com', name: 'Service, Twinflow' },
  }),
  projects: [
    project('6ce954b1-0001', 'Fabrikam', ['Web', 'Services', 'Apps'], 100),
    project('6ce954b1-0002', 'Contoso', ['Shop', 'Billing'], 200),
  ],
  types: [...types, commentsOn(types, { maxLength: 1000000 }), attachmentsOn(types)],
};
