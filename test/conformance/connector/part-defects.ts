/** Connectors that are wrong on purpose in what they do with parts. @see defects.ts */

import type { PartsResult } from '../../../lib/connectors/connector';
import { SyncError } from '../../../lib/model/errors';
import { all, type Defect } from './defect';

export const PART_DEFECTS: Record<string, Defect> = {
  'a list of parts that ends after a page': {
    found: 'come whole, the oldest first',
    break: (right) => ({
      parts: async (scope, owners, types) =>
        (await right.parts(scope, owners, types)).map((result) =>
          Array.isArray(result) ? result.slice(0, 100) : result,
        ),
    }),
  },
  'parts that are paged by offset while one is removed': {
    found: 'its neighbours are not skipped',
    break: (right) => ({
      async parts(scope, owners, types) {
        const pageOf = async (offset: number) => {
          const results = await right.parts(scope, owners, types);
          return results.map((result) => (Array.isArray(result) ? result.slice(offset, offset + 100) : result));
        };
        const pages: PartsResult[][] = [];
        for (const offset of [0, 100, 200, 300]) {
          pages.push(await pageOf(offset));
          // another request takes its time
          await new Promise((resolve) => setImmediate(resolve));
        }
        return owners.map((_, index) => {
          const found = pages.map((page) => page[index]);
          const fault = found.find((result) => !Array.isArray(result));
          return pages[0]?.[index] === undefined || fault !== undefined
            ? fault
            : found.flatMap((result) => (Array.isArray(result) ? result : []));
        });
      },
    }),
  },
  'parts with the newest first': {
    found: 'within one second are all there, in order',
    break: (right) => ({
      parts: async (scope, owners, types) =>
        (await right.parts(scope, owners, types)).map((result) => (Array.isArray(result) ? result.reverse() : result)),
    }),
  },
  'blank parts that are taken and dropped': {
    found: 'with blanks are refused as invalid',
    break: (right) => ({
      async write(scope, operations) {
        const results = await right.write(scope, operations);
        const [item] = await all(right, scope);
        return results.map((result, index) => {
          const isPart = operations[index]?.kind === 'create' && 'owner' in operations[index];
          return isPart && !result.ok && item ? { ok: true, entity: item } : result;
        });
      },
    }),
  },
  'parts that are not delivered taken for none': {
    found: 'of an owner that is not delivered are an error',
    break: (right) => ({
      parts: async (scope, owners, types) =>
        (await right.parts(scope, owners, types)).map((result) => (result instanceof SyncError ? [] : result)),
    }),
  },
  'parts of an owner that is gone taken for none': {
    found: 'of an owner that is gone are undefined',
    break: (right) => ({
      parts: async (scope, owners, types) => (await right.parts(scope, owners, types)).map((result) => result ?? []),
    }),
  },
  'a removal that fails where nothing is left to remove': {
    found: 'removing them again succeeds',
    break: (right) => ({
      async remove(scope, ids) {
        const there = await right.read(scope, ids);
        const results = await right.remove(scope, ids);
        return results.map(
          (error, index) => error ?? (there[index] ? undefined : new SyncError('notFound', 'HTTP 404')),
        );
      },
    }),
  },
  'parts that a poll would miss, without a word': {
    found: 'move the version of their owner, or not, as the connection says: by us',
    break: () => ({ silentParts: new Set(['edit'] as const) }),
  },
  'the version of a part that stays when it is edited': {
    found: 'that others edit twice within one tick',
    break: (right) => ({
      parts: async (scope, owners, types) =>
        (await right.parts(scope, owners, types)).map((result) =>
          Array.isArray(result) ? result.map((part) => ({ ...part, version: part.id })) : result,
        ),
    }),
  },
};
