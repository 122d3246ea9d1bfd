/**
 * The rooms table of docs/architecture.md is the law for imports, types included: each folder imports only from itself and
 * from what its row names. A new room, or a new arrow, is a line of that table.
 */

import assert from 'node:assert/strict';
import { brokenRooms, importCircles, isIn, roomOf, rooms, sources, textOf } from '../support/rooms';

describe('the rooms of docs/architecture.md', () => {
  const all = rooms();

  it('hold every source file', () => {
    assert.deepEqual(
      sources().filter((file) => !roomOf(file, all)),
      [],
    );
  });

  it('name folders and files that are there', () => {
    const known = sources();
    const isThere = (path: string): boolean =>
      known.some((file) => isIn(file.replace(/\.ts$/, ''), path.replace(/\.ts$/, '')));
    const gone = all.flatMap(({ path, may }) => [path, ...may]).filter((path) => !isThere(path));
    assert.deepEqual([...new Set(gone)], []);
  });

  it('import only what the table allows', () => {
    assert.deepEqual(brokenRooms(), []);
  });

  it('have no import circle, types included', () => {
    assert.deepEqual(importCircles(), []);
  });

  it('import Node-RED nowhere below lib/', () => {
    const found = sources().filter(
      (file) => file.startsWith('lib/') && /from '(node-red|@node-red)/.test(textOf(file)),
    );
    assert.deepEqual(found, []);
  });
});
