/**
 * The marker of a create: a link of the kind "Hyperlink", so that no field has to be added to the process. Its host ends in
 * `.invalid`, which leads nowhere, for certain (RFC 2606).
 */

import type { PatchOperation } from './patching';
import type { RawWorkItem } from './shapes';

const URL_PREFIX = 'https://twinflow.invalid/created-for/';
const COMMENT = 'Twinflow: keeps this work item from being created twice. Can be deleted.';

export const markerUrl = (marker: string): string => URL_PREFIX + encodeURIComponent(marker);

export const markerLink = (marker: string): PatchOperation => ({
  op: 'add',
  path: '/relations/-',
  value: { rel: 'Hyperlink', url: markerUrl(marker), attributes: { comment: COMMENT } },
});

export const hasMarker = ({ relations }: RawWorkItem, marker: string): boolean =>
  relations.some(({ rel, url }) => rel === 'Hyperlink' && url === markerUrl(marker));
