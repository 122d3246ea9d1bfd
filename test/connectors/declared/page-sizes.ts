/** Declared for each shipped file: whatever the size of a page, a poll brings the same entities, each once. */

import assert from 'node:assert/strict';
import type { Connection, Scope } from '../../../lib/connectors/connector';
import type { EntityId } from '../../../lib/model/entity';
import type { Row, StandIn } from './stand-in';

interface Subject {
  server: StandIn;
  connection: Connection;
  scope: Scope;
  add(title: string): Row;
}

export function samePages(name: string, start: () => Promise<Subject>): void {
  describe(`pages of ${name}`, () => {
    it('of 7 and of 50 give the same entities, each once, where many have the same time', async () => {
      const { server, connection, scope, add } = await start();
      try {
        for (let at = 0; at < 120; at++) {
          server.stopped = Date.parse('2026-03-01T12:00:00Z') + Math.floor(at / 25) * server.vendor.stepMs;
          add(`title ${at}`);
        }
        const read = async (size: number): Promise<EntityId[]> => {
          const ids: EntityId[] = [];
          for await (const page of connection.changes(scope, undefined, size))
            for (const { id } of page.entities) ids.push(id);
          return ids;
        };
        const [small, large] = [await read(7), await read(50)];
        assert.equal(small.length, 120);
        assert.equal(new Set(small).size, 120);
        assert.deepEqual([...small].sort(), [...large].sort());
      } finally {
        await connection.close?.();
        await server.stop();
      }
    });
  });
}
