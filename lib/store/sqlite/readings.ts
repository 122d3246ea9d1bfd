/** Owners whose parts are to be read. */

import type { ReadingRow, ReadingTable } from '../rows/task-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

const ROW = 'SELECT link, flow, dueAt, step, asked FROM part_readings';
const ASKED = 'ON CONFLICT DO UPDATE SET dueAt = excluded.dueAt, step = excluded.step, asked = excluded.asked';

export class Readings implements ReadingTable {
  private readonly select: Query<ReadingRow>;
  private readonly dueRows: Query<ReadingRow>;
  private readonly first: Query<{ dueAt: number | null }>;
  private readonly upsert: Query<Nothing>;
  private readonly upsertAll: Query<Nothing>;
  private readonly delete: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare(`${ROW} WHERE link = ? AND flow = ?`);
    this.dueRows = db.prepare(
      `${ROW} INDEXED BY part_readings_due WHERE flow = ? AND dueAt <= ? ORDER BY dueAt, link LIMIT ?`,
    );
    this.first = db.prepare(
      'SELECT min(dueAt) AS dueAt FROM part_readings INDEXED BY part_readings_due WHERE flow = ?',
    );
    this.upsert = db.prepare(
      `INSERT INTO part_readings (link, flow, dueAt, step, asked) VALUES (?, ?, ?, ?, ?) ${ASKED}`,
    );
    this.upsertAll = db.prepare(`
      INSERT INTO part_readings (link, flow, dueAt, step, asked)
      SELECT id, ?, 0, 0, ? FROM links WHERE id > ? AND id <= ? AND integration = ? ${ASKED}`);
    this.delete = db.prepare('DELETE FROM part_readings WHERE link = ? AND flow = ?');
  }

  get(link: number, flow: number): ReadingRow | undefined {
    return this.select.get(link, flow);
  }

  due(flow: number, now: number, limit: number): ReadingRow[] {
    return this.dueRows.all(flow, now, limit);
  }

  next(flow: number): number | undefined {
    return this.first.get(flow)?.dueAt ?? undefined;
  }

  put({ link, flow, dueAt, step, asked }: ReadingRow): void {
    this.upsert.run(link, flow, dueAt, step, asked);
  }

  putAll(flow: number, integration: number, after: number, upTo: number, asked: number): void {
    this.upsertAll.run(flow, asked, after, upTo, integration);
  }

  remove(link: number, flow: number): void {
    this.delete.run(link, flow);
  }
}
