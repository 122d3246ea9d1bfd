/**
 * Rich text that comes to rest (invariant 7): where two systems write in different markups, only the blocks that somebody
 * edited at the source are converted; all others stay as the target has them, with what the source cannot show. Pure.
 *
 * They stay as the target had them *when both were last in sync*: what somebody has edited in the target since is a change
 * of its own, with which the row's policy deals. Put in here it would pass for the source's, and never reach the source.
 */

import { equalValues } from '../mapping/compare';
import type { MappedField } from '../model/message';
import type { Dialect, FieldId, Fields, RichText, Value } from '../model/values';
import { withQuietMentions } from '../richtext';
import { boundedConvert, boundedMerge } from './bounded-texts';

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
    const want = wanted[field];
    if (!isRichText(want)) continue;
    const [synced, there] = [target.base[field], target.now[field]];
    const [only] = from.length === 1 ? from : [];
    // people whom the target mentions by its own stay mentioned
    const own = [there, synced].find(isRichText);
    let text = withQuietMentions(want, own);
    // where that is not known, what the target shows may be people's edits: they are not what the source wants
    if (only !== undefined && synced !== undefined && isAsConverted(source.now[only], want)) {
      const model = inDialect(equalValues(synced, there) ? there : synced, own?.dialect ?? want.dialect);
      text = splice(source.base[only], source.now[only], model) ?? text;
    }
    if (text !== want) kept = { ...kept, [field]: text };
  }
  return kept;
}

/** A baseline may be older than what is known of the system's dialect. */
const inDialect = (text: Value | undefined, dialect: Dialect | undefined): Value | undefined =>
  isRichText(text) && dialect ? { ...text, dialect } : text;

/** True where a target's text is what the field mapper makes of a source's text in another markup. */
export function isAsConverted(source: Value | undefined, want: Value | undefined): boolean {
  if (!isRichText(source) || !isRichText(want) || isOneMarkup(source, want)) return false;
  return boundedConvert(source, want.format, { into: want.dialect }).text.content === want.content;
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
  if (!isRichText(before) || !isRichText(after) || !isRichText(there) || isOneMarkup(after, there)) return undefined;
  return boundedMerge({ target: there, before, after });
}

/** A text in the markup of another; undefined where it is none, or has that markup already. */
export function inMarkupOf(text: Value | undefined, model: Value | undefined): RichText | undefined {
  if (!isRichText(text) || !isRichText(model) || isOneMarkup(text, model)) return undefined;
  return boundedConvert(text, model.format, { into: model.dialect }).text;
}

/** True where two texts have one markup, read in the same way. */
const isOneMarkup = (one: RichText, two: RichText): boolean =>
  one.format === two.format &&
  one.dialect?.hardBreaks === two.dialect?.hardBreaks &&
  one.dialect?.plainTags === two.dialect?.plainTags;

const isRichText = (value: Value | undefined): value is RichText =>
  typeof value === 'object' && value !== null && 'content' in value && 'format' in value;
