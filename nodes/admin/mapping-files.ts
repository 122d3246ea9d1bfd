/**
 * Admin routes for reading and writing workbooks of mappings in the mapper forms. Both require twinflow.write. Nothing
 * is stored: the sheets of a file are returned to the form as texts, and the form makes a mapping from them and shows
 * what would change.
 *
 *   POST mapping-files/read     the file as application/octet-stream → { sheets: [{ name, rows }] }
 *   POST mapping-files/write    { sheets: [{ name, rows }] } → a workbook (xlsx)
 */

import type { NodeAPI } from 'node-red';
import type { TextSheet } from '../../lib/mapping/exchange';
import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import { sheetsOfWorkbook, workbookOfSheets } from '../../lib/tables/runner';
import { guardRoutes } from '../shared/guard';
import { bytesOf, fail, MOST_UPLOADS, send, sendWorkbook } from './file-answers';

/** Maximum size of a workbook in bytes: a mapping of ten thousand rows has 1 MB. */
const LARGEST_FILE = 16_000_000;
const LIMITS = { sheets: 20, rows: 50_000, columns: 50, name: 31 };

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : []).slice(0, LIMITS.columns).map((cell) => (typeof cell === 'string' ? cell : ''));

/** @throws SyncError invalid if there are no sheets */
function sheetsIn(body: unknown): TextSheet[] {
  const list: unknown[] = isObject(body) && Array.isArray(body.sheets) ? body.sheets : [];
  const sheets = list.slice(0, LIMITS.sheets).flatMap((sheet): TextSheet[] => {
    if (!isObject(sheet) || typeof sheet.name !== 'string' || !Array.isArray(sheet.rows)) return [];
    // characters that a sheet's name cannot contain
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
