/** A URL as the name of a server: different spellings of the same URL give the same name. */

/**
 * Host, port if it is not the default, and path, in lower case; without scheme, credentials, query and trailing slash.
 * @param address as typed in a form; a text that is not a URL is returned unchanged
 */
export function serverOf(address: string): string {
  const text = address.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host) return text.toLowerCase();
  return `${url.host}${url.pathname}`.replace(/\/+$/, '').toLowerCase();
}
