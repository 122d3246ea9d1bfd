/** What the field mapper's expressions can ask: people of the target, the value mappers' tables, values when last in sync. */

import { type Helpers, type MappingContext, withMappedFields } from '../../lib/mapping';
import { usesHelper } from '../../lib/mapping/transform-expression';
import type { CompiledMapping } from '../../lib/mapping/transform-mapping';
import { sourceSide, targetSide } from '../../lib/model/entity';
import { asSyncError, type SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import type { RichText } from '../../lib/model/values';
import { richTextConverter } from '../../lib/richtext';
import { isSystemFault } from '../../lib/sync/failure';
import type { IntegrationHandle } from '../shared/host';
import { lookUpTable } from '../value-mapper/lookup-tables';

const isRichText = (value: unknown): value is RichText =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, 'content') === 'string';

const word = (value: unknown): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

function helpersOf(message: SyncMessage, handle: IntegrationHandle): Helpers {
  const { direction } = message.sync;
  return {
    async user(who) {
      const text = word(who);
      const person = (typeof who === 'object' && who !== null ? who : {}) as Record<string, unknown>;
      const email = word(person.email) ?? (text?.includes('@') ? text : undefined);
      const login = word(person.login) ?? text;
      const users = handle.users(targetSide(direction));
      const found = email === undefined ? undefined : await users.find({ email });
      return found ?? (login === undefined || login === email ? null : ((await users.find({ login })) ?? null));
    },
    lookup: (table, value) => lookUpTable(handle.config.id, direction, String(table), value),
    text: (value) => (isRichText(value) ? richTextConverter(value, 'text').content : value),
  };
}

/** What mapping one message may use. The link is read only where an expression asks for it. */
async function contextOf(
  message: SyncMessage,
  handle: IntegrationHandle,
  expressions: string[],
): Promise<MappingContext> {
  const { direction, entity } = message.sync;
  const context: MappingContext = { entity };
  if (!expressions.some((expression) => usesHelper(expression, ['old', 'linked']))) return context;
  const { store } = await handle.ready;
  const link = await store.linkOf(handle.config.id, sourceSide(direction), entity.id);
  if (link === undefined) return context;
  const [source, target] = direction === 'forward' ? link.ends : [link.ends[1], link.ends[0]];
  return { ...context, old: source.baseline, linked: target.ref };
}

/**
 * Maps a message whose rows have expressions.
 * @throws SyncError – a system that an expression asked is in trouble: the message is to be tried again, not to lose a field
 */
export async function mapWithExpressions(
  message: SyncMessage,
  handle: IntegrationHandle,
  mapping: CompiledMapping,
): Promise<SyncMessage> {
  let fault: SyncError | undefined;
  const asked = helpersOf(message, handle);
  const helpers: Helpers = {
    ...asked,
    async user(who) {
      try {
        return await asked.user(who);
      } catch (thrown) {
        const error = asSyncError(thrown);
        if (isSystemFault(error)) fault ??= error;
        throw error;
      }
    },
  };
  const context = await contextOf(message, handle, mapping.expressions);
  const mapped = await mapping.map(message.payload, { ...context, helpers });
  if (fault !== undefined) throw fault;
  return withMappedFields(message, mapped);
}
