/** Short ways to write fields and rows in the mapping tests. */

import type { Field, FieldChoice, FieldRow, FieldType } from '../../lib/model';

/** A field as chosen in a form: `field('Summary', 'text', { maxLength: 255 })`; the id is the name in lower case. */
export const field = (name: string, type: FieldType, more: Partial<FieldChoice> = {}): FieldChoice => ({
  id: name.toLowerCase().replaceAll(' ', '_'),
  name,
  type,
  ...more,
});

/** A field as a system declares it. */
export const declared = (name: string, type: FieldType, more: Partial<Field> = {}): Field => ({
  ...field(name, type),
  ...more,
});

/** A row in both directions. */
export const row = (
  one: FieldChoice | undefined,
  two: FieldChoice | undefined,
  more: Partial<FieldRow> = {},
): FieldRow => ({
  one,
  two,
  direction: 'both',
  ...more,
});
