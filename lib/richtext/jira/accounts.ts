/** Account ids of Jira Cloud: `557058:3f2a…`, 24 hex digits, or a UUID. No login of a Data Center has one of these
 * forms. */

const ACCOUNT_ID = /^(?:[0-9a-f]{24}|[0-9a-z]{2,20}:[0-9a-z:_-]{3,120}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

export const isAccountId = (id: string): boolean => ACCOUNT_ID.test(id);
