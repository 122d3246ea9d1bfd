/** Adapts a mapping to the systems and projects of the open form: fetches their fields, lists and users. */

import {
  entriesNamed,
  type FieldMatch,
  type MappingDocument,
  matchFields,
  type OriginSystem,
  type Places,
  staleExpressions,
  type ValueMatch,
  withEntries,
  withFields,
} from '../../../../lib/mapping/exchange';
import type { FieldChoice, FieldRow } from '../../../../lib/model/config';
import type { Field, Side } from '../../../../lib/model/entity';
import { append } from '../../../../lib/model/lists';
import type { LookupValue, UserValue } from '../../../../lib/model/values';
import { postJson, systemsOf, words } from '../../index';
import type { MappingScope } from '../scope';
import { tableTitle } from '../tables';
import { listEntries } from '../value-input';

export interface Adapted {
  document: MappingDocument;
  matches: FieldMatch[];
  unknownValues: ValueMatch[];
  /** rows whose expressions name a field by an id that it no longer has */
  stale: FieldRow[];
  /** tables whose uploaded sheet is not on this server, or cannot be read there, with the reason */
  missingSheets: { table: string; why: string }[];
  /** sides that could not be asked, with the reason: nothing of theirs was checked */
  unchecked: { side: Side; why: string }[];
}

const SIDES: Side[] = [1, 2];
/** Maximum number of questions to a system, one per user or value that is not in its first list. */
const MOST_SEARCHES = 60;

/** The two systems of an integration, in the form of a file's origin. */
export function originOf(integration: string | undefined): { one?: OriginSystem; two?: OriginSystem } {
  const [one, two] = systemsOf(integration).map(
    (system): OriginSystem | undefined =>
      system && { ...(system.id && { id: system.id }), ...(system.name && { name: system.name }), kind: system.kind },
  );
  return { ...(one && { one }), ...(two && { two }) };
}

/** Looks for the uploaded sheets of tables: they are only on the server to which they were uploaded. */
async function missingSheets(document: MappingDocument): Promise<Adapted['missingSheets']> {
  const looks = (document.values ?? []).map(async (row): Promise<Adapted['missingSheets']> => {
    const from = row.sheet?.from;
    if (from?.kind !== 'upload') return [];
    const table = `${tableTitle(row)}: ${from.name}`;
    return postJson('tables/inspect', { from }).then(
      () => [],
      (thrown: unknown) => [{ table, why: words(thrown) }],
    );
  });
  return (await Promise.all(looks)).flat();
}

type Entry = LookupValue | UserValue;

/** The values of one field in which the mapping's values are searched; undefined if the system cannot be asked. */
async function entriesOf(
  scope: MappingScope,
  side: Side,
  field: FieldChoice,
  values: Entry[],
  budget: { left: number },
): Promise<Entry[] | undefined> {
  const people = field.type === 'user';
  const ask = (search: string): Promise<Entry[]> =>
    people ? scope.users(side, search) : listEntries(scope, side, field.id, search);
  try {
    const found = await ask('');
    const names = new Set(values.map(({ name }) => name ?? '').filter((name) => name !== ''));
    for (const name of names) {
      if (found.some((entry) => entry.name === name)) continue;
      if (budget.left <= 0) break;
      budget.left -= 1;
      append(found, await ask(name));
    }
    // a search may find values that were already in the list
    return [...new Map(found.map((entry) => [JSON.stringify(entry), entry])).values()];
  } catch {
    return undefined;
  }
}

/** Finds the mapping's fields, values and sheets in the form's systems and on its server. Never rejects. */
export async function adapt(document: MappingDocument, scope: MappingScope): Promise<Adapted> {
  const here = originOf(scope.integrationId());
  const unchecked: Adapted['unchecked'] = [];
  const fields: Record<Side, Field[] | undefined> = { 1: undefined, 2: undefined };
  await Promise.all(
    SIDES.map(async (side) => {
      try {
        fields[side] = await scope.fields(side);
      } catch (thrown) {
        unchecked.push({ side, why: words(thrown) });
      }
    }),
  );
  const same = (a: OriginSystem | undefined, b: OriginSystem | undefined): boolean =>
    a?.id !== undefined && a.id === b?.id;
  const places: Places = {
    1: { fields: fields[1], sameSystem: same(document.systems?.one, here.one) },
    2: { fields: fields[2], sameSystem: same(document.systems?.two, here.two) },
  };
  const matches = matchFields(document, places);
  const fitted = withFields(document, matches);
  const lists = new Map<string, Entry[] | undefined>();
  const budget = { left: MOST_SEARCHES };
  for (const { side, field, values } of entriesNamed(fitted)) {
    // users are the same in all projects of a system; a missing field has no list
    const known = fields[side]?.some(({ id }) => id === field.id) === true;
    if (!known || (field.type === 'user' && places[side].sameSystem)) continue;
    lists.set(`${side} ${field.id}`, await entriesOf(scope, side, field, values, budget));
  }
  const { document: adapted, unknown } = withEntries(fitted, places, (side, field) => lists.get(`${side} ${field.id}`));
  return {
    document: adapted,
    matches,
    unknownValues: unknown,
    stale: staleExpressions(document, matches),
    missingSheets: await missingSheets(document),
    unchecked,
  };
}
