/** The inputs of the system form. */

import {
  address,
  alternatives,
  choice,
  flag,
  otherAddress,
  requiredText,
  type Setting,
  secret,
  text,
  type Values,
} from '../kit/settings';

const TENANT = { label: 'Tenant', placeholder: 'example.onmicrosoft.com or the tenant id' };
/** The token URL contains the tenant: `missing` reports if there is neither. */
const tenant: Setting<string | undefined> = { inputs: requiredText(TENANT).inputs, read: text(TENANT).read };

export const settings = {
  url: address({
    label: 'URL',
    placeholder: 'https://dev.azure.com/organisation',
    hint: 'Services: https://dev.azure.com/organisation. Server: https://server/collection, e.g. https://tfs.example.com/DefaultCollection.',
  }),
  auth: alternatives(
    { label: 'Sign in with' },
    {
      pat: {
        label: 'Personal access token',
        settings: {
          token: secret({
            label: 'Token',
            hint:
              'Made for this organisation, with the scopes "Work items (read & write)", "Project and team (read)" and, to find people, ' +
              '"Identity (read)". Tokens for all organisations ended on 1 December 2026.',
          }),
        },
      },
      entra: {
        label: 'Microsoft Entra service principal',
        settings: {
          tenant,
          clientId: secret({ label: 'Client id' }),
          clientSecret: secret({ label: 'Client secret' }),
          tokenUrl: otherAddress(
            {
              label: 'Token address',
              placeholder: 'https://login.microsoftonline.com/…/oauth2/v2.0/token',
              hint: 'Only for national clouds. Empty: that of the tenant.',
            },
            undefined,
          ),
        },
      },
    },
  ),
  apiVersion: choice({ label: 'API version' }, [
    { value: '7.1', label: '7.1 (Services)' },
    { value: '7.0', label: '7.0 (Server 2022)' },
  ]),
  longText: choice(
    {
      label: 'Long texts are written as',
      hint: 'Existing Markdown texts stay Markdown. Azure DevOps does not convert Markdown back to HTML.',
    },
    [
      { value: 'html', label: 'HTML' },
      { value: 'markdown', label: 'Markdown (Services only)' },
    ],
  ),
  timeZone: text({
    label: 'Time zone of dates',
    placeholder: 'Europe/Berlin',
    hint:
      'Start, Finish, Target and Due Date are stored as midnight in the time zone of the user who selects them. Empty: the nearest ' +
      'day is used, and midnight UTC is written, which users west of it see as the day before.',
  }),
  missingPaths: choice({ label: 'Missing areas and iterations' }, [
    { value: 'refuse', label: 'Refuse the change' },
    { value: 'create', label: 'Create them' },
  ]),
  watchLinks: flag({
    label: 'Detect links made on the other item at once',
    hint: 'Parents and other links. One more request per poll. Otherwise such a change is found when Twinflow looks at the item again, at the latest within a week.',
  }),
  bypassRules: flag({
    label: "Bypass the process' rules",
    hint: 'Ignores required fields, lists and transitions. Needs the permission "Bypass rules on work item updates".',
  }),
  suppressNotifications: flag({
    label: "No notifications for Twinflow's writes",
    hint: 'Needs the permission "Suppress notifications for work item updates".',
  }),
};

export type Settings = Values<typeof settings>;

/** Without a tenant the token URL is unknown. */
export const missing = ({ auth }: Settings): Record<string, string> =>
  auth.kind === 'entra' && !auth.tenant && !auth.tokenUrl ? { tenant: 'Tenant is missing' } : {};
