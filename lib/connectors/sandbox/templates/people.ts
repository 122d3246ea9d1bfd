/**
 * The cast. The same people work in every template under the same e-mail address, but with another id and another
 * display name, as in real life: matching by name goes wrong, matching by e-mail works.
 */

import type { Person } from '../template';

const EMAILS = {
  alice: 'alice@example.com',
  bob: 'bob@example.com',
  carol: 'carol@example.com',
  sync: 'sync@example.com',
} as const;

export type Handle = keyof typeof EMAILS;

/** The cast with the ids, logins and names of one template, in the order given. */
export function cast(roles: Record<Handle, { id: string; login: string; name: string }>): Person[] {
  return (Object.keys(EMAILS) as Handle[]).map((handle) => ({ ...roles[handle], email: EMAILS[handle] }));
}
