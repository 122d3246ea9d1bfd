/**
 * Mentions in each markup: how to find them in a text and how to write one. Whether a name in Redmine's texts belongs
 * to a user is not known here; callers know the users.
 */

import type { RichText } from '../../model/values';
import { escapeHtml } from '../html/render';
import { isAccountId } from '../jira/accounts';

/** A place in a text that may mention somebody. */
export interface NativePlace {
  start: number;
  end: number;
  /** the id or login that the system uses */
  id: string;
  /** the name that people read, if the text contains it */
  name?: string;
}

/** A GUID. Azure DevOps silently removes anything else from `@<…>`. */
export const isGuid = (id: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id);

const ANCHOR =
  /<a\b[^<>]{0,2000}?\bdata-vss-mention\s*=\s*(?:"([^"<>]{0,300})"|'([^'<>]{0,300})')[^<>]{0,2000}>([^<>]{0,500})<\/a\s*>/gi;
const ID_TAG = /(?<![\w\\])@<([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})>/gi;
/** Redmine's logins. A punctuation mark at the end belongs to the sentence. */
const LOGIN = /(?<![\w@\\/.+-])@([A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,98}[A-Za-z0-9_])?)(?![\w@])/g;
const ACCOUNT = /(?<!\\)\[~(accountid:)?([^[\]{}|\n\\~]{1,200})\]/g;

/** The number of another item, as Redmine and Azure DevOps link it. `##12` and `#12-3` mean something else. */
const NUMBER = /(?<![\w#&/@.\\-])#(\d{1,9})(?![\w-])/g;
const ITEM_ANCHOR =
  /<a\b[^<>]{0,1000}?\bhref\s*=\s*"[^"<>]{0,500}\/_workitems\/edit\/(\d{1,9})"[^<>]{0,1000}?\bdata-vss-mention\s*=\s*"version:[\d.]{1,10}"[^<>]{0,500}>[^<>]{0,200}<\/a\s*>/gi;
const LINKS: Partial<Record<RichText['format'], RegExp>> = {
  markdown: /(?<!!)\[[^[\]\n]{1,80}\]\((\S{1,500}?)\)/g,
  textile: /"[^"\n]{1,80}":(https?:\/\/[^\s<>"|]{0,500}[\w/])/g,
  'jira-wiki': /\[[^[\]|\n]{1,80}\|([^[\]|\s]{1,500})\]/g,
  html: /<a\b[^<>]{0,500}?\bhref="([^"<>]{1,500})"[^<>]{0,500}>[^<>]{1,80}<\/a\s*>/gi,
};

/** Places where a text names another item: `#12` by its number, `link:…` by the URL of a link. Ordered by kind. */
export function itemPlaces({ format, content, dialect }: RichText): NativePlace[] {
  const numbers = (pattern: RegExp) => matches(content, pattern, (match) => ({ id: `#${match[1]}` }), '#');
  const links = LINKS[format];
  const found = links ? matches(content, links, (match) => ({ id: `link:${plain(match[1] ?? '')}` }), '://') : [];
  if (format === 'html') return [...numbers(ITEM_ANCHOR), ...found];
  const isNumbered = (format === 'markdown' || format === 'textile') && dialect?.mentions !== undefined;
  return isNumbered ? [...numbers(NUMBER), ...found] : found;
}

/** An item that a text names. */
export interface NamedItem {
  /** in its own system */
  id: string;
  key: string;
  url: string;
}

/**
 * An item of the target, as the target's texts name it.
 * @param names true if the system understands more than links
 * @returns the text, and the key that the target's texts then use
 */
export function itemMention(
  { format, dialect }: Pick<RichText, 'format' | 'dialect'>,
  { id, key, url }: NamedItem,
  names: boolean,
): { own: string; source: string } | undefined {
  const isNumber = /^\d{1,9}$/.test(id);
  if (names && isNumber && (format === 'markdown' || format === 'textile') && dialect?.mentions !== undefined)
    return { own: `#${id}`, source: `#${id}` };
  if (names && isNumber && format === 'html' && url.includes('/_workitems/edit/'))
    return { own: `#${id}`, source: `<a href="${escapeHtml(url)}" data-vss-mention="version:1.0">#${id}</a>` };
  if (names && format === 'adf')
    return { own: `link:${url}`, source: JSON.stringify({ type: 'inlineCard', attrs: { url } }) };
  return itemLink(format, { key, url });
}

/** A link to an item that mentions no item of the target: a joiner keeps its number from becoming a mention there. */
export function itemLink(
  format: RichText['format'],
  { key, url }: Pick<NamedItem, 'key' | 'url'>,
): { own: string; source: string } | undefined {
  if (!/^https?:\/\/[\w.~:/?#@!$&'*+,;=%-]{1,490}$/.test(url) || !/^#?[\w-]{1,60}$/.test(key)) return undefined;
  const text = key.replace('#', '#\u2060');
  const own = `link:${url}`;
  switch (format) {
    case 'markdown':
      return /[()]/.test(url) ? undefined : { own, source: `[${text}](${url})` };
    case 'textile':
      return /[\w/]$/.test(url) ? { own, source: `"${text}":${url}` } : undefined;
    case 'jira-wiki':
      return { own, source: `[${text}|${url}]` };
    case 'html':
      return { own, source: `<a href="${escapeHtml(url)}">${text}</a>` };
    case 'adf':
      return { own, source: JSON.stringify({ type: 'text', text, marks: [{ type: 'link', attrs: { href: url } }] }) };
    case 'text':
      return undefined;
  }
}

/** Places where a text may mention somebody, in order. ADF is not covered here: @see ./adf.ts */
export function nativePlaces({ format, content, dialect }: RichText): NativePlace[] {
  switch (format) {
    case 'html':
      return matches(content, ANCHOR, (match) => {
        const id = /^version:[\d.]+,\s*(\S.*)$/.exec(match[1] ?? match[2] ?? '')?.[1]?.trim();
        return id === undefined ? undefined : { id, name: plain(match[3] ?? '') };
      });
    case 'markdown':
      if (dialect?.mentions === 'ids') return matches(content, ID_TAG, (match) => ({ id: match[1] ?? '' }));
      return dialect?.mentions === 'names' ? logins(content) : [];
    case 'textile':
      return dialect?.mentions === 'names' ? logins(content) : [];
    case 'jira-wiki':
      return matches(content, ACCOUNT, (match) => ({ id: (match[2] ?? '').trim() }));
    case 'adf':
    case 'text':
      return [];
  }
}

const logins = (content: string): NativePlace[] => matches(content, LOGIN, (match) => ({ id: match[1] ?? '' }));

function matches(
  content: string,
  pattern: RegExp,
  read: (match: RegExpMatchArray) => { id: string; name?: string } | undefined,
  sign?: string,
): NativePlace[] {
  if (sign !== undefined ? !content.includes(sign) : !content.includes('@') && !content.includes('[~')) return [];
  const places: NativePlace[] = [];
  for (const match of content.matchAll(pattern)) {
    const found = read(match);
    if (found && found.id !== '') places.push({ start: match.index, end: match.index + match[0].length, ...found });
  }
  return places;
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ' };

const plain = (html: string): string =>
  html
    .replace(/&(#39|[a-z]{2,4});/g, (all, name: string) => ENTITIES[name] ?? all)
    .trim()
    .replace(/^@/, '');

/**
 * A mention in a markup.
 * @param name the user's name as people read it
 * @returns undefined if the markup has no mentions, or none with such an id
 */
export function nativeMention(
  { format, dialect }: Pick<RichText, 'format' | 'dialect'>,
  { id, name }: { id: string; name: string },
): string | undefined {
  switch (format) {
    case 'html':
      return isGuid(id) ? `<a href="#" data-vss-mention="version:2.0,${id}">@${escapeHtml(name)}</a>` : undefined;
    case 'markdown':
      if (dialect?.mentions === 'ids') return isGuid(id) ? `@<${id}>` : undefined;
      return dialect?.mentions === 'names' ? loginMention(id) : undefined;
    case 'textile':
      return dialect?.mentions === 'names' ? loginMention(id) : undefined;
    case 'jira-wiki':
      if (isAccountId(id)) return `[~accountid:${id}]`;
      return /[[\]{}|\n\\~]/.test(id) ? undefined : `[~${id}]`;
    case 'adf':
      return JSON.stringify({ type: 'mention', attrs: { id, text: `@${name}` } });
    case 'text':
      return undefined;
  }
}

const loginMention = (login: string): string | undefined =>
  /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(login) ? `@${login}` : undefined;
