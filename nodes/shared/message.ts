/** Checks a node's input: is it a poller's message, and have the nodes before left it intact? */

import { parseEventId } from '../../lib/engine/messages';
import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { isObject } from '../../lib/model/shape';

/** True for a poller's message, whatever has happened to it since: @see damageOf */
export function isSyncMessage(message: object): message is SyncMessage {
  return 'sync' in message && isObject(message.sync) && typeof message.sync.integration === 'string';
}

/** For a message that was not sent by a poller. */
export const noSyncMessage = (): SyncError =>
  new SyncError(
    'invalid',
    'The message has no msg.sync: it does not come from a Twinflow poller, or a node before this one has taken msg.sync away',
  );

/** Type and key of the message's item, for the start of an error: "Bug DEMO-17: ", or '' if unknown. */
export function entityOf({ sync }: SyncMessage): string {
  const entity: unknown = sync.entity;
  return isObject(entity) && typeof entity.key === 'string' ? `${entity.type} ${entity.key}: ` : '';
}

/**
 * Damage by other nodes, such as a function node, that makes a message unusable.
 * @returns undefined if the message is whole
 */
export function damageOf(message: SyncMessage): SyncError | undefined {
  const header: Record<string, unknown> = { ...message.sync };
  const fields = (value: unknown) => value === undefined || isObject(value);
  const parts = {
    'msg.payload': isObject(message.payload),
    'msg.sync.event': parseEventId(header.event) !== undefined,
    'msg.sync.direction': header.direction === 'forward' || header.direction === 'backward',
    'msg.sync.entity': isObject(header.entity),
    'msg.sync.target': isObject(header.target),
    'msg.sync.mapped': fields(header.mapped),
    'msg.sync.unresolved': fields(header.unresolved),
  };
  const broken = Object.entries(parts).flatMap(([part, whole]) => (whole ? [] : [part]));
  if (broken.length === 0) return undefined;
  return new SyncError(
    'invalid',
    `A node before this one broke ${broken.join(', ')}. Nodes between poller and writer may change single ` +
      'fields of msg.payload; everything else must be passed on unchanged.',
  );
}
