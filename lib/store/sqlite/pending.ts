/** Values that an update may have left in an end of a link without a landing. */

import type { Side } from '../../model/entity';
import type { PendingTable } from '../rows/link-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

export class Pending implements PendingTable {
  private readonly select: Query<{ side: number; fields: string }>;
  private readonly upsert: Query<Nothing>;
  private readonly delete: Query<Nothing>;

  constructor(db: Database) {
    this.select = db.prepare('SELECT side, fields FROM pending WHERE link = ?');
    this.upsert = db.prepare(
      'INSERT INTO pending (link, side, fields) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET fields = excluded.fields',
    );
    this.delete = db.prepare('DELETE FROM pending WHERE link = ? AND side = ?');
  }

  of(link: number): { side: number; fields: string }[] {
    return this.select.all(link);
  }

  set(link: number, side: Side, fields: string): void {
    this.upsert.run(link, side, fields);
  }

  remove(link: number, side: Side): void {
    this.delete.run(link, side);
  }
}
