/**
 * The process of the stand-in's projects: work item types, their fields, states and transitions, in the manner of the
 * Agile template (https://learn.microsoft.com/azure/devops/boards/work-items/guidance/agile-process-workflow), with some
 * custom fields, one of each type.
 */

export type FieldKind =
  | 'string'
  | 'integer'
  | 'double'
  | 'dateTime'
  | 'boolean'
  | 'html'
  | 'plainText'
  | 'treePath'
  | 'history';

export interface FieldDefinition {
  name: string;
  referenceName: string;
  type: FieldKind;
  readOnly: boolean;
  isIdentity: boolean;
  isPicklist: boolean;
  isPicklistSuggested: boolean;
}

export interface TypeField {
  referenceName: string;
  alwaysRequired?: boolean;
  allowedValues?: string[];
  defaultValue?: string;
}

export interface TypeDefinition {
  name: string;
  referenceName: string;
  color: string;
  isDisabled: boolean;
  /** of the category that people do not see */
  hidden: boolean;
  states: { name: string; category: string }[];
  transitions: Record<string, string[]>;
  fields: TypeField[];
}

const DEFINITIONS: [string, string, FieldKind, string?][] = [
  ['Area ID', 'System.AreaId', 'integer', 'r'],
  ['Area Path', 'System.AreaPath', 'treePath'],
  ['Assigned To', 'System.AssignedTo', 'string', 'i'],
  ['Attached File Count', 'System.AttachedFileCount', 'integer', 'r'],
  ['Authorized As', 'System.AuthorizedAs', 'string', 'ri'],
  ['Authorized Date', 'System.AuthorizedDate', 'dateTime', 'r'],
  ['Board Column', 'System.BoardColumn', 'string', 'r'],
  ['Changed By', 'System.ChangedBy', 'string', 'i'],
  ['Changed Date', 'System.ChangedDate', 'dateTime'],
  ['Comment Count', 'System.CommentCount', 'integer', 'r'],
  ['Created By', 'System.CreatedBy', 'string', 'i'],
  ['Created Date', 'System.CreatedDate', 'dateTime'],
  ['Description', 'System.Description', 'html'],
  ['External Link Count', 'System.ExternalLinkCount', 'integer', 'r'],
  ['History', 'System.History', 'history'],
  ['Hyperlink Count', 'System.HyperLinkCount', 'integer', 'r'],
  ['ID', 'System.Id', 'integer', 'r'],
  ['Iteration ID', 'System.IterationId', 'integer', 'r'],
  ['Iteration Path', 'System.IterationPath', 'treePath'],
  ['Node Name', 'System.NodeName', 'string', 'r'],
  ['Parent', 'System.Parent', 'integer', 'r'],
  ['Reason', 'System.Reason', 'string'],
  ['Related Link Count', 'System.RelatedLinkCount', 'integer', 'r'],
  ['Rev', 'System.Rev', 'integer', 'r'],
  ['State', 'System.State', 'string'],
  ['Tags', 'System.Tags', 'plainText'],
  ['Team Project', 'System.TeamProject', 'string', 'r'],
  ['Title', 'System.Title', 'string'],
  ['Watermark', 'System.Watermark', 'integer', 'r'],
  ['Work Item Type', 'System.WorkItemType', 'string', 'r'],
  ['Priority', 'Microsoft.VSTS.Common.Priority', 'integer'],
  ['Severity', 'Microsoft.VSTS.Common.Severity', 'string', 'p'],
  ['Acceptance Criteria', 'Microsoft.VSTS.Common.AcceptanceCriteria', 'html'],
  ['State Change Date', 'Microsoft.VSTS.Common.StateChangeDate', 'dateTime', 'r'],
  ['Repro Steps', 'Microsoft.VSTS.TCM.ReproSteps', 'html'],
  ['Story Points', 'Microsoft.VSTS.Scheduling.StoryPoints', 'double'],
  ['Remaining Work', 'Microsoft.VSTS.Scheduling.RemainingWork', 'double'],
  ['Target Date', 'Microsoft.VSTS.Scheduling.TargetDate', 'dateTime'],
  ['Reviewed At', 'Custom.ReviewedAt', 'dateTime'],
  ['External ID', 'Custom.ExternalId', 'string'],
  ['Blocked', 'Custom.Blocked', 'boolean'],
  ['Builds', 'Custom.Builds', 'integer'],
  ['Reviewer', 'Custom.Reviewer', 'string', 'i'],
  ['Platform', 'Custom.Platform', 'string', 'ps'],
];

/** All fields of the collection. */
export const FIELDS: FieldDefinition[] = DEFINITIONS.map(([name, referenceName, type, flags = '']) => ({
  name,
  referenceName,
  type,
  readOnly: flags.includes('r'),
  isIdentity: flags.includes('i'),
  isPicklist: flags.includes('p'),
  isPicklistSuggested: flags.includes('s'),
}));

export const fieldByName = new Map(FIELDS.map((field) => [field.referenceName.toLowerCase(), field]));

const SYSTEM: TypeField[] = FIELDS.filter(({ referenceName }) => referenceName.startsWith('System.')).map(
  ({ referenceName }): TypeField => {
    if (referenceName === 'System.Title') return { referenceName, alwaysRequired: true };
    if (['System.State', 'System.AreaId', 'System.IterationId'].includes(referenceName)) {
      return { referenceName, alwaysRequired: true };
    }
    return { referenceName };
  },
);

const priority: TypeField = {
  referenceName: 'Microsoft.VSTS.Common.Priority',
  allowedValues: ['1', '2', '3', '4'],
  defaultValue: '2',
};
const severity: TypeField = {
  referenceName: 'Microsoft.VSTS.Common.Severity',
  allowedValues: ['1 - Critical', '2 - High', '3 - Medium', '4 - Low'],
  defaultValue: '3 - Medium',
};
const custom: TypeField[] = [
  { referenceName: 'Custom.ExternalId' },
  { referenceName: 'Custom.ReviewedAt' },
  { referenceName: 'Custom.Blocked', defaultValue: '0' },
  { referenceName: 'Custom.Builds' },
  { referenceName: 'Custom.Reviewer' },
  { referenceName: 'Custom.Platform', allowedValues: ['Windows', 'Linux', 'macOS'] },
  { referenceName: 'Microsoft.VSTS.Common.StateChangeDate' },
  { referenceName: 'Microsoft.VSTS.Scheduling.TargetDate' },
];
const plain = (...names: string[]): TypeField[] => names.map((referenceName) => ({ referenceName }));

const WORKFLOW = {
  states: [
    { name: 'New', category: 'Proposed' },
    { name: 'Active', category: 'InProgress' },
    { name: 'Resolved', category: 'Resolved' },
    { name: 'Closed', category: 'Completed' },
  ],
  transitions: {
    '': ['New'],
    New: ['New', 'Active', 'Resolved', 'Closed'],
    Active: ['Active', 'New', 'Resolved', 'Closed'],
    Resolved: ['Resolved', 'Active', 'Closed'],
    // a closed one is opened before anything else
    Closed: ['Closed', 'Active'],
  },
};

function type(name: string, fields: TypeField[], more: Partial<TypeDefinition> = {}): TypeDefinition {
  return {
    name,
    referenceName: `Microsoft.VSTS.WorkItemTypes.${name.replace(/\s/g, '')}`,
    color: 'CC293D',
    isDisabled: false,
    hidden: false,
    ...WORKFLOW,
    fields: [...SYSTEM, priority, ...fields, ...custom],
    ...more,
  };
}

const scheduling = 'Microsoft.VSTS.Scheduling';

export const TYPES: TypeDefinition[] = [
  type('Bug', [severity, ...plain('Microsoft.VSTS.TCM.ReproSteps', `${scheduling}.RemainingWork`)]),
  type('User Story', plain('Microsoft.VSTS.Common.AcceptanceCriteria', `${scheduling}.StoryPoints`)),
  type('Task', plain(`${scheduling}.RemainingWork`)),
  type('Feature', plain(`${scheduling}.StoryPoints`)),
  type('Epic', plain(`${scheduling}.StoryPoints`)),
  type('Issue', [], { isDisabled: true }),
  type('Shared Steps', [], { hidden: true }),
];
