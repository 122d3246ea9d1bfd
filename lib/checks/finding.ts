/** What a check of a mapper has found, without words: forms and nodes have a sentence for each code. */

import type { RowIssueCode } from '../mapping/coverage';
import type { DomainIssueCode } from '../mapping/domains';
import type { Direction, Field, Side } from '../model/entity';
import type { FieldId } from '../model/values';

export type FindingCode =
  | RowIssueCode
  | DomainIssueCode
  /** the field has another name now; it is known by its id */
  | 'renamed'
  /** the field is gone, and another one has its name */
  | 'moved'
  /** the field is of another type now, or holds several values now, or one */
  | 'typeChanged'
  /** a required field of the target that nothing gives a value */
  | 'unmapped'
  /** values of a table, a constant or a default that the list does not have (any more) */
  | 'goneValues'
  | 'renamedValues'
  /** longer than the field holds, against its rule, or in its list but not to be chosen any more */
  | 'longValues'
  | 'unfitValues'
  | 'closedValues'
  /** the list's value of this name has another id now */
  | 'otherIds'
  /** values of a list without counterpart */
  | 'unpaired'
  /** a mapped list that has no value table, and values without counterpart */
  | 'noTable'
  /** a table for fields that no row maps */
  | 'unusedTable'
  /** the row says "default", and there is none */
  | 'noDefault'
  /** the default is no value of the field's type */
  | 'wrongType'
  /** another row has the same field */
  | 'twoRows'
  /** the default is a person whom the system does not know */
  | 'unknownPerson';

export interface Finding {
  /** `error`: changes will fail. `warning`: something will not come across as somebody may expect. `note`: good to know */
  level: 'error' | 'warning' | 'note';
  code: FindingCode;
  /** the row's place in its mapper, from 0; of a domain rule, its place among those. Absent: about the mapper as a whole */
  row?: number;
  /** true where `row` counts the domain rules */
  rule?: true;
  /** what the row is called: "Status → State", or a field */
  label: string;
  direction?: Direction;
  side?: Side;
  /** words for the sentence. Those of keys that end in Type are keys of types */
  names: Record<string, string>;
}

/** The fields of a side as its system declares them now; undefined while it can't be asked. */
export type LiveFields = ReadonlyMap<FieldId, Field> | undefined;

/** What both systems declare for one pair of projects and entity types. */
export interface Live {
  one: LiveFields;
  two: LiveFields;
}

export const liveOf = (live: Live, side: Side): LiveFields => (side === 1 ? live.one : live.two);

const MOST_NAMED = 5;
const LONGEST_NAME = 40;

const short = (name: string): string => {
  const line = name.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME - 1)}…` : line;
};

/** The first few names for a sentence, and how many there are. */
export function listed(names: string[]): { list: string; count: string } {
  const list = names.slice(0, MOST_NAMED).map(short).join(', ');
  return { list: names.length > MOST_NAMED ? `${list}, …` : list, count: String(names.length) };
}
