/** A chain of all four steps between the two sandboxes: bugs of Jira and of Azure DevOps. */

import type { StepNode } from './flow';

const field = (id: string, name: string, type: string, more: object = {}) => ({ id, name, type, ...more });
export const summary = field('summary', 'Summary', 'text', { maxLength: 255 });
export const title = field('System.Title', 'Title', 'text', { maxLength: 255 });
export const description = field('description', 'Description', 'richtext', { format: 'markdown' });
export const description2 = field('System.Description', 'Description', 'richtext', { format: 'markdown' });
export const priority = field('priority', 'Priority', 'lookup');
export const priority2 = field('Microsoft.VSTS.Common.Priority', 'Priority', 'lookup');
export const status = field('status', 'Status', 'lookup');
export const state = field('System.State', 'State', 'lookup');
export const assignee = field('assignee', 'Assignee', 'user');
export const assigned = field('System.AssignedTo', 'Assigned To', 'user');
export const area = field('System.AreaPath', 'Area Path', 'lookup');
export const labels = field('labels', 'Labels', 'text', { multi: true });
export const tags = field('System.Tags', 'Tags', 'text', { multi: true });
export const external = field('Custom.ExternalId', 'External ID', 'text', { maxLength: 255 });
export const severity = field('Microsoft.VSTS.Common.Severity', 'Severity', 'lookup');
export const info = field('Microsoft.VSTS.TCM.SystemInfo', 'System Info', 'richtext', { format: 'markdown' });

const names = (one: string, two: string, direction = 'both') => ({ one: { name: one }, two: { name: two }, direction });

export const FILTER: StepNode = {
  ...{ id: 'filter', type: 'twinflow-filter', side: '1', mode: 'all', live: false, outputs: 1 },
  conditions: [
    { field: priority, operator: 'isNot', value: { name: 'Lowest' } },
    { field: summary, operator: 'isNotEmpty' },
  ],
};
export const FIELDS: StepNode = {
  ...{ id: 'fields', type: 'twinflow-field-mapper' },
  rows: [
    { one: summary, two: title, direction: 'both', conflict: 'park' },
    { one: description, two: description2, direction: 'both', conflict: 'merge' },
    { one: priority, two: priority2, direction: 'both' },
    { one: status, two: state, direction: 'both', syncWhen: 'update' },
    { one: assignee, two: assigned, direction: 'both', conflict: 'system2' },
    { one: labels, two: tags, direction: 'both' },
    { two: external, direction: 'forward', constant: 'from Jira' },
    {
      ...{ one: summary, two: info, direction: 'forward' },
      transform: { forward: { kind: 'template', template: '{{summary}} ({{entity.key}})' } },
    },
    {
      ...{ one: priority, two: severity, direction: 'forward' },
      transform: {
        forward: { kind: 'jsonata', expression: 'priority.name = "Highest" ? "1 - Critical" : "3 - Medium"' },
      },
    },
  ],
};
export const VALUES: StepNode = {
  ...{ id: 'values', type: 'twinflow-value-mapper' },
  rows: [
    {
      ...{ one: priority, two: priority2, sameName: false },
      pairs: [names('Highest', '1'), names('High', '2'), names('Medium', '3'), names('Low', '4')],
    },
    {
      ...{ one: status, two: state },
      pairs: [names('To Do', 'New'), names('In Progress', 'Active'), names('Done', 'Closed')],
    },
  ],
};
export const DEFAULTS: StepNode = {
  ...{ id: 'defaults', type: 'twinflow-default-mapper' },
  rows: [
    { field: area, side: 2, value: { name: 'Fabrikam' } },
    { field: assigned, side: 2, value: { name: 'Clark, Carol (External)', email: 'carol@example.com' } },
    { field: priority, side: 1, unresolved: 'park' },
  ],
};
export const CHAIN = [FILTER, FIELDS, VALUES, DEFAULTS];
