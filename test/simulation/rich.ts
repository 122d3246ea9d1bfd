/** Descriptions in the markup of a system: paragraphs or one list, written and read without the engine's own converters. */

import type { RichText, RichTextFormat, Value } from '../../lib/model/values';

export const FORMATS = ['html', 'markdown', 'textile', 'jira-wiki', 'adf'] as const satisfies RichTextFormat[];
/** How people write in all systems of a history. */
export type Shape = 'paragraphs' | 'list';

export const isRichText = (value: Value | undefined): value is RichText =>
  typeof value === 'object' && value !== null && 'content' in value;

const paragraph = (text: string): object => ({ type: 'paragraph', content: [{ type: 'text', text }] });

/** Plain words as paragraphs or as items of a list. */
export function written(lines: readonly string[], format: RichTextFormat, shape: Shape): RichText {
  const list = shape === 'list';
  switch (format) {
    case 'html': {
      const [open, close] = list ? ['<ul>', '</ul>'] : ['', ''];
      const tag = list ? 'li' : 'p';
      return { format, content: `${open}${lines.map((line) => `<${tag}>${line}</${tag}>`).join('')}${close}` };
    }
    case 'adf': {
      const blocks = lines.map(paragraph);
      const items = blocks.map((block) => ({ type: 'listitem', content: [block] }));
      const content = list ? [{ type: 'bulletlist', content: items }] : blocks;
      const json = JSON.stringify({ version: 1, type: 'doc', content });
      return { format, content: json.replaceAll('listitem', 'listItem').replaceAll('bulletlist', 'bulletList') };
    }
    default: {
      const sign = format === 'markdown' ? '- ' : '* ';
      return { format, content: list ? lines.map((line) => sign + line).join('\n') : lines.join('\n\n') };
    }
  }
}

/** What people see as one paragraph or item each; two that have grown together are one. */
export function paragraphsOf({ format, content }: RichText): string[] {
  if (content === '') return [];
  if (format === 'adf') {
    const document = JSON.parse(content) as { content: Node[] };
    return document.content.flatMap((block) =>
      block.type === 'bulletList' ? (block.content ?? []).map(wordsOf) : [wordsOf(block)],
    );
  }
  if (format === 'html') {
    const parts = [...content.matchAll(/<(p|li)>([\s\S]*?)<\/\1>/g)].map((match) => match[2] ?? '');
    return parts.map((part) => part.replace(/<br>/g, '\n'));
  }
  const parts = content.split(/\n\s*\n/).flatMap((block) => block.split(/\n(?=[*-] )/));
  return parts.map((part) => part.replace(/^[*-] /, '').trimEnd()).filter((part) => part !== '');
}

interface Node {
  type: string;
  text?: string;
  content?: Node[];
}

const wordsOf = ({ text, content, type }: Node): string =>
  type === 'hardBreak' ? '\n' : (text ?? (content ?? []).map(wordsOf).join(''));

/** As a system stores it that writes all text in lower case; the words of the markup are not text. */
export function lowered({ format, content }: RichText): RichText {
  const low = content.toLowerCase();
  if (format !== 'adf') return { format, content: low };
  return { format, content: low.replaceAll('listitem', 'listItem').replaceAll('bulletlist', 'bulletList') };
}

/** Addresses of comments, by which their copies lead to them. */
export const addressOf = (id: string): string => `https://sim.example/${id.toLowerCase()}`;
const LINE: Partial<Record<RichTextFormat, RegExp>> = {
  html: /^<p><a href="https:\/\/sim\.example\/[^"]*">.*?<\/a><\/p>\n?/,
  adf: /(?<="content":\[)\{"type":"paragraph","content":\[(?:\{[^[]*"marks":\[[^\]]*sim\.example[^\]]*\]\},?)+\]\},?/i,
};
const FIRST = /^[^\n]*https:\/\/sim\.example\/[^\n]*(?:\n\n|$)/;

/** A comment's text, and the author line in front of it as it is written; read without the engine's own reader. */
export function withoutLine(text: RichText): { line: string; text: RichText } {
  const pattern = LINE[text.format] ?? FIRST;
  const [line = ''] = pattern.exec(text.content) ?? [];
  return { line, text: { ...text, content: text.content.replace(line, '') } };
}

/** The line in front of a text again. */
export function withLine(line: string, text: RichText): RichText {
  if (text.format !== 'adf') return { ...text, content: line + text.content };
  const begin = '"content":[';
  const at = text.content.indexOf(begin) + begin.length;
  return { ...text, content: text.content.slice(0, at) + line + text.content.slice(at) };
}
