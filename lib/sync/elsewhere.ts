/** What kin.ts decides, asked of the store and of the integrations that are at work. */

import type { IntegrationConfig } from '../model/config';
import type { Side } from '../model/entity';
import type { FieldId } from '../model/values';
import type { Store, StoredEvent } from '../store/store';
import { isCarriedByOlder, type Kinship, kinship, type Seeker } from './kin';
import { route } from './pairs';
import type { Peers } from './peers';

/** The integration that asks; of one that is only planned, what is known of it. */
export interface KinAsking {
  readonly config: IntegrationConfig;
  readonly store: Pick<Store, 'kinOf'>;
  readonly peers: Pick<Peers, 'get'>;
  system(side: Side): { readonly id: string; readonly place: string };
  /** fields that the mappers read of a side; undefined where they are not known here */
  relevant(side: Side): { fields: ReadonlySet<FieldId> } | undefined;
}

function seekerOf(asking: KinAsking, { entity, flow: { side } }: StoredEvent): Seeker | undefined {
  const target = route(asking.config, side, entity)?.target;
  return (
    target && {
      side,
      entity,
      from: asking.system(side).place,
      toward: asking.system(side === 1 ? 2 : 1).place,
      target,
      fields: asking.relevant(side)?.fields,
    }
  );
}

/**
 * What other integrations have made of an entity that has no link here.
 * @param replaced a link of it whose counterpart is gone
 */
export async function kinshipOf(asking: KinAsking, event: StoredEvent, replaced?: number): Promise<Kinship> {
  const seeker = seekerOf(asking, event);
  const links =
    seeker && (await asking.store.kinOf(asking.system(event.flow.side).id, event.entity.id, asking.config.id));
  const others = links?.filter(({ id }) => id !== replaced);
  if (!seeker || !others || others.length === 0) return { kind: 'none' };
  return kinship(seeker, others, asking.peers);
}

/** Why nothing is made here of an entity without link, for people; undefined where its counterpart may be made, or linked. */
export function reasonToPass(kin: Kinship, targetName: string): string | undefined {
  switch (kin.kind) {
    case 'carried':
      return `other integrations keep it in sync with ${kin.counterpart.key}`;
    case 'made':
      return `it was made from ${kin.from.key} of ${targetName}: it does not go back there`;
    case 'none':
    case 'counterpart':
      return undefined;
  }
}

/**
 * The change is no business of this integration: others carry it, or it must not go back to where it came from.
 * @param targetName what people call the target
 * @returns why, for people; undefined where it is
 */
export async function isElsewhere(
  asking: KinAsking,
  event: StoredEvent,
  targetName: string,
): Promise<string | undefined> {
  const { link, flow, intent } = event;
  // what an attempt of ours may have left anywhere has to be settled here
  if (intent || link?.ends.some((end) => end.pending !== undefined)) return undefined;
  if (!link) return reasonToPass(await kinshipOf(asking, event), targetName);
  const links = await asking.store.kinOf(asking.system(flow.side).id, event.entity.id, asking.config.id);
  const seeker = links.length > 1 ? seekerOf(asking, event) : undefined;
  const counterpart = link.ends[flow.side === 1 ? 1 : 0].ref;
  return seeker !== undefined && isCarriedByOlder(seeker, link.id, counterpart.id, links, asking.peers)
    ? reasonToPass({ kind: 'carried', counterpart }, targetName)
    : undefined;
}
