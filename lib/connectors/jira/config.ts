/** The inputs of the system form, and how their values become a URL and credentials. */

import type { Credentials } from '../kit/auth';
import {
  address,
  alternatives,
  choice,
  concurrency,
  flag,
  otherAddress,
  requiredText,
  secret,
  shownIf,
  type Values,
} from '../kit/settings';

export type Deployment = 'cloud' | 'datacenter';

/** The connection's settings. */
export interface Site {
  deployment: Deployment;
  baseUrl: string;
  credentials: Credentials;
  /** Jira sends mails to watchers about Twinflow's updates */
  notify: boolean;
  /** issues are read with the newest entry of their changelog; Cloud only, because Data Center would send whole
   * changelogs */
  changelog: boolean;
}

/** https://developer.atlassian.com/cloud/oauth/getting-started/implementing-oauth-2-lo/ and, for service accounts, https://support.atlassian.com/user-management/docs/create-oauth-2-0-credential-for-service-accounts/ */
const TOKEN_URL = 'https://auth.atlassian.com/oauth/token';

export const settings = {
  deployment: choice({ label: 'Deployment' }, [
    { value: 'cloud', label: 'Cloud' },
    { value: 'datacenter', label: 'Data Center or Server' },
  ]),
  url: address({
    label: 'URL',
    placeholder: 'https://example.atlassian.net',
    hint:
      "The address of Jira's start page. For a scoped API token or a service account: " +
      'https://api.atlassian.com/ex/jira/<cloud id>; the cloud id is shown at https://example.atlassian.net/_edge/tenant_info.',
  }),
  auth: alternatives(
    { label: 'Sign in with' },
    {
      apiToken: {
        label: 'E-mail and API token (Cloud)',
        settings: {
          email: requiredText({ label: 'E-mail' }),
          // https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/
          apiKey: secret({
            label: 'API token',
            hint: 'Made at https://id.atlassian.com/manage-profile/security/api-tokens. One with scopes needs the address at api.atlassian.com.',
          }),
        },
      },
      oauth: {
        label: 'OAuth 2.0 client of a service account (Cloud)',
        settings: {
          clientId: secret({ label: 'Client id' }),
          clientSecret: secret({ label: 'Client secret' }),
          tokenUrl: otherAddress(
            { label: 'Token address', hint: 'Where the client gets its access tokens.' },
            TOKEN_URL,
          ),
        },
      },
      pat: {
        label: 'Personal access token (Data Center)',
        settings: {
          token: secret({
            label: 'Personal access token',
            hint: 'In Jira under Profile → Personal access tokens.',
          }),
        },
      },
      basic: {
        label: 'Login and password (Data Center)',
        settings: { login: secret({ label: 'Login' }), password: secret({ label: 'Password' }) },
      },
    },
  ),
  notify: flag(
    {
      label: "Notify watchers of Twinflow's updates",
      hint: 'To turn this off, the account needs the permission to administer Jira or the project. Otherwise Jira sends the mails anyway.',
    },
    true,
  ),
  changelog: shownIf(
    'deployment',
    'cloud',
    flag(
      {
        label: 'Read who last changed an issue',
        hint:
          'Fills updatedBy in msg.sync.entity, for filters, expressions and debug nodes. Needs no further request, but makes ' +
          'answers larger: Jira sends up to 40 changes with each issue. Cloud only: Data Center would send all of them.',
      },
      false,
    ),
  ),
  concurrency: concurrency(4),
};

type Given = Values<typeof settings>;

/** Cloud and Data Center have different ways to sign in. */
export function checkSignIn({ deployment, auth }: Given): Record<string, string> {
  const isOfCloud = auth.kind === 'apiToken' || auth.kind === 'oauth';
  if ((deployment === 'cloud') === isOfCloud) return {};
  return {
    auth: isOfCloud
      ? 'Jira Data Center requires a personal access token, or login and password'
      : 'Jira Cloud requires an API token or an OAuth 2.0 client, not a password or personal access token',
  };
}

export const siteOf = ({ deployment, url, auth, notify, changelog }: Given): Site => ({
  ...{ deployment, baseUrl: url, notify, changelog: deployment === 'cloud' && changelog },
  credentials: credentialsOf(auth),
});

function credentialsOf(auth: Given['auth']): Credentials {
  switch (auth.kind) {
    case 'pat':
      return { kind: 'bearer', token: auth.token };
    case 'basic':
      return { kind: 'basic', username: auth.login, password: auth.password };
    case 'oauth': {
      const { clientId, clientSecret, tokenUrl } = auth;
      return { kind: 'client', product: "Atlassian's sign-in", tokenUrl, clientId, clientSecret, encoding: 'json' };
    }
    case 'apiToken':
      return { kind: 'basic', username: auth.email, password: auth.apiKey };
  }
}
