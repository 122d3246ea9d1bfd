/** Links to entities in their systems. */

/** The sandbox's own page: below the editor, wherever that is. */
const SANDBOX = /^\/(twinflow\/sandbox\/.*)/;

/** A link that opens in a tab of its own, where the address is one of the web or of the sandbox; else the text. */
export function linked(text: string, url: string | undefined): JQuery {
  const address = url && (/^https?:\/\//i.test(url) ? url : SANDBOX.exec(url)?.[1]);
  if (!address) return $('<span>').text(text);
  return $('<a target="_blank" rel="noopener noreferrer">').attr('href', address).text(text);
}
