/** What kind of value a field of Azure DevOps holds. Pure: decided from the field's definition alone. */

import type { EntryRule, LengthRule } from '../../model/entity';
import type { FieldType } from '../../model/values';
import { DAYS } from './days';
import { MARKUP_LENGTH, TAG, TEXT_LENGTH } from './rules';

/** A field of one project and work item type, with what reading and writing its values needs. */
export interface FieldInfo {
  /** reference name: System.Title */
  id: string;
  name: string;
  type: FieldType;
  multi?: boolean;
  readOnly?: boolean;
  createOnly?: boolean;
  required?: boolean;
  custom?: boolean;
  integer?: boolean;
  maxLength?: number;
  length?: LengthRule;
  entry?: EntryRule;
  /** the process fills it where a create says nothing of it, and it may be emptied */
  hasDefault?: boolean;
  /** never empty, whether or not the process fills it in */
  alwaysRequired?: boolean;
  /** the names of a list, as the type allows them */
  allowed?: string[];
  /** a path in the tree of areas or iterations */
  tree?: 'areas' | 'iterations';
  /** a day: the time zone in which it begins, '' = not known */
  zone?: string;
  /** the list's entries are numbers */
  numeric?: boolean;
}

/** https://learn.microsoft.com/azure/devops/boards/work-items/guidance/work-item-field: a short text */
export const SHORT_TEXT = 255;
/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits: long text fields, 1 M characters */
export const LONG_TEXT = 1_000_000;

/**
 * Hours, as the forms of the process templates label them
 * (https://learn.microsoft.com/azure/devops/boards/queries/query-numeric). Here they are durations, so that they meet
 * the seconds of other systems. A team that keeps days in them maps numbers of hours.
 */
export const HOURS: ReadonlySet<string> = new Set([
  'Microsoft.VSTS.Scheduling.RemainingWork',
  'Microsoft.VSTS.Scheduling.CompletedWork',
  'Microsoft.VSTS.Scheduling.OriginalEstimate',
]);

export const TITLE = 'System.Title';
export const STATE = 'System.State';
export const PARENT = 'System.Parent';
export const TAGS = 'System.Tags';
/** Comments: a field to write only, and a capability of its own. */
export const HISTORY = 'System.History';

/** What the system fills in itself, whatever the definitions say (they leave some writable for `bypassRules`). */
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
/** With `bypassRules` a create may say who made it and when. */
const BYPASSABLE: ReadonlySet<string> = new Set(['System.CreatedBy', 'System.CreatedDate']);
/** Required, but given a value by the system where none is written. */
export const FILLED_IN: ReadonlySet<string> = new Set([
  STATE,
  'System.Reason',
  'System.AreaPath',
  'System.IterationPath',
  'System.AreaId',
  'System.IterationId',
]);

/** As `_apis/wit/fields` describes it, for the whole collection. */
export interface RawField {
  id: string;
  name: string;
  /** string, integer, double, dateTime, boolean, html, plainText, treePath, history, guid, identity, picklist… */
  type: string;
  readOnly: boolean;
  identity: boolean;
  picklist: boolean;
  suggested: boolean;
}

/** As the fields of one type are described. */
export interface RawTypeField {
  id: string;
  name: string;
  required: boolean;
  hasDefault: boolean;
  allowed: string[];
}

/** What the system form says of fields: whether rules of the process are written past, and in which time zone days begin. */
export interface FieldRules {
  bypassRules: boolean;
  timeZone: string;
}

/** @param field as its type has it @param raw as the collection defines it */
export function fieldInfo(
  field: RawTypeField,
  raw: RawField | undefined,
  { bypassRules, timeZone }: FieldRules,
): FieldInfo {
  const { id, name } = field;
  const bypassed = bypassRules && BYPASSABLE.has(id);
  const readOnly =
    !bypassed && (raw?.readOnly === true || SYSTEM_ONLY.has(id) || /^System\.(Area|Iteration)Level\d$/.test(id));
  const info: FieldInfo = { id, name, ...typeOf(field, raw, timeZone) };
  // its definition says read-only, since it is written as a link
  if (id === PARENT) return info;
  if (readOnly) info.readOnly = true;
  if (bypassed) info.createOnly = true;
  if (!readOnly && field.required && !field.hasDefault && !FILLED_IN.has(id)) info.required = true;
  if (field.required) info.alwaysRequired = true;
  else if (!readOnly && field.hasDefault && !FILLED_IN.has(id)) info.hasDefault = true;
  if (!/^(System|Microsoft\.VSTS)\./.test(id)) info.custom = true;
  return info;
}

function typeOf(field: RawTypeField, raw: RawField | undefined, zone: string): Omit<FieldInfo, 'id' | 'name'> {
  const type = raw?.type ?? 'string';
  if (field.id === PARENT) return { type: 'reference' };
  if (field.id === TAGS) return { type: 'text', multi: true, entry: TAG };
  if (field.id === STATE) return { type: 'lookup' };
  if (field.id === 'System.AreaPath') return { type: 'lookup', tree: 'areas' };
  if (field.id === 'System.IterationPath') return { type: 'lookup', tree: 'iterations' };
  if (raw?.identity || type === 'identity') return { type: 'user' };
  const closed = field.allowed.length > 0 && !raw?.suggested;
  switch (type) {
    case 'html':
      return { type: 'richtext', maxLength: LONG_TEXT, length: MARKUP_LENGTH };
    case 'plainText':
    case 'history':
      return { type: 'text', maxLength: LONG_TEXT, length: TEXT_LENGTH };
    case 'dateTime':
      return DAYS.has(field.id) ? { type: 'date', zone } : { type: 'datetime' };
    case 'boolean':
      return { type: 'boolean' };
    case 'integer':
    case 'picklistInteger':
      return closed ? { type: 'lookup', numeric: true, allowed: field.allowed } : { type: 'number', integer: true };
    case 'double':
    case 'picklistDouble':
      if (closed) return { type: 'lookup', numeric: true, allowed: field.allowed };
      return { type: HOURS.has(field.id) ? 'duration' : 'number' };
    case 'treePath':
    case 'guid':
      return { type: 'text' };
    default:
      return closed
        ? { type: 'lookup', allowed: field.allowed }
        : { type: 'text', maxLength: SHORT_TEXT, length: TEXT_LENGTH };
  }
}
