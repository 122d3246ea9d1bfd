/**
 * Saved configuration of any age: a chain of steps, each from one version of a node's properties to the next. A step knows
 * only the shape it was written for, and passes on what it does not know. What a later Twinflow has saved is told apart,
 * and never touched.
 */

export type Saved = Readonly<Record<string, unknown>>;

/** From version n to n + 1. Gets a copy, takes whatever a flow may hold, does not throw; `version` is set by the chain. */
export type Step = (saved: Record<string, unknown>) => Record<string, unknown>;

/** `steps[n]` leads from version n to n + 1, so the version of today is the number of steps. */
export interface History {
  steps: readonly Step[];
}

export type Upgraded =
  /** as it is today; `from` = the version it was saved with */
  | { is: 'known'; saved: Saved; from: number }
  /** saved by a later Twinflow: nobody here knows what it means */
  | { is: 'newer'; version: number; known: number };

export const versionOf = ({ steps }: History): number => steps.length;

/** The version a node was saved with; 0 where it says none, as the very first forms did. */
export function savedVersion(saved: object): number {
  const says: unknown = Reflect.get(saved, 'version');
  const version = typeof says === 'number' || typeof says === 'string' ? Number(says) : 0;
  return Number.isInteger(version) && version > 0 ? version : 0;
}

/** Brings a saved node to the version of today. The node given is not changed; unknown properties are kept. */
export function upgrade(history: History, saved: object): Upgraded {
  const [from, known] = [savedVersion(saved), versionOf(history)];
  if (from > known) return { is: 'newer', version: from, known };
  let current: Record<string, unknown> = { ...saved };
  for (const [index, step] of history.steps.entries())
    if (index >= from) current = { ...step(current), version: index + 1 };
  return { is: 'known', saved: current, from };
}
