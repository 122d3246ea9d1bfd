/** Field values of Azure DevOps → canonical values. Pure. */

import { looksEmpty } from '../../model/empty';
import type { Fields, RichText, Value } from '../../model/values';
import { numberOf } from '../kit/json';
import { dayOf } from '../kit/zone';
import { type FieldInfo, TAGS } from './field-types';
import { linkedIn } from './links';
import { fromStoredMarkdown, MARKDOWN } from './rules';
import { isoOf, type Json, type RawRelation, textOf, userOf } from './shapes';

/** The context of a value, in addition to its field. */
export interface ValueContext {
  /** long text fields that hold Markdown */
  markdown: ReadonlySet<string>;
  /** of the work item */
  relations?: readonly RawRelation[];
  /** address of a work item's page */
  url(id: string): string;
  /** the other fields: an area's path has its id next to it */
  siblings?: Json;
}

const SECONDS = 3600;

/** Every field of the type: an absent one is empty. */
export function valuesOf(fields: readonly FieldInfo[], shown: Json, context: Omit<ValueContext, 'siblings'>): Fields {
  const within: ValueContext = { ...context, siblings: shown };
  const shownBy = (field: FieldInfo): Value =>
    field.link === undefined
      ? canonicalOf(field, shown[field.id], within)
      : linkedIn(context.relations ?? [], field.link, context.url);
  return Object.fromEntries(fields.map((field) => [field.id, shownBy(field)]));
}

export function canonicalOf(field: FieldInfo, raw: unknown, context: ValueContext): Value {
  if (raw === null || raw === undefined || raw === '') return null;
  switch (field.type) {
    case 'richtext': {
      const text: RichText = context.markdown.has(field.id)
        ? { format: 'markdown', content: fromStoredMarkdown(String(raw)), dialect: MARKDOWN }
        : { format: 'html', content: String(raw) };
      // the editor leaves `<div><br></div>` when a text is deleted
      return looksEmpty(text) ? null : text;
    }
    case 'number':
      return numberOf(raw) ?? null;
    case 'duration': {
      const hours = numberOf(raw);
      return hours === undefined ? null : Math.round(hours * SECONDS);
    }
    case 'boolean':
      return raw === true || raw === 1 || String(raw).toLowerCase() === 'true' || raw === '1';
    case 'datetime':
      return isoOf(raw) ?? null;
    case 'date': {
      const ms = Date.parse(String(raw));
      return Number.isNaN(ms) ? null : dayOf(ms, field.zone ?? '');
    }
    case 'user':
      return userOf(raw) ?? null;
    case 'reference': {
      const id = textOf(raw);
      return id === undefined ? null : { id, key: id, url: context.url(id) };
    }
    case 'lookup':
      return lookupOf(field, raw, context);
    default:
      return field.id === TAGS ? tagsOf(raw) : (textOf(raw) ?? null);
  }
}

function lookupOf(field: FieldInfo, raw: unknown, { siblings }: ValueContext): Value {
  const name = textOf(raw);
  if (name === undefined) return null;
  // a node keeps its id when it is renamed
  const id = field.tree && textOf(siblings?.[field.tree === 'areas' ? 'System.AreaId' : 'System.IterationId']);
  return id ? { id, name } : { name };
}

/** `a; b`: a tag contains neither semicolon nor comma. */
function tagsOf(raw: unknown): string[] | null {
  const tags = String(raw)
    .split(/[;,]/)
    .map((tag) => tag.trim())
    .filter(Boolean);
  return tags.length > 0 ? tags : null;
}

/** Hours as Azure DevOps holds them, from whole seconds. */
export const hoursOf = (seconds: number): number => seconds / SECONDS;

/** The work item that a parent link leads to. */
export const PARENT_LINK = 'System.LinkTypes.Hierarchy-Reverse';
