/**
 * Time limits of tests are for tests that hang. A machine that does other work as well takes several times as long, so every limit that
 * a test, a hook or mocha's settings name is this many times longer. Mocha loads this first (.mocharc.json).
 */

import { Runnable } from 'mocha';

export const PATIENCE = 4;

const own = Runnable.prototype.timeout;

function patient(this: Runnable): number;
function patient(this: Runnable, ms: string | number): Runnable;
function patient(this: Runnable, ms?: string | number): number | Runnable {
  const limit = ms === undefined ? [] : [typeof ms === 'number' ? ms * PATIENCE : ms];
  return Reflect.apply(own, this, limit);
}

Runnable.prototype.timeout = patient;
