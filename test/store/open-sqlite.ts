/** How the process that is killed opens the store (test/conformance/store/writer-process.ts). */

import { openSqliteStore } from '../../lib/store/sqlite';

export const open = (file: string) => openSqliteStore({ file });
