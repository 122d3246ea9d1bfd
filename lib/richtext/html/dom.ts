/** HTML source → elements, using a parser that follows the HTML standard. Nesting that is too deep is rejected
 * before it costs time. */

import { type DefaultTreeAdapterTypes, defaultTreeAdapter, parseFragment, type TreeAdapter } from 'parse5';
import { Unreadable } from '../unreadable';

type Map5 = DefaultTreeAdapterTypes.DefaultTreeAdapterMap;
export type Node = DefaultTreeAdapterTypes.ChildNode;
export type Element = DefaultTreeAdapterTypes.Element;
type Parent = DefaultTreeAdapterTypes.ParentNode;

/** Maximum depth of nested elements. Editors produce far less. */
const DEEPEST = 256;

/** parse5's own tree adapter, plus the depth of each node, counted while the tree is built. */
function countingAdapter(): TreeAdapter<Map5> {
  const depths = new WeakMap<object, number>();
  const place = (parent: Parent, node: object): void => {
    const depth = (depths.get(parent) ?? 0) + 1;
    if (depth > DEEPEST) throw new Unreadable(`has elements nested deeper than ${DEEPEST}`);
    depths.set(node, depth);
  };
  return {
    ...defaultTreeAdapter,
    appendChild(parent, node) {
      place(parent, node);
      defaultTreeAdapter.appendChild(parent, node);
    },
    insertBefore(parent, node, reference) {
      place(parent, node);
      defaultTreeAdapter.insertBefore(parent, node, reference);
    },
  };
}

/**
 * The nodes of an HTML fragment, with their places in the source. In a whole document, html and body are transparent.
 * @throws Unreadable if elements are nested deeper than 256
 */
export function parseHtmlNodes(source: string): Node[] {
  return parseFragment(source, { sourceCodeLocationInfo: true, treeAdapter: countingAdapter() }).childNodes;
}

export const isElement = (node: Node): node is Element => 'tagName' in node;
export const isText = (node: Node): node is DefaultTreeAdapterTypes.TextNode => node.nodeName === '#text';

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((attr) => attr.name === name)?.value;
}

/** All text below a node, unchanged. */
export function textOf(nodes: readonly Node[]): string {
  let result = '';
  for (const node of nodes) {
    if (isText(node)) result += node.value;
    else if (isElement(node)) result += node.tagName === 'br' ? '\n' : textOf(node.childNodes);
  }
  return result;
}
