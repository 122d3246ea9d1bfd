/** What expressions may ask for: users of the target, the value mappers' tables, rich text as plain text. */

import type { Helpers } from '../mapping/transform';
import { boundedConverter, settledTexts } from '../merge/bounded-texts';
import { targetSide } from '../model/entity';
import { asSyncError, type SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { RichText, UserValue } from '../model/values';
import type { StepHost } from './host';

const isRichText = (value: unknown): value is RichText =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'content') === 'string';

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** @param onFault hears of the error of a search for users, which fails the expression that asked */
export function helpersOf(
  message: SyncMessage,
  host: Pick<StepHost, 'users' | 'addresses' | 'lookUp'>,
  onFault: (error: SyncError) => void,
): Helpers {
  const { direction } = message.sync;
  const find = async (who: unknown): Promise<UserValue | null> => {
    const text = word(who);
    const person = (typeof who === 'object' && who !== null ? who : {}) as Record<string, unknown>;
    const email = word(person.email) ?? (text?.includes('@') ? text : undefined);
    const login = word(person.login) ?? text;
    const users = host.users(targetSide(direction));
    for (const address of email === undefined ? [] : [...host.addresses(direction, email), email]) {
      const found = await users.find({ email: address });
      if (found !== undefined) return found;
    }
    return login === undefined || login === email ? null : ((await users.find({ login })) ?? null);
  };
  return {
    async user(who) {
      try {
        return await find(who);
      } catch (thrown) {
        const error = asSyncError(thrown);
        onFault(error);
        throw error;
      }
    },
    lookup: (table, value) => host.lookUp(direction, String(table), value),
    text: (value) => (isRichText(value) ? settledTexts(() => boundedConverter(value, 'text').content) : value),
  };
}
