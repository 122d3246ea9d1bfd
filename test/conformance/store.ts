/**
 * The one suite that every store passes. A store's own test file says how it is opened and calls this; the checks, each
 * a sentence of the contract (lib/store/store.ts), are in store/.
 */

import { awaitingChecks } from './store/awaiting';
import { claimingChecks } from './store/claiming';
import { Bench, type OpenStore } from './store/harness';
import { keepingChecks } from './store/keeping';
import { kinChecks } from './store/kin';
import { landingChecks } from './store/landing';
import { owingChecks } from './store/owing';
import { randomChecks } from './store/random';
import { recordingChecks } from './store/recording';
import { settlingChecks } from './store/settling';
import { showingChecks } from './store/showing';

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
    describe('rule by rule', () => {
      const bench = new Bench(open);
      beforeEach(() => bench.start());
      afterEach(() => bench.stop());
      recordingChecks(bench);
      claimingChecks(bench);
      landingChecks(bench);
      settlingChecks(bench);
      owingChecks(bench);
      awaitingChecks(bench);
      showingChecks(bench);
      kinChecks(bench);
      keepingChecks(bench);
    });
    randomChecks(open, (opened) => new Bench(opened), histories);
  });
}
