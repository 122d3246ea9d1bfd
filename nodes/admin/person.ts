/** Who is logged in to the editor. */

import { isObject } from '../shared/connect';

/** The person's name, if anybody has to log in. */
export function userOf(request: object): string | undefined {
  const user: unknown = 'user' in request ? request.user : undefined;
  return isObject(user) && typeof user.username === 'string' ? user.username.slice(0, 100) : undefined;
}
