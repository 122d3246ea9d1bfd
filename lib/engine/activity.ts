/** Whether an integration is at work: reading, writing, only showing, or resting. */

import type { IntegrationConfig } from '../model/config';

export class Activity {
  private readonly writers = new Set<{ readonly isDryRun: boolean }>();
  private heldWhy: string | undefined;

  constructor(private readonly config: Pick<IntegrationConfig, 'active'>) {}

  /** Why it rests although it is active: another one is at work in the same places, say. */
  get held(): string | undefined {
    return this.heldWhy;
  }

  /** @param why undefined lets it go on. @returns whether that is news */
  hold(why: string | undefined): boolean {
    const isNews = why !== this.heldWhy;
    this.heldWhy = why;
    return isNews;
  }

  /** Nothing is read or written. */
  get rests(): boolean {
    return !this.config.active || this.heldWhy !== undefined;
  }

  /** Some writer writes. */
  get writes(): boolean {
    return [...this.writers].some((writer) => !writer.isDryRun);
  }

  /** Some writer shows only what it would do. */
  get isDryRun(): boolean {
    return [...this.writers].some((writer) => writer.isDryRun);
  }

  /** There are writers, and none of them writes. */
  get isOnlyDryRun(): boolean {
    return this.writers.size > 0 && !this.writes;
  }

  joined(writer: { readonly isDryRun: boolean }): void {
    this.writers.add(writer);
  }

  left(writer: { readonly isDryRun: boolean }): void {
    this.writers.delete(writer);
  }
}
