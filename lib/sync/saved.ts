/** An integration as it stands in a flow: what has the wrong shape is left out, what is absent gets its preset. Pure. */

import { readDirection } from '../mapping/saved';
import type { Choice, IntegrationConfig, ProjectPair, TypePair } from '../model/config';

const PRESET_RETRIES = 3;
const PRESET_LOST_MS = 10 * 60_000;
const LEAST_LOST_MS = 10_000;

type Saved = Record<string, unknown>;

const isObject = (value: unknown): value is Saved =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);
const listOf = (value: unknown): Saved[] => (Array.isArray(value) ? value.filter(isObject) : []);

function readChoice(value: unknown): Choice | undefined {
  const id = isObject(value) ? text(value.id) : undefined;
  return isObject(value) && id !== undefined ? { id, name: text(value.name) ?? id } : undefined;
}

const readProjectPairs = (value: unknown): ProjectPair[] =>
  listOf(value).flatMap((saved) => {
    const [one, two] = [readChoice(saved.one), readChoice(saved.two)];
    return one && two ? [{ one, two, direction: readDirection(saved.direction) }] : [];
  });

const readTypePairs = (value: unknown): TypePair[] =>
  listOf(value).flatMap((saved) => {
    const [id, one, two] = [text(saved.id), readChoice(saved.one), readChoice(saved.two)];
    return id !== undefined && one && two ? [{ id, one, two, direction: readDirection(saved.direction) }] : [];
  });

/** @param def the node's properties, of any version */
export function readIntegration(def: object): IntegrationConfig {
  const saved: Saved = { ...def };
  const retries = Number(saved.retries ?? PRESET_RETRIES);
  const lost = Number(saved.lostAfterMs ?? PRESET_LOST_MS);
  const id = text(saved.id) ?? '';
  const { targetDeleted } = saved;
  return {
    id,
    name: text(saved.name) ?? id,
    active: saved.active !== false,
    system1: text(saved.system1) ?? '',
    system2: text(saved.system2) ?? '',
    projectPairs: readProjectPairs(saved.projectPairs),
    typePairs: readTypePairs(saved.typePairs),
    remoteKeyField1: text(saved.remoteKeyField1),
    remoteKeyField2: text(saved.remoteKeyField2),
    remoteUrlField1: text(saved.remoteUrlField1),
    remoteUrlField2: text(saved.remoteUrlField2),
    remoteLink1: saved.remoteLink1 === true,
    remoteLink2: saved.remoteLink2 === true,
    remoteBack1: saved.remoteBack1 === true,
    remoteBack2: saved.remoteBack2 === true,
    retries: Number.isInteger(retries) && retries >= 0 ? retries : PRESET_RETRIES,
    parkFields: saved.parkFields === true,
    targetDeleted: targetDeleted === 'create' || targetDeleted === 'ignore' ? targetDeleted : 'park',
    lostAfterMs: Number.isFinite(lost) ? Math.max(LEAST_LOST_MS, lost) : PRESET_LOST_MS,
  };
}
