/**
 * A landing: first checks whether something prevents it, then stores it. So a rejected landing has written nothing, and
 * the others of the same call are not affected.
 */

import type { Side } from '../../model/entity';
import { type EventRow, STATE } from '../rows/event-tables';
import type { Landing, LinkEnd } from '../store';
import type { Awaited } from './awaited';
import type { OwedEnds } from './backlinks';
import type { Events } from './events';
import { flowOf, integrationOf } from './flow';
import type { Kin } from './kin';
import type { Known } from './known';
import type { Lines } from './lines';
import type { Links } from './links';
import type { Names } from './names';
import type { Parts } from './parts';

export interface LandTools {
  events: Events;
  links: Links;
  kin: Kin;
  known: Known;
  owed: OwedEnds;
  awaited: Awaited;
  integrations: Names;
  lines: Lines;
  parts: Parts;
}

const SIDES: readonly Side[] = [1, 2];

/**
 * Stores one landing. Runs in a transaction.
 * @param at the sequence of the call: earlier reads are older than what the landing wrote
 * @returns why it was rejected, or undefined
 */
export function storeLanding(tools: LandTools, landing: Landing, at: number): string | undefined {
  const { events, links } = tools;
  const integration = tools.integrations.idOf(landing.integration);
  const [one, two] = landing.ends;

  const replaced = landing.replaces;
  const known = events.linkReadWith(landing.event);
  const isKnown = known?.integration === integration && known.entity1 === one.ref.id && known.entity2 === two.ref.id;
  const link1 = without(replaced, isKnown ? known : links.key(integration, 1, one.ref.id));
  const link2 = without(replaced, isKnown ? known : links.key(integration, 2, two.ref.id));
  if (link1 && link1.entity2 !== two.ref.id) return refusal(one, two, `${one.ref.key} is linked with ${link1.entity2}`);
  if (link2 && link2.entity1 !== one.ref.id) return refusal(one, two, `${two.ref.key} is linked with ${link2.entity1}`);

  if (!isOwned(tools, integration, landing)) {
    return `${one.ref.key} and ${two.ref.key} cannot be linked: what they belong to is not linked any more. Skip the event.`;
  }

  if (replaced !== undefined) unlink(tools, integration, replaced, landing.ends);
  const sides = [landing.wrote ?? []].flat();
  const wrote: [number, number] = [sides.includes(1) ? at : 0, sides.includes(2) ? at : 0];
  const { isAlone } = tools.kin;
  const [one1, two1] = (!isAlone && link1 && links.byId(link1.id)?.link.ends) || [];
  const link = links.put(integration, link1, landing.ends, wrote, landing, at);
  if (!isAlone) tools.kin.spread(link, one1 && two1 && [one1.baseline, two1.baseline], landing.ends, wrote, at);
  for (const { side, fields } of landing.settled ?? []) {
    links.forgetPending(link, side, fields);
    for (const twin of tools.kin.twinsOf(link, side)) links.forgetPending(twin.link, twin.side, fields);
  }
  for (const side of landing.owes ?? []) tools.owed.add(link, flowOf(integration, side));
  for (const side of landing.asks ?? []) tools.parts.ask(link, flowOf(integration, side), at);

  if (!link1) tools.awaited.arrived(integration, one, two);
  if (landing.aliases) tools.awaited.called(landing.aliases, one, two);
  if (landing.awaits) {
    const { side, entities, since } = landing.awaits;
    const isOver = since !== undefined && tools.parts.isLinkedSince(links.keyOf(link)?.owner ?? link, since);
    const [end, other] = side === 1 ? [one, two] : [two, one];
    const flow = flowOf(integration, side);
    tools.awaited.set({ flow, waiter: end.ref.id, system: end.system, toward: other.system, entities, isOver });
  }

  const event = events.row(landing.event);
  const isItsOwn = event && integrationOf(event.flow) === integration && event.delivery === landing.delivery;
  const finished = isItsOwn && event.state === STATE.sent ? event : undefined;
  if (finished) events.remove(finished);
  else if (isItsOwn) events.closeIntent(event.seq);
  const about = { isNewLink: !link1, isPart: link1 ? link1.owner !== null : landing.owner !== undefined };
  for (const side of SIDES) {
    const flow = flowOf(integration, side);
    const end = landing.ends[side - 1 === 0 ? 0 : 1];
    const isFinished = finished?.flow === flow && finished.entity === end.ref.id;
    settleEnd(tools, flow, end, about, events.others(flow, end.ref.id, isFinished));
  }
  for (const { side, id, version } of landing.added ?? []) {
    const flow = flowOf(integration, side);
    const rows = events.of(flow, id).filter(({ state, version: its }) => state !== STATE.sent && its === version);
    for (const row of rows) events.remove(row);
    tools.lines.restore(rows);
    tools.known.set(flow, id, version);
  }
  const { ownerMoved } = landing;
  const owners = ownerMoved && landing.owner !== undefined ? links.keyOf(landing.owner) : undefined;
  if (ownerMoved && owners) {
    const [flow, owner] = [
      flowOf(integration, ownerMoved.side),
      ownerMoved.side === 1 ? owners.entity1 : owners.entity2,
    ];
    if (events.others(flow, owner, false).length === 0) tools.known.moved(flow, owner, ownerMoved, false);
  }
  // only now: an event held behind this one now has a link, and is in no line
  if (finished) tools.lines.advance(finished);
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

/** False for parts whose owners are no longer linked. */
function isOwned({ links }: LandTools, integration: number, { owner, replaces }: Landing): boolean {
  if (owner === undefined) return true;
  const link = owner === replaces ? undefined : links.keyOf(owner);
  return link?.integration === integration && link.owner === null;
}

/** Removes a link by number if it has one of the ends. */
function unlink(tools: LandTools, integration: number, id: number, ends: [LinkEnd, LinkEnd]): void {
  const link = tools.links.keyOf(id);
  if (link?.integration !== integration) return;
  if (link.entity1 !== ends[0].ref.id && link.entity2 !== ends[1].ref.id) return;
  tools.parts.unlink(link);
  for (const [side, entity] of [
    [1, link.entity1],
    [2, link.entity2],
  ] as const) {
    const flow = flowOf(integration, side);
    tools.events.setLinked(flow, entity, false);
    tools.lines.restore(tools.events.of(flow, entity));
  }
}

/** The effect of the landing on the other events of one end: echoes are dropped, the held one is released, the
 * version is known. */
function settleEnd(
  { events, known, lines }: LandTools,
  flow: number,
  end: LinkEnd,
  { isNewLink, isPart }: { isNewLink: boolean; isPart: boolean },
  rows: readonly EventRow[],
): void {
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
  if (isNewLink) lines.restore(rows);
  known.landed(flow, end.ref.id, end.version, { isPart, isOpen: left > 0 });
}
