/** What kin.ts decides, asked of the store and of the integrations that are at work. */

import type { StoredEvent } from '../store/store';
import type { Integration } from './integration';
import { isCarriedByOlder, type Kinship, kinship, type Seeker } from './kin';
import { route } from './pairs';

function seekerOf(integration: Integration, { entity, flow: { side } }: StoredEvent): Seeker | undefined {
  const target = route(integration.config, side, entity)?.target;
  return (
    target && {
      side,
      entity,
      from: integration.system(side).place,
      toward: integration.system(side === 1 ? 2 : 1).place,
      target,
      fields: integration.relevant(side)?.fields,
    }
  );
}

/**
 * What other integrations have made of an entity that has no link here.
 * @param replaced a link of it whose counterpart is gone
 */
export async function kinshipOf(integration: Integration, event: StoredEvent, replaced?: number): Promise<Kinship> {
  const seeker = seekerOf(integration, event);
  const links = seeker && (await integration.store.kinOf(integration.system(event.flow.side).id, event.entity.id));
  const others = links?.filter(({ id }) => id !== replaced);
  if (!seeker || !others || others.length === 0) return { kind: 'none' };
  return kinship(seeker, others, integration.peers);
}

/** The change is no business of this integration: others carry it, or it must not go back to where it came from. */
export async function isElsewhere(integration: Integration, event: StoredEvent): Promise<boolean> {
  const { link, flow, intent } = event;
  // what an attempt of ours may have left anywhere has to be settled here
  if (intent || link?.ends.some((end) => end.pending !== undefined)) return false;
  if (!link) {
    const { kind } = await kinshipOf(integration, event);
    return kind === 'carried' || kind === 'made';
  }
  const links = await integration.store.kinOf(integration.system(flow.side).id, event.entity.id);
  const seeker = links.length > 1 ? seekerOf(integration, event) : undefined;
  const counterpart = link.ends[flow.side === 1 ? 1 : 0].ref.id;
  return seeker !== undefined && isCarriedByOlder(seeker, link.id, counterpart, links, integration.peers);
}
