/**
 * Random texts with mentions, names twice, code, lists, tables, pictures and links, on their way between two sides: A → B, an
 * edit on B, B → A. People of A exist in B, or don't; B mentions them, or knows no mentions.
 */

import type { Dialect, RichText, RichTextFormat } from '../../lib/model/values';
import { type Form, nativeMention, parse, render, withMentions } from '../../lib/richtext';
import { exchange, markOf } from '../../lib/richtext/mentioned/marks';
import { scan } from '../../lib/richtext/mentioned/scan';
import type { Block, Inline } from '../../lib/richtext/tree';

export const FORMATS: Record<
  string,
  { format: RichTextFormat; dialect?: Dialect; id: (person: number, side: string) => string }
> = {
  html: { format: 'html', id: guid },
  markdown: { format: 'markdown', dialect: { plainTags: true, mentions: 'ids' }, id: guid },
  redmine: { format: 'markdown', dialect: { hardBreaks: true, mentions: 'names' }, id: login },
  textile: { format: 'textile', dialect: { mentions: 'names' }, id: login },
  'jira-wiki': { format: 'jira-wiki', id: login },
  adf: { format: 'adf', id: (person, side) => `557058:${side}-${person}-aaaa` },
};

function guid(person: number, side: string): string {
  return `${side === 'A' ? 'a' : 'b'}${person}000000-1111-4222-8333-444455556666`;
}

function login(person: number, side: string): string {
  return `${['ann', 'bob.lee', 'c-x', 'dee'][person]}${side}`;
}

/** Two people have one name. */
export const NAMES = ['Ann Lee', 'Bob [Q] Lee_x', 'Ann Lee', 'Dee'];

/** A small generator of numbers, so that a history can be told by its seed. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export interface History {
  a: RichText;
  /** the words of A's text that are there once, so that an edit finds its place */
  words: string[];
  links: string[];
  mentioned: number;
}

/** A text of side A. @param picture one more of the side's own pictures in the text's markup; without it there are none */
export function textOf(kind: string, next: (below: number) => number, picture?: () => string | undefined): History {
  const { format, dialect, id } = FORMATS[kind] as (typeof FORMATS)[string];
  const words: string[] = [];
  const links: string[] = [];
  let mentioned = 0;
  const word = (): string => {
    const made = `w${words.length}${'qxyz'[next(4)]}`;
    words.push(made);
    return made;
  };
  const text = (value: string): Inline => ({ type: 'text', value });
  const pictures: string[] = [];
  /** a mark in the place of a picture */
  const shown = (): string => {
    const source = picture?.();
    if (source === undefined) return word();
    pictures.push(source);
    return markOf(100 + pictures.length - 1);
  };
  const inlines = (): Inline[] => {
    const result: Inline[] = [text(`${word()} `)];
    if (picture && next(3) === 0) result.push(text(shown()), text(` ${word()} `));
    for (let count = next(4); count > 0; count--) {
      const what = next(7);
      if (what < 3) {
        mentioned++;
        result.push(text(markOf(next(4))));
      } else if (what === 3) {
        const url = `https://example.org/${links.length}`;
        links.push(url);
        result.push({ type: 'link', url, children: [text(word())] });
      } else if (what === 4) result.push({ type: 'strong', children: [text(word())] });
      else if (what === 5) result.push({ type: 'inlineCode', value: `@${NAMES[0]}` });
      else result.push(text(`@${NAMES[next(4)]} typed`));
      result.push(text(` ${word()} `));
    }
    result.push(text(word()));
    return result;
  };
  const alone = (): Block => ({ type: 'paragraph', children: [text(shown())] });
  const paragraph = (): Block => ({ type: 'paragraph', children: inlines() });
  const block = (): Block => {
    if (picture && next(4) === 0) return alone();
    switch (next(7)) {
      case 0:
        return {
          type: 'list',
          ordered: next(2) === 0,
          children: [0, 1, 2].slice(next(2)).map(() => ({ type: 'listItem', children: [paragraph()] })),
        };
      case 1:
        return {
          type: 'table',
          children: [0, 1].map((row) => ({
            type: 'tableRow',
            children: [0, 1].map(() => ({
              type: 'tableCell',
              ...(row === 0 && { header: true }),
              children: picture && next(4) === 0 ? [alone()] : [paragraph()],
            })),
          })),
        };
      case 2:
        return { type: 'code', value: `@${NAMES[0]} in ${word()}` };
      case 3: {
        const url = `https://example.org/${links.length}.png`;
        links.push(url);
        return { type: 'paragraph', children: [{ type: 'image', url, alt: 'picture' }] };
      }
      default:
        return paragraph();
    }
  };
  const children = Array.from({ length: 2 + next(5) }, block);
  const made = render({ type: 'root', children }, format, dialect ? { into: dialect } : {}).text;
  const people = new Map(NAMES.map((name, person) => [markOf(person), { id: id(person, 'A'), name }]));
  const places = new Map(pictures.map((source, index) => [markOf(100 + index), source]));
  const content = exchange(made.content, format, (mark) => {
    const placed = places.get(mark);
    if (placed !== undefined) return { source: placed };
    const source = nativeMention(made, people.get(mark) ?? { id: '', name: '' });
    return source === undefined ? undefined : { source };
  });
  return { a: { ...made, content }, words, links, mentioned };
}

/** How B shows the people of A: two of four exist there, if it mentions people at all. */
export function formsOf(
  from: string,
  to: string,
  fromSide: string,
  way: 'native' | 'some' | 'names',
): Record<string, Form> {
  const [one, two] = [FORMATS[from], FORMATS[to]] as [(typeof FORMATS)[string], (typeof FORMATS)[string]];
  const other = fromSide === 'A' ? 'B' : 'A';
  return Object.fromEntries(
    NAMES.map((name, person): [string, Form] => {
      const isThere = way === 'native' || (way === 'some' && person < 2);
      const called = way === 'names' && person > 1 ? `${name} of ${other}` : name;
      return [
        one.id(person, fromSide).toLowerCase(),
        { name: called, ...(isThere ? { own: two.id(person, other) } : { why: 'no such user' }) },
      ];
    }),
  );
}

/** The people whom a text mentions, in reading order. */
export function mentionsIn(text: RichText, kind: string, side: string): number[] {
  const { id } = FORMATS[kind] as (typeof FORMATS)[string];
  const people = new Map(NAMES.map((_, person) => [id(person, side).toLowerCase(), person]));
  const found = scan(
    text,
    [],
    (one) => people.has(one.toLowerCase()),
    (one) => parse(one),
  );
  return (found?.occurrences ?? []).flatMap((one) => people.get(one.id?.toLowerCase() ?? '') ?? []);
}

export interface Outcome {
  b: RichText;
  back: RichText;
  edited: RichText;
}

/** A → B, an edit on B, B → A. @param edit of B's text */
export function history(
  from: string,
  to: string,
  way: 'native' | 'some' | 'names',
  { a }: History,
  edit: (content: string) => string,
): Outcome {
  const [one, two] = [FORMATS[from], FORMATS[to]] as [(typeof FORMATS)[string], (typeof FORMATS)[string]];
  const there = withMentions({
    source: { now: a },
    into: { format: two.format, dialect: two.dialect },
    systems: { source: 'A', target: 'B' },
    forms: formsOf(from, to, 'A', way),
  });
  const b: RichText = there?.text ?? render(parse(a), two.format, two.dialect ? { into: two.dialect } : {}).text;
  const edited = { ...b, standIns: undefined, content: edit(b.content) };
  const base = { ...a, standIns: there?.source };
  const again = withMentions({
    source: { base: b, now: edited },
    target: base,
    into: { format: one.format, dialect: one.dialect },
    systems: { source: 'B', target: 'A' },
    forms: way === 'names' ? {} : formsOf(to, from, 'B', way),
  });
  return { b, edited, back: again?.text ?? { ...a, content: '(not translated)' } };
}
