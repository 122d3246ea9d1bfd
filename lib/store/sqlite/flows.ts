/** What is stored per flow: how far it has been read, and from which system. */

import type { Checkpoint } from '../../connectors/connector';
import type { Database, Query } from './database';
import type { Names } from './names';

export class Flows {
  private readonly select: Query<{ system: number | null; checkpoint: string | null }>;
  private readonly upsertCheckpoint: Query<Record<string, never>>;
  private readonly upsertSystem: Query<Record<string, never>>;
  private readonly remove: Query<Record<string, never>>;

  constructor(
    db: Database,
    private readonly names: Names,
  ) {
    this.select = db.prepare('SELECT system, checkpoint FROM flows WHERE flow = ?');
    this.upsertCheckpoint = db.prepare(`
      INSERT INTO flows (flow, checkpoint) VALUES (?, ?)
      ON CONFLICT DO UPDATE SET checkpoint = excluded.checkpoint`);
    this.upsertSystem = db.prepare(`
      INSERT INTO flows (flow, system) VALUES (?, ?) ON CONFLICT DO UPDATE SET system = excluded.system`);
    this.remove = db.prepare('DELETE FROM flows WHERE flow = ?');
  }

  checkpoint(flow: number): Checkpoint | undefined {
    const stored = this.select.get(flow)?.checkpoint;
    return stored === null || stored === undefined ? undefined : (JSON.parse(stored) as Checkpoint);
  }

  setCheckpoint(flow: number, checkpoint: Checkpoint | undefined): void {
    this.upsertCheckpoint.run(flow, checkpoint === undefined ? null : JSON.stringify(checkpoint));
  }

  /** @returns `changed` where the flow was read from another system before: versions of that one mean nothing here */
  setSystem(flow: number, system: string): 'new' | 'same' | 'changed' {
    const id = this.names.idOf(system);
    const before = this.select.get(flow)?.system ?? undefined;
    if (before === id) return 'same';
    this.upsertSystem.run(flow, id);
    return before === undefined ? 'new' : 'changed';
  }

  purge(flow: number): void {
    this.remove.run(flow);
  }
}
