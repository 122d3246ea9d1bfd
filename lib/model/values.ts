/**
 * Canonical values: what a field of any system looks like once its connector has read it.
 * Everything is plain JSON, so that it can travel in a message, be stored as a baseline and be looked at in a debug node.
 */

import { looksEmpty } from './empty';

/** Text with a markup. `format` says which one; `content` is the source text in that markup. */
export interface RichText {
  format: RichTextFormat;
  content: string;
  /** what the system that shows it makes of the markup; says nothing about whether two texts are the same */
  dialect?: Dialect;
}

/** How a system reads its markup, where systems with the same markup differ. Connectors declare it. */
export interface Dialect {
  /** Markdown: a line end within a paragraph is a line break (Redmine; comments of GitHub). Absent: it is a blank */
  hardBreaks?: true;
  /** Markdown: HTML is text, but for the few tags that Markdown has no signs for (Azure DevOps). Absent: it is HTML */
  plainTags?: true;
  /** Markdown and Textile: what mentions a person, `@name` or only `@<id>`. Absent: names */
  mentions?: 'names' | 'ids';
}

export type RichTextFormat = 'text' | 'html' | 'markdown' | 'textile' | 'jira-wiki' | 'adf';

/** One entry of a list such as priority or state. Ids mean something only in the system they come from. */
export interface LookupValue {
  id?: string;
  name: string;
}

/** An entry of a field's list. */
export interface ListValue extends LookupValue {
  /** it exists and may stand in entities, but cannot be chosen any more: closed, archived, locked */
  selectable?: false;
}

/** A person. `name` is what people read, `login` the account name, `email` is what users are matched by across systems. */
export interface UserValue {
  id?: string;
  name?: string;
  login?: string;
  email?: string;
}

/** Another entity of the same system. */
export interface ReferenceValue {
  id: string;
  key?: string;
  name?: string;
  url?: string;
}

export type SingleValue = string | number | boolean | RichText | LookupValue | UserValue | ReferenceValue;

/** A field's value. `null` is an empty field; an array is the value of a multi-value field (never nested). */
export type Value = null | SingleValue | SingleValue[];

export type FieldId = string;
export type Fields = Record<FieldId, Value>;

/**
 * The shape of a value by its field's type:
 * text, url → string; number → number; boolean → boolean; date → 'YYYY-MM-DD'; datetime → ISO 8601 in UTC;
 * duration → whole seconds; richtext → RichText; lookup → LookupValue; user → UserValue; reference → ReferenceValue.
 */
export type FieldType =
  | 'text'
  | 'richtext'
  | 'number'
  | 'boolean'
  | 'date'
  | 'datetime'
  | 'duration'
  | 'lookup'
  | 'user'
  | 'reference'
  | 'url';

/**
 * True where nothing is in the field: null, undefined, '', an empty list, or a formatted text in which a person would see
 * nothing (`<div><br></div>`, a document of empty paragraphs).
 */
export function isEmpty(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && 'content' in value && looksEmpty(value);
}
