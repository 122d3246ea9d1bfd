/**
 * Texts with placeholders: `{name}` or `{name|quoting}`; `{{` and `}}` are braces. A value never ends its quotation, whatever is in
 * it: a title with an apostrophe, a quotation mark or a backslash is that title, and no part of a query. Pure.
 */

import { SyncError } from '../../model/errors';

/** How a value becomes part of a larger text. The quotation marks are part of the quoting. */
export const QUOTINGS = [
  'path',
  'segments',
  'raw',
  'sql',
  'backslash',
  'odata',
  'odataKey',
  'lucene',
  'json',
  'snow',
] as const;
export type Quoting = (typeof QUOTINGS)[number];

export type Part = string | { name: string; quoting?: Quoting };
export type Template = readonly Part[];
/** Values by the names of placeholders; several values are quoted one by one. */
export type Vars = Readonly<Record<string, string | readonly string[] | undefined>>;

const PIECE = /\{\{|\}\}|\{([^{}|]*)(?:\|([^{}|]*))?\}|[{}]/g;

const isQuoting = (word: string): word is Quoting => QUOTINGS.some((one) => one === word);

/** @throws Error with a sentence for the author */
export function parseTemplate(text: string): Template {
  const parts: Part[] = [];
  let plain = '';
  let at = 0;
  for (const match of text.matchAll(PIECE)) {
    const [piece, name, quoting] = match;
    plain += text.slice(at, match.index);
    at = match.index + piece.length;
    if (piece === '{{' || piece === '}}') {
      plain += piece[0];
      continue;
    }
    if (name === undefined) throw new Error(`a single "${piece}": write ${piece}${piece} for a brace`);
    if (!/^[\w.@-]+$/.test(name)) throw new Error(`{${name}} is not a placeholder`);
    if (quoting !== undefined && !isQuoting(quoting))
      throw new Error(`unknown quoting "${quoting}"; possible are ${QUOTINGS.join(', ')}`);
    if (plain !== '') parts.push(plain);
    plain = '';
    parts.push(quoting === undefined ? { name } : { name, quoting });
  }
  plain += text.slice(at);
  if (plain !== '') parts.push(plain);
  return parts;
}

/** The placeholders of a template. */
export const placeholders = (template: Template): Exclude<Part, string>[] =>
  template.filter((part): part is Exclude<Part, string> => typeof part !== 'string');

/**
 * @param join between several values of one placeholder
 * @returns undefined if a placeholder has no value
 * @throws SyncError invalid if a value cannot be quoted
 */
export function fill(template: Template, vars: Vars, join = ','): string | undefined {
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = Object.hasOwn(vars, part.name) ? vars[part.name] : undefined;
    if (value === undefined) return undefined;
    const values = typeof value === 'string' ? [value] : value;
    text += values.map((one) => quoted(one, part.name, part.quoting)).join(join);
  }
  return text;
}

const refused = (name: string, value: string, why: string): SyncError =>
  new SyncError('invalid', `"${value.slice(0, 60)}" cannot be used as ${name}: ${why}`);

function quoted(value: string, name: string, quoting: Quoting | undefined): string {
  switch (quoting) {
    case undefined:
      return value;
    case 'path':
      return segment(value, name);
    case 'segments':
      return value
        .split('/')
        .map((one) => segment(one, name))
        .join('/');
    case 'raw':
      if (/^[\w.:+-]+$/.test(value)) return value;
      throw refused(name, value, 'only letters, digits and . : + - _ are possible');
    case 'sql':
    case 'odata':
      return `'${value.replaceAll("'", "''")}'`;
    case 'odataKey':
      return encoded(`'${value.replaceAll("'", "''")}'`);
    case 'backslash':
      return `'${value.replace(/[\\']/g, '\\$&')}'`;
    case 'lucene':
      return `"${value.replace(/[\\"]/g, '\\$&')}"`;
    case 'json':
      return JSON.stringify(value);
    case 'snow':
      // ServiceNow's encoded queries have no quotation: ^ always begins the next condition
      if (!/[\^\r\n]|javascript:/i.test(value)) return value;
      throw refused(name, value, '^, line ends and javascript: have a meaning in queries');
  }
}

/** One segment of a path. `.` and `..` would lead out of it, encoded or not. */
function segment(value: string, name: string): string {
  if (value === '' || value === '.' || value === '..') throw refused(name, value, 'it is no part of a path');
  return encoded(value);
}

/** Also the signs that encodeURIComponent leaves: some systems give them a meaning in paths. */
const encoded = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
