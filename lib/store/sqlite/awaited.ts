/** References that wait for a counterpart: one small row each. */

import type { AwaitedRow, AwaitedTable } from '../rows/task-tables';
import type { Database } from './database';
import type { Nothing, Query } from './query';

export class Awaited implements AwaitedTable {
  private readonly any: Query<{ id: number }>;
  private readonly towardOf: Query<{ toward: number }>;
  private readonly waiterCount: Query<{ n: number }>;
  private readonly dueOf: Query<{ id: number; waiter: string }>;
  private readonly insertRow: Query<Nothing>;
  private readonly updateDue: Query<{ flow: number }>;
  private readonly deleteRow: Query<Nothing>;
  private readonly deleteOf: Query<{ due: number }>;
  private readonly deleteFlow: Query<Nothing>;

  constructor(private readonly db: Database) {
    this.any = db.prepare('SELECT id FROM awaited LIMIT 1');
    this.towardOf = db.prepare('SELECT DISTINCT toward FROM awaited WHERE system = ? AND entity = ? AND due = 0');
    this.waiterCount = db.prepare(
      'SELECT count(DISTINCT waiter) AS n FROM awaited WHERE system = ? AND entity = ? AND due = 0',
    );
    this.dueOf = db.prepare('SELECT id, waiter FROM awaited WHERE flow = ? AND due = 1 ORDER BY id LIMIT ?');
    this.insertRow = db.prepare(
      'INSERT OR IGNORE INTO awaited (system, entity, toward, flow, waiter, due) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.updateDue = db.prepare(
      'UPDATE awaited SET due = 1 WHERE system = ? AND entity = ? AND toward = ? AND due = 0 RETURNING flow',
    );
    this.deleteRow = db.prepare('DELETE FROM awaited WHERE id = ?');
    this.deleteOf = db.prepare('DELETE FROM awaited WHERE flow = ? AND waiter = ? RETURNING due');
    this.deleteFlow = db.prepare('DELETE FROM awaited WHERE flow = ?');
  }

  isEmpty(): boolean {
    return this.any.get() === undefined;
  }

  towards(system: number, entity: string): number[] {
    return this.towardOf.all(system, entity).map(({ toward }) => toward);
  }

  waitersOf(system: number, entity: string): number {
    return this.waiterCount.get(system, entity)?.n ?? 0;
  }

  due(flow: number, limit: number): { id: number; waiter: string }[] {
    return this.dueOf.all(flow, limit);
  }

  counts(): { flow: number; n: number }[] {
    const sql = 'SELECT flow, count(*) AS n FROM awaited INDEXED BY awaited_due WHERE due = 1 GROUP BY flow';
    return this.db.prepare<{ flow: number; n: number }>(sql).all();
  }

  insert({ system, entity, toward, flow, waiter, due }: AwaitedRow): boolean {
    return this.insertRow.run(system, entity, toward, flow, waiter, due) > 0;
  }

  setDue(system: number, entity: string, toward: number): number[] {
    return this.updateDue.all(system, entity, toward).map(({ flow }) => flow);
  }

  remove(id: number): void {
    this.deleteRow.run(id);
  }

  removeOf(flow: number, waiter: string): number {
    return this.deleteOf.all(flow, waiter).filter(({ due }) => due === 1).length;
  }

  removeFlow(flow: number): void {
    this.deleteFlow.run(flow);
  }
}
