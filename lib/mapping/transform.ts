/**
 * Transforms of a field mapper's row: which one applies in a direction, which source fields it reads, and the result of
 * a template. Pure, and safe in the browser. Expressions are evaluated elsewhere (`transform-runner.ts`), where they
 * can block nothing.
 */

import type { FieldChoice, FieldRow, Transform } from '../model/config';
import { applies, type Direction, type EntityRef } from '../model/entity';
import type { UserValue } from '../model/values';
import { type Dialect, type FieldId, type Fields, isEmpty, type SingleValue, type Value } from '../model/values';
import { convertValue, type RichTextConverter } from './convert';
import type { Trace } from './trace';

/**
 * The result of an expression: a value (absent = nothing), or the reason why there is none.
 * - `settled`: a helper found the value in the target or in a value table, so it is already the target's own
 * - `missed`: the helper call that found nothing, if there is no value: `$lookup("Priority", "Urgent")`
 */
export type ExpressionResult = { value?: unknown; settled?: true; missed?: string } | { error: string };

/** Helpers of expressions that need access to the systems. */
export type AskedHelper = 'user' | 'lookup' | 'text';
export type Helpers = Record<AskedHelper, (...args: unknown[]) => unknown>;

/** What a mapping may use in addition to the payload. */
export interface MappingContext {
  entity?: EntityRef & { updatedAt?: string; updatedBy?: UserValue };
  /** last synced source values, if known */
  old?: Fields;
  /** the item's counterpart, if there is one */
  linked?: EntityRef;
  /** answers the expressions' questions; a rejection fails the expression that asked */
  helpers?: Helpers;
  /** by row: the result of its expression for this item */
  results?: ReadonlyMap<FieldRow, ExpressionResult>;
  /** receives which row gave a target field its value */
  trace?: Trace;
}

/** Source fields that are read: ids as far as they are known; `all` if the text alone does not say. */
export interface Reads {
  fields: FieldId[];
  all: boolean;
}

/** The fields that an expression reads. @throws Error if it cannot be parsed */
export type ExpressionReads = (expression: string, find: FindField) => Reads;

/** A field by its id or its name, ignoring case. */
export type FindField = (ref: string) => FieldChoice | undefined;

export const endsOf = (row: FieldRow, direction: Direction): { source?: FieldChoice; target?: FieldChoice } =>
  direction === 'forward' ? { source: row.one, target: row.two } : { source: row.two, target: row.one };

/** The row's transform in a direction; undefined = automatic conversion. */
export function transformOf(
  row: FieldRow,
  direction: Direction,
): Exclude<Transform, { kind: 'automatic' }> | undefined {
  const transform = row.transform?.[direction];
  return transform === undefined || transform.kind === 'automatic' ? undefined : transform;
}

/** True for a row in both directions whose transform is for the other direction only: it does not apply in this one. */
export function lacksTransform(row: FieldRow, direction: Direction): boolean {
  if (row.direction !== 'both' || row.transform === undefined) return false;
  const other: Direction = direction === 'forward' ? 'backward' : 'forward';
  return row.transform[direction] === undefined && transformOf(row, other) !== undefined;
}

/** True if the row has an effect in the direction. */
export const goes = (row: FieldRow, direction: Direction): boolean =>
  applies(row.direction, direction) && !lacksTransform(row, direction);

/** Finds the source fields that rows and their transforms know. */
export function fieldFinder(rows: FieldRow[], direction: Direction): FindField {
  const byId = new Map<string, FieldChoice>();
  const byName = new Map<string, FieldChoice>();
  const add = (field: FieldChoice | undefined): void => {
    if (field === undefined) return;
    if (!byId.has(field.id)) byId.set(field.id, field);
    const name = field.name.trim().toLowerCase();
    if (!byName.has(name)) byName.set(name, field);
  };
  for (const row of rows) {
    add(endsOf(row, direction).source);
    for (const field of transformOf(row, direction)?.fields ?? []) add(field);
  }
  return (ref) => byId.get(ref) ?? byName.get(ref.trim().toLowerCase());
}

type Part = { text: string } | { ref: string };

/** Maximum length of a template. Text beyond it is left unchanged. */
const LONGEST = 100_000;

/** `{{ref}}` in a template; other braces stay text. */
export function templateParts(template: string): Part[] {
  const parts: Part[] = [];
  const text = template.slice(0, LONGEST);
  let at = 0;
  while (at < text.length) {
    const open = text.indexOf('{{', at);
    const close = open < 0 ? -1 : text.indexOf('}}', open + 2);
    if (close < 0) break;
    const ref = text.slice(open + 2, close).trim();
    if (open > at) parts.push({ text: text.slice(at, open) });
    if (ref === '') parts.push({ text: text.slice(open, close + 2) });
    else parts.push({ ref });
    at = close + 2;
  }
  if (at < template.length) parts.push({ text: template.slice(at) });
  return parts;
}

const ENTITY = /^entity\.(key|url|id|type|project|updatedAt)$/;

/** Refs of a template that mean fields, in the order of their first use. */
export const templateRefs = (template: string): string[] => [
  ...new Set(templateParts(template).flatMap((part) => ('ref' in part && !ENTITY.test(part.ref) ? [part.ref] : []))),
];

/** The source fields that a row reads in a direction, its transform's included. */
export function readsOf(
  row: FieldRow,
  direction: Direction,
  find: FindField,
  expressionReads?: ExpressionReads,
): Reads {
  const transform = transformOf(row, direction);
  if (transform === undefined) {
    const { source } = endsOf(row, direction);
    return { fields: source === undefined ? [] : [source.id], all: false };
  }
  if (transform.kind === 'template') {
    return { fields: templateRefs(transform.template).map((ref) => find(ref)?.id ?? ref), all: false };
  }
  if (expressionReads === undefined) return { fields: [], all: true };
  try {
    return expressionReads(transform.expression, find);
  } catch {
    // an invalid expression fails for every item and is reported there
    return { fields: [], all: true };
  }
}

const own = (payload: Fields, id: FieldId): Value | undefined => (Object.hasOwn(payload, id) ? payload[id] : undefined);

/** The type of a value whose field is unknown. */
function looksLike(value: SingleValue): FieldChoice['type'] {
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value !== 'object' || value === null) return 'text';
  if ('content' in value) return 'richtext';
  return 'email' in value || 'login' in value ? 'user' : 'lookup';
}

/** A field's value as text; a list's entries separated by commas. '' if there is nothing. */
function wordsOf(value: Value, field: FieldChoice, target: FieldChoice, richText?: RichTextConverter): string {
  if (isNothing(value)) return '';
  const into: FieldChoice =
    target.type === 'richtext'
      ? { id: target.id, name: target.name, type: 'richtext', format: 'markdown', dialect: TEMPLATE }
      : { id: target.id, name: target.name, type: 'text' };
  const words = (Array.isArray(value) ? value : [value]).flatMap((item): string[] => {
    if (item === null) return [];
    const converted = convertValue(item, { ...field, multi: false }, into, richText);
    if ('problem' in converted) return [];
    return [
      typeof converted.value === 'object' && 'content' in converted.value
        ? converted.value.content
        : String(converted.value),
    ];
  });
  return words.join(', ');
}

/** isEmpty for values that may be any JSON. */
export function isNothing(value: Value | undefined): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !('content' in value))
    return isEmpty(value);
  return typeof value.content === 'string' && isEmpty(value);
}

/** In a template a line end is a line break, as its author sees it. */
const TEMPLATE: Dialect = { hardBreaks: true };

export type TemplateFunction = (payload: Fields, context: MappingContext) => Value | undefined;

/**
 * Compiles a template. Its result: undefined if the payload has none of its fields, null if all of them are empty,
 * otherwise the text. For a rich text target the text is Markdown, including its fields, whatever their own markup.
 */
export function compileTemplate(
  template: string,
  target: FieldChoice,
  find: FindField,
  richText?: RichTextConverter,
): TemplateFunction {
  const parts = templateParts(template).map((part) => {
    if ('text' in part) return { text: part.text };
    const entity = ENTITY.exec(part.ref)?.[1];
    if (entity !== undefined) return { entity };
    const field = find(part.ref);
    return { id: field?.id ?? part.ref, field };
  });
  const reads = parts.some((part) => part.id !== undefined);
  return (payload, context) => {
    let present = !reads;
    let filled = !reads;
    let text = '';
    for (const part of parts) {
      if (part.text !== undefined) text += part.text;
      else if (part.entity !== undefined) text += entityWord(context, part.entity);
      else if (part.id !== undefined) {
        const value = own(payload, part.id);
        if (value === undefined) continue;
        present = true;
        if (isNothing(value)) continue;
        filled = true;
        const [first] = Array.isArray(value) ? value : [value];
        const field = part.field ?? { id: part.id, name: part.id, type: looksLike(first ?? '') };
        text += wordsOf(value, field, target, richText);
      }
    }
    if (!present) return undefined;
    if (!filled) return null;
    return target.type === 'richtext' ? { format: 'markdown', content: text, dialect: TEMPLATE } : text;
  };
}

function entityWord({ entity }: MappingContext, name: string): string {
  const word: unknown = entity === undefined ? undefined : Reflect.get(entity, name);
  return typeof word === 'string' ? word : '';
}

/** The source field of a computed value: its type says what a number or a text means. */
export function computedField(value: Value, label: FieldChoice, target: FieldChoice): FieldChoice {
  const [first] = Array.isArray(value) ? value : [value];
  const look = looksLike(first ?? '');
  // an expression's number for a duration is seconds, like the payload's own durations
  const duration = look === 'number' && target.type === 'duration';
  const type = duration ? 'duration' : look === 'lookup' && target.type === 'reference' ? 'reference' : look;
  return { id: label.id, name: label.name, type, multi: Array.isArray(value) };
}
