/** Combines the admin routes: `registerAdminRoutes(RED, adminServices(RED.nodes, …))`. */

import type { ConnectContext, Connector } from '../../lib/connectors/connector';
import { connectSystem } from '../shared/connect';
import { type DeployedNodes, deployedSystem } from './deployed';
import type { AdminServices } from './services';

export { registerAdminRoutes } from './routes';
export type { AdminHost, AdminServices } from './services';

/** Shorter than a question's time limit, so that the form receives the reason and not only a timeout. */
const REQUEST_MS = 25_000;

/**
 * The routes' services on top of Node-RED's runtime and the registry.
 * @param context services of the host for connections of forms, such as the sandbox's data folder
 * @param runtime the deployed nodes, @see AdminServices
 */
export function adminServices(
  nodes: DeployedNodes,
  connectors: () => Connector[],
  context: ConnectContext = {},
  runtime: Pick<AdminServices, 'links' | 'gate' | 'others' | 'variable'> = {},
): AdminServices {
  const http = { timeoutMs: REQUEST_MS, ...context.http };
  const byKind = (kind: string) => connectors().find((connector) => connector.kind === kind);
  return {
    connectors,
    ...runtime,
    dataFolder: context.dataFolder,
    deployed: (id) => deployedSystem(nodes, id),
    connect: (system, gate) =>
      connectSystem(nodes, byKind, system, { ...context, http: { ...http, ...(gate && { gate }) } }),
  };
}
