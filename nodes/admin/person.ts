/** The user who is logged in to the editor. */

import { isObject } from '../../lib/model/shape';

/** The user's name, if a login is required. */
export function userOf(request: object): string | undefined {
  const user: unknown = 'user' in request ? request.user : undefined;
  return isObject(user) && typeof user.username === 'string' ? user.username.slice(0, 100) : undefined;
}
