/** A system's users, looked up when first needed and cached: mapping a user must not cost a request each time. */

import { theOneOf } from '../mapping/users';
import type { Clock } from '../model/clock';
import type { UserValue } from '../model/values';

export interface UserQuery {
  email?: string;
  login?: string;
  name?: string;
}

interface Remembered {
  at: number;
  found: Promise<UserValue | undefined>;
}

const MISS_MS = 60_000;
const HIT_MS = 60 * 60_000;
const MOST = 20_000;

export class Users {
  private readonly remembered = new Map<string, Remembered>();

  /** @param ask the system for its people, @see Connection.users; may throw SyncError */
  constructor(
    private readonly ask: (query: UserQuery) => Promise<UserValue[]>,
    private readonly clock: Clock,
  ) {}

  /**
   * The one user with this email (ignoring case), login or name. Undefined if there is none or more than one: never a
   * guess. A miss is asked again after a minute, a hit after an hour.
   * @throws SyncError – the system can't be asked
   */
  find(by: UserQuery): Promise<UserValue | undefined> {
    const key = by.email ? `e:${by.email.toLowerCase()}` : by.login ? `l:${by.login}` : by.name ? `n:${by.name}` : '';
    if (!key) return Promise.resolve(undefined);
    const now = this.clock.now();
    const kept = this.remembered.get(key);
    if (kept && now - kept.at < HIT_MS) return kept.found;
    if (this.remembered.size >= MOST) this.remembered.clear();
    const found = this.look(by);
    this.remembered.set(key, { at: now, found });
    found.then(
      (user) => {
        // a miss counts as older than it is, so that it is asked again soon
        if (!user) this.remembered.set(key, { at: now - HIT_MS + MISS_MS, found });
      },
      () => this.remembered.delete(key),
    );
    return found;
  }

  private async look(by: UserQuery): Promise<UserValue | undefined> {
    const { email, login, name } = by;
    const query = email ? { email } : login ? { login } : { name };
    return theOneOf(await this.ask(query), query);
  }
}
