/**
 * The author line: the first line of a comment's copy, which says who wrote the original and when. All of it is a link to the
 * original. Systems and people change its words – a link becomes a card, bold is lost –, so it is recognized by the address that
 * it leads to; by its words only where the original has no address.
 */

import { append } from '../../model/lists';
import type { Frame, RichText } from '../../model/values';
import { type Block, type Inline, type Paragraph, paragraph, plainInline, text } from '../tree';
import { safeLink } from '../url';

/** A name longer than this many characters is cut. */
const LONGEST_NAME = 80;
/** An address longer than this is left out: the line would be longer than what is read to find it. */
const LONGEST_ADDRESS = 1_500;

/** What a line says of the original, as people read it. */
export interface Said {
  /** who wrote it, else where it comes from */
  name: string;
  isPerson: boolean;
  /** empty if it is not known */
  when: string;
}

export function saidIn({ by, at, of }: Frame): Said {
  const who = shortened(by);
  return { name: who || shortened(of) || 'the other system', isPerson: who !== '', when: momentOf(at) };
}

/** What people read of it: `name` stands in bold. */
function wordsOf(frame: Frame): { before: string; name: string; behind: string } {
  const { name, isPerson, when } = saidIn(frame);
  const { edited } = frame;
  const did = edited ? 'edited the comment' : 'wrote';
  if (isPerson) return { before: '', name, behind: when === '' ? ` ${did}:` : ` ${did} on ${when}:` };
  return { before: edited ? 'Edited comment from ' : 'Comment from ', name, behind: when === '' ? ':' : `, ${when}:` };
}

/** A name is data: one line, of a sensible length. */
function shortened(name = ''): string {
  const words = name.replace(/[\p{C}\p{Z}\s]+/gu, ' ').trim();
  const letters = [...words];
  return letters.length <= LONGEST_NAME ? words : `${letters.slice(0, LONGEST_NAME - 1).join('')}…`;
}

/** `2026-11-29 10:32 UTC`; empty for what is no time. */
function momentOf(at = ''): string {
  const time = Date.parse(at);
  return Number.isNaN(time) ? '' : `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The address to which the line leads, perhaps one of the same server; undefined if none can be used. */
export const addressIn = ({ url }: Frame): string | undefined =>
  url !== undefined && url.length <= LONGEST_ADDRESS && /^(?:https?:\/\/|\/(?!\/))/i.test(url)
    ? safeLink(url)
    : undefined;

/** The line as a block. */
export function lineOf(frame: Frame): Paragraph {
  const { before, name, behind } = wordsOf(frame);
  const words: Inline[] = [
    ...(before === '' ? [] : [text(before)]),
    { type: 'strong', children: [text(name)] },
    text(behind),
  ];
  const url = addressIn(frame);
  return paragraph(url === undefined ? words : [{ type: 'link', url, children: words }]);
}

/**
 * @param format of the text in which the block was found: plain text has its addresses among the words
 * @returns the words of the line; undefined if the block is not the line
 */
export function wordsIfLine(block: Block | undefined, frame: Frame, format: RichText['format']): string | undefined {
  const url = addressIn(frame);
  if (block?.type === 'vendorBlock')
    return url === undefined ? undefined : wordsIfLine(block.children[0], frame, format);
  if (block?.type !== 'paragraph') return undefined;
  const words = plainInline(block.children).trim();
  return isLine(block.children, words, { frame, url, format }) ? words : undefined;
}

function isLine(
  nodes: readonly Inline[],
  words: string,
  { frame, url, format }: { frame: Frame; url: string | undefined; format: RichText['format'] },
): boolean {
  if (url === undefined) return isSameWords(words, lineWords(frame));
  if (format === 'text') return isSameAddress(/^[^>].*\((\S+)\)[:.]?$/.exec(words)?.[1], url);
  const links = linksIn(nodes);
  return links !== undefined && links.length > 0 && links.every((link) => isSameAddress(link, url));
}

/** What people read of the line. */
export const lineWords = (frame: Frame): string => plainInline(lineOf(frame).children);

/** Letters and digits decide: what a markup adds, drops or escapes makes no difference. */
export const isSameWords = (one: string, two: string): boolean => bare(one) === bare(two);
const bare = (words: string): string => words.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');

/** Where links of a line lead; undefined if anything else is in it that people read. Of a link within marks, its marks are ignored. */
function linksIn(nodes: readonly Inline[]): string[] | undefined {
  const found: string[] = [];
  for (const node of nodes) {
    if (node.type === 'text' && /^[\s\p{Cf}:.,]*$/u.test(node.value)) continue;
    if (node.type === 'link') found.push(node.url);
    else if (node.type === 'vendorInline' && node.url !== undefined) found.push(node.url);
    else if ('children' in node) {
      const inside = linksIn(node.children);
      if (inside === undefined) return undefined;
      append(found, inside);
    } else if (node.type !== 'break') return undefined;
  }
  return found;
}

/** The same address, however it is escaped. */
function isSameAddress(one: string | undefined, two: string): boolean {
  if (one === undefined) return false;
  return one === two || spelled(one) === spelled(two);
}

function spelled(address: string): string {
  const whole = address.replaceAll('&amp;', '&').trim();
  const parsed = URL.canParse(whole) ? new URL(whole).href : whole;
  try {
    return decodeURIComponent(parsed).replace(/\/$/, '');
  } catch {
    return parsed.replace(/\/$/, '');
  }
}
