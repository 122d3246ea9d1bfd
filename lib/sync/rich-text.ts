/**
 * Rich text that comes to rest (invariant 7): where two systems write in different markups, only the blocks that somebody
 * edited at the source are converted; all others stay as the target has them, with what the source cannot show. Pure.
 *
 * They stay as the target had them *when both were last in sync*: what somebody has edited in the target since is a change
 * of its own, with which the row's policy deals. Put in here it would pass for the source's, and never reach the source.
 */

import { equalValues } from '../mapping/compare';
import type { MappedField } from '../model/message';
import type { FieldId, Fields, RichText, Value } from '../model/values';
import { convert, mergeRichText } from '../richtext';

interface RichTextInput {
  wanted: Fields;
  mapped: Record<FieldId, MappedField>;
  source: { now: Fields; base: Fields };
  target: { now: Fields; base: Fields };
}

/**
 * @returns the wanted fields, with rich texts spliced into the target's text. A text that the flow itself has changed on
 *   its way (it is not what the field mapper makes of the source) is taken as it is.
 */
export function keepRichText({ wanted, mapped, source, target }: RichTextInput): Fields {
  let kept = wanted;
  for (const [field, { from }] of Object.entries(mapped)) {
    const [only, ...more] = from;
    if (only === undefined || more.length > 0) continue;
    const now = source.now[only];
    if (!isAsConverted(now, wanted[field])) continue;
    const synced = target.base[field];
    // where that is not known, what the target shows may be people's edits: they are not what the source wants
    if (synced === undefined) continue;
    const spliced = splice(source.base[only], now, equalValues(synced, target.now[field]) ? target.now[field] : synced);
    if (spliced) kept = { ...kept, [field]: spliced };
  }
  return kept;
}

/** True where a target's text is what the field mapper makes of a source's text in another markup. */
export function isAsConverted(source: Value | undefined, want: Value | undefined): boolean {
  if (!isRichText(source) || !isRichText(want) || source.format === want.format) return false;
  return convert(source, want.format).text.content === want.content;
}

/**
 * An edit of one side, from `before` to `after`, in a text of the other side.
 * @returns undefined where one of them is no rich text, or both sides have one markup
 */
export function splice(
  before: Value | undefined,
  after: Value | undefined,
  there: Value | undefined,
): RichText | undefined {
  if (!isRichText(before) || !isRichText(after) || !isRichText(there) || after.format === there.format)
    return undefined;
  return mergeRichText({ target: there, before, after }).text;
}

/** A text in the markup of another; undefined where it is none, or has that markup already. */
export function inMarkupOf(text: Value | undefined, model: Value | undefined): RichText | undefined {
  if (!isRichText(text) || !isRichText(model) || text.format === model.format) return undefined;
  return convert(text, model.format).text;
}

const isRichText = (value: Value | undefined): value is RichText =>
  typeof value === 'object' && value !== null && 'content' in value && 'format' in value;
