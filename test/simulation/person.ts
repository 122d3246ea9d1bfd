/**
 * People at work: they rename, re-state, label and take notes. Every value, label and line is used once, so that it can
 * be told apart at the end.
 */

import type { Fields, Value } from '../../lib/model/values';
import type { Random } from './random';

export type EditedField = 'title' | 'state' | 'labels' | 'notes';
export const FIELDS: readonly EditedField[] = ['title', 'state', 'labels', 'notes'];

/** Fields whose rows say `merge`: `labels` is a list, `notes` a text of at least two lines. */
export const isMerged = (field: EditedField): boolean => field === 'labels' || field === 'notes';

/** A list's entries, or a text's lines. */
export const itemsOf = (value: Value | undefined): string[] =>
  Array.isArray(value) ? value.map(String) : value === null || value === undefined ? [] : String(value).split('\n');

export class Person {
  private edits = 0;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  create(): Fields {
    const labels = this.random.chance(0.5) ? [this.fresh('Label')] : [];
    return { title: this.value(), state: this.value(), labels, notes: `${this.fresh('Line')}\n${this.fresh('Line')}` };
  }

  edit(now: Fields): Fields {
    const field = this.random.pick(FIELDS);
    if (field === 'labels') return { labels: this.relabel(itemsOf(now.labels)) };
    if (field === 'notes') return { notes: this.rewrite(itemsOf(now.notes)).join('\n') };
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

  private rewrite(lines: string[]): string[] {
    const at = this.random.int(0, lines.length - 1);
    const what = this.random.next();
    if (what < 0.6) return lines.toSpliced(this.random.int(0, lines.length), 0, this.fresh('Line'));
    if (what < 0.85 || lines.length <= 2) return lines.toSpliced(at, 1, this.fresh('Line'));
    return lines.toSpliced(at, 1);
  }
}
