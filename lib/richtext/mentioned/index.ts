/**
 * Translates the mentions of a text for the other side (invariants 7 and 13). While the text is converted and merged,
 * each mention, and each group of words that represents one, is a single plain word. Afterwards the target's own form
 * replaces it: the mention that was there, a new mention, or words. What was written is stored with the target's
 * baseline (`RichText.standIns`), so that the mention is found again when the text is synced back. Pure.
 */

import type { Dialect, RichText, RichTextFormat, StandIn } from '../../model/values';
import type { MergeInput } from '../merge';
import { isPicture, type Look, onlyPicture, type ShownPicture } from '../pictures';
import type { Loss, Tree } from '../tree';
import { type Aligned, alignWords } from './align';
import { exchange, MARK, markAdf, markOf, type Piece } from './marks';
import { itemPlaces, nativeMention, nativePlaces } from './native';
import { marksIn, type Occurrence, pieceOf, type Scan, scan, sequence } from './scan';

export { markAdf } from './marks';
export { itemLink, itemMention, type NamedItem, nativeMention } from './native';

/** The items that a text names: `#12`, or `link:` and the URL of a card. Ordinary links are not included. */
export function itemsOf(text: RichText): string[] {
  const found: string[] = [];
  if (text.format === 'adf') {
    markAdf(text.content, ({ id, source }) => {
      if (id.startsWith('link:') && source.includes('"inlineCard"')) found.push(id);
      return undefined;
    });
  } else for (const { id } of itemPlaces(text)) if (id.startsWith('#')) found.push(id);
  return [...new Set(found)];
}

/** How the target shows a user whom the source mentions. */
export interface Form {
  /** the id or login that the target's texts use for the user; absent if the user is shown by words */
  own?: string;
  /** the mention in the target's markup, if it is not a user's */
  source?: string;
  /** of a picture that the target shows: its address in the target's texts */
  picture?: string;
  /** what the target's texts use for an item while it has no counterpart; absent if it has none */
  meanwhile?: string;
  /** the name that people read */
  name: string;
  /** why words are written */
  why?: string;
}

export interface MentionInput {
  source: { base?: RichText | undefined; now: RichText };
  /** the target's text when last in sync */
  target?: RichText | undefined;
  into: { format: RichTextFormat; dialect?: Dialect | undefined };
  /** ids of the system nodes */
  systems: { source: string; target: string };
  /** keyed by the id or login in the source's texts, in lower case */
  forms: Record<string, Form>;
}

export interface Mentioned {
  /** the target's text, with its stand-ins */
  text: RichText;
  /** the current stand-ins of the source's text */
  source: StandIn[];
  losses: Loss[];
  /** sentences for users: mentions that became text */
  warnings: string[];
}

/** The functions of lib/richtext that are needed here. */
export interface MentionTools {
  parse(text: RichText): Tree;
  convert(text: RichText, format: RichTextFormat, into: Dialect | undefined): { text: RichText; losses: Loss[] };
  merge(input: MergeInput, into: Dialect | undefined): { text: RichText; losses: Loss[] };
  /** some words in the form they have in a paragraph of the target */
  words(text: string, format: RichTextFormat, into: Dialect | undefined): string;
  /** a picture in the target's markup */
  picture(shown: ShownPicture, into: Pick<RichText, 'format' | 'dialect'>): string | undefined;
}

/** Maximum number of stand-ins of one text. Further ones are not kept and are synced back as text. */
export const MOST_STAND_INS = 200;
const LONGEST_ATOM = 1_000;
const LONGEST_NAME = 120;

const fold = (id: string): string => id.toLowerCase();

/** Of a picture: the same picture, shown in the same way. */
const keyOf = (id: string, look: string | undefined): string => `s:${fold(id)}${look === undefined ? '' : `\n${look}`}`;
/** The source's name for what a key means. */
const idOf = (key: string): string => plainKey(key).slice(2);
const plainKey = (key: string): string => key.split('\n', 1)[0] ?? key;
const lookOf = (key: string): Look => {
  const at = key.indexOf('\n');
  return at < 0 ? {} : (JSON.parse(key.slice(at + 1)) as Look);
};
const wordsFor = (name: string): string => `@${name.replace(/\s+/g, ' ').trim().slice(0, LONGEST_NAME)}`;

/** Whom a text mentions: the id or login, and the name that people read. If logins can mention, any word after an
 * `@` may be one. */
export function mentionsOf(text: RichText): { id: string; name?: string }[] {
  const found: { id: string; name?: string }[] = [];
  if (text.format === 'adf') {
    markAdf(text.content, ({ id, name, look }) => {
      if (!id.startsWith('link:') && !look) found.push({ id, ...(name !== '' && { name }) });
      return undefined;
    });
  } else for (const { id, name } of nativePlaces(text)) found.push({ id, ...(name !== undefined && { name }) });
  return found;
}

/** @returns undefined if the text mentions nobody or cannot be read in this way */
export function translateMentions(input: MentionInput, tools: MentionTools): Mentioned | undefined {
  return new Translation(input, tools).run();
}

class Translation {
  /** parts of the source's text that represent mentions of the target */
  private readonly shown: StandIn[];
  /** parts of the target's text that represent mentions of the source */
  private readonly there: StandIn[];
  private readonly marks = new Map<string, string>();
  private readonly warnings: string[] = [];

  constructor(
    private readonly input: MentionInput,
    private readonly tools: MentionTools,
  ) {
    const { source, target, systems } = input;
    this.shown = (source.base?.standIns ?? []).filter(({ system }) => system === systems.target);
    this.there = (target?.standIns ?? []).filter(({ system }) => system === systems.source);
  }

  run(): Mentioned | undefined {
    const { source, target, into } = this.input;
    const shownWords = this.shown.flatMap(({ words }) => words ?? []);
    const isSources = (id: string): boolean => this.isSources(fold(id));
    const now = scan(source.now, shownWords, isSources, this.tools.parse);
    const before = source.base && scan(source.base, shownWords, isSources, this.tools.parse);
    if (!now || (source.base && !before)) return undefined;
    const isEmpty = [now, before].every((one) => (one?.occurrences.length ?? 0) === 0);
    if (isEmpty && this.there.length === 0) return undefined;
    const keys = new Map<Occurrence, string>();
    if (before) this.nameBefore(before, keys);
    const aligned = before && alignWords(before, now);
    this.nameNow(now, keys, aligned);
    const own = before && target && target.format === into.format ? this.own(target, before, keys) : undefined;
    if (before && target && own) this.leaveOut(before, now, own, keys);
    if (aligned) this.warnChanged(aligned, keys);
    const neutral = this.finished(now, keys);
    const model = own &&
      target && { ...target, ...(into.dialect && { dialect: into.dialect }), content: this.finished(own, keys) };
    const made =
      model && before && source.base && source.now.format !== into.format
        ? this.tools.merge(
            {
              target: model,
              before: { ...source.base, content: this.finished(before, keys) },
              after: { ...source.now, content: neutral },
            },
            into.dialect,
          )
        : this.tools.convert({ ...source.now, content: neutral }, into.format, into.dialect);
    return this.written(made, now, own, keys);
  }

  private isSources(id: string): boolean {
    const { forms } = this.input;
    return (
      id in forms ||
      this.there.some((one) => fold(one.id) === id) ||
      this.shown.some((one) => fold(one.own ?? '') === id)
    );
  }

  private nameBefore(before: Scan, keys: Map<Occurrence, string>): void {
    for (const [one, nth] of numbered(before.occurrences)) {
      if (one.id !== undefined) keys.set(one, keyOf(one.id, one.look));
      const standIn = this.shown.find(({ words, nth: own }) => words === one.words && own === nth);
      if (one.words !== undefined && standIn) keys.set(one, `t:${fold(standIn.id)}`);
    }
  }

  private nameNow(now: Scan, keys: Map<Occurrence, string>, aligned: Aligned | undefined): void {
    for (const one of now.occurrences) {
      const old = aligned?.was.get(one);
      const key = one.id === undefined ? old && keys.get(old) : keyOf(one.id, one.look);
      if (key !== undefined) keys.set(one, key);
    }
  }

  /** The target's text when last in sync, with each mention under the source's key. */
  private own(target: RichText, before: Scan, keys: Map<Occurrence, string>): Scan | undefined {
    const { into, forms } = this.input;
    const pairs = new Map<string, string>();
    for (const [id, { own }] of Object.entries(forms)) if (own !== undefined) pairs.set(fold(own), `s:${id}`);
    for (const { own, id } of this.there) if (own !== undefined) pairs.set(fold(own), `s:${fold(id)}`);
    for (const { own, id } of this.shown) pairs.set(fold(id), own === undefined ? `t:${fold(id)}` : `s:${fold(own)}`);
    // written before pictures were translated: carried over by name
    for (const { id } of before.occurrences)
      if (id !== undefined && isPicture(id) && !pairs.has(fold(id))) pairs.set(fold(id), `s:${fold(id)}`);
    const text = { ...target, ...(into.dialect && { dialect: into.dialect }) };
    // written before stand-ins were stored: compared by the name that the source shows
    const older = new Map<string, string>();
    for (const one of before.occurrences) {
      const key = keys.get(one);
      const known = this.there.some(({ id }) => `s:${fold(id)}` === key) || [...pairs.values()].includes(key ?? '');
      if (key !== undefined && one.id !== undefined && !known && !isPicture(one.id))
        older.set(wordsFor(one.name ?? one.id), key);
    }
    const words = [...this.there.flatMap((one) => one.words ?? []), ...older.keys()];
    const found = scan(text, words, (id) => pairs.has(fold(id)), this.tools.parse);
    for (const [one, nth] of numbered(found?.occurrences ?? [])) {
      const standIn = this.there.find(({ words: own, nth: at }) => own === one.words && at === nth);
      const key =
        one.id !== undefined ? pairs.get(fold(one.id)) : standIn ? `s:${fold(standIn.id)}` : older.get(one.words ?? '');
      if (key !== undefined) keys.set(one, key);
    }
    if (found) this.asShown(before, found, keys);
    return found;
  }

  /** The target's pictures look as they do there: each is known by how the source shows it. */
  private asShown(before: Scan, own: Scan, keys: Map<Occurrence, string>): void {
    const shown = new Map<string, string[]>();
    for (const one of before.occurrences) {
      const key = keys.get(one) ?? '';
      if (key.includes('\n')) shown.set(plainKey(key), [...(shown.get(plainKey(key)) ?? []), key]);
    }
    const used = new Map<string, number>();
    for (const one of own.occurrences) {
      const key = keys.get(one) ?? '';
      const nth = used.get(key) ?? 0;
      used.set(key, nth + 1);
      const same = shown.get(key);
      if (same) keys.set(one, same[Math.min(nth, same.length - 1)] ?? key);
    }
  }

  /** Mentions with different counts on the two sides cannot be matched: they are converted unchanged. */
  private leaveOut(before: Scan, now: Scan, own: Scan, keys: Map<Occurrence, string>): void {
    const count = (list: Scan, key: string): number => list.occurrences.filter((one) => keys.get(one) === key).length;
    for (const key of new Set([...before.occurrences, ...own.occurrences].flatMap((one) => keys.get(one) ?? []))) {
      if (count(before, key) === count(own, key)) continue;
      if (key.startsWith('s:') && count(before, key) > 0 && count(own, key) > 0) continue;
      if (isPicture(idOf(key))) continue;
      for (const list of [before, own, now])
        for (const one of list.occurrences)
          if (keys.get(one) === key && (list !== now || count(before, key) > 0)) keys.delete(one);
    }
  }

  private warnChanged({ changed }: Aligned, keys: Map<Occurrence, string>): void {
    for (const one of changed) {
      if (keys.has(one))
        this.warnings.push(
          `${quoted(one.words)} represented a mention. Its words were changed, so it is now plain text.`,
        );
    }
  }

  private markFor(key: string): string {
    const mark = this.marks.get(key) ?? markOf(this.marks.size);
    this.marks.set(key, mark);
    return mark;
  }

  /** A text in which every mention of a user is the same word. */
  private finished({ content, text, occurrences }: Scan, keys: Map<Occurrence, string>): string {
    const byMark = new Map(occurrences.map((one) => [one.mark, one]));
    return exchange(content, text.format, (mark) => {
      const one = byMark.get(mark);
      const key = one && keys.get(one);
      if (!one) return undefined;
      return key === undefined ? pieceOf(one, text.format) : { text: this.markFor(key) };
    });
  }

  /** Replaces the marks by the target's forms. */
  private written(
    made: { text: RichText; losses: Loss[] },
    now: Scan,
    own: Scan | undefined,
    keys: Map<Occurrence, string>,
  ): Mentioned {
    const { into, systems } = this.input;
    const { text } = made;
    const byMark = new Map([...this.marks].map(([key, mark]) => [mark, key]));
    const old = own?.occurrences.filter((one) => keys.has(one)) ?? [];
    const oldBlocks = this.blocksOf(own, keys);
    const places = marksIn(this.tools.parse(text)).filter(({ mark }) => byMark.has(mark));
    /** per key, the replacements of its marks in order */
    const chosen = new Map<string, Chosen[]>();
    const left = new Set(old);
    const kept = places.map(({ mark, block }) => {
      const one = old.find(
        (other) =>
          left.has(other) &&
          !this.isHealed(other, keys) &&
          keys.get(other) === byMark.get(mark) &&
          oldBlocks.get(other) === block,
      );
      if (one) left.delete(one);
      return one;
    });
    const order = places.map(({ mark }, index): { key: string; choice: Chosen } => {
      const key = byMark.get(mark) ?? '';
      const same = kept[index] ?? this.nextNative(left, keys, key);
      const choice = same
        ? { piece: pieceOf(same, into.format), words: same.words, own: same.id }
        : this.formOf(key, old, keys);
      chosen.set(key, [...(chosen.get(key) ?? []), choice]);
      return { key, choice };
    });
    const used = new Map<string, number>();
    const content = exchange(text.content, into.format, (mark) => {
      const key = byMark.get(mark);
      if (key === undefined) return undefined;
      const nth = used.get(key) ?? 0;
      used.set(key, nth + 1);
      return (chosen.get(key)?.[nth] ?? this.formOf(key, old, keys)).piece;
    });
    const done = { ...text, content: content.replace(MARK, (mark) => this.last(byMark.get(mark))) };
    const standIns = this.standInsOf(order, text, now, keys, systems.source);
    return {
      text: standIns.length > 0 ? { ...done, standIns } : done,
      source: this.shownNow(now, keys),
      losses: made.losses,
      warnings: [...new Set(this.warnings)],
    };
  }

  /** For a mark outside running text, such as in the title of a picture. */
  private last(key: string | undefined): string {
    return key === undefined ? '' : wordsFor(this.input.forms[idOf(key)]?.name ?? idOf(key)).replace(/["<>\\]/g, '');
  }

  private blocksOf(own: Scan | undefined, keys: Map<Occurrence, string>): Map<Occurrence, string> {
    const result = new Map<Occurrence, string>();
    if (!own) return result;
    const seen = marksIn(this.tools.parse({ ...own.text, content: own.content }));
    const named = new Map(own.occurrences.map((one) => [one.mark, one]));
    for (const { mark, block } of seen) {
      const one = named.get(mark);
      if (!one) continue;
      const read = block.replace(MARK, (other) => {
        const that = named.get(other);
        const key = that && keys.get(that);
        return key === undefined ? (that?.words ?? that?.source ?? other) : this.markFor(key);
      });
      result.set(one, read);
    }
    return result;
  }

  /** A mention of the target whose paragraph no longer exists: it stays as it was written. */
  private nextNative(left: Set<Occurrence>, keys: Map<Occurrence, string>, key: string): Occurrence | undefined {
    const next = [...left].find((one) => keys.get(one) === key && one.id !== undefined && !this.isHealed(one, keys));
    if (next) left.delete(next);
    return next;
  }

  /** A link to the source's item or picture, which now has a counterpart. */
  private isHealed(one: Occurrence, keys: Map<Occurrence, string>): boolean {
    const id = idOf(keys.get(one) ?? '');
    const own = isItem(id) ? this.input.forms[id]?.own : undefined;
    if (own === undefined || one.id === undefined) return false;
    // a picture that is there stays, also where a newer one has its name by now
    if (isPicture(id)) return isPicture(own) && one.id.startsWith('link:');
    return fold(own) !== fold(one.id);
  }

  private formOf(key: string, old: readonly Occurrence[], keys: Map<Occurrence, string>): Chosen {
    const { into, forms } = this.input;
    const id = idOf(key);
    const before = old.find((one) => keys.get(one) === key);
    if (key.startsWith('t:')) {
      const standIn = this.shown.find((one) => fold(one.id) === id);
      const name = (standIn?.words ?? id).replace(/^@/, '');
      const again = before?.source ?? (standIn && isMentionIn(standIn.atom, into.format) ? standIn.atom : undefined);
      const source = again ?? (standIn && nativeMention(into, { id: standIn.id, name }));
      return source === undefined
        ? this.asWords(standIn?.words ?? `@${name}`)
        : { piece: { source }, own: standIn?.id ?? id };
    }
    const known = this.there.find((one) => fold(one.id) === id);
    if (!(id in forms) && before !== undefined && isItem(id))
      return { piece: pieceOf(before, into.format), words: before.words, own: before.id };
    const pair = this.shown.find((one) => one.own !== undefined && fold(one.own) === id);
    const form = forms[id];
    if (pair && isPicture(pair.id) && !form && this.isPictureIn(pair.atom))
      return { piece: { source: pair.atom, apart: true }, own: pair.id };
    if (isPicture(id)) return this.pictureFor(key, before);
    const whom = form?.own ?? known?.own ?? pair?.id;
    const name = form?.name ?? known?.words?.replace(/^@/, '') ?? id;
    const source = form?.source ?? (whom === undefined ? undefined : nativeMention(into, { id: whom, name }));
    if (source !== undefined) return { piece: { source }, own: whom };
    if (!before)
      this.warnings.push(
        `The mention of ${quoted(name)} is written as a name: ${form?.why ?? 'the target has no such mention'}.`,
      );
    return this.asWords(wordsFor(name));
  }

  /** A stored picture is valid in the target's markup: a field may have changed its format. */
  private isPictureIn(atom: string): boolean {
    const { into } = this.input;
    if (into.format === 'adf' || atom.startsWith('{"'))
      return into.format === 'adf' && atom.startsWith('{"type":"media');
    return onlyPicture(this.tools.parse({ ...into, content: atom } as RichText)) !== undefined;
  }

  /** A picture as the target shows it, or else a link to it. */
  private pictureFor(key: string, before: Occurrence | undefined): Chosen {
    const { into, forms } = this.input;
    const form = forms[idOf(key)];
    const look = lookOf(key);
    const shown = form?.picture === undefined ? undefined : this.tools.picture({ url: form.picture, look }, into);
    if (shown !== undefined) return { piece: { source: shown, apart: true }, own: form?.own };
    const name = (form?.name ?? look.alt ?? idOf(key).slice('picture:'.length)).slice(0, LONGEST_NAME);
    if (!before && form?.why) this.warnings.push(`The picture ${quoted(name)} is written as a link: ${form.why}.`);
    if (form?.source !== undefined) return { piece: { source: form.source, apart: true }, own: form.own };
    return this.asWords(name);
  }

  private asWords(words: string): Chosen {
    const { format, dialect } = this.input.into;
    return { piece: format === 'adf' ? { text: words } : { source: this.tools.words(words, format, dialect) }, words };
  }

  /** The parts of the target's text that represent the source's mentions. */
  private standInsOf(
    order: readonly { key: string; choice: Chosen }[],
    neutral: RichText,
    now: Scan,
    keys: Map<Occurrence, string>,
    system: string,
  ): StandIn[] {
    const result: StandIn[] = [];
    const atoms = new Map<string, string>();
    const ids = new Map<string, string>();
    for (const one of now.occurrences) {
      const key = keys.get(one);
      if (key === undefined || one.id === undefined) continue;
      ids.set(key, one.id);
      if (!atoms.has(key)) atoms.set(key, one.source.slice(0, LONGEST_ATOM));
    }
    // the same words typed by a user are counted, but represent no mention
    const seen = new Map<string, number>();
    let next = 0;
    for (const place of sequence(
      neutral,
      order.flatMap(({ choice }) => choice.words ?? []),
      this.tools.parse,
    )) {
      if (place.words !== undefined) {
        seen.set(place.words, (seen.get(place.words) ?? 0) + 1);
        continue;
      }
      const { key, choice } = order[next] ?? {};
      if (key === undefined || choice === undefined || this.marks.get(key) !== place.mark) continue;
      next++;
      const nth = seen.get(choice.words ?? '') ?? 0;
      if (choice.words !== undefined) seen.set(choice.words, nth + 1);
      const [id, atom] = [ids.get(key), atoms.get(key)];
      if (!key.startsWith('s:') || id === undefined || atom === undefined || result.length >= MOST_STAND_INS) continue;
      const known = this.shown.some((one) => one.own !== undefined && fold(one.own) === fold(id));
      if (choice.words !== undefined) result.push({ system, id, atom, words: choice.words, nth });
      else if (choice.own !== undefined && !known && !result.some((one) => one.own === choice.own))
        result.push({ system, id, atom, own: choice.own, nth: 0 });
    }
    return result;
  }

  private shownNow(now: Scan, keys: Map<Occurrence, string>): StandIn[] {
    const result: StandIn[] = [];
    const present = new Set(now.occurrences.flatMap((one) => plainKey(keys.get(one) ?? '')));
    for (const [one, nth] of numbered(now.occurrences)) {
      const key = keys.get(one);
      const standIn = one.words === undefined ? undefined : this.shown.find((other) => `t:${fold(other.id)}` === key);
      if (standIn) result.push({ ...standIn, words: one.words, nth });
    }
    for (const standIn of this.shown)
      if (standIn.own !== undefined && present.has(`s:${fold(standIn.own)}`)) result.push(standIn);
    return result.slice(0, MOST_STAND_INS);
  }
}

interface Chosen {
  piece: Piece;
  words?: string | undefined;
  own?: string | undefined;
}

/** True for a key that names an item or a picture, not a user. */
const isItem = (id: string): boolean => id.startsWith('#') || id.startsWith('link:') || isPicture(id);

const quoted = (words: string | undefined): string => `“${(words ?? '').replace(/^@/, '')}”`;

/** Each occurrence of words, numbered among the same words. */
function numbered(occurrences: readonly Occurrence[]): [Occurrence, number][] {
  const seen = new Map<string, number>();
  return occurrences.map((one) => {
    const words = one.words ?? '';
    const nth = seen.get(words) ?? 0;
    if (one.words !== undefined) seen.set(words, nth + 1);
    return [one, nth];
  });
}

/** True if a stored mention is valid in this markup: a field may have changed its format. */
function isMentionIn(atom: string, format: RichTextFormat): boolean {
  if (format === 'adf') return atom.startsWith('{');
  if (format === 'html') return atom.startsWith('<a');
  return format === 'jira-wiki' ? atom.startsWith('[~') : atom.startsWith('@');
}
