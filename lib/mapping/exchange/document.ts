/**
 * A mapping as a file: the content of one mapper node, or of the mappers of one chain, without the rest of the flow.
 * docs/mapping.schema.json describes the JSON form; `version` numbers its shapes.
 */

import type { DefaultRow, DomainRule, FieldRow, ValueRow } from '../../model/config';
import { isObject } from '../../model/shape';
import { readDefaultRows, readDomains, readFieldRows, readValueRows } from '../saved';
import type { Problem } from './problem';
import { isSame } from './same';

export const MAPPING_FORMAT = 'twinflow-mapping';
export const MAPPING_VERSION = 1;

/** Maximum length of JSON text, in characters. A mapping of ten thousand rows needs a tenth of it. */
export const LONGEST_JSON = 20_000_000;

/** The system that a mapping was made for. The id is that of the system node: an equal id means the same system. */
export interface OriginSystem {
  id?: string;
  name?: string;
  kind?: string;
}

/** The parts of a file. An absent part says nothing about that mapper. */
export interface MappingParts {
  fields?: FieldRow[];
  values?: ValueRow[];
  /** the value mapper's rules for email domains */
  domains?: DomainRule[];
  defaults?: DefaultRow[];
}

export type PartName = keyof MappingParts;

export const PARTS: readonly PartName[] = ['fields', 'values', 'domains', 'defaults'];

export interface MappingDocument extends MappingParts {
  /** the display name: of the node or of the integration */
  name?: string;
  systems?: { one?: OriginSystem; two?: OriginSystem };
}

/** The result of reading a file: a document only if there were no errors. */
export interface ReadResult {
  document?: MappingDocument;
  /** these prevent the import */
  problems: Problem[];
  /** information for the user */
  remarks: Problem[];
}

/** The document as JSON text, for people to read and for version control. The same mapping always gives the same
 * text. */
export function toJson({ name, systems, ...parts }: MappingDocument): string {
  const ordered = Object.fromEntries(PARTS.flatMap((part) => (parts[part] === undefined ? [] : [[part, parts[part]]])));
  const body = { format: MAPPING_FORMAT, version: MAPPING_VERSION, name, systems, ...ordered };
  return `${JSON.stringify(body, undefined, 2)}\n`;
}

const READERS: { [Part in PartName]: (value: unknown) => NonNullable<MappingParts[Part]> } = {
  fields: readFieldRows,
  values: readValueRows,
  domains: readDomains,
  defaults: readDefaultRows,
};

const brief = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, 60);

/** Paths of saved settings that the reader did not understand, such as `pairs 3, direction`. */
function lost(saved: unknown, read: unknown): { path: string[]; value: unknown }[] {
  if (isSame(saved, read)) return [];
  if (Array.isArray(saved) && Array.isArray(read) && saved.length === read.length)
    return saved.flatMap((item, index) =>
      lost(item, read[index]).map(({ path, value }) => ({ path: [String(index + 1), ...path], value })),
    );
  if (!isObject(saved) || !isObject(read)) return [{ path: [], value: saved }];
  return Object.entries(saved).flatMap(([key, value]) =>
    lost(value, Object.hasOwn(read, key) ? read[key] : undefined).map((found) => ({
      ...found,
      path: [key, ...found.path],
    })),
  );
}

function originOf(value: unknown): OriginSystem | undefined {
  if (!isObject(value)) return undefined;
  const origin: OriginSystem = {};
  for (const key of ['id', 'name', 'kind'] as const) {
    const text = value[key];
    if (typeof text === 'string' && text !== '') origin[key] = text.slice(0, 200);
  }
  return origin;
}

const failed = (code: Problem['code'], value = ''): ReadResult => ({
  problems: [{ sheet: '', row: 0, code, value }],
  remarks: [],
});

/** Reads one part row by row, so that each error names its row. */
function readPart(part: PartName, saved: unknown, problems: Problem[]): MappingParts {
  if (!Array.isArray(saved)) {
    problems.push({ sheet: part, row: 0, code: 'notRows', value: brief(saved) });
    return {};
  }
  const rows = saved.flatMap((one: unknown, index): unknown[] => {
    const read = READERS[part]([one]);
    const at = { sheet: part, row: index + 1 };
    if (read.length === 0) problems.push({ ...at, code: 'notRow', value: brief(one) });
    else
      for (const { path, value } of lost(one, read[0]))
        problems.push({ ...at, code: 'notUnderstood', value: `${path.join(' ')}: ${brief(value)}` });
    return read;
  });
  return { [part]: rows };
}

/** Reads a file written by `toJson`, or by a person following docs/mapping.schema.json. Never throws. */
export function fromJson(text: string): ReadResult {
  if (text.length > LONGEST_JSON) return failed('tooLarge');
  let body: unknown;
  try {
    body = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (thrown) {
    return failed('notJson', thrown instanceof Error ? thrown.message.slice(0, 200) : '');
  }
  if (!isObject(body) || body.format !== MAPPING_FORMAT) return failed('notMapping');
  const { version } = body;
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) return failed('noVersion');
  if (version > MAPPING_VERSION) return failed('newerVersion', String(version));
  const problems: Problem[] = [];
  const document: MappingDocument = {};
  if (typeof body.name === 'string') document.name = body.name;
  if (isObject(body.systems)) {
    const [one, two] = [originOf(body.systems.one), originOf(body.systems.two)];
    document.systems = { ...(one && { one }), ...(two && { two }) };
  }
  for (const part of PARTS) if (body[part] !== undefined) Object.assign(document, readPart(part, body[part], problems));
  if (PARTS.every((part) => body[part] === undefined)) return failed('nothingIn');
  return problems.length > 0 ? { problems, remarks: [] } : { document, problems, remarks: [] };
}
