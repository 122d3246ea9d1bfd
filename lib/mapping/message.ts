/** Reads and replaces the mappers' part of a message, so that mappers deal with fields only. */

import { SyncError } from '../model/errors';
import type { SyncMessage } from '../model/message';
import type { MappedFields } from './fields';

/**
 * Target fields of a message that a field mapper has mapped.
 * @param node the node that asks, for the error's text
 * @throws SyncError fatal if no field mapper has handled the message
 */
export function mappedFieldsOf(message: SyncMessage, node: string): MappedFields {
  const { mapped, unresolved } = message.sync;
  if (mapped === undefined) {
    throw new SyncError(
      'fatal',
      `The ${node} got a message that no field mapper has mapped. Put the field mapper of this item type before it`,
    );
  }
  return { fields: message.payload, mapped, unresolved: unresolved ?? {} };
}

/** The message with other fields; everything else is kept. */
export function withMappedFields<M extends SyncMessage>(message: M, { fields, mapped, unresolved }: MappedFields): M {
  const { unresolved: _before, ...header } = message.sync;
  const sync = { ...header, mapped, ...(Object.keys(unresolved).length > 0 && { unresolved }) };
  return { ...message, payload: fields, sync };
}
