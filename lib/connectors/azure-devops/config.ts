/** The inputs of the system form, and what they mean. */

import { SyncError } from '../../model/errors';
import type { ConfigField, ConnectorConfig } from '../connector';
import { parseBaseUrl } from '../http/client';
import type { Credentials } from './auth';
import { isTimeZone } from './days';

export interface Settings {
  baseUrl: string;
  version: string;
  credentials: Credentials;
  /** markup of long texts that are written */
  format: 'html' | 'markdown';
  createPaths: boolean;
  bypassRules: boolean;
  suppressNotifications: boolean;
  /** IANA name of the time zone in which days begin; '' = not known */
  timeZone: string;
  /** polls for parents that were set on the parent's form */
  watchLinks: boolean;
}

const PRESET_VERSION = '7.1';

export const config: ConfigField[] = [
  {
    name: 'url',
    label: 'URL',
    type: 'url',
    required: true,
    placeholder: 'https://dev.azure.com/organisation',
    hint: 'Services: https://dev.azure.com/organisation. Server: https://server/collection, e.g. https://tfs.example.com/DefaultCollection.',
  },
  {
    name: 'auth',
    label: 'Sign in with',
    type: 'select',
    default: 'pat',
    options: [
      { value: 'pat', label: 'Personal access token' },
      { value: 'entra', label: 'Microsoft Entra service principal' },
    ],
  },
  {
    name: 'token',
    label: 'Token',
    type: 'secret',
    required: true,
    hint:
      'Made for this organisation, with the scopes "Work items (read & write)", "Project and team (read)" and, to find people, ' +
      '"Identity (read)". Tokens for all organisations ended on 1 December 2026.',
    visibleIf: { name: 'auth', value: 'pat' },
  },
  {
    name: 'tenant',
    label: 'Tenant',
    type: 'text',
    required: true,
    placeholder: 'example.onmicrosoft.com or the tenant id',
    visibleIf: { name: 'auth', value: 'entra' },
  },
  { name: 'clientId', label: 'Client id', type: 'secret', required: true, visibleIf: { name: 'auth', value: 'entra' } },
  {
    name: 'clientSecret',
    label: 'Client secret',
    type: 'secret',
    required: true,
    visibleIf: { name: 'auth', value: 'entra' },
  },
  {
    name: 'tokenUrl',
    label: 'Token address',
    type: 'url',
    placeholder: 'https://login.microsoftonline.com/…/oauth2/v2.0/token',
    hint: 'Only for national clouds. Empty: that of the tenant.',
    visibleIf: { name: 'auth', value: 'entra' },
  },
  {
    name: 'apiVersion',
    label: 'API version',
    type: 'select',
    default: PRESET_VERSION,
    options: [
      { value: '7.1', label: '7.1 (Services)' },
      { value: '7.0', label: '7.0 (Server 2022)' },
    ],
  },
  {
    name: 'longText',
    label: 'Long texts are written as',
    type: 'select',
    default: 'html',
    options: [
      { value: 'html', label: 'HTML' },
      { value: 'markdown', label: 'Markdown (Services only)' },
    ],
    hint: 'A text that is Markdown already stays Markdown. Azure DevOps does not turn Markdown back into HTML.',
  },
  {
    name: 'timeZone',
    label: 'Time zone of dates',
    type: 'text',
    placeholder: 'Europe/Berlin',
    hint:
      'Start, Finish, Target and Due Date are kept as midnight of the person who chooses them. Empty: the nearest day is ' +
      'meant, and midnight UTC is written, which people west of it see as the day before.',
  },
  {
    name: 'missingPaths',
    label: 'Missing areas and iterations',
    type: 'select',
    default: 'refuse',
    options: [
      { value: 'refuse', label: 'Refuse the change' },
      { value: 'create', label: 'Create them' },
    ],
  },
  {
    name: 'watchLinks',
    label: "Watch for parents set on the parent's form",
    type: 'boolean',
    default: false,
    hint: 'One more request for each poll. Otherwise such a change comes with the next change of the child.',
  },
  {
    name: 'bypassRules',
    label: "Bypass the process' rules",
    type: 'boolean',
    default: false,
    hint: 'Writes past required fields, lists and transitions. Needs the permission "Bypass rules on work item updates".',
  },
  {
    name: 'suppressNotifications',
    label: 'No notifications for our writes',
    type: 'boolean',
    default: false,
    hint: 'Needs the permission "Suppress notifications for work item updates".',
  },
];

/** @throws SyncError invalid with `fields` */
export function settingsOf(values: ConnectorConfig): Settings {
  const problems: Record<string, string> = {};
  const text = (name: string): string => {
    const value = values[name];
    return typeof value === 'string' ? value.trim() : '';
  };
  const needed = (name: string, label: string): string => {
    if (text(name) === '') problems[name] = `${label} is missing`;
    return text(name);
  };
  const tokenUrl = text('tokenUrl');
  if (tokenUrl && !URL.canParse(tokenUrl)) problems.tokenUrl = 'Token address is no address';
  const credentials: Credentials =
    values.auth === 'entra'
      ? {
          kind: 'entra',
          // the token address has the tenant in it
          tenant: tokenUrl ? text('tenant') : needed('tenant', 'Tenant'),
          clientId: needed('clientId', 'Client id'),
          clientSecret: needed('clientSecret', 'Client secret'),
          tokenUrl,
        }
      : { kind: 'pat', token: needed('token', 'Token') };
  const version = text('apiVersion') || PRESET_VERSION;
  if (!/^7\.\d+$/.test(version)) problems.apiVersion = 'API version must be 7.0 or 7.1';
  const timeZone = text('timeZone');
  if (timeZone && !isTimeZone(timeZone)) problems.timeZone = 'Time zone of dates has a name such as Europe/Berlin';
  if (Object.keys(problems).length > 0) {
    throw new SyncError('invalid', `Azure DevOps: ${Object.values(problems).join(', ')}`, { fields: problems });
  }
  return {
    baseUrl: parseBaseUrl(text('url')).href,
    version,
    credentials,
    format: values.longText === 'markdown' && version !== '7.0' ? 'markdown' : 'html',
    createPaths: values.missingPaths === 'create',
    bypassRules: values.bypassRules === true,
    suppressNotifications: values.suppressNotifications === true,
    timeZone,
    watchLinks: values.watchLinks === true,
  };
}
