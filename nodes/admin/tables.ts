/**
 * The admin routes for sheets, below /twinflow/. All require twinflow.write, because they make the server read and
 * store files. Those that read existing files also require flows.write.
 *
 *   POST tables?name=<file name>   the file as application/octet-stream → { id, name, sheets }
 *   POST tables/inspect            { from: SheetSource['from'] } → { name, sheets }
 *   POST tables/look-up { sheet: SheetSource, ignoreCase, ones, twos } → its matches for these values or users
 *   POST tables/export             { heads, pairs, values } → a workbook (xlsx)
 */

import type { NodeAPI } from 'node-red';
import { readSheet } from '../../lib/mapping/saved';
import type { ExportedTable } from '../../lib/mapping/tables/shapes';
import type { Item } from '../../lib/mapping/values';
import type { SheetSource } from '../../lib/model/config';
import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import { checkFile, fileOf, keepUpload, plainFileName, removeUpload, uploadName } from '../../lib/tables/files';
import { SheetLookUps } from '../../lib/tables/look-up';
import { inspectFile, workbookOf } from '../../lib/tables/runner';
import { answerFaults, guardRoutes } from '../shared/guard';
import { LONGEST_LIST } from './answers';
import { bytesOf, fail, MOST_UPLOADS, type Request, send, sendWorkbook } from './file-answers';

const LONGEST_CELL = 1_000;
const MOST_ROWS = 100_000;

function sourceOf(body: unknown): SheetSource['from'] {
  const from = isObject(body) ? body.from : undefined;
  if (isObject(from) && from.kind === 'upload' && typeof from.id === 'string')
    return { kind: 'upload', id: from.id, name: typeof from.name === 'string' ? from.name.slice(0, LONGEST_CELL) : '' };
  if (isObject(from) && from.kind === 'path' && typeof from.path === 'string' && from.path !== '') {
    return { kind: 'path', path: from.path };
  }
  throw new SyncError('invalid', 'Choose a sheet first.');
}

const WORDS = ['id', 'name', 'login', 'email'] as const;

/** Maximum number of values or users; no form has more of them. */
function items(list: unknown): Item[] {
  return (Array.isArray(list) ? list : []).slice(0, LONGEST_LIST).map((value: unknown): Item => {
    const given = isObject(value) ? value : {};
    return Object.fromEntries(WORDS.flatMap((word) => (typeof given[word] === 'string' ? [[word, given[word]]] : [])));
  });
}

const texts = (value: unknown): string[] =>
  Array.isArray(value)
    ? value
        .filter((text) => typeof text === 'string')
        .slice(0, MOST_ROWS)
        .map((text) => text.slice(0, LONGEST_CELL))
    : [];

function exported(body: unknown): ExportedTable {
  const { heads, pairs, values } = isObject(body) ? body : {};
  const two = (value: unknown): [string, string] => {
    const [one = '', other = ''] = texts(value);
    return [one, other];
  };
  const lists: unknown[] = Array.isArray(values) ? values : [];
  return {
    heads: two(heads),
    pairs: (Array.isArray(pairs) ? pairs : []).slice(0, MOST_ROWS).map(two),
    values: [texts(lists[0]), texts(lists[1])],
  };
}

/** Adds the routes. @param dataFolder the folder for uploads; read at each request */
export function registerTableRoutes(host: Pick<NodeAPI, 'httpAdmin' | 'auth'>, dataFolder: () => string): void {
  const { httpAdmin } = host;
  guardRoutes(httpAdmin);
  const mayWrite = host.auth.needsPermission('twinflow.write');
  // files on the server's disk are only for users who could also read them with a flow
  const mayDeploy = host.auth.needsPermission('flows.write');
  let uploading = 0;

  const upload = async (request: Request): Promise<object> => {
    const name = plainFileName(typeof request.query.name === 'string' ? request.query.name : '');
    const id = await keepUpload(dataFolder(), name, await bytesOf(request));
    try {
      return { id, name, sheets: await inspectFile(fileOf(dataFolder(), { kind: 'upload', id, name })) };
    } catch (thrown) {
      await removeUpload(dataFolder(), id);
      throw thrown;
    }
  };
  const inspect = async (body: unknown): Promise<object> => {
    const from = sourceOf(body);
    const file = fileOf(dataFolder(), from);
    await checkFile(file, from);
    const name = from.kind === 'upload' ? await uploadName(dataFolder(), from.id) : plainFileName(from.path);
    return { name, sheets: await inspectFile(file) };
  };

  const lookUps = new SheetLookUps(dataFolder);
  const lookUp = async (body: unknown): Promise<object> => {
    const { sheet, ignoreCase, ones, twos } = isObject(body) ? body : {};
    const source = readSheet(sheet);
    if (source === undefined) throw new SyncError('invalid', 'Choose a sheet first.');
    return lookUps.counterparts(source, ignoreCase !== false, items(ones), items(twos));
  };

  httpAdmin.post('/twinflow/tables', mayWrite, (request, response) => {
    if (uploading >= MOST_UPLOADS) {
      fail(response, new SyncError('invalid', 'Another file is being uploaded. Try again in a moment.'));
      return;
    }
    uploading += 1;
    upload(request)
      .then(
        (body) => send(response, 200, body),
        (thrown: unknown) => fail(response, thrown),
      )
      .finally(() => {
        uploading -= 1;
      });
  });
  httpAdmin.post('/twinflow/tables/inspect', mayWrite, mayDeploy, (request, response) => {
    inspect(request.body).then(
      (body) => send(response, 200, body),
      (thrown: unknown) => fail(response, thrown),
    );
  });
  httpAdmin.post('/twinflow/tables/look-up', mayWrite, mayDeploy, (request, response) => {
    lookUp(request.body).then(
      (body) => send(response, 200, body),
      (thrown: unknown) => fail(response, thrown),
    );
  });
  httpAdmin.post('/twinflow/tables/export', mayWrite, (request, response) => {
    workbookOf(exported(request.body)).then(
      (workbook) => sendWorkbook(response, workbook, 'table.xlsx'),
      (thrown: unknown) => fail(response, thrown),
    );
  });
  answerFaults(httpAdmin);
}
