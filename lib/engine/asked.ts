import { asSyncError } from '../model/errors';
import { isSystemFault } from './retry-policy';

/** The answer, or undefined where the system refuses it. @throws SyncError if the system is in trouble */
export async function asked<Answer>(ask: () => Promise<Answer | undefined>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (thrown) {
    const error = asSyncError(thrown);
    if (isSystemFault(error)) throw error;
    return undefined;
  }
}
