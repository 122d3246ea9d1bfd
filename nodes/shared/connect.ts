/**
 * Makes a connection from a system node's settings: finds the connector, and converts Node-RED's own `http proxy` and
 * `tls-config` nodes to the HTTP client's options.
 */

import type { ConnectContext, Connection, Connector, ConnectorConfig } from '../../lib/connectors/connector';
import { discreet, maskError } from '../../lib/connectors/discreet';
import { HIDDEN_NAMES } from '../../lib/connectors/form';
import type { HttpOptions } from '../../lib/connectors/http/client';
import { createMask } from '../../lib/connectors/http/masking';
import { withItemComments } from '../../lib/connectors/item-comments';
import { SyncError } from '../../lib/model/errors';
import { isObject, text } from '../../lib/model/shape';

/** Everything that is needed to reach a system, including secrets. Never leaves the runtime. */
export interface SystemSettings {
  kind: string;
  /** values of the connector's inputs by name */
  config: ConnectorConfig;
  /** values of the inputs that are stored as Node-RED credentials, by name */
  credentials: Record<string, string | undefined>;
  /** ids of deployed config nodes */
  proxy?: string;
  tls?: string;
  /** why no connection may be opened at all */
  refused?: string;
}

/** The used part of Node-RED's `RED.nodes`. */
export interface NodeLookup {
  getNode(id: string): unknown;
}

/** A PEM text: tls-config nodes contain texts (uploaded) or buffers (read from files). */
const pem = (value: unknown): string | undefined => (Buffer.isBuffer(value) ? value.toString('utf8') : text(value));

/** The properties of Node-RED's `http proxy` node: @node-red/nodes/core/network/06-httpproxy.js */
function proxyOf(node: unknown): HttpOptions['proxy'] {
  const url = isObject(node) ? text(node.url)?.trim() : undefined;
  if (!isObject(node) || !url)
    throw new SyncError('invalid', 'The chosen HTTP proxy is not deployed or has no URL. Deploy it, then try again.');
  const credentials = isObject(node.credentials) ? node.credentials : {};
  const hosts = Array.isArray(node.noproxy) ? node.noproxy.flatMap((host) => text(host) ?? []) : [];
  return {
    url,
    username: text(credentials.username),
    password: text(credentials.password),
    ...(hosts.length > 0 && { noProxy: hosts }),
  };
}

/**
 * The options that Node-RED's `tls-config` node would add to a request, and whether its files could be read:
 * @node-red/nodes/core/network/05-tls.js
 */
function tlsOf(node: unknown): HttpOptions['tls'] {
  if (!isObject(node) || typeof node.addTLSOptions !== 'function')
    throw new SyncError('invalid', 'The chosen TLS configuration is not deployed. Deploy it, then try again.');
  if (node.valid === false)
    throw new SyncError(
      'invalid',
      'The chosen TLS configuration cannot be used: its certificate or key is not readable.',
    );
  const options: unknown = node.addTLSOptions({});
  if (!isObject(options)) throw new SyncError('invalid', 'The chosen TLS configuration gives no options.');
  if (options.pfx !== undefined)
    throw new SyncError(
      'invalid',
      'The chosen TLS configuration holds a PKCS#12 file (.pfx, .p12). Use PEM files for certificate and key.',
    );
  return {
    ca: pem(options.ca),
    cert: pem(options.cert),
    key: pem(options.key),
    passphrase: text(options.passphrase),
    servername: text(options.servername),
    verify: options.rejectUnauthorized !== false,
  };
}

/**
 * HTTP options of a system node's proxy and TLS nodes.
 * @param chosen ids of an `http proxy` and a `tls-config` node
 * @throws SyncError invalid if a selected node is not deployed, or cannot be used
 */
export function httpOptions(nodes: NodeLookup, chosen: { proxy?: string; tls?: string }): HttpOptions {
  return {
    ...(chosen.proxy && { proxy: proxyOf(nodes.getNode(chosen.proxy)) }),
    ...(chosen.tls && { tls: tlsOf(nodes.getNode(chosen.tls)) }),
  };
}

/**
 * Opens a connection. Nothing is sent yet.
 * @param connector by kind: the registry's look-up
 * @param context the host's services; proxy and TLS are added to its HTTP options
 * @throws SyncError invalid for an unknown type, or an unusable configuration, proxy or TLS node
 */
export function connectSystem(
  nodes: NodeLookup,
  connector: (kind: string) => Connector | undefined,
  system: SystemSettings,
  context: ConnectContext = {},
): Connection {
  if (system.refused !== undefined) throw new SyncError('invalid', system.refused);
  const found = connector(system.kind);
  if (!found)
    throw new SyncError('invalid', `There is no connector "${system.kind}". Choose the kind of system again.`, {
      fields: { kind: 'unknown' },
    });
  const http = { ...context.http, ...httpOptions(nodes, system) };
  const hidden = Object.entries(system.credentials).flatMap(([name, value]) =>
    HIDDEN_NAMES.includes(name) ? value : [],
  );
  const given = [...hidden, http.proxy?.password, http.tls?.passphrase];
  const mask = createMask(given.flatMap((secret) => secret ?? []));
  try {
    const connection = found.connect({ ...system.config, ...system.credentials }, { ...context, http });
    return discreet(withItemComments(connection), mask);
  } catch (thrown) {
    maskError(thrown, mask);
    throw thrown;
  }
}
