/**
 * The users. The same people work in every template with the same email, but with another id and another display name,
 * as in real life: matching by name fails, matching by email works.
 */

import type { Person } from '../template';

const EMAILS = {
  alice: 'alice@example.com',
  bob: 'bob@example.com',
  carol: 'carol@example.com',
  sync: 'sync@example.com',
} as const;

export type Handle = keyof typeof EMAILS;

/** The users with the ids, logins and names of one template, in the given order. */
export function cast(roles: Record<Handle, { id: string; login: string; name: string }>): Person[] {
  return (Object.keys(EMAILS) as Handle[]).map((handle) => ({ ...roles[handle], email: EMAILS[handle] }));
}
