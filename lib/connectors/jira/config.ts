/** What the system form asks for, and how its answers become an address and credentials. */

import { SyncError } from '../../model/errors';
import type { ConfigField, ConnectorConfig } from '../connector';
import { parseBaseUrl } from '../http/client';

export type Deployment = 'cloud' | 'datacenter';

export type Credentials =
  /** e-mail and API token (Cloud), or login and password (Data Center) */
  | { kind: 'basic'; username: string; password: string }
  /** personal access token of a Data Center account */
  | { kind: 'bearer'; token: string }
  /** a service account's client, which is given a token for an hour */
  | { kind: 'client'; clientId: string; clientSecret: string; tokenUrl: string };

export interface Settings {
  deployment: Deployment;
  baseUrl: string;
  credentials: Credentials;
  /** Jira mails watchers about our updates */
  notify: boolean;
  /** issues are read with the newest entry of their changelog; Cloud only, Data Center would send whole changelogs */
  changelog: boolean;
  /** writes at the same time */
  concurrency: number;
}

const CONCURRENCY = 4;
/** https://developer.atlassian.com/cloud/oauth/getting-started/implementing-oauth-2-lo/ and, for service accounts, https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/ */
const TOKEN_URL = 'https://auth.atlassian.com/oauth/token';

const at = (auth: string) => ({ name: 'auth', value: auth });

export const config: ConfigField[] = [
  {
    name: 'deployment',
    label: 'Deployment',
    type: 'select',
    default: 'cloud',
    options: [
      { value: 'cloud', label: 'Cloud' },
      { value: 'datacenter', label: 'Data Center or Server' },
    ],
  },
  {
    name: 'url',
    label: 'URL',
    type: 'url',
    required: true,
    placeholder: 'https://example.atlassian.net',
    hint:
      "The address of Jira's start page. For a scoped API token or a service account: " +
      'https://api.atlassian.com/ex/jira/<cloud id>; the cloud id is shown at https://example.atlassian.net/_edge/tenant_info.',
  },
  {
    name: 'auth',
    label: 'Sign in with',
    type: 'select',
    default: 'apiToken',
    options: [
      { value: 'apiToken', label: 'E-mail and API token (Cloud)' },
      { value: 'oauth', label: 'OAuth 2.0 client of a service account (Cloud)' },
      { value: 'pat', label: 'Personal access token (Data Center)' },
      { value: 'basic', label: 'Login and password (Data Center)' },
    ],
  },
  { name: 'email', label: 'E-mail', type: 'text', required: true, visibleIf: at('apiToken') },
  // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
  {
    name: 'apiKey',
    label: 'API token',
    type: 'secret',
    required: true,
    hint: 'Made at https://id.atlassian.com/manage-profile/security/api-tokens. One with scopes needs the address at api.atlassian.com.',
    visibleIf: at('apiToken'),
  },
  { name: 'clientId', label: 'Client id', type: 'secret', required: true, visibleIf: at('oauth') },
  { name: 'clientSecret', label: 'Client secret', type: 'secret', required: true, visibleIf: at('oauth') },
  {
    name: 'tokenUrl',
    label: 'Token address',
    type: 'url',
    default: TOKEN_URL,
    hint: 'Where the client gets its access tokens.',
    visibleIf: at('oauth'),
  },
  {
    name: 'token',
    label: 'Personal access token',
    type: 'secret',
    required: true,
    hint: 'In Jira under Profile → Personal access tokens.',
    visibleIf: at('pat'),
  },
  { name: 'login', label: 'Login', type: 'secret', required: true, visibleIf: at('basic') },
  { name: 'password', label: 'Password', type: 'secret', required: true, visibleIf: at('basic') },
  {
    name: 'notify',
    label: 'Mail watchers about our updates',
    type: 'boolean',
    default: true,
    hint: 'Not to mail them takes the permission to administer Jira or the project; without it Jira mails all the same.',
  },
  {
    name: 'changelog',
    label: 'Read who changed an issue last',
    type: 'boolean',
    default: false,
    hint:
      'Fills updatedBy in msg.sync.entity, for filters, expressions and debug nodes. Takes no further request, but makes ' +
      'answers larger: Jira sends up to 40 changes with each issue. Cloud only: Data Center would send all of them.',
    visibleIf: { name: 'deployment', value: 'cloud' },
  },
  {
    name: 'concurrency',
    label: 'Writes at the same time',
    type: 'select',
    default: String(CONCURRENCY),
    options: ['1', '2', '4', '8'].map((value) => ({ value, label: value })),
  },
];

/** @throws SyncError invalid with `fields` */
export function settingsOf(values: ConnectorConfig): Settings {
  const problems: Record<string, string> = {};
  const text = (name: string, label: string): string => {
    const value = values[name];
    const given = typeof value === 'string' ? value.trim() : '';
    if (given === '') problems[name] = `${label} is missing`;
    return given;
  };
  const deployment: Deployment = values.deployment === 'datacenter' ? 'datacenter' : 'cloud';
  const baseUrl = parseBaseUrl(typeof values.url === 'string' ? values.url : '').href;
  const auth = typeof values.auth === 'string' && values.auth !== '' ? values.auth : 'apiToken';
  if ((deployment === 'cloud') !== (auth === 'apiToken' || auth === 'oauth')) {
    problems.auth =
      deployment === 'cloud'
        ? 'Jira Cloud takes an API token or an OAuth 2.0 client, no password and no personal access token'
        : 'Jira Data Center takes a personal access token, or login and password';
  }
  const credentials = credentialsOf(auth, values, text);
  if (Object.keys(problems).length > 0) {
    throw new SyncError('invalid', `Jira: ${Object.values(problems).join(', ')}`, { fields: problems });
  }
  const concurrency = Math.min(8, Math.max(1, Math.floor(Number(values.concurrency)) || CONCURRENCY));
  const changelog = deployment === 'cloud' && values.changelog === true;
  return { deployment, baseUrl, credentials, notify: values.notify !== false, changelog, concurrency };
}

function credentialsOf(
  auth: string,
  values: ConnectorConfig,
  text: (name: string, label: string) => string,
): Credentials {
  switch (auth) {
    case 'pat':
      return { kind: 'bearer', token: text('token', 'Personal access token') };
    case 'basic':
      return { kind: 'basic', username: text('login', 'Login'), password: text('password', 'Password') };
    case 'oauth': {
      const given = typeof values.tokenUrl === 'string' && values.tokenUrl.trim() !== '' ? values.tokenUrl : TOKEN_URL;
      const [clientId, clientSecret] = [text('clientId', 'Client id'), text('clientSecret', 'Client secret')];
      return { kind: 'client', clientId, clientSecret, tokenUrl: given.trim() };
    }
    default:
      return { kind: 'basic', username: text('email', 'E-mail'), password: text('apiKey', 'API token') };
  }
}
