/**
 * Pictures in texts of Redmine show attachments by name, in any case, percent-encoded or not (`Attachment.latest_attach`), or by
 * the address of one attachment. Redmine 5.0 shows these types only, and reads `+` as a blank.
 */

import type { PicturesInTexts, ShownAttachment } from '../connector';
import { picturesByName, plainName } from '../kit/pictures';
import { FILE_IDS, numberOfFile } from './attachments';

const SHOWN = /\.(?:bmp|gif|jpe?g|jpe|png)$/i;

/** @param baseUrl of Redmine, with a slash at its end */
export const redminePictures = (baseUrl: string): PicturesInTexts =>
  picturesByName({
    shows: SHOWN,
    read: (address) => plainName(address.replaceAll('+', '%20')),
    elsewhere: (address) => attachmentAt(address, baseUrl),
  });

/** `attachments/download/7/shot.png`, `attachments/7`, `attachments/thumbnail/7/200`. */
function attachmentAt(address: string, baseUrl: string): ShownAttachment | undefined {
  const { origin, pathname } = new URL(baseUrl);
  if (!URL.canParse(address, origin)) return undefined;
  const url = new URL(address, origin);
  if (url.origin !== origin || !url.pathname.startsWith(`${pathname}attachments/`)) return undefined;
  const path = url.pathname.slice(`${pathname}attachments/`.length);
  const [, number, rest] = /^(?:download\/|thumbnail\/)?(\d{1,18})(?:\/([^/]{1,900}))?/.exec(path) ?? [];
  if (number === undefined) return undefined;
  const name = rest === undefined || path.startsWith('thumbnail/') ? undefined : plainName(rest);
  return {
    ...(name !== undefined && { name }),
    url: `${baseUrl}attachments/${number}`,
    among: async (files) => files.find(({ id }) => numberOfFile(FILE_IDS.read(id)?.part ?? '@') === number),
  };
}
