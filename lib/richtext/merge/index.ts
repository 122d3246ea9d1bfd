/**
 * Round trips are stable (invariant 7): an edit on one side changes only the edited blocks in the other side's text.
 * All other blocks stay byte for byte, including everything that the other markup cannot express.
 */

import type { RichText } from '../../model/values';
import { withoutLineEnds } from '../blanks';
import type { Loss } from '../tree';
import { mergeBlocks } from './blocks';
import type { Tools } from './tools';

export interface MergeInput {
  /** the text to update, as it was when both sides were last in sync: the target's baseline */
  target: RichText;
  /** the text of the other side at that time: the source's baseline, in the source's own format */
  before: RichText;
  /** the text of the other side now, in the same format as `before` */
  after: RichText;
}

export interface Merged {
  /** the target's new text, in the target's format; the identical content of `target` if nothing was edited */
  text: RichText;
  /** parts of the edited blocks that the target's format cannot show */
  losses: Loss[];
  /** number of unchanged blocks and of converted blocks */
  kept: number;
  converted: number;
}

/** Normalizes line ends and blanks that systems add or remove when they store a text. */
const normalised = (text: string): string => withoutLineEnds(text.replace(/\r\n?/g, '\n')).trimEnd();

/**
 * @see mergeRichText in ../index
 * @param apart the source has the target's markup, but another dialect of it
 */
export function merge(input: MergeInput, tools: Tools, apart = false): Merged {
  const { target, before, after } = input;
  if (before.format === after.format && normalised(before.content) === normalised(after.content))
    return { text: target, losses: [], kept: 0, converted: 0 };
  const whole = (): Merged => {
    const { text, losses } =
      after.format === target.format ? { text: after, losses: [] } : tools.render(tools.parse(after), target.format);
    return { text, losses, kept: 0, converted: 1 };
  };
  if ((after.format === target.format && !apart) || before.format !== after.format) return whole();
  const newline = target.content.includes('\r\n') ? '\r\n' : '\n';
  const unix: RichText = { format: target.format, content: target.content.replace(/\r\n?/g, '\n') };
  const trees = [unix, before, after].map((text) => tools.parse(text));
  const [own, old, now] = trees.map(({ children }) => children);
  if (!own || !old || !now || trees.some(({ degraded }) => degraded !== undefined)) return whole();
  const merged = mergeBlocks({ source: unix.content, format: unix.format, own, old, now }, before.format, tools);
  if (!merged) return whole();
  // restores the target's line ends in kept lines; a text with both kinds gets one kind
  const content = newline === '\n' ? merged.content : merged.content.replaceAll('\n', newline);
  const { losses, kept, converted } = merged;
  return { text: { format: target.format, content }, losses, kept, converted };
}
