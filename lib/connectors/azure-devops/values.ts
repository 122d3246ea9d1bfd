/** Field values as Azure DevOps shows them → canonical values. Pure. */

import { looksEmpty } from '../../model/empty';
import type { Fields, RichText, Value } from '../../model/values';
import { dayOf } from './days';
import { type FieldInfo, TAGS } from './field-types';
import { fromStoredMarkdown, MARKDOWN } from './markdown';
import { isoOf, type Json, textOf, userOf } from './shapes';

/** What a value is read with, beside its field. */
export interface ValueContext {
  /** long text fields that hold Markdown */
  markdown: ReadonlySet<string>;
  /** address of a work item's page */
  url(id: string): string;
  /** the other fields: an area's path has its id beside it */
  siblings?: Json;
}

const SECONDS = 3600;

/** Every field of the type: what is absent is empty. */
export function valuesOf(fields: readonly FieldInfo[], shown: Json, context: Omit<ValueContext, 'siblings'>): Fields {
  const within: ValueContext = { ...context, siblings: shown };
  return Object.fromEntries(fields.map((field) => [field.id, canonicalOf(field, shown[field.id], within)]));
}

export function canonicalOf(field: FieldInfo, raw: unknown, context: ValueContext): Value {
  if (raw === null || raw === undefined || raw === '') return null;
  switch (field.type) {
    case 'richtext': {
      const text: RichText = context.markdown.has(field.id)
        ? { format: 'markdown', content: fromStoredMarkdown(String(raw)), dialect: MARKDOWN }
        : { format: 'html', content: String(raw) };
      // the editor leaves `<div><br></div>` behind where a text was deleted
      return looksEmpty(text) ? null : text;
    }
    case 'number':
      return numberOf(raw);
    case 'duration': {
      const hours = numberOf(raw);
      return hours === null ? null : Math.round(hours * SECONDS);
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

function numberOf(raw: unknown): number | null {
  const number = Number(raw);
  return Number.isFinite(number) ? number : null;
}

/** `a; b`: a tag holds neither semicolon nor comma. */
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
