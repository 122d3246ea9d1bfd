/** What must never come out of a conversion. */

import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';
import type { RichText } from '../../lib/model/values';

const SCHEMES = /^(?:(?:javascript|vbscript):|data:(?!image\/(?:png|gif|jpe?g|webp|bmp);base64))/i;

/** An address at which something runs, as browsers read it: without white space and control characters. */
export function isUnsafeAddress(address: string): boolean {
  const shown = [...address].filter((char) => (char.codePointAt(0) ?? 0) > 0x20).join('');
  return SCHEMES.test(shown);
}

const ELEMENTS = new Set('script style iframe object embed applet svg math form base meta link template'.split(' '));

/** Elements and attributes of HTML at which something runs, found by the parser of the standard. */
export function unsafeHtml(html: string): string[] {
  const found: string[] = [];
  const visit = (node: DefaultTreeAdapterTypes.ChildNode): void => {
    if (!('tagName' in node)) return;
    if (ELEMENTS.has(node.tagName)) found.push(`<${node.tagName}>`);
    for (const { name, value } of node.attrs) {
      if (name.startsWith('on') || name === 'srcdoc') found.push(name);
      if (/^(?:href|src|action|formaction|data)$/.test(name) && isUnsafeAddress(value)) found.push(value);
      if (name === 'style' && /url|expression|javascript|import/i.test(value)) found.push(value);
    }
    node.childNodes.forEach(visit);
  };
  parseFragment(html).childNodes.forEach(visit);
  return found;
}

/** In HTML: what a browser would run, or what would take it there. */
export const UNSAFE =
  /<(?:script|style|iframe|object|embed|svg|math|form|base|meta|link)\b|<[^>]+\son\w+\s*=|(?:href|src)\s*=\s*["']?\s*(?:javascript|vbscript|data:(?!image\/(?:png|gif|jpe?g|webp|bmp);base64))/i;

/** What in a text could run, or lead somewhere where it does, as the systems read it. */
export function unsafeIn({ format, content }: RichText): string[] {
  switch (format) {
    case 'html':
      return unsafeHtml(content);
    case 'markdown': {
      const found: string[] = [];
      const visit = (node: Nodes): void => {
        if ('url' in node && isUnsafeAddress(node.url)) found.push(node.url);
        if (node.type === 'html') found.push(...unsafeHtml(node.value));
        if ('children' in node) node.children.forEach(visit);
      };
      visit(fromMarkdown(content, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
      return found;
    }
    case 'adf': {
      const found: string[] = [];
      const visit = (value: unknown, key: string): void => {
        if (typeof value === 'string' && /^(?:href|url|src)$/.test(key) && isUnsafeAddress(value)) found.push(value);
        if (typeof value === 'object' && value !== null)
          for (const [name, inner] of Object.entries(value)) visit(inner, name);
      };
      visit(JSON.parse(content), '');
      return found;
    }
    // both show tags as text; of addresses only those that their own rules take for one count
    case 'jira-wiki':
      return (
        content
          .replace(/(?<!\\)\{(code|noformat)[^{}]*\}[\s\S]*?\{\1\}|\{\{[^\n]*?\}\}/g, '')
          .match(/(?<!\\)\[(?:[^\]\n]*(?<!\\)\|)?\s*(?:javascript|vbscript|data):/gi) ?? []
      );
    case 'textile':
      return (
        content.replace(/<pre>[\s\S]*?<\/pre>|@[^@\n]*@/g, '').match(/":(?:javascript|vbscript|data):\/\//gi) ?? []
      );
    default:
      return [];
  }
}
