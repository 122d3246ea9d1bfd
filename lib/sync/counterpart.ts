/**
 * How the entities of a side show their counterparts to people: by a field with its key, one with its address, a link at
 * the system's own place for links. What is created on a side shows it from the start; what something else was created
 * from shows it where that is wanted ("back"), by a write of its own after the landing. Pure.
 */

import type { RemoteLink } from '../connectors/connector';
import type { IntegrationConfig } from '../model/config';
import type { Direction } from '../model/entity';
import { type EntityRef, type Side, sourceSide, targetSide } from '../model/entity';
import type { FieldId, Fields } from '../model/values';

export interface Showing {
  key?: FieldId;
  url?: FieldId;
  link: boolean;
  back: boolean;
}

/** What is configured for the entities of a side. */
export function showingOf(config: IntegrationConfig, side: Side): Showing {
  return side === 1
    ? {
        key: config.remoteKeyField1,
        url: config.remoteUrlField1,
        link: config.remoteLink1 === true,
        back: config.remoteBack1 === true,
      }
    : {
        key: config.remoteKeyField2,
        url: config.remoteUrlField2,
        link: config.remoteLink2 === true,
        back: config.remoteBack2 === true,
      };
}

/** The fields of a side that *Counterpart* writes: no row should write them too. */
export function counterpartFields(config: IntegrationConfig, side: Side): ReadonlySet<FieldId> {
  const { key, url } = showingOf(config, side);
  return new Set([key, url].filter((field): field is FieldId => field !== undefined && field !== ''));
}

/** What all linked entities of a side are to show, those that others were created from too; undefined = nothing. */
export function wishOf(config: IntegrationConfig, side: Side): string | undefined {
  const { key, url, link, back } = showingOf(config, side);
  return back && (key !== undefined || url !== undefined || link) ? JSON.stringify({ key, url, link }) : undefined;
}

/** Fields by which an entity shows its counterpart. Without an address, that field is left alone. */
export function shownFields({ key, url }: Showing, counterpart: EntityRef): Fields {
  return {
    ...(url && counterpart.url ? { [url]: counterpart.url } : {}),
    ...(key ? { [key]: counterpart.key } : {}),
  };
}

/** The link by which an entity shows its counterpart; undefined where none is wanted, or the counterpart has no address. */
export function shownLink(
  { id }: IntegrationConfig,
  { link }: Showing,
  counterpart: EntityRef,
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

const showsAny = ({ key, url, link }: Showing): boolean => key !== undefined || url !== undefined || link;

/** Sides on which some entities show their counterparts. */
export const showingSides = (config: IntegrationConfig): Side[] =>
  ([1, 2] as const).filter((side) => showsAny(showingOf(config, side)));

export function owingOf(config: IntegrationConfig, direction: Direction): Owing {
  const [source, target] = [showingOf(config, sourceSide(direction)), showingOf(config, targetSide(direction))];
  const created = source.back && showsAny(source) ? [sourceSide(direction)] : [];
  const adopted = target.link ? [...created, targetSide(direction)] : created;
  return { created, adopted, shows: showingSides(config) };
}
