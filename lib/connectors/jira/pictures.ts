/**
 * Pictures in texts of Jira. Wiki markup (Data Center) names an attachment, and shows the newest of that name. Documents (Cloud) have
 * the id of the file in Atlassian's media store, which the API tells only as the address that a download of the attachment is
 * redirected to (https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-attachments/). An id never changes.
 */

import type { EntityId } from '../../model/entity';
import type { NamedFile, PicturesInTexts, ShownAttachment } from '../connector';
import { newest, picturesByName, plainName } from '../kit/pictures';
import { Recent } from '../kit/recent';
import type { AttachmentRequests } from './attachments/requests';
import { fileIn } from './attachments/shape';

/** What Jira shows in a text. */
const SHOWN = /\.(?:png|gif|jpe?g|bmp|webp)$/i;
/** In a name, these would end the picture in wiki markup. */
const BREAKS_WIKI = /[!|{}\\\n]/;
const MEDIA = 'media:';
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** Number of files of one issue that are asked for the id in one picture. */
const MOST_ASKED = 20;
const REMEMBERED = 20_000;

/** @param baseUrl of Jira, with a slash at its end */
export function jiraPictures(isCloud: boolean, baseUrl: string, requests: AttachmentRequests): PicturesInTexts {
  if (isCloud) return picturesByMedia(baseUrl, requests);
  const byName = picturesByName({
    shows: SHOWN,
    // the whole of it is the name
    read: (address) => (/^[a-z][a-z0-9+.-]*:|[/\\]/i.test(address) ? undefined : address),
    elsewhere: (address) => attachmentAt(address, baseUrl),
  });
  return {
    ...byName,
    address: async (file) => (BREAKS_WIKI.test(file.name) ? undefined : byName.address(file)),
  };
}

/** `secure/attachment/10200/shot.png`, `secure/thumbnail/10200/…`, `rest/api/3/attachment/content/10200`. */
function attachmentAt(address: string, baseUrl: string): ShownAttachment | undefined {
  const { origin, pathname } = new URL(baseUrl);
  if (!URL.canParse(address, origin)) return undefined;
  const url = new URL(address, origin);
  if (url.origin !== origin || !url.pathname.startsWith(pathname)) return undefined;
  const path = url.pathname.slice(pathname.length);
  const [, attachment, rest] =
    /^(?:secure\/(?:attachment|thumbnail)|rest\/api\/\w{1,6}\/attachment\/content)\/(\d{1,18})(?:\/([^/]{1,900}))?$/.exec(
      path,
    ) ?? [];
  if (attachment === undefined) return undefined;
  const name = rest === undefined || path.includes('thumbnail') ? undefined : plainName(rest);
  return {
    ...(name !== undefined && { name }),
    url: url.href,
    among: async (files) => files.find(({ id }) => fileIn(id)?.attachment === attachment),
  };
}

function picturesByMedia(baseUrl: string, requests: AttachmentRequests): PicturesInTexts {
  const known = new Recent<EntityId, string>(REMEMBERED);
  const mediaOf = async (id: EntityId): Promise<string | undefined> => {
    const attachment = fileIn(id)?.attachment;
    const media = known.get(id) ?? (attachment && (await requests.mediaId(attachment)));
    if (media) known.set(id, media);
    return media;
  };
  /** The editor takes the file's name for the alternative text, so that one of that name alone need not be asked. */
  async function among(files: readonly NamedFile[], media: string, alt: string | undefined) {
    const same = files.find(({ id }) => known.get(id) === media);
    if (same) return same;
    const named = alt === undefined ? [] : files.filter((file) => newest([file], alt) && !known.get(file.id));
    if (named.length === 1) return named[0];
    const others = named.length > 0 ? named : files.filter(({ id, name }) => SHOWN.test(name) && !known.get(id));
    for (const file of others.slice(-MOST_ASKED).reverse()) if ((await mediaOf(file.id)) === media) return file;
    return undefined;
  }
  return {
    shown(address, alt) {
      const media = address.startsWith(MEDIA) ? address.slice(MEDIA.length).toLowerCase() : undefined;
      if (media === undefined || !UUID.test(media)) return attachmentAt(address, baseUrl);
      return { ...(alt && { name: alt }), among: (files) => among(files, media, alt) };
    },
    async address({ id, name }) {
      const media = SHOWN.test(name) ? await mediaOf(id) : undefined;
      return media && `${MEDIA}${media}`;
    },
  };
}
