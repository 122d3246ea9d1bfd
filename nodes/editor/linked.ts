/** Links to items in their systems. */

/** The sandbox's own page: below the editor, wherever that is. */
const SANDBOX = /^\/(twinflow\/sandbox\/.*)/;

/** A link that opens in a new tab, if the URL leads to the web or the sandbox; otherwise the text. */
export function linked(text: string, url: string | undefined): JQuery {
  const address = url && (/^https?:\/\//i.test(url) ? url : SANDBOX.exec(url)?.[1]);
  if (!address) return $('<span>').text(text);
  return $('<a target="_blank" rel="noopener noreferrer">').attr('href', address).text(text);
}
