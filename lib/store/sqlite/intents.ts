/** Creates that were started. */

import type { IntentRow, IntentTable, PartPlace } from '../rows/event-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

export class Intents implements IntentTable {
  private readonly first: Query<{ seq: number }>;
  private readonly select: Query<{ seq: number }>;
  private readonly oldest: Query<{ opened: number | null }>;
  private readonly oldestThere: Query<{ opened: number | null }>;
  private readonly oldestPart: Query<{ opened: number | null }>;
  private readonly oldestPartThere: Query<{ opened: number | null }>;
  private readonly events: Query<{ flow: number; entity: string }>;
  private readonly upsert: Query<Nothing>;
  private readonly delete: Query<Nothing>;

  constructor(db: Database) {
    this.first = db.prepare('SELECT seq FROM intents LIMIT 1');
    this.select = db.prepare('SELECT seq FROM intents WHERE seq = ?');
    this.oldest = db.prepare('SELECT min(opened) AS opened FROM intents WHERE toward = ? AND owner IS NULL');
    this.oldestThere = db.prepare('SELECT min(opened) AS opened FROM intents WHERE place = ? AND owner IS NULL');
    const ofParts = 'SELECT min(opened) AS opened FROM intents WHERE owner = ? AND type = ?';
    this.oldestPart = db.prepare(`${ofParts} AND toward = ?`);
    this.oldestPartThere = db.prepare(`${ofParts} AND place = ?`);
    this.events = db.prepare(
      'SELECT e.flow, e.entity FROM intents i CROSS JOIN events e ON e.seq = i.seq WHERE i.place = ?',
    );
    this.upsert = db.prepare(`
      INSERT INTO intents (seq, toward, opened, intent, place, owner, type) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET
        intent = excluded.intent, place = excluded.place, owner = excluded.owner, type = excluded.type`);
    this.delete = db.prepare('DELETE FROM intents WHERE seq = ?');
  }

  any(): boolean {
    return this.first.get() !== undefined;
  }

  has(seq: number): boolean {
    return this.select.get(seq) !== undefined;
  }

  oldestToward(flow: number): number | undefined {
    return this.oldest.get(flow)?.opened ?? undefined;
  }

  oldestToPlace(place: number): number | undefined {
    return this.oldestThere.get(place)?.opened ?? undefined;
  }

  oldestPartToward(flow: number, { owner, type }: PartPlace): number | undefined {
    return this.oldestPart.get(owner, type, flow)?.opened ?? undefined;
  }

  oldestPartToPlace(place: number, { owner, type }: PartPlace): number | undefined {
    return this.oldestPartThere.get(owner, type, place)?.opened ?? undefined;
  }

  eventsOf(place: number): { flow: number; entity: string }[] {
    return this.events.all(place);
  }

  put({ seq, toward, opened, intent, place, owner, type }: IntentRow): void {
    this.upsert.run(seq, toward, opened, intent, place, owner, type);
  }

  remove(seq: number): void {
    this.delete.run(seq);
  }
}
