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
  /** in a baseline: what of the text stands for mentions of the other side; says nothing about whether two texts are the same */
  standIns?: StandIn[];
  /** the author line that belongs in front of it, and is no part of `content`; says nothing about whether two texts are the same */
  frame?: Frame;
}

/** What the author line of a comment's copy says of the original, as far as it is known. */
export interface Frame {
  /** the original's address: by it the line is recognized */
  url?: string;
  /** who wrote it, as people call them */
  by?: string;
  /** when, ISO 8601 */
  at?: string;
  /** it says who edited it, and when */
  edited?: true;
  /** what people call the system that it is from */
  of?: string;
}

/** What was written in the place of a mention of the other side, so that the mention comes back as what it was. */
export interface StandIn {
  /** id of the system node whose mention it is: links share baselines over several systems */
  system: string;
  /** what that system calls the person, or the entity, in its texts: an account id, a login, a GUID */
  id: string;
  /** the mention as it stood there, in that side's markup */
  atom: string;
  /** exactly what was written here instead; absent if the person is mentioned here as well */
  words?: string;
  /** what this side's texts call the person who is mentioned here */
  own?: string;
  /** which of several places with the same words it is, from 0 */
  nth: number;
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
  /** it exists and entities may have it, but it can no longer be chosen: closed, archived, locked */
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
 * True if nothing is in the field: null, undefined, '', an empty list, or a formatted text in which a person would see
 * nothing (`<div><br></div>`, a document of empty paragraphs).
 */
export function isEmpty(value: Value | undefined): boolean {
  if (value === null || value === undefined || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === 'object' && 'content' in value && looksEmpty(value);
}
