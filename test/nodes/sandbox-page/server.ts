/** The sandbox's page on a small server of its own, with the body parsers that Node-RED's admin server has. */

import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import express from 'express';
import { sandboxFile } from '../../../lib/connectors/sandbox';
import { registerSandboxPage } from '../../../nodes/sandbox-page';

const SOURCES = join(__dirname, '../../../nodes/sandbox-page');

export interface PageServer {
  url: string;
  /** the sandbox's file */
  file: string | undefined;
  /** permissions that requests were asked for, in order */
  asked: string[];
  /** permissions that are refused */
  refused: Set<string>;
  close(): Promise<void>;
}

/** @param root admin root, such as '/admin' */
export async function startPage(root = ''): Promise<PageServer> {
  const folder = mkdtempSync(join(tmpdir(), 'twinflow-page-'));
  await build({
    entryPoints: [join(SOURCES, 'page.ts')],
    bundle: true,
    format: 'iife',
    outfile: join(folder, 'page.js'),
  });
  for (const file of ['page.html', 'page.css']) await copyFile(join(SOURCES, file), join(folder, file));

  const asked: string[] = [];
  const refused = new Set<string>();
  const admin = express();
  admin.use(express.json({ limit: '5mb' }));
  admin.use(express.urlencoded({ extended: true }));
  registerSandboxPage(
    {
      httpAdmin: admin,
      auth: {
        needsPermission: (permission) => (request, response, next) => {
          asked.push(`${permission} ${request.headers.authorization ?? ''}`.trim());
          if (!refused.has(permission)) return next();
          response.writeHead(401);
          response.end();
        },
      },
    },
    folder,
    folder,
  );
  const app = express();
  app.use(root === '' ? '/' : root, admin);
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${root}/twinflow/sandbox/`,
    file: sandboxFile(folder),
    asked,
    refused,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true });
    },
  };
}
