/** The mappers' part of a message: taken out and put back, so that mappers deal with fields only. */

import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { MappedFields } from './fields';

/**
 * Target fields of a message that a field mapper has mapped.
 * @param node who asks, for the error's text
 * @throws SyncError fatal where no field mapper has been there
 */
export function mappedFieldsOf(message: SyncMessage, node: string): MappedFields {
  const { mapped, unresolved } = message.sync;
  if (mapped === undefined) {
    throw new SyncError(
      'fatal',
      `The ${node} got a message that no field mapper has mapped: put the field mapper of this entity type before it`,
    );
  }
  return { fields: message.payload, mapped, unresolved: unresolved ?? {} };
}

/** The message with other fields; all else in it travels along. */
export function withMappedFields<M extends SyncMessage>(message: M, { fields, mapped, unresolved }: MappedFields): M {
  const { unresolved: _before, ...header } = message.sync;
  const sync = { ...header, mapped, ...(Object.keys(unresolved).length > 0 && { unresolved }) };
  return { ...message, payload: fields, sync };
}
