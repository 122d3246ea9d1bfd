/** Mappings as files in the browser: JSON is read and written here, workbooks are processed by the server. */

import {
  fromJson,
  fromSheets,
  languageOf,
  type MappingDocument,
  type ReadResult,
  type TextSheet,
  toJson,
  toSheets,
} from '../../../../lib/mapping/exchange';
import type { FieldChoice } from '../../../../lib/model/config';
import type { Side } from '../../../../lib/model/entity';
import { download, fileName, postFile, postForFile } from '../../index';
import { browserReads } from '../expression-check';

export type FileKind = 'xlsx' | 'json';

export const language = (): ReturnType<typeof languageOf> => languageOf(RED.i18n.lang());

/** @throws Error with a message for users: a cell would be too long, or the server cannot write the workbook */
export async function saveMapping(document: MappingDocument, kind: FileKind, name: string): Promise<void> {
  const file =
    kind === 'json'
      ? new Blob([toJson(document)], { type: 'application/json' })
      : await postForFile('mapping-files/write', { sheets: toSheets(document, language()) });
  download(file, `${fileName(name)}.${kind}`);
}

/**
 * Reads a file of either kind.
 * @param known fields that a workbook's cells may name in addition to those it lists itself
 * @throws Error with a message for users: not a workbook, or the server cannot read it
 */
export async function readMapping(
  file: File,
  known: Record<Side, readonly (readonly FieldChoice[])[]>,
): Promise<ReadResult> {
  if (/\.json$/i.test(file.name) || file.type === 'application/json') return fromJson(await file.text());
  const { sheets } = await postFile<{ sheets: TextSheet[] }>('mapping-files/read', file);
  const reads = (expression: string, find: Parameters<typeof browserReads>[1]) =>
    browserReads(expression, find) ?? { fields: [], all: true };
  return fromSheets(sheets, { known, expressionReads: reads });
}
