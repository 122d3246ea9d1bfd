/**
 * Which URLs are allowed in a link or image. Text from a system is data: a URL that could run code (javascript:, data:,
 * vbscript: …) never gets into a tree, and so into no target.
 */

import type { RichTextFormat } from '../model/values';

const SCHEME = /^([a-z][a-z0-9+.-]*):/i;
const LINK_SCHEMES = new Set([
  'http',
  'https',
  'mailto',
  'tel',
  'ftp',
  'ftps',
  'sftp',
  'sip',
  'xmpp',
  'irc',
  'git',
  'ssh',
  'file',
  'attachment',
  'message',
  'callto',
  'skype',
  'im',
  'news',
  'nntp',
  'svn',
  'vstfs',
]);
const IMAGE_SCHEMES = new Set(['http', 'https', 'attachment', 'cid', 'ftp', 'blob']);
/** The only data: URLs: pictures that cannot contain a script (SVG can). */
const DATA_IMAGE = /^data:image\/(?:png|gif|jpe?g|webp|bmp);base64,[a-z0-9+/=\s]*$/i;
const LONGEST = 8192;

/** The URL as a browser reads it: without control characters and surrounding white space, which hide a scheme. */
function clean(url: string): string {
  let result = '';
  for (const char of url.trim()) {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0x1f && code !== 0x7f) result += char;
  }
  return result.trim();
}

const schemeOf = (url: string): string | undefined => SCHEME.exec(url)?.[1]?.toLowerCase();

/** The URL if it is allowed in a link, otherwise undefined. Relative URLs and fragments are allowed. */
export function safeLink(url: string | undefined | null): string | undefined {
  if (url === undefined || url === null) return undefined;
  const address = clean(url);
  if (address === '' || address.length > LONGEST) return undefined;
  const scheme = schemeOf(address);
  return scheme === undefined || LINK_SCHEMES.has(scheme) || isHostWithPort(address) ? address : undefined;
}

/** `server:8080/x` looks like a scheme but is a host with a port. */
const isHostWithPort = (address: string): boolean => /^[a-z0-9.-]+:\d{1,5}(?:[/?#]|$)/i.test(address);

/** The URL if it is allowed in an image, otherwise undefined. Embedded pictures (data:image/png;base64,…) are
 * allowed. */
export function safeImage(url: string | undefined | null): string | undefined {
  if (url === undefined || url === null) return undefined;
  if (/^\s*data:/i.test(url)) {
    const address = url.trim().replace(/\s+/g, '');
    return DATA_IMAGE.test(address) ? address : undefined;
  }
  const address = clean(url);
  if (address === '' || address.length > LONGEST) return undefined;
  const scheme = schemeOf(address);
  return scheme === undefined || IMAGE_SCHEMES.has(scheme) || isHostWithPort(address) ? address : undefined;
}

/** The forms of a link to a URL that runs code, in each markup. */
const SCRIPT_LINKS: Partial<Record<RichTextFormat, RegExp>> = {
  textile: /":\s*(?:javascript|vbscript|data):/gi,
  'jira-wiki': /[[|]\s*(?:javascript|vbscript|data):/gi,
};

/** Maximum number of links to URLs that run code that a less careful reader could find in a text. */
export const scriptLinks = (text: string, format: RichTextFormat): number => {
  const pattern = SCRIPT_LINKS[format];
  return pattern ? [...text.matchAll(pattern)].length : 0;
};
