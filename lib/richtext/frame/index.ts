/**
 * The author line in front of a comment's copy: put on before a text is written, taken off after it is read. In between, texts
 * do not have it, so it is never compared, merged or carried back. Pure; throws nothing.
 */

import type { Frame, RichText } from '../../model/values';
import type { Tree } from '../tree';
import { cutLine, documentOf, type Found } from './cut';
import { addressIn, isSameWords, lineWords, wordsIfLine } from './line';
import { lineIn } from './pattern';

interface Tools {
  parse(text: RichText): Tree;
  render(tree: Tree, text: RichText): string;
}

/** A line is wanted several times while a comment is written: measured, sent, and looked for in the answer. */
const lines = new WeakMap<Frame, { markup: string; line: string }>();

/** The line as the text's format has it. */
function written(frame: Frame, text: RichText, { render }: Tools): string {
  const markup = JSON.stringify([text.format, text.dialect]);
  const known = lines.get(frame);
  if (known?.markup === markup) return known.line;
  const line = lineIn(frame, text, (paragraph) => render({ type: 'root', children: [paragraph] }, text));
  lines.set(frame, { markup, line });
  return line;
}

/** A text as it is written: with the line that belongs in front of it. */
export function putOn(text: RichText, tools: Tools): RichText {
  const { frame, ...rest } = text;
  if (!frame) return text;
  const line = written(frame, text, tools);
  if (line === '') return rest;
  if (text.format === 'adf') {
    const [doc, made] = [documentOf(text.content), documentOf(line)];
    // what is no document is the target's to refuse
    return doc && made
      ? { ...rest, content: JSON.stringify({ ...doc, content: [...made.content, ...doc.content] }) }
      : rest;
  }
  return { ...rest, content: `${line}${text.format === 'html' ? '\n' : '\n\n'}${text.content}` };
}

/**
 * A text as it was read: without the line in front, which is then in `frame`, whether or not it was there.
 * @param frame the line that was put on
 * @param own the text that was known to be behind it: one that itself begins with such a line does not lose that
 */
export function takeOff(text: RichText, frame: Frame, own: RichText | undefined, tools: Tools): RichText {
  const known: RichText = { ...text, frame };
  if (!mayBegin(text, frame)) return known;
  // shown as it was written: nothing has to be read
  if (own?.format === text.format && putOn({ ...own, frame }, tools).content === text.content)
    return { ...known, content: own.content };
  const cut = (from: RichText): Found | undefined => {
    try {
      return cutLine(from, {
        parse: (content) => tools.parse({ ...from, content }).children,
        words: (block) => wordsIfLine(block, frame, from.format),
      });
    } catch {
      // nested too deep: that is not ours
      return undefined;
    }
  };
  const found = cut(text);
  if (!found) return known;
  const before = own?.format === text.format ? own : undefined;
  const ownLine = before && mayBegin(before, frame) ? cut(before) : undefined;
  if (ownLine && !cut({ ...text, content: found.content })) {
    // one such line, and the text has one of its own: ours is the one with our words
    const isOurs = isSameWords(found.words, lineWords(frame)) && !isSameWords(ownLine.words, found.words);
    if (!isOurs) return known;
  }
  return { ...known, content: found.content };
}

/** True if it is worth reading: the host of the address, is in the text's beginning. */
function mayBegin({ content }: RichText, frame: Frame): boolean {
  const head = content.slice(0, 10_000).toLowerCase();
  const url = addressIn(frame);
  if (url === undefined || !URL.canParse(url) || /[^\x20-\x7e]/.test(url)) return true;
  return head.includes(new URL(url).hostname);
}
