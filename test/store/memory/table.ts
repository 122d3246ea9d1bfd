/** Rows in memory, each under its key, searched from end to end. What a transaction does to them can be taken back. */

/** Takes back what a transaction has done when it fails. */
export class Journal {
  private undos: (() => void)[] = [];
  private mayWrite = false;

  /** @throws Error where nothing may be written */
  note(undo: () => void): void {
    if (!this.mayWrite) throw new Error('written outside of a transaction that writes');
    this.undos.push(undo);
  }

  /** Runs the work: all of it is kept, or nothing. */
  run<T>(mayWrite: boolean, work: () => T): T {
    this.mayWrite = mayWrite;
    try {
      return work();
    } catch (error) {
      for (const undo of this.undos.toReversed()) undo();
      throw error;
    } finally {
      this.undos = [];
      this.mayWrite = false;
    }
  }
}

/** A row that is stored is never changed: a change stores another one. */
export class Table<Key, Row> {
  private readonly rows = new Map<Key, Row>();

  constructor(private readonly journal: Journal) {}

  get(key: Key): Row | undefined {
    return this.rows.get(key);
  }

  /** In no order. */
  where(is: (row: Row, key: Key) => boolean = () => true): Row[] {
    return [...this.rows].filter(([key, row]) => is(row, key)).map(([, row]) => row);
  }

  set(key: Key, row: Row): void {
    const before = this.rows.get(key);
    this.journal.note(() => (before === undefined ? this.rows.delete(key) : this.rows.set(key, before)));
    this.rows.set(key, row);
  }

  /** @returns whether there is such a row */
  change(key: Key, to: (row: Row) => Partial<Row>): boolean {
    const row = this.rows.get(key);
    if (row !== undefined) this.set(key, { ...row, ...to(row) });
    return row !== undefined;
  }

  /** @returns whether there was one */
  remove(key: Key): boolean {
    const before = this.rows.get(key);
    if (before === undefined) return false;
    this.journal.note(() => this.rows.set(key, before));
    return this.rows.delete(key);
  }

  /** @returns those that were removed */
  removeWhere(is: (row: Row) => boolean): Row[] {
    const found = [...this.rows].filter(([, row]) => is(row));
    for (const [key] of found) this.remove(key);
    return found.map(([, row]) => row);
  }
}

/** In rising order of numbers, of the first one first. */
export const inOrder = <Row>(rows: Row[], ...by: ((row: Row) => number)[]): Row[] =>
  rows.toSorted((a, b) => by.map((of) => of(a) - of(b)).find((difference) => difference !== 0) ?? 0);
