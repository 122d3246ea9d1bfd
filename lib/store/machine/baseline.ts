/**
 * How the baselines of a link are stored: exactly, but without what repeats from link to link. Otherwise 100,000 links
 * with twenty fields on each side would fill half a gigabyte with field ids, priorities and users.
 *
 * The stored form is JSON: `[shape 1, shape 2, values of side 1, values of side 2]` and, if there are any, fields of
 * side 1 and of side 2 that the other side never got. A shape is the list of field ids, stored once and referenced by
 * its number (Names). `Packed` is the stored form of a value. Links of parts are stored in another way: @see packed.ts
 */

import type { Dialect, FieldId, Fields, Frame, RichText, RichTextFormat, SingleValue, Value } from '../../model/values';
import type { Names } from './names';

export type Packed =
  | null
  | string
  | number
  | boolean
  /** a list or user value, stored once and referenced by its number */
  | [number]
  /** rich text; its dialect, if any, is stored once and referenced by its number */
  | { r: [RichTextFormat, string] | [RichTextFormat, string, number]; f?: PackedFrame }
  | { list: Packed[] }
  /** on side 2: the same as the value at this position on side 1, but for the dialect `d` (0 = it has none) and the author line `f` */
  | { same: number; d?: number; f?: PackedFrame }
  /** as it is */
  | { value: SingleValue };

/** An author line: address, time, and by its number what repeats from comment to comment. */
export type PackedFrame = [url: string, at: string, number];

/** The stored form of both baselines of a link. */
export type Stored = [number, number, Packed[], Packed[], LeftOut?];

/** Longer values are rarely equal in two links. */
const SHARED_LENGTH = 300;
/** Shorter texts cost less than a marker for equality. */
const SAME_LENGTH = 12;

export type LeftOut = [FieldId[], FieldId[]];

export function packBaselines([one, two]: [Fields, Fields], names: Names, leftOut: LeftOut = [[], []]): Stored {
  const positions = new Positions();
  const values1: Packed[] = [];
  for (const field of Object.keys(one)) {
    const packed = packValue(one[field] ?? null, names);
    positions.add(packed, values1.length);
    values1.push(packed);
  }
  const values2: Packed[] = [];
  for (const field of Object.keys(two)) {
    const packed = packValue(two[field] ?? null, names);
    const same = positions.of(packed);
    values2.push(same === undefined ? packed : sameAs(same, packed, values1[same]));
  }
  const shapes = [shapeOf(one, names), shapeOf(two, names)] as const;
  const isWhole = leftOut.every((fields) => fields.length === 0);
  return isWhole ? [...shapes, values1, values2] : [...shapes, values1, values2, leftOut];
}

export function unpackBaselines(stored: Stored, names: Names): [Fields, Fields, LeftOut | undefined] {
  const [shape1, shape2, packed1, packed2, leftOut] = stored;
  const values1 = packed1.map((packed) => unpackValue(packed, names));
  const values2 = packed2.map((packed) => {
    if (!isMarked(packed) || !('same' in packed)) return unpackValue(packed, names);
    const same = values1[packed.same] ?? null;
    if (packed.d === undefined || typeof same !== 'object' || same === null || !('content' in same)) return same;
    return richText(same.format, same.content, packed.d, packed.f, names);
  });
  return [assemble(shape1, values1, names), assemble(shape2, values2, names), leftOut];
}

type Marked = Exclude<Packed, null | string | number | boolean | [number]>;

const isMarked = (packed: Packed): packed is Marked =>
  typeof packed === 'object' && packed !== null && !Array.isArray(packed);

function shapeOf(fields: Fields, names: Names): number {
  return names.idOf(JSON.stringify(Object.keys(fields)));
}

function assemble(shape: number, values: Value[], names: Names): Fields {
  return Object.fromEntries(names.listOf(shape).map((id, position) => [id, values[position] ?? null]));
}

/** The form of a text that is the same as one of side 1, which is at this position. */
function sameAs(same: number, packed: Packed, its: Packed | undefined): Packed {
  const [dialect, line] = [dialectOf(packed), frameOf(packed)];
  if (!line && !frameOf(its) && dialect === dialectOf(its)) return { same };
  return { same, d: dialect, ...(line && { f: line }) };
}

/** Where side 1 has which text: of plain ones if they are long enough, of rich ones whatever their dialect. */
class Positions {
  private readonly plain = new Map<string, number>();
  private readonly rich = new Map<string, number>();

  add(packed: Packed, position: number): void {
    if (typeof packed === 'string') {
      if (packed.length > SAME_LENGTH) this.plain.set(packed, position);
      return;
    }
    const text = richTextIn(packed);
    if (text !== undefined) this.rich.set(text, position);
  }

  of(packed: Packed): number | undefined {
    if (typeof packed === 'string') return packed.length > SAME_LENGTH ? this.plain.get(packed) : undefined;
    const text = richTextIn(packed);
    return text === undefined ? undefined : this.rich.get(text);
  }
}

/** Different for different texts, whatever their dialect. */
function richTextIn(packed: Packed): string | undefined {
  if (!isMarked(packed) || !('r' in packed)) return undefined;
  const [format, content] = packed.r;
  return `${format}:${content}`;
}

/** The number of a rich text's dialect; 0 = none. */
const dialectOf = (packed: Packed | undefined): number =>
  packed !== undefined && isMarked(packed) && 'r' in packed ? (packed.r[2] ?? 0) : 0;

const frameOf = (packed: Packed | undefined): PackedFrame | undefined =>
  packed !== undefined && isMarked(packed) && 'r' in packed ? packed.f : undefined;

function packFrame({ url = '', at = '', ...people }: Frame, names: Names): PackedFrame {
  return [url, at, names.idOf(JSON.stringify(people))];
}

function unpackFrame([url, at, people]: PackedFrame, names: Names): Frame {
  return { ...(url && { url }), ...(at && { at }), ...(JSON.parse(names.nameOf(people)) as Frame) };
}

function packValue(value: Value, names: Names): Packed {
  if (value === null) return null;
  return Array.isArray(value) ? { list: value.map((single) => packSingle(single, names)) } : packSingle(value, names);
}

function packSingle(value: SingleValue, names: Names): Packed {
  if (typeof value !== 'object') return value;
  if ('content' in value) {
    const { format, content, dialect, frame, ...rest } = value;
    if (Object.keys(rest).length > 0) return { value };
    const f = frame && { f: packFrame(frame, names) };
    return { r: dialect ? [format, content, names.idOf(JSON.stringify(dialect))] : [format, content], ...f };
  }
  // a reference is as individual as the entity that it refers to
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
  if (isMarked(packed) && 'r' in packed) return richText(packed.r[0], packed.r[1], packed.r[2] ?? 0, packed.f, names);
  if (isMarked(packed) && 'value' in packed) return packed.value;
  throw new Error(`The store holds a baseline value that it cannot read: ${JSON.stringify(packed)}`);
}

function richText(
  format: RichTextFormat,
  content: string,
  dialect: number,
  frame: PackedFrame | undefined,
  names: Names,
): RichText {
  const text: RichText = { format, content };
  if (dialect !== 0) text.dialect = JSON.parse(names.nameOf(dialect)) as Dialect;
  if (frame) text.frame = unpackFrame(frame, names);
  return text;
}
