/** What kin.ts decides, asked of the store and of the integrations that are at work. */

import type { IntegrationConfig } from '../../model/config';
import type { Side } from '../../model/entity';
import { atSide, otherSide, SIDES, type Sides } from '../../model/sides';
import type { FieldId } from '../../model/values';
import type { KinIndex, KinLink, Link, StoredEvent } from '../../store/store';
import { route } from '../routing';
import { isCarriedByOlder, type Kinship, kinship, type Seeker } from './kin';
import type { Peers } from './peers';

/** The integration that asks; of one that is only planned, what is known of it. */
export interface KinAsking {
  readonly config: IntegrationConfig;
  readonly store: Pick<KinIndex, 'kinOf'>;
  readonly peers: Pick<Peers, 'get'>;
  readonly systems: Sides<{ readonly id: string; readonly place: string }>;
  /** fields that the mappers read of a side; undefined if they are not known here */
  readonly relevance: { of(side: Side): { fields: ReadonlySet<FieldId> } | undefined };
}

function seekerOf(asking: KinAsking, { entity, flow: { side } }: StoredEvent): Seeker | undefined {
  const target = route(asking.config, side, entity)?.target;
  return (
    target && {
      side,
      entity,
      from: asking.systems[side].place,
      toward: asking.systems[otherSide(side)].place,
      target,
      fields: asking.relevance.of(side)?.fields,
    }
  );
}

/**
 * What other integrations have made of an entity that has no link here.
 * @param replaced a link of it whose counterpart is gone
 */
export async function kinshipOf(asking: KinAsking, event: StoredEvent, replaced?: number): Promise<Kinship> {
  return kinshipIn(asking, event, await kinOf(asking, event), replaced);
}

const kinOf = ({ store, systems, config }: KinAsking, { flow, entity }: StoredEvent): Promise<KinLink[]> =>
  store.kinOf(systems[flow.side].id, entity.id, config.id);

function kinshipIn(asking: KinAsking, event: StoredEvent, links: KinLink[], replaced: number | undefined): Kinship {
  const others = links.filter(({ id }) => id !== replaced);
  const seeker = others.length > 0 ? seekerOf(asking, event) : undefined;
  return seeker ? kinship(seeker, others, asking.peers) : { kind: 'none' };
}

/** Why nothing is made here of an entity without link, for people; undefined if its counterpart may be made, or linked. */
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

const isInDoubt = ({ ends }: Pick<Link, 'ends'>): boolean => ends.some(({ pending }) => pending !== undefined);

function isOfSame(one: KinLink, two: KinLink | undefined): boolean {
  const named = ({ ends, places }: KinLink): string =>
    SIDES.map((side) => `${atSide(places, side)} ${atSide(ends, side).ref.id}`)
      .sort()
      .join('\n');
  return two !== undefined && named(one) === named(two);
}

/**
 * The change is no business of this integration: others carry it, or it must not go back to where it came from.
 * @param targetName what people call the target
 * @returns why, for people; undefined if it is
 */
export async function isElsewhere(
  asking: KinAsking,
  event: StoredEvent,
  targetName: string,
): Promise<string | undefined> {
  const { link, flow, intent } = event;
  const isOwn = ({ id }: KinLink): boolean => id === link?.id;
  // what an attempt of ours may have left anywhere has to be settled here
  if (intent) return undefined;
  const all = await kinOf(asking, event);
  if (!link) return reasonToPass(kinshipIn(asking, event, all, undefined), targetName);
  // … or by a link of the same two entities, which knows of it
  const links = isInDoubt(link) ? all.filter((its) => isInDoubt(its) && isOfSame(its, all.find(isOwn))) : all;
  const seeker = links.length > 1 ? seekerOf(asking, event) : undefined;
  const counterpart = atSide(link.ends, otherSide(flow.side)).ref;
  return seeker !== undefined && isCarriedByOlder(seeker, link.id, counterpart.id, links, asking.peers)
    ? reasonToPass({ kind: 'carried', counterpart }, targetName)
    : undefined;
}
