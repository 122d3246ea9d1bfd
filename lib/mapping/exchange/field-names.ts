/** Fields in cells: by name if only one field has that name, otherwise by name and id. Either is recognized,
 * ignoring case. */

import type { FieldChoice } from '../../model/config';
import { folded } from './words';

export type FoundField = { field: FieldChoice } | { problem: 'unknownField' | 'ambiguousField' };

/** The known fields of one side, in groups: a field of an earlier group hides fields of the same name in later
 * groups. */
export class FieldNames {
  private readonly groups: readonly (readonly FieldChoice[])[];
  /** cached results per cell text: a table of ten thousand pairs names the same two fields in each row */
  private readonly found = new Map<string, FoundField>();

  constructor(...groups: (readonly FieldChoice[])[]) {
    this.groups = groups;
  }

  all(): FieldChoice[] {
    const byId = new Map<string, FieldChoice>();
    for (const field of this.groups.flat()) if (!byId.has(field.id)) byId.set(field.id, field);
    return [...byId.values()];
  }

  /** The content of a cell: an id, a name, or `name [id]`. */
  find(cell: string): FoundField {
    const text = cell.trim();
    const known = this.found.get(text);
    if (known !== undefined) return known;
    const found = this.look(text);
    this.found.set(text, found);
    return found;
  }

  private look(text: string): FoundField {
    for (const group of this.groups) {
      const found = inGroup(group, text);
      if (found !== undefined) return found;
    }
    return { problem: 'unknownField' };
  }

  /** The cell by which this very field is found again. @throws Error – none is, since the id itself is no text to write */
  label(field: FieldChoice): string {
    const { id, name } = field;
    for (const cell of [name, `${name} [${id}]`, id, `[${id}]`, JSON.stringify(id)]) {
      const found = this.find(cell);
      if (cell === cell.trim() && !cell.includes('\r') && 'field' in found && found.field.id === id) return cell;
    }
    return JSON.stringify(id);
  }
}

function inGroup(group: readonly FieldChoice[], text: string): FoundField | undefined {
  const byId = group.find(({ id }) => id === text);
  if (byId !== undefined) return { field: byId };
  const wanted = folded(text);
  const named = group.filter(({ name }) => folded(name) === wanted);
  const exact = named.filter(({ name }) => name === text);
  const [field] = exact.length === 1 ? exact : named;
  if (field !== undefined) return named.length === 1 || exact.length === 1 ? { field } : { problem: 'ambiguousField' };
  const bracketed = /\[([^[\]]*)\]$/.exec(text)?.[1] ?? quoted(text);
  const byBracket = bracketed === undefined ? undefined : group.find(({ id }) => id === bracketed);
  if (byBracket !== undefined) return { field: byBracket };
  const loose = group.filter(({ id }) => folded(id) === wanted);
  const [only] = loose;
  return only !== undefined && loose.length === 1 ? { field: only } : undefined;
}

/** An id written as JSON, because a cell would not preserve it. */
function quoted(text: string): string | undefined {
  if (!text.startsWith('"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}
