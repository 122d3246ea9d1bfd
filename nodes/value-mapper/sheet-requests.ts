/** What the value mapper's form asks the server about sheets. A rejection's message is for people. */

import type { ExportedTable, SheetInfo } from '../../lib/mapping/tables/shapes';
import type { SheetCounterparts } from '../../lib/mapping/tables/totality';
import type { SheetSource } from '../../lib/model/config';
import type { LookupValue } from '../../lib/model/values';
import { download, postFile, postForFile, postJson } from '../editor';

export interface FoundSheets {
  name: string;
  sheets: SheetInfo[];
}

export const uploadSheet = (file: File): Promise<FoundSheets & { id: string }> =>
  postFile(`tables?name=${encodeURIComponent(file.name)}`, file);

export const inspectSheet = (from: SheetSource['from']): Promise<FoundSheets> => postJson('tables/inspect', { from });

/** What a sheet has for the values of both lists. */
export const lookUpInSheet = (
  sheet: SheetSource,
  ignoreCase: boolean,
  ones: LookupValue[],
  twos: LookupValue[],
): Promise<SheetCounterparts> => postJson('tables/look-up', { sheet, ignoreCase, ones, twos });

/** Has a workbook made and hands it to the person as a download. */
export async function downloadTable(table: ExportedTable, name: string): Promise<void> {
  download(await postForFile('tables/export', table), name);
}
