/**
 * Does a formatted text look empty? Editors leave `<div><br></div>`, `<p>&nbsp;</p>` or a document of empty paragraphs behind
 * when somebody deletes a text. Needs no parser, takes time that grows with the length, also runs in the browser. In doubt a
 * text is not empty: a picture, a line, a bullet or a macro is something to see.
 */

/** White space and characters without a width: zero-width spaces and joiners, word joiner, soft hyphen, byte order mark. */
const BLANK = /^[\s\u00ad\u115f\u180e\u200b-\u200f\u2060-\u2064\u3164\ufeff]*$/;
const BLANK_ENTITY =
  /&(?:nbsp|ensp|emsp|emsp13|emsp14|numsp|puncsp|thinsp|hairsp|MediumSpace|zwnj|zwj|shy|Tab|NewLine|ZeroWidthSpace|NoBreak|NonBreakingSpace|#(?:9|10|13|32|160|173|819[2-9]|820[0-7]|8239|8287|8288|65279)|#x(?:0?9|0?a|0?d|20|a0|ad|200[0-9a-f]|202f|205f|2060|feff));/gi;
/** Elements that show nothing of their own. Others (pictures, lines, bullets, cells, boxes, films) can be seen. */
const BARE =
  /^\/?(?:html|body|div|p|br|wbr|span|font|b|strong|i|em|u|ins|s|del|strike|small|big|sub|sup|a|code|tt|center|section|article|header|footer|main|h[1-6]|blockquote|pre|o:p|label|mark|cite|q)(?=[\s/>]|$)/i;

/** What editors leave behind is short. A longer text is not looked at: this is asked in every comparison of values. */
const LONGEST = 20_000;

/**
 * True if a person would see nothing in the text.
 * @param text in any format of rich text; content that cannot be read as its format is not empty
 */
export function looksEmpty({ format, content }: { format: string; content: string }): boolean {
  if (BLANK.test(content)) return true;
  if (content.length > LONGEST) return false;
  switch (format) {
    case 'adf':
      return isEmptyDocument(content);
    case 'html':
    case 'markdown':
    case 'textile':
      return BLANK.test(withoutEntities(withoutTags(content)));
    case 'jira-wiki':
      return BLANK.test(
        withoutEntities(content)
          .replace(/\{(?:color(?::[^{}\n]{0,60})?|anchor:[^{}\n]{0,200})\}/g, '')
          .replaceAll('\\\\', ''),
      );
    default:
      return false;
  }
}

const withoutEntities = (content: string): string => content.replace(BLANK_ENTITY, ' ');

/** The text without its comments and without tags of elements that show nothing. */
function withoutTags(content: string): string {
  let result = '';
  let at = 0;
  for (;;) {
    const start = content.indexOf('<', at);
    if (start < 0) return result + content.slice(at);
    result += content.slice(at, start);
    const isComment = content.startsWith('<!--', start);
    const end = content.indexOf(isComment ? '-->' : '>', start + (isComment ? 4 : 1));
    // what has no end is shown as it stands
    if (end < 0 || !(isComment || BARE.test(content.slice(start + 1, start + 40)))) return `${result}<`;
    at = end + (isComment ? 3 : 1);
  }
}

const EMPTY_NODES = new Set(['doc', 'paragraph', 'heading', 'blockquote', 'hardBreak', 'text']);

function isEmptyDocument(content: string): boolean {
  let nodes: unknown[];
  try {
    nodes = [JSON.parse(content)];
  } catch {
    return false;
  }
  while (nodes.length > 0) {
    const node = nodes.pop();
    if (typeof node !== 'object' || node === null) return false;
    const type: unknown = Reflect.get(node, 'type');
    const text: unknown = Reflect.get(node, 'text');
    const inner: unknown = Reflect.get(node, 'content') ?? [];
    if (typeof type !== 'string' || !EMPTY_NODES.has(type) || !Array.isArray(inner)) return false;
    if (text !== undefined && (typeof text !== 'string' || !BLANK.test(text))) return false;
    for (const one of inner) nodes.push(one);
  }
  return true;
}
