/**
 * The one suite that every store passes. A store's own test file says how it is opened and calls this; the checks, each
 * a sentence of the contract (lib/store/store.ts), are in store/.
 */

import { Bench, type OpenStore } from './store/harness';
import { randomChecks } from './store/random';

export type { OpenedStore, OpenStore } from './store/harness';

export interface StoreConformanceOptions {
  /** random histories to compare with the model; preset 100 */
  histories?: number;
}

/**
 * Declares the checks with mocha.
 * @param title names the store, e.g. "SQLite"
 * @param open gives an empty store; called anew for every check
 */
export function storeConformance(
  title: string,
  open: OpenStore,
  { histories = 100 }: StoreConformanceOptions = {},
): void {
  describe(`store conformance: ${title}`, () => {
    randomChecks(open, (opened) => new Bench(opened), histories);
  });
}
