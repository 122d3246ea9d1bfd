/** An integration as saved in a flow: what cannot be read gets its default (lib/mapping/node-settings.ts). Pure. */

import { readIntegrationSettings } from '../mapping/node-settings';
import type { IntegrationConfig } from '../model/config';

const LEAST_LOST_MS = 10_000;

/** @param def the node's properties, of any version */
export function readIntegration(def: object): IntegrationConfig {
  const { id = '', name = id, lostAfterMs, ...rest } = readIntegrationSettings(def);
  return { id, name, ...rest, lostAfterMs: Math.max(LEAST_LOST_MS, lostAfterMs) };
}
