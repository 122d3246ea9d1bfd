/** Collects the inline content between two blocks. White space is collapsed as in a browser: a run of it becomes one
 * space. */

import type { Leaf, LeafNode, Mark } from '../inline';
import type { Span } from '../tree';

export class InlineRun {
  private leaves: Leaf[] = [];
  private span: Span | undefined;
  /** nothing, a break or a space is last: another space would show nothing */
  private atSpace = true;

  /** @param verbatim line ends become breaks; runs of blanks become no-break spaces, so that no reader collapses
   * them */
  text(value: string, marks: readonly Mark[], span: Span | undefined, verbatim: boolean): void {
    if (verbatim && /[\n\t]|^ | {2}/.test(value)) {
      value.split('\n').forEach((line, index) => {
        if (index > 0) this.leaf({ type: 'break' }, marks, undefined);
        const filled = line.replaceAll('\t', '    ').replace(/^ +| {2,}/g, (run) => '\u00a0'.repeat(run.length));
        if (filled !== '') this.add({ node: { type: 'text', value: filled }, marks }, span);
      });
      this.atSpace = value.endsWith('\n');
      return;
    }
    let shown = verbatim ? value : value.replace(/[ \t\n\r\f]+/g, ' ');
    if (!verbatim && this.atSpace && shown.startsWith(' ')) shown = shown.slice(1);
    if (shown === '') return;
    this.atSpace = shown.endsWith(' ');
    this.add({ node: { type: 'text', value: shown }, marks }, value.trim() === '' && !this.span ? undefined : span);
  }

  leaf(node: LeafNode, marks: readonly Mark[], span: Span | undefined): void {
    this.atSpace = node.type === 'break';
    this.add({ node, marks }, span);
  }

  /** The element that the last node came from: its tags belong to the paragraph. */
  extend(span: Span | undefined): void {
    if (span && this.span && this.leaves.length > 0) this.cover(span);
  }

  private add(leaf: Leaf, span: Span | undefined): void {
    this.leaves.push(leaf);
    if (span) this.cover(span);
  }

  private cover(span: Span): void {
    if (!this.span) this.span = { ...span };
    else {
      this.span.start = Math.min(this.span.start, span.start);
      this.span.end = Math.max(this.span.end, span.end);
    }
  }

  /** Returns the nodes collected since the last call. */
  take(): { leaves: Leaf[]; span: Span | undefined } {
    const taken = { leaves: this.leaves, span: this.span };
    this.leaves = [];
    this.span = undefined;
    this.atSpace = true;
    return taken;
  }
}
