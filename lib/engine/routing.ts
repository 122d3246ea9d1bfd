/** Which project and entity-type pairs concern an entity. Pure. */

import type { MissingMember, Scope } from '../connectors/connector';
import type { IntegrationConfig, PartPair, ProjectPair, TypePair } from '../model/config';
import { applies, directionFrom, type EntityRef, type EntityTypeId, type Side } from '../model/entity';
import { atSide, otherSide } from '../model/sides';

const end = <T>(pair: { one: T; two: T }, side: Side): T => atSide(pair, side);
const other = (side: Side): Side => otherSide(side);
const unique = (ids: string[]): string[] => [...new Set(ids)];

/** Which project or type it is, by the name that the form knew, and why it is not there. */
export function sayMissing(config: IntegrationConfig, side: Side, { kind, id, why }: MissingMember): string {
  const pairs = kind === 'project' ? config.projectPairs : config.typePairs;
  const name = pairs.map((pair) => end<{ id: string; name: string }>(pair, side)).find((one) => one.id === id)?.name;
  return name === undefined || why.includes(`"${name}"`) ? why : `"${name}": ${why}`;
}

/** Pairs of parts that lead away from a side. */
export const partsFrom = ({ parts = [] }: TypePair, side: Side): PartPair[] =>
  parts.filter((pair) => applies(pair.direction, directionFrom(side)));

/** Types of parts that are read of a side's entities of a type. */
export const partTypes = (config: IntegrationConfig, side: Side, ownerType: EntityTypeId): EntityTypeId[] => {
  const pair = config.typePairs.find((candidate) => end(candidate, side).id === ownerType);
  return pair ? unique(partsFrom(pair, side).map((parts) => end(parts, side).id)) : [];
};

/** Types of a side whose parts are read. */
export const ownerTypes = (config: IntegrationConfig, side: Side): EntityTypeId[] =>
  unique(config.typePairs.filter((pair) => partsFrom(pair, side).length > 0).map((pair) => end(pair, side).id));

/** The pair that concerns a part, whatever its direction. */
export function partPair(config: IntegrationConfig, side: Side, { type, owner }: EntityRef): PartPair | undefined {
  const pair = owner && config.typePairs.find((candidate) => end(candidate, side).id === owner.type);
  return pair?.parts?.find((parts) => end(parts, side).id === type);
}

/** True for a type of parts of a side that are files. */
export const isFileType = (config: IntegrationConfig, side: Side, type: EntityTypeId): boolean =>
  config.typePairs.some(({ parts = [] }) =>
    parts.some((pair) => pair.role === 'attachment' && end(pair, side).id === type),
  );

/**
 * What is polled on a side: only pairs that lead away from it, with their items or with parts of these. Undefined if nothing
 * does.
 */
export function readScope(config: IntegrationConfig, side: Side): Scope | undefined {
  const direction = directionFrom(side);
  const projects = unique(
    config.projectPairs.filter((pair) => applies(pair.direction, direction)).map((pair) => end(pair, side).id),
  );
  const types = unique(
    config.typePairs
      .filter((pair) => applies(pair.direction, direction) || partsFrom(pair, side).length > 0)
      .map((pair) => end(pair, side).id),
  );
  return projects.length && types.length ? { projects, types } : undefined;
}

/** What is written to on a side, whatever the direction of the pairs: the scope of look-ups by id. */
export function writeScope(config: IntegrationConfig, side: Side): Scope {
  return {
    projects: unique(config.projectPairs.map((pair) => end(pair, side).id)),
    types: unique(config.typePairs.map((pair) => end(pair, side).id)),
  };
}

/** What people call an entity type of a side; undefined if no pair has it. */
export const typeName = (config: IntegrationConfig, side: Side, type: string): string | undefined =>
  config.typePairs
    .flatMap((pair) => [pair, ...(pair.parts ?? [])])
    .map((pair) => end(pair, side))
    .find(({ id }) => id === type)?.name;

export interface Route {
  pair: TypePair | PartPair;
  projects: ProjectPair;
  target: { type: string; project: string };
}

/** Where an entity of `side` goes; undefined if no pair leads its project and type to the other side. */
export function route(config: IntegrationConfig, side: Side, ref: EntityRef): Route | undefined {
  const direction = directionFrom(side);
  const pair = ref.owner ? partPair(config, side, ref) : config.typePairs.find((p) => isFrom(p, side, ref.type));
  const projects = config.projectPairs.find((p) => applies(p.direction, direction) && end(p, side).id === ref.project);
  if (!pair || !projects || !applies(pair.direction, direction)) return undefined;
  return {
    pair,
    projects,
    target: { type: end(pair, other(side)).id, project: end(projects, other(side)).id },
  };
}

const isFrom = (pair: TypePair, side: Side, type: EntityTypeId): boolean =>
  applies(pair.direction, directionFrom(side)) && end(pair, side).id === type;

/** The entity itself is not synced from its side, but its parts are. */
export const isOwnerOnly = (config: IntegrationConfig, side: Side, { type }: EntityRef): boolean =>
  partTypes(config, side, type).length > 0;
