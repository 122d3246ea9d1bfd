/** HTML source → elements, by the parser of the HTML standard; too deep nesting is refused before it costs time. */

import { type DefaultTreeAdapterTypes, defaultTreeAdapter, parseFragment, type TreeAdapter } from 'parse5';
import { Unreadable } from '../unreadable';

type Map5 = DefaultTreeAdapterTypes.DefaultTreeAdapterMap;
export type Node = DefaultTreeAdapterTypes.ChildNode;
export type Element = DefaultTreeAdapterTypes.Element;
type Parent = DefaultTreeAdapterTypes.ParentNode;

/** Elements may be nested this deep; editors stay far below. */
const DEEPEST = 256;

/** parse5's own tree, with the depth of each node counted while it is built. */
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
 * The nodes of an HTML fragment (or of a whole document: html and body are transparent), with their places in the source.
 * @throws Unreadable where elements are nested deeper than 256
 */
export function parseHtmlNodes(source: string): Node[] {
  return parseFragment(source, { sourceCodeLocationInfo: true, treeAdapter: countingAdapter() }).childNodes;
}

export const isElement = (node: Node): node is Element => 'tagName' in node;
export const isText = (node: Node): node is DefaultTreeAdapterTypes.TextNode => node.nodeName === '#text';

export function attribute(element: Element, name: string): string | undefined {
  return element.attrs.find((attr) => attr.name === name)?.value;
}

/** All text below a node, as it stands. */
export function textOf(nodes: readonly Node[]): string {
  let result = '';
  for (const node of nodes) {
    if (isText(node)) result += node.value;
    else if (isElement(node)) result += node.tagName === 'br' ? '\n' : textOf(node.childNodes);
  }
  return result;
}
