/**
 * The least that the connector must know of the Atlassian Document Format: what a plain text looks like in it, and whether
 * a text holds a document. Conversion between markups is done elsewhere.
 * https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
 */

import type { RichText } from '../../model/values';
import { isJson, type Json } from './shapes';

/** The document in a text, or undefined where the text holds none. */
export function documentIn(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isJson(parsed) && parsed.type === 'doc' && Array.isArray(parsed.content) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A plain text as document: blank lines part paragraphs, other line ends are hard breaks. */
export function documentOfText(text: string): Json {
  const paragraphs = text.replace(/\r\n?/g, '\n').split(/\n{2,}/);
  const content = paragraphs.map((paragraph) => {
    const nodes = paragraph.split('\n').flatMap((line, index): Json[] => [
      ...(index > 0 ? [{ type: 'hardBreak' }] : []),
      // an empty text node is not valid
      ...(line === '' ? [] : [{ type: 'text', text: line }]),
    ]);
    return nodes.length > 0 ? { type: 'paragraph', content: nodes } : { type: 'paragraph' };
  });
  return { version: 1, type: 'doc', content };
}

/** What is sent for a rich text: the document it holds, else its text wrapped into paragraphs. */
export const documentOf = (value: RichText | string): Json => {
  if (typeof value === 'string') return documentOfText(value);
  return (value.format === 'adf' ? documentIn(value.content) : undefined) ?? documentOfText(value.content);
};

/** The document as the JSON text that a canonical value holds: the same document always gives the same text. */
export const textOfDocument = (document: Json): string => JSON.stringify(sorted(document));

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJson(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

/** True for a document in which there is nothing: Jira shows some emptied fields so. */
export function isEmptyDocument(document: Json): boolean {
  const blank = (node: unknown): boolean =>
    isJson(node) && node.type === 'paragraph' && (!Array.isArray(node.content) || node.content.length === 0);
  return Array.isArray(document.content) && document.content.every(blank);
}
