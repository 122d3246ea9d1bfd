/**
 * The `twinflow-sidebar` plugin: a tab in the editor's sidebar that shows the state of running integrations, and in
 * which users handle parked changes. Its data comes from the routes in nodes/admin/operations.ts, which exist as soon
 * as the host does.
 */

import type { NodeAPI } from 'node-red';
import { hostOf } from '../runtime/host';

export = (RED: NodeAPI): void => {
  hostOf(RED);
  RED.plugins.registerPlugin('twinflow-sidebar', { type: 'twinflow-sidebar' });
};
