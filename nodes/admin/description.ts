/** GET /twinflow/openapi.json (twinflow.read): the admin routes for other tools, described in OpenAPI 3.1. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SyncError } from '../../lib/model/errors';
import { isObject } from '../../lib/model/shape';
import { type JsonHost, jsonRoutes } from './json-routes';

/** Adds the route. Call it once per runtime. */
export function registerDescription(host: JsonHost): void {
  jsonRoutes(host).get('openapi.json', async () => {
    const description: unknown = JSON.parse(await readFile(join(__dirname, 'openapi.json'), 'utf8'));
    if (!isObject(description)) throw new SyncError('fatal', 'This installation of Twinflow is not complete.');
    return description;
  });
}
