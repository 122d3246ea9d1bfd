/**
 * The `twinflow-sidebar` plugin: a tab in the editor's sidebar that shows what running integrations do, and lets people
 * handle parked changes. What it shows comes from the routes in nodes/admin/operations.ts, which are there as soon as the
 * host is.
 */

import type { NodeAPI } from 'node-red';
import { hostOf } from '../shared/host';

export = (RED: NodeAPI): void => {
  hostOf(RED);
  RED.plugins.registerPlugin('twinflow-sidebar', { type: 'twinflow-sidebar' });
};
