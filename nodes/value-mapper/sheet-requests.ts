/** The value mapper form's questions to the server about sheets. A rejection's message is for users. */

import type { ExportedTable, SheetInfo } from '../../lib/mapping/tables/shapes';
import type { SheetCounterparts } from '../../lib/mapping/tables/totality';
import type { Item } from '../../lib/mapping/values';
import type { SheetSource, ValueRow } from '../../lib/model/config';
import { download, postFile, postForFile, postJson } from '../editor';

export interface FoundSheets {
  name: string;
  sheets: SheetInfo[];
}

export const uploadSheet = (file: File): Promise<FoundSheets & { id: string }> =>
  postFile(`tables?name=${encodeURIComponent(file.name)}`, file);

export const inspectSheet = (from: SheetSource['from']): Promise<FoundSheets> => postJson('tables/inspect', { from });

/**
 * The matches of a table's sheet for the values, or the users, of both sides; undefined if it has none, or its columns
 * are not selected yet.
 */
export async function lookUpInSheet(
  { sheet, ignoreCase = true }: ValueRow,
  ones: Item[],
  twos: Item[],
): Promise<SheetCounterparts | undefined> {
  if (sheet === undefined || sheet.one === '' || sheet.two === '') return undefined;
  if (ones.length === 0 && twos.length === 0) return undefined;
  return postJson('tables/look-up', { sheet, ignoreCase, ones, twos });
}

/** Requests a workbook and offers it to the user as a download. */
export async function downloadTable(table: ExportedTable, name: string): Promise<void> {
  download(await postForFile('tables/export', table), name);
}
