/**
 * A link to an entity of another system: a link of the kind "Hyperlink", which the form of a work item shows under Links
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update#add-a-hyperlink). Its comment says what it
 * leads to, and ends with the key by which it is told from what people have linked.
 */

import type { RemoteLink } from '../connector';
import type { PatchOperation } from './patching';
import type { RawRelation } from './shapes';

const HYPERLINK = 'Hyperlink';
/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits: characters of a link's comment */
const LONGEST_COMMENT = 255;

const markOf = ({ key }: RemoteLink): string => `[${key}]`;

function commentOf(link: RemoteLink): string {
  const mark = markOf(link);
  return `${link.title.slice(0, LONGEST_COMMENT - mark.length - 1)} ${mark}`;
}

/**
 * @param relations of the work item as it is
 * @param operations those that come before in the same patch: a link that they remove moves the ones behind it up
 * @returns nothing where the link is there
 */
export function remoteLinkPatch(
  link: RemoteLink,
  relations: readonly RawRelation[] = [],
  operations: readonly PatchOperation[] = [],
): PatchOperation[] {
  if (relations.some(({ rel, url }) => rel === HYPERLINK && url === link.url)) return [];
  const value = { rel: HYPERLINK, url: link.url, attributes: { comment: commentOf(link) } };
  const add: PatchOperation = { op: 'add', path: '/relations/-', value };
  const old = relations.findIndex(({ rel, comment }) => rel === HYPERLINK && comment?.endsWith(markOf(link)));
  if (old < 0) return [add];
  const removed = operations.flatMap(
    ({ op, path }) => (op === 'remove' && /^\/relations\/(\d+)$/.exec(path)?.[1]) || [],
  );
  const moved = removed.filter((index) => Number(index) < old).length;
  return [{ op: 'remove', path: `/relations/${old - moved}` }, add];
}
