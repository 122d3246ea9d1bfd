/** Which project and entity-type pairs concern an entity. Pure. */

import type { Scope } from '../connectors/connector';
import type { IntegrationConfig, ProjectPair, TypePair } from '../model/config';
import { applies, directionFrom, type EntityRef, type Side } from '../model/entity';

const end = <T>(pair: { one: T; two: T }, side: Side): T => (side === 1 ? pair.one : pair.two);
const other = (side: Side): Side => (side === 1 ? 2 : 1);
const unique = (ids: string[]): string[] => [...new Set(ids)];

/** What is polled on a side: only pairs that lead away from it. Undefined where nothing does. */
export function readScope(config: IntegrationConfig, side: Side): Scope | undefined {
  const direction = directionFrom(side);
  const projects = unique(
    config.projectPairs.filter((pair) => applies(pair.direction, direction)).map((pair) => end(pair, side).id),
  );
  const types = unique(
    config.typePairs.filter((pair) => applies(pair.direction, direction)).map((pair) => end(pair, side).id),
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

/** What people call an entity type of a side; undefined where no pair has it. */
export const typeName = (config: IntegrationConfig, side: Side, type: string): string | undefined =>
  config.typePairs.map((pair) => end(pair, side)).find(({ id }) => id === type)?.name;

export interface Route {
  pair: TypePair;
  projects: ProjectPair;
  target: { type: string; project: string };
}

/** Where an entity of `side` goes; undefined where no pair leads its project and type to the other side. */
export function route(config: IntegrationConfig, side: Side, ref: EntityRef): Route | undefined {
  const direction = directionFrom(side);
  const pair = config.typePairs.find((p) => applies(p.direction, direction) && end(p, side).id === ref.type);
  const projects = config.projectPairs.find((p) => applies(p.direction, direction) && end(p, side).id === ref.project);
  if (!pair || !projects) return undefined;
  return {
    pair,
    projects,
    target: { type: end(pair, other(side)).id, project: end(projects, other(side)).id },
  };
}
