/** Data per flow: its position and its system, its settings for backlinks, and which parts are synced. */

import type { Checkpoint } from '../../model/checkpoint';
import { START_AGAIN } from '../../model/errors';
import { StoreError } from '../errors';
import type { FlowTable } from '../rows/rows';
import type { Names } from './names';

/** A task for all links, and the link up to which it was started; null = up to the last. */
export interface Wish {
  wish: string | null;
  upTo: number | null;
}

/**
 * The position of a task that walks along all links.
 * @param wish undefined = nothing to do
 * @returns `after` undefined: the task is finished, or there is none; `isNew`: the wish differs from the earlier one
 */
export function walkOn(
  before: Wish,
  wish: string | undefined,
): { after: number; wish: string } | { after: undefined; isNew: boolean } {
  const isNew = before.wish !== (wish ?? null);
  const after = isNew ? 0 : before.upTo;
  return wish === undefined || after === null ? { after: undefined, isNew } : { after, wish };
}

export class Flows {
  constructor(
    private readonly table: FlowTable,
    private readonly names: Names,
  ) {}

  checkpoint(flow: number): Checkpoint | undefined {
    return this.read(this.table.get(flow)?.checkpoint);
  }

  /** How far existing items were brought over. */
  existing(flow: number): Checkpoint | undefined {
    return this.read(this.table.get(flow)?.existing);
  }

  setExisting(flow: number, state: Checkpoint | undefined): void {
    this.table.setExisting(flow, state === undefined ? null : JSON.stringify(state));
  }

  private read(stored: string | null | undefined): Checkpoint | undefined {
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
    this.table.setCheckpoint(flow, checkpoint === undefined ? null : JSON.stringify(checkpoint));
  }

  /** The number of the system that the flow reads; undefined until it was read. */
  system(flow: number): number | undefined {
    return this.table.system(flow);
  }

  /** @returns `changed` if the flow was read from another system earlier: that system's versions mean nothing here */
  setSystem(flow: number, system: string): 'new' | 'same' | 'changed' {
    const id = this.names.idOf(system);
    const before = this.system(flow);
    if (before === id) return 'same';
    this.table.setSystem(flow, id);
    return before === undefined ? 'new' : 'changed';
  }

  wish(flow: number): Wish {
    const { wish = null, wishedUpTo = null } = this.table.get(flow) ?? {};
    return { wish, upTo: wishedUpTo };
  }

  setWish(flow: number, { wish, upTo }: Wish): void {
    this.table.setWish(flow, wish, upTo);
  }

  partsWish(flow: number): Wish {
    const { partsWish = null, partsUpTo = null } = this.table.get(flow) ?? {};
    return { wish: partsWish, upTo: partsUpTo };
  }

  setPartsWish(flow: number, { wish, upTo }: Wish): void {
    this.table.setPartsWish(flow, wish, upTo);
  }

  /** Parts are no longer synced: once they are again, all owners are asked for. */
  forgetPartsWish(flow: number): void {
    if (this.partsWish(flow).wish !== null) this.setPartsWish(flow, { wish: null, upTo: null });
  }

  purge(flow: number): void {
    this.table.remove(flow);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
