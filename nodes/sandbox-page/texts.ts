/** Formatted texts of the sandbox, read into trees for the page. In Node-RED. */

import type { Entity } from '../../lib/model/entity';
import type { FieldId, RichText, Value } from '../../lib/model/values';
import { parse, type Tree } from '../../lib/richtext';

/** Longer texts are shown as they are: reading them would take time from Node-RED. */
const LONGEST = 20_000;
/** The page asks again and again for the same texts. */
const REMEMBERED = 500;

const known = new Map<string, Tree>();

const isRich = (value: Value): value is RichText => typeof value === 'object' && value !== null && 'content' in value;

function treeOf(text: RichText): Tree | undefined {
  if (text.format === 'text' || text.content.length > LONGEST) return undefined;
  const key = `${text.format} ${JSON.stringify(text.dialect ?? {})} ${text.content}`;
  const tree = known.get(key) ?? parse(text);
  known.delete(key);
  known.set(key, tree);
  for (const oldest of known.keys()) {
    if (known.size <= REMEMBERED) break;
    known.delete(oldest);
  }
  return tree.degraded === undefined ? tree : undefined;
}

/** The trees of an item's or comment's texts, by field; texts that are too long, or no markup, are left out. */
export const treesIn = ({ fields }: Pick<Entity, 'fields'>): Record<FieldId, Tree> =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([id, value]) => {
      const tree = isRich(value) ? treeOf(value) : undefined;
      return tree ? [[id, tree]] : [];
    }),
  );
