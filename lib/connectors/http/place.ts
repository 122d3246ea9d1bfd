/** An address as the name of a server: what differs only in how it is written is the same. */

/**
 * Host, port where it is not the usual one, and path, in lower case; without scheme, credentials, query and slash at the end.
 * @param address as typed in a form; one that is no address is taken as it is
 */
export function serverOf(address: string): string {
  const text = address.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url?.host) return text.toLowerCase();
  return `${url.host}${url.pathname}`.replace(/\/+$/, '').toLowerCase();
}
