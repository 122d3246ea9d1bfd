/**
 * Records how a target field got its value, for people who inspect a single item. Mapping is the same whether or not a
 * trace is recorded.
 */

import type { FieldId } from '../model/values';

export type Origin =
  /** the source field's value in the target's type */
  | 'mapped'
  /** the same for a field of a part that no mapper handles */
  | 'standard'
  | 'constant'
  | 'template'
  | 'expression'
  /** a pair of a value table or of its sheet */
  | 'table'
  /** the target's list value of the same name */
  | 'sameName'
  /** the target's user with the same email, login or name */
  | 'email'
  | 'login'
  | 'name'
  /** the default mapper's row */
  | 'default'
  /** the integration's field for the counterpart's key */
  | 'key';

/** @param row the row's index in its mapper, if a single row did it */
export type Trace = (field: FieldId, origin: Origin, row?: number) => void;
