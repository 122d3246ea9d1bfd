/**
 * Pictures in texts of Azure DevOps have the address of an upload
 * (https://learn.microsoft.com/rest/api/azure/devops/wit/attachments): one that is attached to the work item, or one that was pasted
 * and belongs to nothing. Browsers show both to people who are signed in.
 */

import type { PicturesInTexts } from '../connector';
import { decodedText } from '../kit/json';

const UPLOAD = /\/_apis\/wit\/attachments\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})(?![\w-])/i;
/** The end of an attachment's id is that of its upload. */
const ATTACHMENT = /#attachment-([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/i;
const SHOWN = /\.(?:png|gif|jpe?g|bmp|webp|svg)$/i;

/** @param baseUrl of the organization or collection, with a slash at its end */
export const azureDevOpsPictures = (baseUrl: string): PicturesInTexts => ({
  shown(address, alt) {
    const upload = UPLOAD.exec(address)?.[1]?.toLowerCase();
    if (upload === undefined) return undefined;
    const encoded = /[?&]fileName=([^&#]+)/i.exec(address)?.[1];
    const name = encoded === undefined ? alt : decodedText(encoded.replaceAll('+', ' '));
    return {
      ...(name && { name }),
      url: URL.canParse(address, baseUrl) ? new URL(address, baseUrl).href : address,
      among: async (files) => files.find(({ id }) => ATTACHMENT.exec(id)?.[1]?.toLowerCase() === upload),
    };
  },
  async address({ id, name }) {
    const upload = ATTACHMENT.exec(id)?.[1];
    if (upload === undefined || !SHOWN.test(name)) return undefined;
    const encoded = encodeURIComponent(name.replace(/\p{Cs}/gu, '_')).replace(
      /[()'*!~]/g,
      (sign) => `%${sign.charCodeAt(0).toString(16)}`,
    );
    return `${baseUrl}_apis/wit/attachments/${upload}?fileName=${encoded}`;
  },
});
