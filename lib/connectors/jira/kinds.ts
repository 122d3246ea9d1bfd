/**
 * The canonical types of Jira's field schemas. Types of custom fields:
 * https://developer.atlassian.com/server/jira/platform/jira-rest-api-examples/#setting-custom-field-data-for-other-field-types
 */

import type { EntryRule, LengthRule } from '../../model/entity';
import type { FieldType } from '../../model/values';
import type { Schema } from './shapes';

/** The JSON form of a field, for reading and writing. */
export type Shape =
  | 'text'
  | 'richText'
  | 'number'
  | 'seconds'
  | 'date'
  | 'dateTime'
  /** {id, value}: select lists, radio buttons, checkboxes */
  | 'option'
  /** {id, value, child: {id, value}} */
  | 'cascade'
  /** {id, name} */
  | 'named'
  | 'group'
  | 'user'
  /** {id, key} of another issue */
  | 'issue'
  /** the key of another issue, as text */
  | 'issueKey'
  | 'sprint'
  /** {id, name}, written as its id */
  | 'team';

export interface Kind {
  shape: Shape;
  type: FieldType;
  multi?: boolean;
  readOnly?: boolean;
  maxLength?: number;
  length?: LengthRule;
  entry?: EntryRule;
}

/** Properties of an issue that are not fields. */
const COLLECTED = ['attachment', 'comment', 'issuelinks', 'subtasks', 'thumbnail', 'votes', 'watches', 'worklog'];
/** Sums over sub-tasks: they change without anybody editing this issue. */
const SUMS = ['aggregateprogress', 'aggregatetimeestimate', 'aggregatetimeoriginalestimate', 'aggregatetimespent'];
const LEFT_OUT = new Set([
  ...COLLECTED,
  ...SUMS,
  ...['issuerestriction', 'lastViewed', 'progress', 'timetracking', 'workratio'],
]);

/** Changed by moving the issue. */
const MOVED = ['issuetype', 'project'];
const BY_STATUS = ['resolutiondate', 'statusCategory', 'statuscategorychangedate'];
/** Fields that Jira maintains itself. */
const KEPT_BY_JIRA = new Set([...MOVED, ...BY_STATUS, 'created', 'creator', 'issuekey', 'timespent', 'updated']);

const SECONDS = new Set(['timeestimate', 'timeoriginalestimate', 'timespent']);
const LISTS = ['component', 'priority', 'resolution', 'securitylevel', 'status', 'version'];
const NAMED = new Set([...LISTS, ...MOVED, 'statusCategory']);

/** single-line texts; https://confluence.atlassian.com/jirakb/maximum-length-of-a-jira-text-field-1318879886.html */
const LINE = 255;
/** Texts of several lines on Cloud; on Data Center administrators set the limit. The words of a document are
 * counted, not its JSON. */
const TEXT = 32_767;
/** Jira is written in Java, which counts characters like JavaScript. */
const UNIT = 'utf16';

/** The unit of a long text's limit, on Cloud. */
export const longText: { maxLength: number; length: LengthRule } = {
  maxLength: TEXT,
  length: { unit: UNIT, of: 'text' },
};

const ONE_LINE: EntryRule = { without: '[\\n\\r]', says: 'a summary is one line' };
const LABEL: EntryRule = { maxLength: LINE, without: '\\s', says: 'a label has no blanks and at most 255 characters' };

/** Fields that GET /field shows without a schema (Cloud) or not at all (Data Center), though issues have them. */
export const UNDECLARED: { id: string; name: string; schema: Schema }[] = [
  { id: 'parent', name: 'Parent', schema: { type: 'issuelink' } },
];

/** undefined if it has no canonical form. */
export function kindOf(id: string, declared: Schema | undefined): Kind | undefined {
  const schema = declared ?? UNDECLARED.find((one) => one.id === id)?.schema;
  if (LEFT_OUT.has(id) || !schema) return undefined;
  const custom = schema.custom?.split(':').at(-1) ?? '';
  const kind = SECONDS.has(id) ? { shape: 'seconds' as const, type: 'duration' as const } : byType(id, schema, custom);
  return kind && KEPT_BY_JIRA.has(id) ? { ...kind, readOnly: true } : kind;
}

function byType(id: string, { type, items, custom: full }: Schema, custom: string): Kind | undefined {
  if (custom === 'gh-sprint') return { shape: 'sprint', type: 'lookup' };
  if (custom === 'gh-epic-link') return { shape: 'issueKey', type: 'reference' };
  if (custom === 'gh-lexo-rank') return undefined;
  if (NAMED.has(type)) return { shape: 'named', type: 'lookup' };
  switch (type) {
    case 'string':
      return textKind(id, full === undefined ? undefined : custom);
    case 'number':
      return { shape: 'number', type: 'number' };
    case 'date':
      return { shape: 'date', type: 'date' };
    case 'datetime':
      return { shape: 'dateTime', type: 'datetime' };
    case 'option':
      return { shape: 'option', type: 'lookup' };
    case 'option-with-child':
    case 'option2':
      return { shape: 'cascade', type: 'lookup' };
    case 'user':
      return { shape: 'user', type: 'user' };
    case 'group':
      return { shape: 'group', type: 'lookup' };
    case 'issuelink':
      return { shape: 'issue', type: 'reference' };
    case 'team':
      return { shape: 'team', type: 'lookup' };
    case 'array':
      return listKind(id, items ?? '', custom);
    default:
      return undefined;
  }
}

function textKind(id: string, custom: string | undefined): Kind {
  if (id === 'description' || id === 'environment' || custom === 'textarea')
    return { shape: 'richText', type: 'richtext', ...longText };
  if (custom === 'url') return { shape: 'text', type: 'url' };
  if (custom === 'readonlyfield') return { shape: 'text', type: 'text', readOnly: true };
  const isLine = id === 'summary' || custom === 'textfield';
  return {
    ...{ shape: 'text', type: 'text' },
    ...(isLine ? { maxLength: LINE, length: { unit: UNIT } } : {}),
    ...(id === 'summary' ? { entry: ONE_LINE } : {}),
  };
}

function listKind(id: string, items: string, custom: string): Kind | undefined {
  if (items === 'string') {
    const isLabels = id === 'labels' || custom === 'labels';
    return { shape: 'text', type: 'text', multi: true, ...(isLabels ? { entry: LABEL } : {}) };
  }
  if (items === 'option') return { shape: 'option', type: 'lookup', multi: true };
  if (items === 'user') return { shape: 'user', type: 'user', multi: true };
  if (items === 'group') return { shape: 'group', type: 'lookup', multi: true };
  if (NAMED.has(items)) return { shape: 'named', type: 'lookup', multi: true };
  return undefined;
}
