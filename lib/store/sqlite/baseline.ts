/**
 * How the baselines of a link are stored: exactly, but without what repeats from link to link. A hundred thousand links
 * with twenty fields on each side would otherwise fill half a gigabyte with field ids, priorities and people.
 *
 * Stored is JSON: `[shape 1, shape 2, values of side 1, values of side 2]`, and where there are any, fields of side 1 and of
 * side 2 that the other side never got. A shape is the list of field ids, kept once
 * and given by its number (Names). How a value looks there says `Packed`.
 */

import type { FieldId, Fields, RichTextFormat, SingleValue, Value } from '../../model/values';
import type { Names } from './names';

type Packed =
  | null
  | string
  | number
  | boolean
  /** a lookup or user value, kept once and given by its number */
  | [number]
  /** rich text */
  | { r: [RichTextFormat, string] }
  | { list: Packed[] }
  /** on side 2: the same as the value at this position on side 1 */
  | { same: number }
  /** as it is */
  | { value: SingleValue };

type Stored = [number, number, Packed[], Packed[], LeftOut?];

/** Longer values are rarely the same in two links. */
const SHARED_LENGTH = 300;
/** Shorter texts cost less than a mark that says they are the same. */
const SAME_LENGTH = 12;

export type LeftOut = [FieldId[], FieldId[]];

export function packBaselines([one, two]: [Fields, Fields], names: Names, leftOut: LeftOut = [[], []]): string {
  const positions = new Map<string, number>();
  const values1 = Object.values(one).map((value, position) => {
    const packed = packValue(value, names);
    const text = longText(packed);
    if (text !== undefined) positions.set(text, position);
    return packed;
  });
  const values2 = Object.values(two).map((value) => {
    const packed = packValue(value, names);
    const text = longText(packed);
    const same = text === undefined ? undefined : positions.get(text);
    return same === undefined ? packed : { same };
  });
  const packed: unknown[] = [shapeOf(one, names), shapeOf(two, names), values1, values2];
  if (leftOut.some((fields) => fields.length > 0)) packed.push(leftOut);
  return JSON.stringify(packed);
}

export function unpackBaselines(stored: string, names: Names): [Fields, Fields, LeftOut | undefined] {
  const [shape1, shape2, packed1, packed2, leftOut] = JSON.parse(stored) as Stored;
  const values1 = packed1.map((packed) => unpackValue(packed, names));
  const values2 = packed2.map((packed) =>
    isMarked(packed) && 'same' in packed ? (values1[packed.same] ?? null) : unpackValue(packed, names),
  );
  return [assemble(shape1, values1, names), assemble(shape2, values2, names), leftOut];
}

type Marked = Exclude<Packed, null | string | number | boolean | [number]>;

const isMarked = (packed: Packed): packed is Marked =>
  typeof packed === 'object' && packed !== null && !Array.isArray(packed);

function shapeOf(fields: Fields, names: Names): number {
  return names.idOf(JSON.stringify(Object.keys(fields)));
}

function assemble(shape: number, values: Value[], names: Names): Fields {
  const ids = JSON.parse(names.nameOf(shape)) as string[];
  return Object.fromEntries(ids.map((id, position) => [id, values[position] ?? null]));
}

/** What a text on the other side is compared by, if it is long enough; different for different values. */
function longText(packed: Packed): string | undefined {
  if (typeof packed === 'string') return packed.length > SAME_LENGTH ? `"${packed}` : undefined;
  if (!isMarked(packed) || !('r' in packed)) return undefined;
  const [format, content] = packed.r;
  return `${format.length}:${format}${content}`;
}

function packValue(value: Value, names: Names): Packed {
  if (value === null) return null;
  return Array.isArray(value) ? { list: value.map((single) => packSingle(single, names)) } : packSingle(value, names);
}

function packSingle(value: SingleValue, names: Names): Packed {
  if (typeof value !== 'object') return value;
  if ('content' in value) {
    return Object.keys(value).length === 2 ? { r: [value.format, value.content] } : { value };
  }
  // a reference is as individual as the entity it points to
  if ('key' in value || 'url' in value) return { value };
  const json = JSON.stringify(value);
  return json.length > SHARED_LENGTH ? { value } : [names.idOf(json)];
}

function unpackValue(packed: Packed, names: Names): Value {
  if (packed === null) return null;
  if (isMarked(packed) && 'list' in packed) return packed.list.map((single) => unpackSingle(single, names));
  return unpackSingle(packed, names);
}

function unpackSingle(packed: Packed, names: Names): SingleValue {
  if (typeof packed === 'string' || typeof packed === 'number' || typeof packed === 'boolean') return packed;
  if (Array.isArray(packed)) return JSON.parse(names.nameOf(packed[0])) as SingleValue;
  if (isMarked(packed) && 'r' in packed) return { format: packed.r[0], content: packed.r[1] };
  if (isMarked(packed) && 'value' in packed) return packed.value;
  throw new Error(`The store holds a baseline value that it cannot read: ${JSON.stringify(packed)}`);
}
