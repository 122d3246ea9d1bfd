/**
 * People at work: they rename, re-state, label and take notes. Every value, label and line is used once, so that it can
 * be told apart at the end.
 */

import type { Fields, RichTextFormat, Value } from '../../lib/model/values';
import type { Random } from './random';
import { isRichText, paragraphsOf, type Shape, written } from './rich';

export type EditedField = 'title' | 'state' | 'labels' | 'notes' | 'body';
export const FIELDS: readonly EditedField[] = ['title', 'state', 'labels', 'notes', 'body'];

/** Fields whose rows say `merge`: `labels` is a list, `notes` a text of at least two lines, `body` one with markup. */
export const isMerged = (field: EditedField): boolean => field !== 'title' && field !== 'state';

/** Both sides may change one line of it, and then one has to win. */
export const isText = (field: EditedField): boolean => field === 'notes' || field === 'body';

/** A list's entries, or a text's lines. */
export function itemsOf(value: Value | undefined): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (value === null || value === undefined) return [];
  return isRichText(value) ? paragraphsOf(value) : String(value).split('\n');
}

export class Person {
  private edits = 0;

  constructor(
    private readonly random: Random,
    private readonly shape: Shape,
  ) {}

  /** @param format the markup of the system in which they work */
  create(format: RichTextFormat): Fields {
    const labels = this.random.chance(0.5) ? [this.fresh('Label')] : [];
    const notes = `${this.fresh('Line')}\n${this.fresh('Line')}`;
    const body = written([this.fresh('Part'), this.fresh('Part')], format, this.shape);
    return { title: this.value(), state: this.value(), labels, notes, body };
  }

  edit(now: Fields, format: RichTextFormat): Fields {
    const field = this.random.pick(FIELDS);
    if (field === 'labels') return { labels: this.relabel(itemsOf(now.labels)) };
    if (field === 'notes') return { notes: this.rewrite(itemsOf(now.notes), 'Line').join('\n') };
    if (field === 'body') return { body: written(this.rewrite(itemsOf(now.body), 'Part'), format, this.shape) };
    return { [field]: this.value() };
  }

  private fresh(word: string): string {
    this.edits += 1;
    return `${word} ${this.edits}`;
  }

  private value(): string {
    return (this.random.chance(0.2) ? ' ' : '') + this.fresh('Edit');
  }

  private relabel(labels: string[]): string[] {
    if (labels.length === 0 || this.random.chance(0.6)) return [...labels, this.fresh('Label')];
    const gone = this.random.pick(labels);
    return labels.filter((label) => label !== gone);
  }

  private rewrite(lines: string[], word: string): string[] {
    const at = this.random.int(0, lines.length - 1);
    const what = this.random.next();
    if (what < 0.6) return lines.toSpliced(this.random.int(0, lines.length), 0, this.fresh(word));
    if (what < 0.85 || lines.length <= 2) return lines.toSpliced(at, 1, this.fresh(word));
    return lines.toSpliced(at, 1);
  }
}
