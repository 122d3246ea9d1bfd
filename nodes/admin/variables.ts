/**
 * Environment variables in a form's inputs, filled in as Node-RED does when it creates a node: an input is either a
 * single variable or has none. A value never comes back in an answer. It is used only if the draft cannot redirect it:
 * for a URL that is deployed, or that is a variable itself. Otherwise anyone who can edit a form could have it sent to
 * a URL of their own.
 */

import type { ConfigField, Connector, ConnectorConfig } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import type { SystemSettings } from '../shared/connect';

/** The value of a variable by its name; undefined if it has none. */
export type Variables = (name: string) => string | undefined;

/** Both notations that Node-RED supports: @node-red/runtime/lib/flows/util.js */
const WHOLE = /^\$(?:\{(\S+)\}|\((\S+)\))$/;
const INSIDE = /\$\{[^}\s]+\}/;

const nameIn = (value: unknown): string | undefined => {
  const found = typeof value === 'string' ? WHOLE.exec(value) : null;
  return found?.[1] ?? found?.[2];
};

const bad = (field: ConfigField, short: string, message: string): SyncError =>
  new SyncError('invalid', message, { fields: { [field.name]: short } });

/** True if all URLs are variables, and the connector's place depends only on URLs, or is in this Node-RED. */
function leadsNowhere(connector: Connector, config: ConnectorConfig): boolean {
  const addresses = connector.config.filter(({ type }) => type === 'url');
  if (addresses.length === 0) return connector.category === 'sandbox';
  return addresses.every(({ name }) => !config[name] || nameIn(config[name]) !== undefined);
}

/**
 * @param trusted the place is the deployed one
 * @returns the settings with all values, and the values that came from variables
 * @throws SyncError invalid for a variable without a value, one in the middle of a URL, or one that must not be sent
 * there
 */
export function fillIn(
  connector: Connector,
  settings: SystemSettings,
  trusted: boolean,
  variables: Variables,
): { settings: SystemSettings; values: string[] } {
  const config = { ...settings.config };
  const credentials = { ...settings.credentials };
  const values: string[] = [];
  const mayGo = trusted || leadsNowhere(connector, config);
  const filled = (field: ConfigField, name: string): string => {
    if (!mayGo)
      throw bad(
        field,
        'deploy first',
        `"${field.label}" is the environment variable ${name}: its value is sent only to an address that is deployed, or that is a variable too. Deploy first, then try again.`,
      );
    const value = variables(name);
    if (value === undefined || value === '')
      throw bad(
        field,
        'has no value',
        `The environment variable ${name}, which stands in "${field.label}", has no value. Set it where Node-RED is started and restart it, or among the global environment variables and deploy; or enter the value itself.`,
      );
    values.push(value);
    return value;
  };
  for (const field of connector.config) {
    const written = config[field.name];
    const [inConfig, inSecret] = [nameIn(written), nameIn(credentials[field.name])];
    if (inConfig !== undefined) config[field.name] = filled(field, inConfig);
    else if (field.type === 'url' && typeof written === 'string' && INSIDE.test(written))
      throw bad(
        field,
        'more than a variable',
        `"${field.label}" has an environment variable in the middle of a text. Node-RED fills one in only where nothing else stands in the input: put the whole address into the variable.`,
      );
    if (inSecret !== undefined) credentials[field.name] = filled(field, inSecret);
  }
  return { settings: { ...settings, config, credentials }, values: values.flatMap(withHost) };
}

/** The values of a running node that come from variables. */
export const filledIn = (saved: ConnectorConfig, effective: ConnectorConfig | undefined): string[] =>
  Object.entries(saved).flatMap(([name, value]) => {
    const now = effective?.[name];
    return nameIn(value) !== undefined && typeof now === 'string' && now !== value ? withHost(now) : [];
  });

/** Network errors only name the host. */
function withHost(value: string): string[] {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return [value, value.replace(/\/+$/, ''), ...(url ? [url.origin, url.host, url.hostname] : [])].filter(Boolean);
}
