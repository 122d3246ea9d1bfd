/** All connectors by kind. A new one adds a folder and a line here. */

import { SyncError } from '../model/errors';
import { azureDevops } from './azure-devops';
import type { Connector } from './connector';
import { jira } from './jira';
import { redmine } from './redmine';
import { requestTracker } from './request-tracker';
import { sandbox } from './sandbox';

/** In the order in which a form offers them. */
export const connectors: Readonly<Record<string, Connector>> = {
  sandbox,
  redmine,
  jira,
  'azure-devops': azureDevops,
  'request-tracker': requestTracker,
};

/** @throws SyncError fatal where there is no connector of that kind */
export function connectorOf(kind: string): Connector {
  const connector = Object.hasOwn(connectors, kind) ? connectors[kind] : undefined;
  if (connector) return connector;
  const known = Object.keys(connectors).join(', ');
  throw new SyncError('fatal', `There is no connector for systems of the kind "${kind}". There are: ${known}.`);
}
