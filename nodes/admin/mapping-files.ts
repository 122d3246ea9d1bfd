/**
 * The admin routes by which the mapper forms read and write workbooks of mappings. Both ask for twinflow.write. Nothing is
 * kept: a file's sheets go back to the form as texts, which makes a mapping of them and shows what would change.
 *
 *   POST mapping-files/read     the file as application/octet-stream → { sheets: [{ name, rows }] }
 *   POST mapping-files/write    { sheets: [{ name, rows }] } → a workbook (xlsx)
 */

import type { NodeAPI } from 'node-red';
import type { TextSheet } from '../../lib/mapping/exchange';
import { SyncError } from '../../lib/model/errors';
import { sheetsOfWorkbook, workbookOfSheets } from '../../lib/tables/runner';
import { isObject } from '../shared/connect';
import { guardRoutes } from '../shared/guard';
import { bytesOf, fail, MOST_UPLOADS, send, sendWorkbook } from './file-answers';

/** Bytes of a workbook: a mapping of ten thousand rows has one. */
const LARGEST_FILE = 16_000_000;
const LIMITS = { sheets: 20, rows: 50_000, columns: 50, name: 31 };

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : []).slice(0, LIMITS.columns).map((cell) => (typeof cell === 'string' ? cell : ''));

/** @throws SyncError invalid – no sheets */
function sheetsIn(body: unknown): TextSheet[] {
  const list: unknown[] = isObject(body) && Array.isArray(body.sheets) ? body.sheets : [];
  const sheets = list.slice(0, LIMITS.sheets).flatMap((sheet): TextSheet[] => {
    if (!isObject(sheet) || typeof sheet.name !== 'string' || !Array.isArray(sheet.rows)) return [];
    // signs that a sheet's name can't have
    const name = sheet.name.replace(/[[\]:*?/\\]/g, '').slice(0, LIMITS.name);
    return name === '' ? [] : [{ name, rows: sheet.rows.slice(0, LIMITS.rows).map(texts) }];
  });
  if (sheets.length === 0) throw new SyncError('invalid', 'There is nothing to write.');
  return sheets;
}

/** Adds the routes. Call it once. */
export function registerMappingFileRoutes({ httpAdmin, auth }: Pick<NodeAPI, 'httpAdmin' | 'auth'>): void {
  guardRoutes(httpAdmin);
  const mayWrite = auth.needsPermission('twinflow.write');
  let reading = 0;

  httpAdmin.post('/twinflow/mapping-files/read', mayWrite, (request, response) => {
    if (reading >= MOST_UPLOADS) {
      fail(response, new SyncError('invalid', 'Another file is being read. Try again in a moment.'));
      return;
    }
    reading += 1;
    bytesOf(request, LARGEST_FILE)
      .then((bytes) => sheetsOfWorkbook(bytes))
      .then(
        (sheets) => send(response, 200, { sheets }),
        (thrown: unknown) => fail(response, thrown),
      )
      .finally(() => {
        reading -= 1;
      });
  });
  httpAdmin.post('/twinflow/mapping-files/write', mayWrite, (request, response) => {
    Promise.resolve(request.body)
      .then((body: unknown) => workbookOfSheets(sheetsIn(body)))
      .then(
        (workbook) => sendWorkbook(response, workbook, 'mapping.xlsx'),
        (thrown: unknown) => fail(response, thrown),
      );
  });
}
