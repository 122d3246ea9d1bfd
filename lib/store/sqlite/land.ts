/**
 * A landing: first look whether anything stands against it, then store it. So a landing that is refused has written
 * nothing, and the others of the same call are not touched by it.
 */

import type { Side } from '../../model/entity';
import type { Landing, LinkEnd } from '../store';
import type { Awaited } from './awaited';
import { type Events, flowOf, integrationOf } from './events';
import type { Kin } from './kin';
import type { Links } from './links';
import type { Names } from './names';
import type { OwedEnds } from './owed';
import type { Seen } from './record';
import { STATE } from './schema';

export interface LandParts {
  events: Events;
  links: Links;
  kin: Kin;
  seen: Seen;
  owed: OwedEnds;
  awaited: Awaited;
  integrations: Names;
}

const SIDES: readonly Side[] = [1, 2];

/**
 * Stores one landing. Runs in a transaction.
 * @param at the sequence of the call: what was read before it is older than what the landing wrote
 * @returns why it was refused, or undefined
 */
export function storeLanding(parts: LandParts, landing: Landing, at: number): string | undefined {
  const { events, links } = parts;
  const integration = parts.integrations.idOf(landing.integration);
  const [one, two] = landing.ends;

  const replaced = landing.replaces;
  const link1 = without(replaced, links.key(integration, 1, one.ref.id));
  const link2 = without(replaced, links.key(integration, 2, two.ref.id));
  if (link1 && link1.entity2 !== two.ref.id) return refusal(one, two, `${one.ref.key} is linked with ${link1.entity2}`);
  if (link2 && link2.entity1 !== one.ref.id) return refusal(one, two, `${two.ref.key} is linked with ${link2.entity1}`);

  if (replaced !== undefined) unlink(parts, integration, replaced, landing.ends);
  const sides = [landing.wrote ?? []].flat();
  const wrote: [number, number] = [sides.includes(1) ? at : 0, sides.includes(2) ? at : 0];
  const { isAlone } = parts.kin;
  const [one1, two1] = (!isAlone && link1 && links.byId(link1.id)?.link.ends) || [];
  const link = links.put(integration, link1, landing.ends, wrote, landing.made, at);
  if (!isAlone) parts.kin.spread(link, one1 && two1 && [one1.baseline, two1.baseline], landing.ends, wrote, at);
  if (landing.settled) links.forgetPending(link, landing.settled.side, landing.settled.fields);
  for (const side of landing.owes ?? []) parts.owed.add(link, flowOf(integration, side));

  if (!link1) parts.awaited.arrived(integration, one, two);
  if (landing.awaits) {
    const { side, entities } = landing.awaits;
    const [end, other] = side === 1 ? [one, two] : [two, one];
    const flow = flowOf(integration, side);
    parts.awaited.set({ flow, waiter: end.ref.id, system: end.system, toward: other.system, entities });
  }

  const event = events.row(landing.event);
  if (event && integrationOf(event.flow) === integration && event.delivery === landing.delivery) {
    if (event.state === STATE.sent) events.remove(event);
    else events.closeIntent(event.seq);
  }
  for (const side of SIDES) settleEnd(parts, flowOf(integration, side), landing.ends[side - 1 === 0 ? 0 : 1], !link1);
  return undefined;
}

function without<T extends { id: number }>(id: number | undefined, link: T | undefined): T | undefined {
  return link?.id === id ? undefined : link;
}

function refusal(one: LinkEnd, two: LinkEnd, why: string): string {
  return (
    `${one.ref.key} and ${two.ref.key} cannot be linked: ${why} already. ` +
    'An entity has at most one counterpart per integration; skip the event, or remove one of the two entities.'
  );
}

function unlink({ events, links }: LandParts, integration: number, id: number, ends: [LinkEnd, LinkEnd]): void {
  const removed = links.remove(id, integration, ends);
  if (!removed) return;
  events.setLinked(flowOf(integration, 1), removed.entity1, false);
  events.setLinked(flowOf(integration, 2), removed.entity2, false);
}

/** What the landing means for the other events of one end: echoes are dropped, the held one is free, the version known. */
function settleEnd({ events, seen }: LandParts, flow: number, end: LinkEnd, isNewLink: boolean): void {
  const rows = events.of(flow, end.ref.id);
  let left = 0;
  let busy = false;
  for (const row of rows) {
    const idle = row.state === STATE.waiting || row.state === STATE.held || row.state === STATE.shown;
    if (idle && row.version === end.version && !events.hasIntent(row.seq)) {
      events.remove(row);
      continue;
    }
    left += 1;
    if (row.state === STATE.held && !busy) events.toWaiting(row);
    else busy = true;
  }
  if (left > 0 && isNewLink) events.setLinked(flow, end.ref.id, true);
  // While an event is unfinished, its version is the known one: what was read last.
  if (left === 0) seen.set(flow, end.ref.id, end.version);
}
