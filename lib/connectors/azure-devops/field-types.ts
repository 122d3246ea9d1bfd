/** The kind of value of a field in Azure DevOps. Pure: decided from the field's definition alone. */

import type { Field } from '../../model/entity';
import { MARKUP_LENGTH, TAG, TEXT_LENGTH } from './rules';
import { type Json, textOf } from './shapes';

/** A field of one project and work item type (`id` is its reference name), with the data for reading and writing its
 * values. */
export interface FieldInfo extends Field {
  /** never empty, whether or not the process sets it */
  alwaysRequired?: boolean;
  /** the names of a list, as allowed by the type */
  allowed?: string[];
  /** a path in the tree of areas or iterations */
  tree?: 'areas' | 'iterations';
  /** a day: the time zone in which it starts, '' = unknown */
  zone?: string;
  /** its values are links of this relation type */
  link?: string;
  /** the list's values are numbers */
  numeric?: boolean;
}

/**
 * The standard fields in which people choose a day, not a time. Azure DevOps has no dates: what its forms show as one is kept as
 * midnight where the person is who chose it, and shown to everybody in their own time zone. Taken for UTC, a day becomes the
 * one before (https://github.com/solidify/jira-azuredevops-migrator/issues/692, https://github.com/Azure/azure-sdk-tools/issues/7600).
 */
const DAYS: ReadonlySet<string> = new Set(
  ['StartDate', 'FinishDate', 'TargetDate', 'DueDate'].map((name) => `Microsoft.VSTS.Scheduling.${name}`),
);

/** https://learn.microsoft.com/azure/devops/boards/work-items/guidance/work-item-field: a short text */
export const SHORT_TEXT = 255;
/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits: long text fields, 1 M characters */
export const LONG_TEXT = 1_000_000;

/**
 * Hours, as the forms of the process templates label them
 * (https://learn.microsoft.com/azure/devops/boards/queries/query-numeric). Here they are durations, so that they meet
 * the seconds of other systems. A team that keeps days in them maps numbers of hours.
 */
const HOURS: ReadonlySet<string> = new Set(
  ['RemainingWork', 'CompletedWork', 'OriginalEstimate'].map((name) => `Microsoft.VSTS.Scheduling.${name}`),
);

export const TITLE = 'System.Title';
export const STATE = 'System.State';
export const PARENT = 'System.Parent';
export const TAGS = 'System.Tags';
/** Comments: a field to write only, and a capability of its own. */
export const HISTORY = 'System.History';

/** Fields that the system sets itself, whatever the definitions say (they leave some writable for `bypassRules`). */
const SYSTEM_ONLY: ReadonlySet<string> = new Set(
  [
    'Id Rev CreatedDate CreatedBy ChangedDate ChangedBy AuthorizedDate AuthorizedAs RevisedDate Watermark PersonId IsDeleted',
    'TeamProject WorkItemType NodeName AreaId IterationId CommentCount AttachedFileCount ExternalLinkCount',
    'HyperLinkCount RelatedLinkCount RemoteLinkCount BoardColumn BoardColumnDone BoardLane NodeType',
  ]
    .join(' ')
    .split(' ')
    .map((name) => `System.${name}`),
);
/** With `bypassRules` a create can set who created it and when. */
const BYPASSABLE: ReadonlySet<string> = new Set(['System.CreatedBy', 'System.CreatedDate']);
/** Required, but the system sets a value if none is written. */
export const FILLED_IN: ReadonlySet<string> = new Set(
  ['State', 'Reason', 'AreaPath', 'IterationPath', 'AreaId', 'IterationId'].map((name) => `System.${name}`),
);

/** The system form's settings for fields: whether rules of the process are bypassed, and the time zone in which days
 * start. */
export interface FieldRules {
  bypassRules: boolean;
  timeZone: string;
}

/**
 * @param field as described by its work item type
 * @param raw as described by `_apis/wit/fields`, for the whole collection
 */
export function fieldInfo(field: Json, raw: Json, { bypassRules, timeZone }: FieldRules): FieldInfo {
  const id = textOf(field.referenceName) ?? '';
  const isRequired = field.alwaysRequired === true;
  const hasDefault = (field.defaultValue ?? '') !== '';
  const bypassed = bypassRules && BYPASSABLE.has(id);
  const isLevel = /^System\.(Area|Iteration)Level\d$/.test(id);
  const readOnly = !bypassed && (raw.readOnly === true || SYSTEM_ONLY.has(id) || isLevel);
  const info: FieldInfo = { id, name: textOf(field.name) ?? id, ...typeOf(id, field, raw, timeZone) };
  // its definition says read-only, because it is written as a link
  if (id === PARENT) return info;
  if (readOnly) info.readOnly = true;
  if (bypassed) info.createOnly = true;
  if (!readOnly && isRequired && !hasDefault && !FILLED_IN.has(id)) info.required = true;
  if (isRequired) info.alwaysRequired = true;
  else if (!readOnly && hasDefault && !FILLED_IN.has(id)) info.hasDefault = true;
  if (!/^(System|Microsoft\.VSTS)\./.test(id)) info.custom = true;
  return info;
}

function typeOf(id: string, field: Json, { type, ...raw }: Json, zone: string): Omit<FieldInfo, 'id' | 'name'> {
  if (id === PARENT) return { type: 'reference' };
  if (id === TAGS) return { type: 'text', multi: true, entry: TAG };
  if (id === STATE) return { type: 'lookup' };
  if (id === 'System.AreaPath') return { type: 'lookup', tree: 'areas' };
  if (id === 'System.IterationPath') return { type: 'lookup', tree: 'iterations' };
  if (raw.isIdentity === true || type === 'identity') return { type: 'user' };
  const allowed = Array.isArray(field.allowedValues) ? field.allowedValues.flatMap((one) => textOf(one) ?? []) : [];
  const closed = allowed.length > 0 && raw.isPicklistSuggested !== true;
  switch (type) {
    case 'html':
      return { type: 'richtext', maxLength: LONG_TEXT, length: MARKUP_LENGTH };
    case 'plainText':
    case 'history':
      return { type: 'text', maxLength: LONG_TEXT, length: TEXT_LENGTH };
    case 'dateTime':
      return DAYS.has(id) ? { type: 'date', zone } : { type: 'datetime' };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'picklistInteger':
      return closed ? { type: 'lookup', numeric: true, allowed } : { type: 'number', integer: true };
    case 'double':
    case 'picklistDouble':
      if (closed) return { type: 'lookup', numeric: true, allowed };
      return { type: HOURS.has(id) ? 'duration' : 'number' };
    case 'treePath':
    case 'guid':
      return { type: 'text' };
    default:
      return closed ? { type: 'lookup', allowed } : { type: 'text', maxLength: SHORT_TEXT, length: TEXT_LENGTH };
  }
}
