/**
 * Backlinks: how the entities of a side point at their counterparts, by a field with the key, one with the address, or a
 * link at the system's own place for links. What is created on a side has its backlinks from the start; what something
 * else was created from gets them where that is wanted ("back"), by a write of its own after the landing. Pure.
 */

import type { RemoteLink } from '../connectors/connector';
import type { BacklinkSettings, IntegrationConfig } from '../model/config';
import type { Direction } from '../model/entity';
import { type EntityRef, type Side, sourceSide, targetSide } from '../model/entity';
import { SIDES } from '../model/sides';
import type { FieldId, Fields } from '../model/values';

/** What is configured for the entities of a side. */
export const backlinksOf = ({ backlinks }: IntegrationConfig, side: Side): BacklinkSettings => backlinks?.[side] ?? {};

/** The fields of a side that receive backlinks: no row should write them too. */
export function backlinkFields(config: IntegrationConfig, side: Side): ReadonlySet<FieldId> {
  const { key, url } = backlinksOf(config, side);
  return new Set([key, url].filter((field): field is FieldId => field !== undefined && field !== ''));
}

const hasAny = ({ key, url, link }: BacklinkSettings): boolean =>
  key !== undefined || url !== undefined || link === true;

/** What all linked entities of a side are to show, those that others were created from too; undefined = nothing. */
export function wishOf(config: IntegrationConfig, side: Side): string | undefined {
  const settings = backlinksOf(config, side);
  const { key, url, link = false } = settings;
  // stores keep this text: another order of its properties would be another wish
  return settings.back && hasAny(settings) ? JSON.stringify({ key, url, link }) : undefined;
}

/** Fields by which an entity points at its counterpart. Without an address, that field is left alone. */
export function backlinkValues({ key, url }: BacklinkSettings, counterpart: EntityRef): Fields {
  return {
    ...(url && counterpart.url ? { [url]: counterpart.url } : {}),
    ...(key ? { [key]: counterpart.key } : {}),
  };
}

/** The link by which an entity points at its counterpart; undefined if none is wanted, or that has no address. */
export function webLinkTo(
  counterpart: EntityRef,
  { id }: IntegrationConfig,
  { link }: BacklinkSettings,
  system: string,
): RemoteLink | undefined {
  if (!link || !counterpart.url) return undefined;
  return { url: counterpart.url, title: `${system}: ${counterpart.key}`, key: `twinflow:${id}` };
}

/** Ends that have yet to show their counterpart once a create has landed, was found again and adopted. */
export interface Owing {
  created: Side[];
  /** whether the interrupted attempt came as far as the link, nobody knows; fields came with the create */
  adopted: Side[];
  /** sides on which some entities show their counterparts: once that has another key or address, they show it again */
  shows: Side[];
}

/** Whether what people see of an entity on the other side is another key or address by now. */
export const isShownOtherwise = (before: EntityRef, now: EntityRef): boolean =>
  before.key !== now.key || (now.url !== undefined && before.url !== now.url);

/** Sides on which some entities have backlinks. */
export const backlinkSides = (config: IntegrationConfig): Side[] =>
  SIDES.filter((side) => hasAny(backlinksOf(config, side)));

export function owingOf(config: IntegrationConfig, direction: Direction): Owing {
  const [source, target] = [backlinksOf(config, sourceSide(direction)), backlinksOf(config, targetSide(direction))];
  const created = source.back && hasAny(source) ? [sourceSide(direction)] : [];
  const adopted = target.link ? [...created, targetSide(direction)] : created;
  return { created, adopted, shows: backlinkSides(config) };
}
