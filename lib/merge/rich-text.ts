/**
 * Stable rich text (invariant 7): if two systems use different markups, only the blocks that somebody edited in the
 * source are converted. All others stay as the target has them, with everything that the source cannot show. Pure.
 *
 * They stay as the target had them *when both were last in sync*. Later edits in the target are changes of their own,
 * for which the row's policy decides. If they were included here, they would count as the source's and never reach the
 * source.
 */

import { equalValues } from '../mapping/compare';
import { append } from '../model/lists';
import type { MappedField } from '../model/message';
import type { Dialect, FieldId, Fields, RichText, Value } from '../model/values';
import { withQuietMentions } from '../richtext';
import { boundedConvert, boundedMerge } from './bounded-texts';
import { isRichText, type Mentions, type MentionsTold, mentionedIn } from './mentions';

export interface RichTextInput {
  wanted: Fields;
  mapped: Record<FieldId, MappedField>;
  source: { now: Fields; base: Fields };
  target: { now: Fields; base: Fields };
  mentions?: Mentions;
}

/** @see translatedTexts */
export const keepRichText = (input: RichTextInput): Fields => translatedTexts(input).wanted;

/**
 * @returns the wanted fields, with rich texts spliced into the target's text. A text that the flow itself has changed
 * (it is not what the field mapper makes of the source) is used unchanged.
 */
export function translatedTexts({ wanted, mapped, source, target, mentions }: RichTextInput): {
  wanted: Fields;
  told: MentionsTold;
} {
  let kept = wanted;
  const told: MentionsTold = { shown: {}, warnings: [] };
  for (const field of Object.keys(mapped)) {
    const want = wanted[field];
    if (!isRichText(want)) continue;
    const { from = [] } = mapped[field] ?? {};
    const [synced, there] = [target.base[field], target.now[field]];
    const [only] = from.length === 1 ? from : [];
    const known = only === undefined ? undefined : mentions?.[field];
    if (known && only !== undefined) {
      const model = synced !== undefined && equalValues(synced, there) ? withStandInsOf(there, synced) : synced;
      const dialect = [there, synced].find(isRichText)?.dialect;
      const one = { want, base: source.base[only], now: source.now[only], synced: model, dialect };
      const translated = mentionedIn(one, known);
      if (translated) {
        kept = { ...kept, [field]: translated.text };
        told.shown[only] = translated.source;
        append(
          told.warnings,
          translated.warnings.map((reason) => ({ field, reason })),
        );
        continue;
      }
    }
    // users whom the target itself mentions stay mentioned
    const own = [there, synced].find(isRichText);
    let text = withQuietMentions(want, own);
    // if that is unknown, the target may show users' edits: they are not what the source wants
    if (only !== undefined && synced !== undefined && isAsConverted(source.now[only], want)) {
      const model = inDialect(equalValues(synced, there) ? there : synced, own?.dialect ?? want.dialect);
      text = splice(source.base[only], source.now[only], model) ?? text;
    }
    if (text !== want) kept = { ...kept, [field]: text };
  }
  return { wanted: kept, told };
}

/** The text that is already there, with what the baseline knows about it. */
const withStandInsOf = (there: Value | undefined, synced: Value): Value | undefined =>
  isRichText(there) && isRichText(synced) && synced.standIns ? { ...there, standIns: synced.standIns } : there;

/** A baseline may be older than the dialect that is known of the system. */
const inDialect = (text: Value | undefined, dialect: Dialect | undefined): Value | undefined =>
  isRichText(text) && dialect ? { ...text, dialect } : text;

/** True if a target's text is what the field mapper makes of a source's text in another markup. */
export function isAsConverted(source: Value | undefined, want: Value | undefined): boolean {
  if (!isRichText(source) || !isRichText(want) || isOneMarkup(source, want)) return false;
  return boundedConvert(source, want.format, { into: want.dialect }).text.content === want.content;
}

/**
 * Applies an edit of one side, from `before` to `after`, to a text of the other side.
 * @returns undefined if one of them is not rich text, or both sides have the same markup
 */
export function splice(
  before: Value | undefined,
  after: Value | undefined,
  there: Value | undefined,
): RichText | undefined {
  if (!isRichText(before) || !isRichText(after) || !isRichText(there) || isOneMarkup(after, there)) return undefined;
  return boundedMerge({ target: there, before, after });
}

/** A text in the markup of another; undefined if it is not rich text or already has that markup. */
export function inMarkupOf(text: Value | undefined, model: Value | undefined): RichText | undefined {
  if (!isRichText(text) || !isRichText(model) || isOneMarkup(text, model)) return undefined;
  return boundedConvert(text, model.format, { into: model.dialect }).text;
}

/** True if two texts have the same markup and dialect. */
const isOneMarkup = (one: RichText, two: RichText): boolean =>
  one.format === two.format &&
  one.dialect?.hardBreaks === two.dialect?.hardBreaks &&
  one.dialect?.plainTags === two.dialect?.plainTags;
