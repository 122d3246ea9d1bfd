/** The data of a connector for the editor's forms: plain data, without anything that exists only in Node.js. */

import type { UserValue } from '../model/values';

export type ConnectorCategory = 'alm' | 'test' | 'scm' | 'build' | 'itsm' | 'database' | 'sandbox';

export interface Identity {
  user: UserValue;
  /** product and version as reported by the server, for example "Redmine 5.0" */
  server: string;
  /** IANA name, if the system has one for this account */
  timeZone?: string;
  /** what the account lacks for a two-way sync, in sentences for an admin; empty = nothing */
  missing: string[];
}

/** One input of the system form. Secrets are stored in Node-RED credentials and never sent back to the browser. */
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
  /** folded away in the form: it works without */
  advanced?: boolean;
}

/** The names that a secret input can have: Node-RED requires credentials to be declared when a node type is
 * registered. */
export const SECRET_NAMES = ['apiKey', 'login', 'password', 'token', 'clientId', 'clientSecret'] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

/** Those of them that must not appear in a message. A login is a name: users need it there, and masking a short one
 * would make texts unreadable. */
export const HIDDEN_NAMES: readonly string[] = SECRET_NAMES.filter((name) => name !== 'login' && name !== 'clientId');
