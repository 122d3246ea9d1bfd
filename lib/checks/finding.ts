/** The results of a mapper check, as codes: forms and nodes have a sentence for each code. */

import type { RowIssueCode } from '../mapping/coverage';
import type { DomainIssueCode } from '../mapping/domains';
import type { Direction, Field, Side } from '../model/entity';
import { atSide } from '../model/sides';
import type { FieldId } from '../model/values';

export type FindingCode =
  | RowIssueCode
  | DomainIssueCode
  /** the field has another name now; its id is the same */
  | 'renamed'
  /** the field is gone, and another field has its name */
  | 'moved'
  /** the field now has another type, or its number of values (one or several) has changed */
  | 'typeChanged'
  /** a required field of the target without a value */
  | 'unmapped'
  /** values of a table, a constant or a default that are not in the list */
  | 'goneValues'
  | 'renamedValues'
  /** longer than the field allows, against its rule, or in its list but no longer selectable */
  | 'longValues'
  | 'unfitValues'
  | 'closedValues'
  /** the list value of this name has another id now */
  | 'otherIds'
  /** values of a list without a match */
  | 'unpaired'
  /** a mapped list that has no value table, and values without a match */
  | 'noTable'
  /** a table for fields that no row maps */
  | 'unusedTable'
  /** the row says "default" and has none */
  | 'noDefault'
  /** the default is not a valid value of the field's type */
  | 'wrongType'
  /** the target's type can only be read, or only be created */
  | 'readOnlyType'
  | 'createOnlyType'
  /** another row has the same field */
  | 'twoRows'
  /** the default is a user whom the system does not know */
  | 'unknownPerson';

export interface Finding {
  /** `error`: changes will fail. `warning`: something will not be synced as users may expect. `note`: good to know */
  level: 'error' | 'warning' | 'note';
  code: FindingCode;
  /** index of the row in its mapper, from 0; of a domain rule, its index among the rules. Absent: about the mapper
   * as a whole */
  row?: number;
  /** true if `row` is the index of a domain rule */
  rule?: true;
  /** the display name of the row: "Status → State", or a field */
  label: string;
  direction?: Direction;
  side?: Side;
  /** parameters of the sentence. Keys that end in Type hold keys of types */
  names: Record<string, string>;
}

/** The fields of a side as its system declares them now; undefined while the system cannot be asked. */
export type LiveFields = ReadonlyMap<FieldId, Field> | undefined;

/** What both systems declare for one pair of projects and item types. */
export interface Live {
  one: LiveFields;
  two: LiveFields;
}

export const liveOf = (live: Live, side: Side): LiveFields => atSide(live, side);

const MOST_NAMED = 5;
const LONGEST_NAME = 40;

const short = (name: string): string => {
  const line = name.replace(/\s+/g, ' ').trim();
  return line.length > LONGEST_NAME ? `${line.slice(0, LONGEST_NAME - 1)}…` : line;
};

/** The first few names for a sentence, and their total number. */
export function listed(names: string[]): { list: string; count: string } {
  const list = names.slice(0, MOST_NAMED).map(short).join(', ');
  return { list: names.length > MOST_NAMED ? `${list}, …` : list, count: String(names.length) };
}
