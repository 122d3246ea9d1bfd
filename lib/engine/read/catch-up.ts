/**
 * Catch-up: users' changes while a poll reads a backlog. Changes are read in the order in which they were made, so
 * the last minute is at the end of the backlog, hours away. Whenever a poll is due while one is under way, what is new is read
 * ahead of it, between two of its pages.
 *
 * The long poll's checkpoint is what counts, and it meets everything again: so nothing can be lost by what is read here, or
 * isn't. No page of the long poll is asked for meanwhile: what is read here is never older than what that one brings next.
 */

import type { ChangePage, Checkpoint, Connection, Scope } from '../../connectors/connector';

/** Pages read in one turn: more is a backlog itself, and has its turn. */
const MOST_PAGES = 5;

export class AheadReading {
  private from: Checkpoint | undefined;
  private begun = false;
  private due = false;

  /** @param keep stores a page, without its checkpoint */
  constructor(
    private readonly scope: Scope,
    private readonly pageSize: number,
    private readonly keep: (page: ChangePage) => Promise<void>,
  ) {}

  /** A poll was asked for. */
  ask(): void {
    this.due = true;
  }

  /** Call between two pages of a poll that has become long. The first call notes where the backlog ends. */
  async catchUp(connection: Connection): Promise<void> {
    if (!this.begun) {
      this.from = await connection.newest(this.scope);
      this.begun = true;
      return;
    }
    if (!this.due || this.from === undefined) return;
    this.due = false;
    let pages = 0;
    for await (const page of connection.changes(this.scope, this.from, this.pageSize)) {
      await this.keep(page);
      this.from = page.checkpoint;
      pages += 1;
      if (pages >= MOST_PAGES) return;
    }
  }
}
