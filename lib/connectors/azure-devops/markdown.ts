/**
 * Angle brackets in Markdown are held encoded: raw ones are taken for tags, and text between them is lost
 * (https://github.com/microsoft/azure-devops-mcp/issues/508; Microsoft's own tool encodes them the same way).
 */

/** What our own Markdown writes in angle brackets: tags without which a format would be lost, comments, addresses. */
const OWN = /^(?:\/?(?:br|details|img|ins|span|sub|summary|sup)\b|!--|(?:https?|ftp|mailto):)/i;

export const toStoredMarkdown = (text: string): string => text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Markdown as it is read. A tag that somebody typed as text keeps its `&lt;`, or it would come to life and its words go; in
 * code, where an entity means nothing, it is decoded. What comes out is stored as what went in.
 */
export function fromStoredMarkdown(stored: string): string {
  const text = stored.replaceAll('&gt;', '>');
  const inCode = codeIn(text);
  return text.replace(/&lt;/g, (sign, at: number) => {
    const after = text.slice(at + 4, at + 16);
    return !/^[a-z/!?]/i.test(after) || OWN.test(after) || inCode(at) ? '<' : sign;
  });
}

/** Tells of a place whether it is in code; places are asked for in ascending order. */
function codeIn(text: string): (at: number) => boolean {
  const runs = [...text.matchAll(/`+|^[ \t>]*~~~+/gm)].map(({ 0: sign, index }) => ({
    sign: sign.trimStart().replace(/^[>\s]+/, ''),
    start: index,
    end: index + sign.length,
  }));
  const places = new Map<string, number[]>();
  for (const [index, { sign }] of runs.entries()) {
    const known = places.get(sign);
    if (known) known.push(index);
    else places.set(sign, [index]);
  }
  const next = new Map<string, number>();
  const spans: [number, number][] = [];
  for (let index = 0; index < runs.length; index++) {
    const run = runs[index];
    if (!run) break;
    const same = places.get(run.sign) ?? [];
    let pointer = next.get(run.sign) ?? 0;
    while (pointer < same.length && (same[pointer] as number) <= index) pointer++;
    next.set(run.sign, pointer);
    const close = same[pointer];
    // a fence without an end goes on to the end of the text, a backtick without one is a backtick
    if (close === undefined && run.sign.length < 3) continue;
    spans.push([run.end, close === undefined ? text.length : (runs[close]?.start ?? text.length)]);
    index = close ?? runs.length;
  }
  let span = 0;
  return (at) => {
    while (span < spans.length && (spans[span]?.[1] ?? 0) <= at) span++;
    return at >= (spans[span]?.[0] ?? Number.POSITIVE_INFINITY);
  };
}
