/** What names the entities of a batch in the target, in the field that shows the counterpart's key or address: one search for all. */

import type { Connection, FindQuery, FindResult } from '../../connectors/connector';
import type { BacklinkSettings, IntegrationConfig } from '../../model/config';
import type { Entity, Side } from '../../model/entity';
import { SyncError } from '../../model/errors';
import { otherSide, type Sides } from '../../model/sides';
import type { FieldId, Value } from '../../model/values';
import type { Links } from '../../store/store';
import { backlinksOf } from '../backlink-fields';

/** Entities that name one, which is more than there are but for copies. */
export const MOST = 20;

type Asked = Pick<Connection, 'find' | 'byKey' | 'keepsMarkers' | 'markersOf' | 'read' | 'parts'>;

/** A system as far as it is searched. */
export interface SearchedSystem {
  readonly id: string;
  readonly name: string;
  connection(): Asked;
  /** @throws SyncError */
  call<T>(use: (connection: Asked) => Promise<T>): Promise<T>;
}

/** The integration that asks; of one that is only planned, what is known of it. */
export interface NameAsking {
  readonly config: IntegrationConfig;
  readonly store: Pick<Links, 'linksBySystem'>;
  readonly systems: Sides<SearchedSystem>;
}

/** An entity that is about to be created in the target. */
export interface Nameless {
  entity: Entity;
  side: Side;
  target: { project: string; type: string };
  /** what its create would have been marked by, if the store may have forgotten one */
  marker?: string;
  /** a link of it whose counterpart is gone */
  replaces?: number;
}

/** How an entity is named where counterparts are shown. */
interface Name {
  field: FieldId;
  text: string;
}

export class NamedBatch {
  private readonly found = new Map<string, Promise<Map<string, FindResult[]>>>();

  constructor(
    private readonly integration: NameAsking,
    private readonly all: readonly Nameless[],
  ) {}

  /**
   * What names the entity. The first call asks for all of the batch that go to the same place.
   * @throws SyncError
   */
  async of(one: Nameless): Promise<FindResult[]> {
    const name = this.nameOf(one);
    if (!name) return [];
    const place = this.placeOf(one, name);
    let found = this.found.get(place);
    if (!found) {
      const texts = [one, ...this.all].flatMap((each) => {
        const its = this.nameOf(each);
        return its && this.placeOf(each, its) === place ? [its.text] : [];
      });
      const target = this.integration.systems[otherSide(one.side)];
      found = findEach(target, one.target, name.field, [...new Set(texts)]);
      this.found.set(place, found);
    }
    return (await found).get(name.text) ?? [];
  }

  private nameOf({ entity, side }: Nameless): Name | undefined {
    return nameIn(entity, backlinksOf(this.integration.config, otherSide(side)));
  }

  private placeOf({ side, target: { project, type } }: Nameless, { field }: Name): string {
    return JSON.stringify([side, project, type, field]);
  }
}

/** @param backlinks of the side that names it */
export function nameIn({ key, url }: Entity, backlinks: BacklinkSettings): Name | undefined {
  if (backlinks.key) return { field: backlinks.key, text: key };
  return backlinks.url && url ? { field: backlinks.url, text: url } : undefined;
}

/** What has each of the names in the field. */
async function findEach(
  system: SearchedSystem,
  at: Pick<FindQuery, 'project' | 'type'>,
  id: FieldId,
  names: string[],
): Promise<Map<string, FindResult[]>> {
  const each = new Map<string, FindResult[]>();
  const find = (some: string[]) => ask(system, { ...at, field: { id, values: some } }, MOST * some.length);

  /**
   * Where an answer leaves open which of several are named – one of them cannot be looked for, there is more than was asked
   * for, something shows none of them or is not delivered – they are asked for in halves, down to each alone.
   * @param common what no search delivers, whatever it asks for: it may be any of them
   */
  const tell = async (some: string[], found: FindResult[] | undefined, common: ReadonlySet<string>): Promise<void> => {
    const [name = ''] = some;
    if (some.length === 1) {
      each.set(name, found ?? []);
      return;
    }
    const isClear = (result: FindResult): boolean =>
      result instanceof SyncError ? common.has(result.message) : some.some((one) => isNamed(result, id, one));
    if (found && found.length < MOST * some.length && found.every(isClear)) {
      const isOf = (result: FindResult, one: string) => result instanceof SyncError || isNamed(result, id, one);
      for (const one of some)
        each.set(
          one,
          found.filter((result) => isOf(result, one)),
        );
      return;
    }
    const middle = Math.ceil(some.length / 2);
    const [left, right] = [some.slice(0, middle), some.slice(middle)];
    const [inLeft, inRight] = [await find(left), await find(right)];
    const unseen = messagesOf(inRight);
    const both = new Set([...common, ...messagesOf(inLeft).filter((message) => unseen.includes(message))]);
    await tell(left, inLeft, both);
    await tell(right, inRight, both);
  };
  await tell(names, await find(names), new Set());
  return each;
}

const messagesOf = (results: FindResult[] = []): string[] =>
  results.flatMap((one) => (one instanceof SyncError ? [one.message] : []));

/** @returns undefined if that cannot be looked for */
export async function ask(system: SearchedSystem, query: FindQuery, most: number): Promise<FindResult[] | undefined> {
  if (!system.connection().find) return [];
  return system.call(async (connection) => connection.find?.(query, most)).catch(noSuchField);
}

/** What cannot be looked for has no such field: nothing names anybody by it. */
export function noSuchField(error: unknown): undefined {
  if (error instanceof SyncError && (error.kind === 'invalid' || error.kind === 'notFound')) return undefined;
  throw error;
}

/** Does a field, which may hold a list, show the name? */
function isNamed(entity: Entity, field: FieldId, name: string): boolean {
  return [entity.fields[field] ?? null].flat().some((value) => isSameText(textIn(value), name));
}

/** Some systems store texts in another case. */
export const isSameText = (one: string, two: string): boolean => one.trim().toLowerCase() === two.trim().toLowerCase();

function textIn(value: Value): string {
  if (value === null || typeof value !== 'object') return String(value ?? '');
  if ('content' in value) return value.content;
  return 'name' in value ? (value.name ?? '') : '';
}

/** What was made first goes first. */
export function older(one: Entity, two: Entity): number {
  const [a, b] = [one.createdAt ?? '', two.createdAt ?? ''];
  if (a !== b) return a < b ? -1 : 1;
  return one.id.length - two.id.length || (one.id < two.id ? -1 : 1);
}
