/**
 * Saved configuration of any age: a chain of steps, each from one version of a node's properties to the next. A step
 * knows only the shape it was written for, and passes on unknown properties. Nodes saved by a later Twinflow are
 * recognized and never changed.
 */

export type Saved = Readonly<Record<string, unknown>>;

/** From version n to n + 1. Gets a copy, accepts anything that a flow may contain, and does not throw. The chain
 * sets `version`. */
export type Step = (saved: Record<string, unknown>) => Record<string, unknown>;

/** `steps[n]` leads from version n to n + 1, so the current version is the number of steps. */
export interface History {
  steps: readonly Step[];
  /** properties that only older versions have: a step has moved their content to others */
  former?: readonly string[];
}

export type Upgraded =
  /** in the current version; `from` = the version it was saved with */
  | { is: 'known'; saved: Saved; from: number }
  /** saved by a later Twinflow: its meaning is unknown here */
  | { is: 'newer'; version: number; known: number };

export const versionOf = ({ steps }: History): number => steps.length;

/** The version a node was saved with; 0 if it has none, as in the first release of the forms. */
export function savedVersion(saved: object): number {
  const says: unknown = Reflect.get(saved, 'version');
  const version = typeof says === 'number' || typeof says === 'string' ? Number(says) : 0;
  return Number.isInteger(version) && version > 0 ? version : 0;
}

/** Upgrades a saved node to the current version. The given node is not changed; unknown properties are kept. */
export function upgrade(history: History, saved: object): Upgraded {
  const [from, known] = [savedVersion(saved), versionOf(history)];
  if (from > known) return { is: 'newer', version: from, known };
  let current: Record<string, unknown> = { ...saved };
  for (const [index, step] of history.steps.entries())
    if (index >= from) current = { ...step(current), version: index + 1 };
  return { is: 'known', saved: current, from };
}
