/**
 * Links of the kind "Hyperlink", which the form of a work item shows under Links
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/work-items/update#add-a-hyperlink): the marker of a create, so that no
 * field has to be added to the process, and the link to an entity of another system, whose comment says what it leads to and
 * ends with the key that tells it from what people have linked.
 */

import type { RemoteLink } from '../connector';
import { decodedText } from '../kit/json';
import type { PatchOperation, RawRelation, RawWorkItem } from './shapes';

export const HYPERLINK = 'Hyperlink';
/** Certainly leads nowhere (RFC 2606). */
const MARKED = 'https://twinflow.invalid/created-for/';
const COMMENT = 'Twinflow: keeps this work item from being created twice. Can be deleted.';
/** https://learn.microsoft.com/azure/devops/organizations/settings/work/object-limits: characters of a link's comment */
const LONGEST_COMMENT = 255;

const adding = (url: string, comment: string): PatchOperation => ({
  op: 'add',
  path: '/relations/-',
  value: { rel: HYPERLINK, url, attributes: { comment } },
});

const markerUrl = (marker: string): string => MARKED + encodeURIComponent(marker);

export const markerLink = (marker: string): PatchOperation => adding(markerUrl(marker), COMMENT);

/** A copy of a work item has the links of the original. */
export const markersIn = (item: RawWorkItem | undefined): string[] =>
  (item?.relations ?? []).flatMap(({ rel, url }) => {
    // somebody may have edited the link
    return rel === HYPERLINK && url.startsWith(MARKED) ? (decodedText(url.slice(MARKED.length)) ?? []) : [];
  });

export const hasMarker = ({ relations }: RawWorkItem, marker: string): boolean =>
  relations.some(({ rel, url }) => rel === HYPERLINK && url === markerUrl(marker));

const markOf = ({ key }: RemoteLink): string => `[${key}]`;

/** The marker of a create, or the link to a counterpart: none that people made. */
export const isOwnHyperlink = ({ rel, url, comment = '' }: RawRelation): boolean =>
  rel === HYPERLINK && (url.startsWith(MARKED) || /\[twinflow:[^\]]*\]$/.test(comment));

function commentOf(link: RemoteLink): string {
  const mark = markOf(link);
  return `${link.title.slice(0, LONGEST_COMMENT - mark.length - 1)} ${mark}`;
}

/**
 * @param relations of the current work item
 * @param operations preceding ones in the same patch: removing a link shifts the ones after it
 * @returns nothing if the link exists
 */
export function remoteLinkPatch(
  link: RemoteLink,
  relations: readonly RawRelation[] = [],
  operations: readonly PatchOperation[] = [],
): PatchOperation[] {
  if (relations.some(({ rel, url }) => rel === HYPERLINK && url === link.url)) return [];
  const add = adding(link.url, commentOf(link));
  const old = relations.findIndex(({ rel, comment }) => rel === HYPERLINK && comment?.endsWith(markOf(link)));
  if (old < 0) return [add];
  const removed = operations.flatMap(
    ({ op, path }) => (op === 'remove' && /^\/relations\/(\d+)$/.exec(path)?.[1]) || [],
  );
  const moved = removed.filter((index) => Number(index) < old).length;
  return [{ op: 'remove', path: `/relations/${old - moved}` }, add];
}
