/**
 * Mentions of users in rich text fields: which texts are affected, and what is stored about them with the baselines.
 * lib/richtext/mentioned translates the texts. Pure.
 */

import { equalValues } from '../mapping/compare';
import type { FieldId, Fields, RichText, StandIn, Value } from '../model/values';
import type { Form } from '../richtext';
import { boundedConvert, boundedMentions, boundedPictures, settledTexts } from './bounded-texts';

export {
  type Form,
  itemLink,
  itemMention,
  itemsOf,
  MENTION_AS_NAME,
  mentionsOf,
  PICTURE_AS_NAME,
  pictureLink,
  pictureName,
} from '../richtext';

/** The pictures that a text shows by an address; none if it takes too long to find out. */
export const picturesOf = async (text: RichText) => settledTexts(() => boundedPictures(text));

/** By target field. */
export type Mentions = Record<FieldId, FieldMentions>;

export interface FieldMentions {
  /** ids of the system nodes */
  systems: { source: string; target: string };
  /** users mentioned in the source's text, by its name for them, in lower case */
  forms: Record<string, Form>;
}

/** What was found on the way. */
export interface MentionsTold {
  /** the source's fields → parts of their texts that represent mentions of the target */
  shown: Record<FieldId, StandIn[]>;
  warnings: { field: FieldId; reason: string }[];
}

export const isRichText = (value: Value | undefined): value is RichText =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && 'content' in value && 'format' in value;

/** True if one of the values is a rich text, which may mention somebody. */
export function hasText(fields: Fields): boolean {
  for (const field of Object.keys(fields)) if (isRichText(fields[field])) return true;
  return false;
}

interface OneText {
  want: RichText;
  /** the source's text when last in sync, and now */
  base: Value | undefined;
  now: Value | undefined;
  /** the target's when last in sync */
  synced: Value | undefined;
  dialect: RichText['dialect'];
}

/**
 * A text as the target shows it, including its mentions.
 * @returns undefined if it contains no mention, or the flow has changed it
 */
export function mentionedIn({ want, base, now, synced, dialect }: OneText, { systems, forms }: FieldMentions) {
  if (!isRichText(now)) return undefined;
  const standIns = isRichText(base) ? (base.standIns ?? []) : [];
  const there = isRichText(synced) ? (synced.standIns ?? []) : [];
  if (Object.keys(forms).length === 0 && standIns.length === 0 && there.length === 0) return undefined;
  if (!isMadeOf(now, want)) return undefined;
  const target = isRichText(synced) && synced.format === want.format ? synced : undefined;
  return boundedMentions({
    source: { ...(isRichText(base) && base.format === now.format && { base: inDialectOf(base, now) }), now },
    target,
    into: { format: want.format, dialect: dialect ?? want.dialect },
    systems,
    forms,
  });
}

/** A baseline may be older than the dialect that is known of the system. */
const inDialectOf = (text: RichText, { dialect }: RichText): RichText => (dialect ? { ...text, dialect } : text);

/**
 * True if the target's text has a link to an item or a picture that has a counterpart by now: it is to become the counterpart's own
 * form, though nobody has edited the text.
 * @param synced the target's text when last in sync
 */
export function hasArrivals({ systems, forms }: FieldMentions, synced: Value | undefined): boolean {
  const standIns = isRichText(synced) ? (synced.standIns ?? []) : [];
  return standIns.some(({ system, id, own }) => {
    const key = id.toLowerCase();
    const meanwhile = Object.hasOwn(forms, key) ? forms[key]?.meanwhile : undefined;
    return meanwhile !== undefined && system === systems.source && own?.toLowerCase() === meanwhile.toLowerCase();
  });
}

/**
 * True if a text has links to items or pictures of the other side that had no counterpart when they were written.
 * @param url of an item of the other side
 */
export function waitsForItems(text: Value | undefined, url: string | undefined): boolean {
  if (!isRichText(text) || !text.standIns) return false;
  if (text.standIns.some(({ id, own }) => id.startsWith('picture:') && own?.startsWith('link:') === true)) return true;
  if (!URL.canParse(url ?? '')) return false;
  const original = `link:${new URL(url ?? '').origin}/`;
  return text.standIns.some(({ id, own }) => /^(?:#|link:)/.test(id) && own?.startsWith(original) === true);
}

/** True if a text is what the field mapper makes of the source's text. */
function isMadeOf(now: RichText, want: RichText): boolean {
  const made = boundedConvert(now, want.format, want.dialect ? { into: want.dialect } : {}).text;
  return made.content === want.content || equalValues(made, want);
}

/**
 * Baselines with the parts of their texts that represent mentions: as found now, or as before if the words still exist.
 * @param found by field
 */
export function withStandIns(fields: Fields, before: Fields, found: Record<FieldId, StandIn[] | undefined>): Fields {
  let result = fields;
  for (const field of Object.keys(fields)) {
    const value = fields[field];
    if (!isRichText(value)) continue;
    const old = before[field];
    const given = found[field] ?? value.standIns ?? (isRichText(old) ? old.standIns : undefined);
    const kept = given?.filter(({ words, own }) => words === undefined || own !== undefined || mayShow(value, words));
    if (!kept?.length && !value.standIns) continue;
    const { standIns: _before, ...text } = value;
    result = { ...result, [field]: kept?.length ? { ...text, standIns: kept } : text };
  }
  return result;
}

/** False only if the first word of a name occurs nowhere in a text. What is kept is checked closely when it is used. */
function mayShow({ content }: RichText, words: string): boolean {
  const [word] = words.match(/[\p{L}\p{N}]+/u) ?? [];
  return word === undefined || content.includes(word) || /[^\x20-\x7e]/.test(word);
}
