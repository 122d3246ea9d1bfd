/** What arrives at a node: is it a poller's message, and have the nodes before left it whole? */

import { SyncError } from '../../lib/model/errors';
import type { SyncMessage } from '../../lib/model/message';
import { parseEventId } from '../../lib/sync/events';
import { isObject } from './connect';

/** True for what a poller sends, whatever was done to it on its way: @see damageOf */
export function isSyncMessage(message: object): message is SyncMessage {
  return 'sync' in message && isObject(message.sync) && typeof message.sync.integration === 'string';
}

/** For a message that no poller has sent. */
export const noSyncMessage = (): SyncError =>
  new SyncError(
    'invalid',
    'The message has no msg.sync: it does not come from a Twinflow poller, or a node before this one has taken msg.sync away',
  );

/** Type and key of the message's entity, for the beginning of an error: "Bug DEMO-17: ", or '' where it is not known. */
export function entityOf({ sync }: SyncMessage): string {
  const entity: unknown = sync.entity;
  return isObject(entity) && typeof entity.key === 'string' ? `${entity.type} ${entity.key}: ` : '';
}

/**
 * What other nodes, such as a function node, have done to a message so that nothing can be made of it any more.
 * @returns undefined where the message is whole
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
    `A node on the way has made ${broken.join(', ')} unusable. A node between poller and writer may change single ` +
      'fields of msg.payload; the rest must be passed on as it came.',
  );
}
