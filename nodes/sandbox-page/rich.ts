/**
 * Formatted texts on the page: builds elements from the tree that Node-RED has read the text into. Nothing of a text is ever parsed as
 * HTML, no address is loaded, and only web and mail addresses become links. In the browser.
 */

import type { Block, Inline, ListItem, Table, Tree } from '../../lib/richtext/tree';
import { element } from './document';

/** What a text refers to. */
export interface Around {
  /** the name of the person with this id */
  person(id: string): string | undefined;
  /** shows the attachment of this name; false if there is none that can be shown */
  picture(name: string, into: HTMLImageElement): boolean;
}

/** The elements of a text. */
export const richNodes = (tree: Tree, around: Around): Node[] => tree.children.map((block) => blockNode(block, around));

const MARKS = {
  strong: 'strong',
  emphasis: 'em',
  delete: 'del',
  underline: 'u',
  subscript: 'sub',
  superscript: 'sup',
} as const;
const HEADINGS = { 1: 'h4', 2: 'h5', 3: 'h6', 4: 'h6', 5: 'h6', 6: 'h6' } as const;

const blocks = (children: readonly Block[], around: Around): Node[] => children.map((one) => blockNode(one, around));

function blockNode(block: Block, around: Around): Node {
  switch (block.type) {
    case 'paragraph':
      return element('p', {}, ...inlines(block.children, around));
    case 'heading':
      // below the headings of the page itself
      return element(HEADINGS[block.depth], {}, ...inlines(block.children, around));
    case 'list': {
      const items = block.children.map((item) => itemNode(item, around));
      return block.ordered ? element('ol', { start: block.start ?? 1 }, ...items) : element('ul', {}, ...items);
    }
    case 'quote':
      return element('blockquote', {}, ...blocks(block.children, around));
    case 'code':
      return element('pre', {}, element('code', { textContent: block.value }));
    case 'rule':
      return element('hr');
    case 'table':
      return tableNode(block, around);
    case 'panel':
      return element('div', { className: 'panel' }, block.title ?? undefined, ...blocks(block.children, around));
    case 'expand':
      return element(
        'details',
        {},
        element('summary', { textContent: block.title }),
        ...blocks(block.children, around),
      );
    case 'footnoteDefinition':
      return element('div', { className: 'quiet' }, `${block.label}: `, ...blocks(block.children, around));
    case 'vendorBlock':
      return block.children.length > 0
        ? element('div', {}, ...blocks(block.children, around))
        : element('pre', {}, element('code', { textContent: block.source }));
  }
}

function itemNode({ checked, children }: ListItem, around: Around): Node {
  const box = checked === undefined ? undefined : element('input', { type: 'checkbox', checked, disabled: true });
  return element('li', {}, box, ...blocks(children, around));
}

function tableNode({ children }: Table, around: Around): Node {
  const rows = children.map(({ children: cells }) =>
    element(
      'tr',
      {},
      ...cells.map(({ header, colspan = 1, rowspan = 1, children: held }) =>
        element(header ? 'th' : 'td', { colSpan: colspan, rowSpan: rowspan }, ...blocks(held, around)),
      ),
    ),
  );
  return element('div', { className: 'wide-table' }, element('table', {}, element('tbody', {}, ...rows)));
}

const inlines = (children: readonly Inline[], around: Around): (Node | string)[] =>
  children.map((one) => inlineNode(one, around));

function inlineNode(inline: Inline, around: Around): Node | string {
  switch (inline.type) {
    case 'text':
      return inline.value;
    case 'strong':
    case 'emphasis':
    case 'delete':
    case 'underline':
    case 'subscript':
    case 'superscript':
      return element(MARKS[inline.type], {}, ...inlines(inline.children, around));
    case 'colour':
      return element('span', {}, ...inlines(inline.children, around));
    case 'link':
      return linkTo(inline.url, inlines(inline.children, around));
    case 'inlineCode':
      return element('code', { textContent: inline.value });
    case 'image':
      return pictureNode(inline.url, inline.alt ?? '', inline.width, around);
    case 'break':
      return element('br');
    case 'mention': {
      const name = (inline.id === undefined ? undefined : around.person(inline.id)) ?? inline.name;
      return element('span', { className: 'mention', textContent: `@${name}` });
    }
    case 'emoji':
      return inline.text ?? `:${inline.name}:`;
    case 'status':
      return element('span', { className: 'mark', textContent: inline.text });
    case 'date':
      return element('time', { dateTime: inline.date, textContent: inline.date });
    case 'footnoteReference':
      return element('sup', { textContent: inline.label });
    case 'wikiLink':
      return inline.text ?? inline.page;
    case 'vendorInline':
      return inline.url === undefined ? inline.text : linkTo(inline.url, [inline.text]);
  }
}

/** A link to a web or mail address; of any other address, only the text. */
function linkTo(url: string, children: (Node | string)[]): Node {
  const isSafe = /^(https?:\/\/|mailto:)/i.test(url.trim());
  const shown = children.length > 0 ? children : [url];
  if (!isSafe) return element('span', { title: url }, ...shown);
  return element('a', { href: url, target: '_blank', rel: 'noopener noreferrer nofollow' }, ...shown);
}

/** An attachment of the item is shown; a picture elsewhere is a link: loading it would tell that somebody reads the text. */
function pictureNode(url: string, alt: string, width: number | string | undefined, around: Around): Node {
  const image = element('img', { alt, ...(typeof width === 'number' && { width }) });
  if (around.picture(url, image)) return image;
  return linkTo(url, [`🖼 ${alt || url}`]);
}
