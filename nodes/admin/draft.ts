/**
 * Handles a system as a form sends it: it may not be deployed yet, and the browser does not know its stored secrets.
 * The draft is checked here and its secrets are filled in. A stored secret is sent only to the place that it was
 * deployed for. Otherwise anyone who can edit a form could have it sent to a URL of their own.
 */

import { type ConfigField, type Connector, type ConnectorConfig, SECRET_NAMES } from '../../lib/connectors/connector';
import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import type { SystemSettings } from '../shared/connect';

/** Shown by the editor instead of a stored password. */
const STORED = '__PWRD__';
const LONGEST = 10_000;

export interface Draft {
  id?: string;
  kind: string;
  config: Record<string, string | boolean>;
  credentials: Record<string, string>;
  proxy?: string;
  tls?: string;
}

/** A deployed system node. */
export interface StoredSystem {
  kind: string;
  /** as saved in the flow */
  config: ConnectorConfig;
  /** the same with `${VARIABLES}` filled in, as at run time */
  effective?: ConnectorConfig;
  credentials: Record<string, string | undefined>;
  proxy?: string;
  tls?: string;
}

const isSecret = (name: string): boolean => SECRET_NAMES.some((secret) => secret === name);
const isText = (value: unknown): value is string => typeof value === 'string' && value.length <= LONGEST;

const bad = (message: string, fields?: Record<string, string>): SyncError =>
  new SyncError('invalid', message, { fields });

/** @throws SyncError invalid if it does not have the shape of a draft */
export function parseDraft(body: unknown): Draft {
  const system = isObject(body) ? body.system : undefined;
  if (!isObject(system) || !isText(system.kind) || system.kind === '')
    throw bad('Choose the kind of system first.', { kind: 'missing' });
  const config: Draft['config'] = {};
  for (const [name, value] of Object.entries(isObject(system.config) ? system.config : {}))
    if (isText(value) || typeof value === 'boolean') config[name] = value;
  const credentials: Draft['credentials'] = {};
  for (const [name, value] of Object.entries(isObject(system.credentials) ? system.credentials : {}))
    if (isText(value) && isSecret(name) && value !== STORED) credentials[name] = value;
  const id = (value: unknown): string | undefined => (isText(value) && value !== '' ? value : undefined);
  return { id: id(system.id), kind: system.kind, config, credentials, proxy: id(system.proxy), tls: id(system.tls) };
}

/**
 * True if the draft leads to the same place in the same way as the deployed node. Which text is the URL differs by
 * connector, so all texts must be equal, and also proxy and TLS. Switches, and options that the connector offers,
 * cannot lead anywhere else.
 */
export function samePlace(connector: Connector, draft: Draft, stored: StoredSystem): boolean {
  const same = (a: unknown, b: unknown): boolean => (a ?? '') === (b ?? '');
  const offered = ({ type, options }: ConfigField, value: unknown): boolean =>
    type === 'boolean' || (type === 'select' && options?.some((option) => option.value === value) === true);
  return (
    stored.kind === draft.kind &&
    same(draft.proxy, stored.proxy) &&
    same(draft.tls, stored.tls) &&
    connector.config
      .filter((field) => !isSecret(field.name))
      .every((field) => {
        const [now, before] = [draft.config[field.name] ?? field.default, stored.config[field.name] ?? field.default];
        return same(now, before) || offered(field, now);
      })
  );
}

/**
 * The draft with everything that is needed to connect.
 * @throws SyncError invalid if a stored secret would be needed, but the URL is not the deployed one
 */
export function completeDraft(connector: Connector, draft: Draft, stored: StoredSystem | undefined): SystemSettings {
  const deployed = stored && samePlace(connector, draft, stored);
  const config: ConnectorConfig = {};
  const credentials: SystemSettings['credentials'] = {};
  const again: Record<string, string> = {};
  const chosen = (input: string): unknown =>
    draft.config[input] ?? connector.config.find(({ name }) => name === input)?.default;
  for (const { name, label, visibleIf } of connector.config) {
    if (visibleIf && String(chosen(visibleIf.name)) !== visibleIf.value) continue;
    if (!isSecret(name)) {
      const variable = deployed && draft.config[name] === stored.config[name] ? stored.effective?.[name] : undefined;
      config[name] = variable ?? draft.config[name];
    } else if (draft.credentials[name] !== undefined) credentials[name] = draft.credentials[name];
    else if (stored?.credentials[name] && deployed) credentials[name] = stored.credentials[name];
    else if (stored?.credentials[name]) again[name] = label;
  }
  if (Object.keys(again).length > 0)
    throw bad(
      `Enter the secret again (${Object.values(again).join(', ')}), since the address changed: a stored secret is sent only to the address it was deployed with. Or deploy first.`,
      Object.fromEntries(Object.keys(again).map((name) => [name, 'enter it again'])),
    );
  return { kind: draft.kind, config, credentials, proxy: draft.proxy, tls: draft.tls };
}

/** All values that must never appear in messages, where they are masked. */
export function secretsOf(draft: Draft, stored: StoredSystem | undefined): string[] {
  const named = [...Object.entries(draft.credentials), ...Object.entries(stored?.credentials ?? {})];
  const values = named.flatMap(([name, value]) => (value && name !== 'login' && name !== 'clientId' ? [value] : []));
  const login = draft.credentials.login ?? stored?.credentials.login;
  const basic = values.map((value) => Buffer.from(`${login ?? ''}:${value}`).toString('base64'));
  return [...values, ...values.map((value) => Buffer.from(value).toString('base64')), ...basic];
}
