/**
 * Which addresses may stand in a link or image. Text from a system is data: an address that could run code (javascript:,
 * data:, vbscript: …) never gets into a tree, and so into no target.
 */

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
/** The only data: addresses: pictures that cannot hold a script (SVG can). */
const DATA_IMAGE = /^data:image\/(?:png|gif|jpe?g|webp|bmp);base64,[a-z0-9+/=\s]*$/i;
const LONGEST = 8192;

/** As a browser reads it: without control characters and white space at the ends, which hide a scheme. */
function clean(url: string): string {
  let result = '';
  for (const char of url.trim()) {
    const code = char.codePointAt(0) ?? 0;
    if (code > 0x1f && code !== 0x7f) result += char;
  }
  return result.trim();
}

const schemeOf = (url: string): string | undefined => SCHEME.exec(url)?.[1]?.toLowerCase();

/** The address as it may be used in a link, or undefined. Relative addresses and fragments may. */
export function safeLink(url: string | undefined | null): string | undefined {
  if (url === undefined || url === null) return undefined;
  const address = clean(url);
  if (address === '' || address.length > LONGEST) return undefined;
  const scheme = schemeOf(address);
  return scheme === undefined || LINK_SCHEMES.has(scheme) || isHostWithPort(address) ? address : undefined;
}

/** `server:8080/x` looks like a scheme, but is a host with a port. */
const isHostWithPort = (address: string): boolean => /^[a-z0-9.-]+:\d{1,5}(?:[/?#]|$)/i.test(address);

/** The address as it may be used in an image, or undefined; pictures inside the text (data:image/png;base64,…) may. */
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
