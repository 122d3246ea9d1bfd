/**
 * Parts that were written without a sign: their system moves nothing that a poll shows. The integration that wrote them knows; the
 * others of the same system would find out minutes or hours later, by looking at the item now and then.
 */

import type { PartVerb } from '../../connectors/connector';
import type { Engine } from '../engine';
import type { Change, Way } from './change';

/** Has them looked at by the other integrations. @param changes that have landed */
export async function tellPeers(engine: Engine, way: Way, changes: readonly Change[], verb: PartVerb): Promise<void> {
  const owners = new Set(changes.flatMap(({ owner }) => owner?.ref.id ?? []));
  if (owners.size === 0 || !way.target.connection().silentParts?.has(verb)) return;
  await engine.peers.lookAt(engine.config, way.target.place, [...owners]);
}
