/** Groups texts for requests. Pure. */

/**
 * @param most maximum number of texts in a group
 * @param characters maximum length of a group's texts together; a longer text is alone in its group
 * @returns each text once, in order
 */
export function portions(
  texts: readonly string[],
  { most, characters }: { most: number; characters: number },
): string[][] {
  const result: string[][] = [];
  let left = 0;
  for (const text of new Set(texts)) {
    const portion = result.at(-1);
    if (portion && portion.length < most && text.length <= left) portion.push(text);
    else {
      result.push([text]);
      left = characters;
    }
    left -= text.length;
  }
  return result;
}
