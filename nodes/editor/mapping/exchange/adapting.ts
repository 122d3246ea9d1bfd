/** Fits a mapping to the systems and projects of the open form: asks them for their fields, lists and people. */

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
  /** tables whose uploaded sheet is not on this server, or can't be read there, and why */
  missingSheets: { table: string; why: string }[];
  /** sides that could not be asked, and why: nothing of theirs was checked */
  unchecked: { side: Side; why: string }[];
}

const SIDES: Side[] = [1, 2];
/** Questions to a system, one for each person or value that its first list does not have. */
const MOST_SEARCHES = 60;

/** The two systems of an integration, as a file names its origin. */
export function originOf(integration: string | undefined): { one?: OriginSystem; two?: OriginSystem } {
  const [one, two] = systemsOf(integration).map(
    (system): OriginSystem | undefined =>
      system && { ...(system.id && { id: system.id }), ...(system.name && { name: system.name }), kind: system.kind },
  );
  return { ...(one && { one }), ...(two && { two }) };
}

/** Looks for the uploaded sheets that tables name: they stay on the server that they were given to. */
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

/** The entries of one field that the mapping's values are looked for in; undefined where the system can't be asked. */
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
      found.push(...(await ask(name)));
    }
    // a search may find again what the list had
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
    // people are the same in all projects of a system; a field that is not there has no list
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
