/** What people type for an item: its key, its id or its address. */

const LONGEST = 500;

export const isAddress = (typed: string): boolean => /^https?:\/\//i.test(typed.trim());

/** The key, or the id: with it ends the address in most systems, or a parameter of the address names it. */
export function keyIn(typed: string): string {
  const text = typed.trim();
  const named = isAddress(text)
    ? (/[?&](?:id|key)=([^&#]+)/i.exec(text)?.[1] ?? /^https?:\/\/[^?#]*\/([^/?#]+)\/*(?:[?#].*)?$/i.exec(text)?.[1])
    : undefined;
  return (named === undefined ? text : decoded(named)).slice(0, LONGEST);
}

/** As it stands if it is no valid escape. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
