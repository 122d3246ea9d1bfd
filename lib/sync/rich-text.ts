/**
 * Rich text that comes to rest (invariant 7): where two systems write in different markups, only the blocks that somebody
 * edited at the source are converted; all others stay as the target has them, with what the source cannot show. Pure.
 *
 * They stay as the target had them *when both were last in sync*: what somebody has edited in the target since is a change
 * of its own, with which the row's policy deals. Put in here it would pass for the source's, and never reach the source.
 */

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
 * @returns the wanted fields, with rich texts spliced into the target's text (of a field that was never in sync: into what
 *   it shows). A text that the flow itself has changed on its way (it is not what the field mapper makes of the source) is
 *   taken as it is.
 */
export function keepRichText({ wanted, mapped, source, target }: RichTextInput): Fields {
  let kept = wanted;
  for (const [field, { from }] of Object.entries(mapped)) {
    const [only, ...more] = from;
    if (only === undefined || more.length > 0) continue;
    const spliced = splice(wanted[field], source.base[only], source.now[only], target.base[field] ?? target.now[field]);
    if (spliced) kept = { ...kept, [field]: spliced };
  }
  return kept;
}

function splice(
  want: Value | undefined,
  before: Value | undefined,
  after: Value | undefined,
  there: Value | undefined,
): RichText | undefined {
  if (!isRichText(want) || !isRichText(before) || !isRichText(after) || !isRichText(there)) return undefined;
  if (after.format === there.format || want.format !== there.format) return undefined;
  if (convert(after, want.format).text.content !== want.content) return undefined;
  return mergeRichText({ target: there, before, after }).text;
}

const isRichText = (value: Value | undefined): value is RichText =>
  typeof value === 'object' && value !== null && 'content' in value && 'format' in value;
