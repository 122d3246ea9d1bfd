/**
 * The minimum that the connector must know about the Atlassian Document Format: how to write a plain text in it, and
 * whether a text contains a document. Markups are converted elsewhere.
 * https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
 */

import type { RichText } from '../../model/values';
import { isJson, type Json } from '../kit/json';

/** The document in a text, or undefined if the text contains none. */
export function documentIn(text: string): Json | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    return isJson(parsed) && parsed.type === 'doc' && Array.isArray(parsed.content) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** A plain text as a document: blank lines separate paragraphs, other line ends are hard breaks. */
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

/** The value to send for a rich text: the document it contains, else its text wrapped into paragraphs. */
export const documentOf = (value: RichText | string): Json => {
  if (typeof value === 'string') return documentOfText(value);
  return (value.format === 'adf' ? documentIn(value.content) : undefined) ?? documentOfText(value.content);
};

/** True for a document without content: Jira shows some emptied fields in this way. */
export function isEmptyDocument(document: Json): boolean {
  const blank = (node: unknown): boolean =>
    isJson(node) && node.type === 'paragraph' && (!Array.isArray(node.content) || node.content.length === 0);
  return Array.isArray(document.content) && document.content.every(blank);
}
