/**
 * How a target field came to its value, told while it is mapped: for people who look at one entity's way. Mapping is the
 * same whether somebody listens or not.
 */

import type { FieldId } from '../model/values';

export type Origin =
  /** the source field's value in the target's type */
  | 'mapped'
  | 'constant'
  | 'template'
  | 'expression'
  /** a pair of a value table, or of its sheet */
  | 'table'
  /** the target's list entry of the same name */
  | 'sameName'
  /** the target's person with the same address, login or name */
  | 'email'
  | 'login'
  | 'name'
  /** the default mapper's row */
  | 'default'
  /** the integration's field for the other side's key */
  | 'key';

/** @param row the row's place in its mapper, where one row did it */
export type Trace = (field: FieldId, origin: Origin, row?: number) => void;
