/** Makes the files that the sheet tests read. */

import { crc32, deflateRawSync } from 'node:zlib';
import xlsx from 'xlsx';

export interface Cell {
  v?: string | number | boolean;
  /** number format */
  z?: string;
  /** formula */
  f?: string;
  /** an error such as #N/A */
  error?: true;
}

export type Row = (string | number | Cell | null)[];

function cellOf(value: Row[number]): xlsx.CellObject | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return { t: 's', v: value };
  if (typeof value === 'number') return { t: 'n', v: value };
  if (value.error) return { t: 'e', v: 42 };
  const types = { string: 's', number: 'n', boolean: 'b', undefined: 'n' } as const;
  const { v, z, f } = value;
  const type = types[typeof v as keyof typeof types];
  return { t: type, ...(v !== undefined && { v }), ...(z !== undefined && { z }), ...(f !== undefined && { f }) };
}

/** A workbook with one sheet for each entry. */
export function workbook(
  sheets: Record<string, Row[]>,
  options: { bookType?: 'xlsx' | 'ods'; merges?: string[] } = {},
): Buffer {
  const book = xlsx.utils.book_new();
  for (const [name, rows] of Object.entries(sheets)) {
    const sheet: xlsx.WorkSheet = {};
    let width = 1;
    rows.forEach((row, r) => {
      width = Math.max(width, row.length);
      row.forEach((value, c) => {
        const cell = cellOf(value);
        if (cell !== undefined) sheet[xlsx.utils.encode_cell({ r, c })] = cell;
      });
    });
    sheet['!ref'] = xlsx.utils.encode_range({
      s: { r: 0, c: 0 },
      e: { r: Math.max(rows.length - 1, 0), c: width - 1 },
    });
    if (options.merges !== undefined) sheet['!merges'] = options.merges.map((range) => xlsx.utils.decode_range(range));
    xlsx.utils.book_append_sheet(book, sheet, name);
  }
  return xlsx.write(book, { type: 'buffer', bookType: options.bookType ?? 'xlsx', compression: true }) as Buffer;
}

export interface ZipEntry {
  name: string;
  data: Buffer;
  /** what the headers claim */
  size?: number;
  flags?: number;
}

/** A zip archive, also one that lies. */
export function zip(entries: ZipEntry[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, data, size = data.length, flags = 0 } of entries) {
    const packed = deflateRawSync(data);
    const title = Buffer.from(name);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(20, 4);
    local.writeUInt16LE(flags, 6);
    local.writeUInt16LE(8, 8);
    local.writeUInt32LE(crc32(data), 14);
    local.writeUInt32LE(packed.length, 18);
    local.writeUInt32LE(size, 22);
    local.writeUInt16LE(title.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(20, 4);
    entry.writeUInt16LE(20, 6);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(8, 10);
    entry.writeUInt32LE(crc32(data), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size, 24);
    entry.writeUInt16LE(title.length, 28);
    entry.writeUInt32LE(at, 42);
    locals.push(local, title, packed);
    directory.push(entry, title);
    at += local.length + title.length + packed.length;
  }
  const middle = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(middle.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...locals, middle, end]);
}
