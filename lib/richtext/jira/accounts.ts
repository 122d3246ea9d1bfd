/** Accounts of Jira Cloud: `557058:3f2a…`, 24 hex digits, or a UUID, as no login of a Data Center looks. */

const ACCOUNT_ID = /^(?:[0-9a-f]{24}|[0-9a-z]{2,20}:[0-9a-z:_-]{3,120}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

export const isAccountId = (id: string): boolean => ACCOUNT_ID.test(id);
