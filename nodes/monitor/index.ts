/**
 * The monitor: a web page at `<admin root>/twinflow/` that shows running integrations, why changes fail and what becomes
 * of an item. The page itself contains no data; it gets everything from the admin routes, which ask for permissions.
 */

import type { NodeAPI } from 'node-red';
import { servePage } from '../shared/page/serve';

/** Adds the page to Node-RED's admin server. Call it once per runtime. @param assets folder of its files; for tests */
export function registerMonitor({ httpAdmin }: Pick<NodeAPI, 'httpAdmin'>, assets = __dirname): void {
  servePage(httpAdmin, '/twinflow', assets, 'the monitor page');
}
