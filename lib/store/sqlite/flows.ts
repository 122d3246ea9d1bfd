/** What is stored per flow: how far it has been read, and from which system; what its counterparts are shown by. */

import type { Checkpoint } from '../../connectors/connector';
import { START_AGAIN } from '../../model/errors';
import { StoreError } from '../errors';
import type { Database, Query } from './database';
import type { Names } from './names';

/** What counterparts are shown by, and the link up to which that was owed; null = up to the last. */
export interface Wish {
  wish: string | null;
  upTo: number | null;
}

export class Flows {
  private readonly select: Query<{ system: number | null; checkpoint: string | null }>;
  private readonly upsertCheckpoint: Query<Record<string, never>>;
  private readonly upsertSystem: Query<Record<string, never>>;
  private readonly selectWish: Query<{ wish: string | null; upTo: number | null }>;
  private readonly upsertWish: Query<Record<string, never>>;
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
    this.selectWish = db.prepare('SELECT wish, wishedUpTo AS upTo FROM flows WHERE flow = ?');
    this.upsertWish = db.prepare(`
      INSERT INTO flows (flow, wish, wishedUpTo) VALUES (?, ?, ?)
      ON CONFLICT DO UPDATE SET wish = excluded.wish, wishedUpTo = excluded.wishedUpTo`);
    this.remove = db.prepare('DELETE FROM flows WHERE flow = ?');
  }

  checkpoint(flow: number): Checkpoint | undefined {
    const stored = this.select.get(flow)?.checkpoint;
    if (stored === null || stored === undefined) return undefined;
    const checkpoint = parsed(stored);
    if (typeof checkpoint === 'object' && checkpoint !== null && !Array.isArray(checkpoint)) {
      return checkpoint as Checkpoint;
    }
    throw new StoreError(
      'damaged',
      `The stored position of a poller is damaged (${stored.slice(0, 100)}). ${START_AGAIN}`,
    );
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

  wish(flow: number): Wish {
    return this.selectWish.get(flow) ?? { wish: null, upTo: null };
  }

  setWish(flow: number, { wish, upTo }: Wish): void {
    this.upsertWish.run(flow, wish, upTo);
  }

  purge(flow: number): void {
    this.remove.run(flow);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
