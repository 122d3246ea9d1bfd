/**
 * Round trips rest (invariant 7): an edit on one side changes in the other side's text only the blocks that were edited.
 * All other blocks stay byte for byte what they were, with everything the other markup cannot hold.
 */

import type { RichText, RichTextFormat } from '../../model/values';
import { withoutLineEnds } from '../blanks';
import type { Loss, Tree } from '../tree';
import { mergeBlocks } from './blocks';

export interface MergeInput {
  /** the text that is to be written to, as it was when both sides were last in sync: the target's baseline */
  target: RichText;
  /** the text of the other side at that time: the source's baseline, in the source's own format */
  before: RichText;
  /** the text of the other side now, in the same format as `before` */
  after: RichText;
}

export interface Merged {
  /** the target's new text, in the target's format; the very content of `target` where nothing was edited */
  text: RichText;
  /** what of the edited blocks the target's format can't show */
  losses: Loss[];
  /** blocks that stayed as they were, and blocks that were converted */
  kept: number;
  converted: number;
}

/** What the merge needs of the formats. */
export interface Tools {
  parse(text: RichText): Tree;
  render(tree: Tree, format: RichTextFormat): { text: RichText; losses: Loss[] };
}

/** Line ends and blanks that systems add or drop when they store a text. */
const normalised = (text: string): string => withoutLineEnds(text.replace(/\r\n?/g, '\n')).trimEnd();

/**
 * @see mergeRichText in ../index
 * @param apart the source's markup is the target's, yet it was another dialect of it
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
  // kept lines have the target's own line ends again; a text with both kinds gets one
  const content = newline === '\n' ? merged.content : merged.content.replaceAll('\n', newline);
  const { losses, kept, converted } = merged;
  return { text: { format: target.format, content }, losses, kept, converted };
}
