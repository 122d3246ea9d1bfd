/**
 * Texts that occur in many rows (integrations, systems, types, projects, URL prefixes), stored once and referenced by
 * number. Their number depends on the configuration, not on the number of entities, so they are kept in memory: usually
 * all of them; at most CACHED.
 */

import type { Memory, NameTable, Rows } from '../rows/rows';

const CACHED = 10_000;

export class Names implements Memory {
  private readonly ids = new Map<string, number>();
  private readonly names = new Map<number, string>();
  /** names that are lists of texts, in the form in which they are read with each link */
  private readonly lists = new Map<number, readonly string[]>();
  private severalOfThem: boolean | undefined;

  constructor(
    rows: Pick<Rows, 'follow'>,
    private readonly table: NameTable,
  ) {
    rows.follow(this);
  }

  /** There is more than one. Needed for each claimed event, so it is cached, too. */
  get several(): boolean {
    this.severalOfThem ??= this.table.hasSeveral();
    return this.severalOfThem;
  }

  /** It is cached that there is no other one: no row has to be read. False if unknown. */
  isOnly(name: string): boolean {
    return this.severalOfThem === false && this.ids.has(name);
  }

  /** The number of a name, undefined if it was never stored. */
  find(name: string): number | undefined {
    const cached = this.ids.get(name);
    if (cached !== undefined) return cached;
    const id = this.table.find(name);
    if (id !== undefined) this.remember(id, name);
    return id;
  }

  /** The number of a name, which is stored if it is new. */
  idOf(name: string): number {
    const found = this.find(name);
    if (found !== undefined) return found;
    const id = this.table.insert(name);
    this.severalOfThem = undefined;
    this.remember(id, name);
    return id;
  }

  nameOf(id: number): string {
    const cached = this.names.get(id);
    if (cached !== undefined) return cached;
    const name = this.table.nameOf(id);
    if (name === undefined) throw new Error(`The store refers to name ${id}, which it does not have`);
    this.remember(id, name);
    return name;
  }

  /** A name that is a list of texts in JSON. */
  listOf(id: number): readonly string[] {
    const cached = this.lists.get(id);
    if (cached !== undefined) return cached;
    const list = JSON.parse(this.nameOf(id)) as string[];
    this.lists.set(id, list);
    return list;
  }

  /** In the order in which they first appeared. */
  all(): string[] {
    return this.table.all();
  }

  forget(id: number): void {
    this.table.remove(id);
    this.rollback();
  }

  commit(): void {}

  /** Cached data may have been undone with the transaction: it is read again when needed. */
  rollback(): void {
    this.ids.clear();
    this.names.clear();
    this.lists.clear();
    this.severalOfThem = undefined;
  }

  private remember(id: number, name: string): void {
    if (this.ids.size >= CACHED) this.rollback();
    this.ids.set(name, id);
    this.names.set(id, name);
  }
}
