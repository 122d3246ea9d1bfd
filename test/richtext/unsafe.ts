/** What must never come out of a conversion. */

import { type DefaultTreeAdapterTypes, parseFragment } from 'parse5';

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
