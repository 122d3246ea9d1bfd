/** What the value mapper's form asks the server about sheets. A rejection's message is for people. */

import type { ExportedTable, SheetInfo } from '../../lib/mapping/tables/shapes';
import type { SheetCounterparts } from '../../lib/mapping/tables/totality';
import type { SheetSource } from '../../lib/model/config';
import type { LookupValue } from '../../lib/model/values';
import { t } from '../editor';

export interface FoundSheets {
  name: string;
  sheets: SheetInfo[];
}

function reasonOf(failed: JQuery.jqXHR): Error {
  const body: unknown = failed.responseJSON;
  const error: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'error') : undefined;
  const message: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, 'message') : undefined;
  if (typeof message === 'string') return new Error(message);
  return new Error(t(failed.status === 401 || failed.status === 403 ? 'error.forbidden' : 'error.offline'));
}

function post<Answer>(route: string, settings: JQuery.AjaxSettings): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // a relative address: the editor adds its root and the login's token
    $.ajax({ url: `twinflow/${route}`, method: 'POST', ...settings }).then(
      (answer: Answer) => resolve(answer),
      (failed: JQuery.jqXHR) => reject(reasonOf(failed)),
    );
  });
}

export const uploadSheet = (file: File): Promise<FoundSheets & { id: string }> =>
  post(`tables?name=${encodeURIComponent(file.name)}`, {
    data: file,
    processData: false,
    contentType: 'application/octet-stream',
    dataType: 'json',
  });

export const inspectSheet = (from: SheetSource['from']): Promise<FoundSheets> =>
  post('tables/inspect', { data: JSON.stringify({ from }), contentType: 'application/json', dataType: 'json' });

/** What a sheet has for the values of both lists. */
export const lookUpInSheet = (
  sheet: SheetSource,
  ignoreCase: boolean,
  ones: LookupValue[],
  twos: LookupValue[],
): Promise<SheetCounterparts> =>
  post('tables/look-up', {
    data: JSON.stringify({ sheet, ignoreCase, ones, twos }),
    contentType: 'application/json',
    dataType: 'json',
  });

/** Has a workbook made and hands it to the person as a download. */
export async function downloadTable(table: ExportedTable, fileName: string): Promise<void> {
  const workbook = await post<Blob>('tables/export', {
    data: JSON.stringify(table),
    contentType: 'application/json',
    xhrFields: { responseType: 'blob' },
  });
  const address = URL.createObjectURL(workbook);
  const link = $('<a>').attr({ href: address, download: fileName }).appendTo(document.body);
  link[0]?.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
