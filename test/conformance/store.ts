/**
 * The one suite that every store passes. A store's own test file says how it is opened and calls this; the checks, each
 * a sentence of the contract (lib/store/store.ts), are in store/.
 */

import { awaitingChecks } from './store/awaiting';
import { claimingChecks } from './store/claiming';
import { Bench, type OpenStore } from './store/harness';
import { inquiringChecks } from './store/inquiring';
import { keepingChecks, killingChecks } from './store/keeping';
import { kinChecks } from './store/kin';
import { landingChecks } from './store/landing';
import { linesChecks } from './store/lines';
import { notingChecks } from './store/noting';
import { owingChecks } from './store/owing';
import { partsChecks } from './store/parts';
import { placesChecks } from './store/places';
import { randomChecks } from './store/random';
import { recordingChecks } from './store/recording';
import { settlingChecks } from './store/settling';
import { showingChecks } from './store/showing';
import { sparedChecks } from './store/spared';

export type { OpenedStore, OpenStore } from './store/harness';

export interface StoreConformanceOptions {
  /** random histories to compare with the model; default 100 */
  histories?: number;
  /** what is stored ends with its process, so that nothing can be looked for after a kill -9 */
  endsWithProcess?: boolean;
}

/**
 * Declares the checks with mocha.
 * @param title names the store, e.g. "SQLite"
 * @param open gives an empty store; called again for every check
 */
export function storeConformance(
  title: string,
  open: OpenStore,
  { histories = 100, endsWithProcess = false }: StoreConformanceOptions = {},
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
      inquiringChecks(bench);
      notingChecks(bench);
      owingChecks(bench);
      awaitingChecks(bench);
      showingChecks(bench);
      kinChecks(bench);
      partsChecks(bench);
      linesChecks(bench);
      placesChecks(bench);
      sparedChecks(bench);
      keepingChecks(bench);
      if (!endsWithProcess) killingChecks(bench);
    });
    randomChecks(open, (opened) => new Bench(opened), histories);
  });
}
