/** How far a side has been read: JSON that only its connector understands. Made of the system's own times and ids, never of our clock. */
export type Checkpoint = { [key: string]: unknown };
