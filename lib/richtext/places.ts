/** Removes places that do not refer to the whole text, because only a part of it was read. */

import type { Block } from './tree';

/** The same block as if it had been read without places. */
export function withoutPlaces<T extends Block>(block: T): T {
  strip(block);
  return block;
}

function strip(node: { span?: unknown; children?: unknown }): void {
  delete node.span;
  if (!Array.isArray(node.children)) return;
  for (const child of node.children) if (typeof child === 'object' && child !== null) strip(child);
}
