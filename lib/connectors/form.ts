/** What a connector tells the forms of the editor: plain data, free of anything that only Node.js has. */

import type { UserValue } from '../model/values';

export type ConnectorCategory = 'alm' | 'test' | 'scm' | 'build' | 'itsm' | 'sandbox';

export interface Identity {
  user: UserValue;
  /** product and version as the server tells it, e.g. "Redmine 5.0" */
  server: string;
  /** IANA name, where the system has one for this account */
  timeZone?: string;
  /** what the account lacks for a two-way sync, in sentences for an admin; empty = all is well */
  missing: string[];
}

/** One input of the system form. Secrets are kept in Node-RED credentials and never come back to the browser. */
export interface ConfigField {
  name: string;
  label: string;
  type: 'text' | 'url' | 'secret' | 'select' | 'boolean';
  required?: boolean;
  placeholder?: string;
  hint?: string;
  default?: string | boolean;
  options?: { value: string; label: string }[];
  /** shown only while another input has this value */
  visibleIf?: { name: string; value: string };
}

/** The names that a secret input may have: Node-RED wants credentials declared when a node type is registered. */
export const SECRET_NAMES = ['apiKey', 'login', 'password', 'token', 'clientId', 'clientSecret'] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

/** Of these, what nobody may see in a message. A login is a name: people need it there, and a short one would blot out words. */
export const HIDDEN_NAMES: readonly string[] = SECRET_NAMES.filter((name) => name !== 'login' && name !== 'clientId');
